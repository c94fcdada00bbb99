@authorization-request
Feature: Authorization request
  What a relying party asks for, seen at the authorization endpoint.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The request is the one that its registration promises

    @AZ-01
    Scenario: The response type is code
      When Ada signs in through the popup and grants every scope
      Then every authorization request asks for a code alone

    @AZ-03
    Scenario: The redirect URI is a registered one
      When Ada signs in through the popup and grants every scope
      And Ada starts another two in a browser that she has used and left before
      Then every authorization request names a registered redirect URI

    @AZ-10 @GX-18
    Scenario: Only declared scopes are requested, and all of them are used
      Given the relying party may ask for every scope
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      And Ada starts another two in a browser that she has used and left before
      Then the requested scopes are the declared and exercised ones

    @AC-05
    Scenario: The medical-report scope goes with the medical-report feature
      When Ada signs in through the popup and grants every scope
      Then the medical-report scope is requested exactly when that feature is declared

    @GX-17
    Scenario: Long access is asked for by scope
      When Ada signs in through the popup and grants every scope
      And Ada starts another two in a browser that she has used and left before
      Then the authorization request asks for offline access

  Rule: Each attempt is fresh and unguessable

    @AZ-04 @AZ-05
    Scenario: No two attempts share a state
      When Ada starts 30 sign-ins
      And Ada starts another two in a browser that she has used and left before
      Then every state is unguessable and unique
      And no state or scope carries personal data
      And no state carries the id of the browser's session

    @AZ-06
    Scenario: The request carries an S256 code challenge
      When Ada signs in through the popup and grants every scope
      And Ada starts another two in a browser that she has used and left before
      Then every authorization request carries an S256 code challenge

    @AZ-07
    Scenario: Each sign-in proves its own code challenge
      When Ada signs in twice in separate browsers
      And Elio starts another two in one browser
      Then each token request presents the code verifier of its own challenge

    @AZ-03 @AZ-08 @AZ-09 @provoked
    Scenario: The code challenge is not given up when a request is refused
      When Ada signs in, and again after the error, once for each way in which the platform misbehaves
        | answer the next authorization request with the error invalid_request |
        | refuse the next authorization request with a code challenge          |
        | answer the next token request with invalid_grant                     |
      Then no later authorization request gives the code challenge up
      And every authorization request names a registered redirect URI
      And the second attempt shares neither state, nonce nor code challenge with the first

    @AZ-08 @provoked
    Scenario: The code challenge is not given up after an error of the server's
      When Ada signs in, and again after the error, once for each way in which the platform misbehaves
        | answer the next authorization request with the error server_error |
      Then no later authorization request gives the code challenge up

    @AZ-09 @provoked
    Scenario: The attempt after an error is a new one
      When Ada signs in, and again after the error, once for each way in which the platform misbehaves
        | answer the next authorization request with the error server_error |
        | answer the next token request with an internal server error       |
        | issue the next ID token with another nonce                        |
      Then the second attempt shares neither state, nonce nor code challenge with the first
      And it asks for offline access as the first one did
      And every one of these sign-ins shows Ada signed in

    @AZ-09 @provoked
    Scenario: The attempt after one that its user called off is a new one
      When Ada signs in through the popup and cancels at the consent
      And Ada tries the sign-in again
      Then the second attempt shares neither state, nonce nor code challenge with the first
      And the relying party shows Ada signed in

    @AZ-11
    Scenario: No two attempts share a nonce
      When Ada starts 30 sign-ins, as long as each brings a nonce
      Then every nonce is present and unique
      And no nonce is used again when Ada starts another two in a browser that she has used and left before

  Rule: The client secret stays on the server

    @AZ-02
    Scenario: The client secret is in no page and no URL
      Given Ada's browser keeps everything that it is sent
      When Ada signs in through the popup and grants every scope
      Then the client secret is in no page, URL or storage of the browser
