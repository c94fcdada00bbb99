@platform-suite
Feature: Tokens
  What they say, and how long they are good.

  Background:
    Given a client of our own is registered at the platform
    And Ada has signed in for the client and granted every scope

  Rule: Tokens carry what their specifications demand

    @PL-02
    Scenario: The ID token tells who signed in
      Then the ID token is signed by the platform and made for the client

    @PL-02
    Scenario: The ID token has the approved claims
      Then the claims of the ID token are as approved

    @PL-28
    Scenario: The ID token is bound to its access token
      Then the ID token is bound to its access token where it says so

    @PL-03
    Scenario: The access token tells what was granted
      Then the access token is signed by the platform and made for the API
      And the claims of the access token are as approved

    @PL-13
    Scenario: The access token holds the granted scopes alone
      When Ada signs in for the client and refuses patients
      Then the access token holds every scope but the refused one

  Rule: The user information is the user's own

    @PL-29
    Scenario: The user information is the ID token's subject's
      When the client asks the userinfo endpoint with its access token
      Then the user information is the ID token's subject's

    @PL-29
    Scenario: The user information can be asked for by POST
      When the client asks the userinfo endpoint by POST
      Then the user information is the ID token's subject's

    @PL-29
    Scenario: The user information is not for everybody
      When the client asks the userinfo endpoint without a token
      Then the answer is 401 with a challenge

    @PL-29
    Scenario: A bad token gets no user information
      When the client asks the userinfo endpoint with a token that nobody issued
      Then the answer is 401 for a bad token

  Rule: A revoked token is dead, and nobody else's is

    @PL-30
    Scenario: A revoked refresh token is dead
      When the client revokes its refresh token
      Then the platform answers 200
      And the newest refresh token is dead

    @PL-34
    Scenario: A revoked access token is dead
      When the client revokes its access token
      Then the platform answers 200
      When the client asks the userinfo endpoint with its access token
      Then the answer is 401 for a bad token

    @PL-30
    Scenario: A token that nobody issued counts as revoked
      When the client revokes a token that nobody issued
      Then the platform answers 200

    @PL-30
    Scenario: Another client's token cannot be revoked
      When another client revokes the client's refresh token
      Then the refresh token is still good

    @PL-30
    Scenario: Nobody revokes without saying who they are
      When somebody revokes the client's refresh token without saying who they are
      Then the platform refuses with invalid_client or invalid_request

  Rule: An introspection says what it must, to whom it may

    @PL-31
    Scenario: A good token is active
      When the client introspects its access token
      Then the token is active

    @PL-31
    Scenario: A token that nobody issued is not active
      When the client introspects a token that nobody issued
      Then the token is not active

    @PL-31
    Scenario: A revoked token is not active
      When the client revokes its access token
      And the client introspects its access token
      Then the token is not active

    @PL-31
    Scenario: Nobody introspects without saying who they are
      When somebody introspects the access token without saying who they are
      Then the platform refuses with invalid_client or invalid_request
