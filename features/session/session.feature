@session
Feature: Session
  The relying party's own session with the browser.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The browser holds a session id and nothing more

    @SE-01
    Scenario: The session cookie is out of the scripts' reach
      When Ada signs in through the popup and grants every scope
      Then the session cookie is protected

    @SE-02
    Scenario: The session id changes at the sign-in
      Given Ada has started a sign-in and given it up
      When Ada signs in through the popup and grants every scope
      Then the session id from before the sign-in is worth nothing

    @SE-02
    Scenario: The session id changes at a sign-in that follows one which failed
      Given Ada has met an error of the platform at a sign-in
      When Ada signs in through the popup and grants every scope
      Then the session id from before the sign-in is worth nothing

    @SE-01 @SE-02
    Scenario: A second sign-in in the same browser has a session of its own, as well protected as the first
      Given Ada has used the relying party, and has left it and the platform
      And Ada has started a sign-in and given it up
      When Ada signs in through the popup and grants every scope
      Then the session id from before the sign-in is worth nothing
      And the session cookie is protected

    @SE-03
    Scenario: No token, code or verifier is left in the browser
      Given Ada's browser keeps everything that it is sent
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then no token, code or verifier is in any page, URL or storage of the browser
      And the application's own log has no token and no client secret in it

    @SE-03 @provoked
    Scenario: No token is left in the browser by a refresh either
      Given the relying party declares offline access
      And Ada's browser keeps everything that it is sent
      And Ada has signed in through the popup and granted every scope
      And every access token has expired
      When Ada opens every declared feature
      Then a refresh was asked for
      And the relying party shows Ada signed in
      But no token, code or verifier is in any page, URL or storage of the browser
      And the application's own log has no token and no client secret in it

    @SE-03 @AZ-02 @provoked
    Scenario: A failure shows nothing of what stays on the server
      Given Ada's browsers keep everything that they are sent
      And Ada has signed in through the popup and granted every scope
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request with an internal server error      |
        | answer the token request with JSON that lacks its last sign |
        | issue an ID token of another issuer                         |
      And Ada opens a declared feature once for each of these
        | answer every call with an internal server error |
      And Ada opens a declared feature with an expired token once for each of these
        | answer every refresh with not available |
      And Elio signs in, and out where the profile says how
      And the administrator deactivates Ada
      And Ada opens a declared feature
      Then no token, code verifier or client secret is in what the browsers were shown
      And the application's own log has no token and no client secret in it

    @GX-21
    Scenario: No patient's identity is left in the browser
      Given Ada's browser keeps everything that it is sent
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then no patient's identity is in any URL or storage of the browser

  Rule: Signing out ends the session

    @LO-03
    Scenario: The old session is dead after signing out
      Given Ada has signed in through the popup and granted every scope
      When Ada signs out of the relying party
      Then nobody is signed in at the relying party
      And the session cookie from before opens nothing

    @LO-02 @provoked
    Scenario: A revocation that the platform could not do is asked for again
      Given the relying party declares offline access
      And Ada has signed in through the popup and granted every scope
      And the platform will answer the next revocation with not available
      When Ada signs out of the relying party
      Then the refresh token is revoked in the end
      And nobody is signed in at the relying party

    @RS-02 @provoked
    Scenario: Token and secret do not follow a redirect of the revocation endpoint
      Given the relying party declares offline access
      And Ada has signed in through the popup and granted every scope
      And the platform will answer every revocation with a redirect to another host
      When Ada signs out of the relying party
      Then nobody is signed in at the relying party
      And no other host was shown a token or a secret
      And every revocation is a form with exactly one client authentication

    @LO-01
    Scenario: Signing out revokes the refresh token
      Given the relying party declares offline access
      And Ada has signed in through the popup and granted every scope
      When Ada signs out of the relying party
      Then the platform was asked to revoke the refresh token
