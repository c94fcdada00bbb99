@token-request
Feature: Token request
  How a relying party redeems a code: seen at the token endpoint.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The client proves itself once, in the place that its registration names

    @TK-01
    Scenario: The token request is a form with one client authentication
      When Ada signs in through the popup and grants every scope
      Then every token request is a form with exactly one client authentication

    @TK-03
    Scenario: The token request repeats the redirect URI
      When Ada signs in through the popup and grants every scope
      Then every token request repeats the redirect URI of its authorization request

  Rule: Every token belongs to a person who signed in

    @GX-05
    Scenario: No grant without a person is tried
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then only grants of a person were tried

    @TK-02 @provoked
    Scenario: A client secret with reserved characters is encoded
      Given the relying party is started anew with a client secret of reserved characters
      When Ada signs in through the popup and grants every scope
      Then the platform recognises the client by its Basic credentials
      And the relying party shows Ada signed in

    @TK-02 @provoked
    Scenario: A client secret with reserved characters is encoded at a refresh too
      Given the relying party declares offline access
      And the relying party is started anew with a client secret of reserved characters
      When Ada signs in through the popup and grants every scope
      Then the platform recognises the client by its Basic credentials
      Given every access token has expired
      When Ada opens a declared feature
      Then a refresh was asked for
      And the platform recognises the client by its Basic credentials
      And the relying party shows Ada signed in
