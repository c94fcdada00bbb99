@platform-suite
Feature: Authorization server
  What the platform promises to every client, seen by a client of our own.

  Background:
    Given a client of our own is registered at the platform

  Rule: The platform says where it stands

    @PL-01
    Scenario: The discovery document names its own issuer
      When the client reads the discovery document
      Then the discovery document names the issuer, the code response type and S256

  Rule: Tokens carry what their specifications demand

    @PL-02
    Scenario: The ID token tells who signed in
      When Ada signs in for the client and grants every scope
      Then the ID token is signed by the platform and made for the client
      And the claims of the ID token are as approved

    @PL-03
    Scenario: The access token tells what was granted
      When Ada signs in for the client and grants every scope
      Then the access token is signed by the platform and made for the API
      And the claims of the access token are as approved

    @PL-13
    Scenario: The access token holds the granted scopes alone
      When Ada signs in for the client and refuses patients
      Then the access token holds every scope but the refused one

  Rule: What is used up stays used up

    @PL-05
    Scenario: A code that is redeemed twice ends what it gave
      Given Ada has signed in for the client and granted every scope
      When the client redeems the same code again
      Then the platform refuses with invalid_grant
      And the refresh token of the first redemption is dead

    @PL-04
    Scenario: A refresh token that is used twice ends its family
      Given Ada has signed in for the client and granted every scope
      And the client has refreshed once
      When the client refreshes with the used refresh token
      Then the platform refuses with invalid_grant
      And the newest refresh token is dead

  Rule: A client proves what it claims

    @PL-14
    Scenario: A code is worth nothing without its code verifier
      When Ada signs in for the client and it presents another code verifier
      Then the platform refuses with invalid_grant

    @PL-06
    Scenario: An unknown redirect URI gets no response
      When the client asks for a redirect URI that it did not register
      Then the platform shows an error and redirects nowhere

    @PL-07
    Scenario Outline: The grant <grant> is refused
      When the client asks for a token with the grant <grant>
      Then the platform refuses with unsupported_grant_type

      Examples:
        | grant              |
        | client_credentials |
        | password           |
