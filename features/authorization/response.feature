@authorization-response
Feature: Authorization response
  What a relying party makes of the parameters that arrive at its redirect URI.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A response to a request that this browser did not make signs nobody in

    @CB-01 @negative
    Scenario: A response whose state is not the one that was sent is refused
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with a state that nobody sent                |
        | answer the authorization request with another last character of the state     |
        | answer the authorization request with other capitals in the state             |
        | answer the authorization request with a character more in the state           |
        | answer the authorization request with a character before the state            |
        | answer the authorization request with a blank after the state                 |
        | answer the authorization request with a character less in the state           |
        | answer the authorization request with the first half of the state             |
        | answer the authorization request with no state                                |
        | answer the authorization request with an empty state                          |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | answer the authorization request with a state that nobody sent |
      Then every one of these sign-ins is refused unless PKCE or a nonce vouches for it

    @CB-02 @negative
    Scenario: A response that carries code or state twice is refused
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with two states                         |
        | answer the authorization request with two codes                          |
        | answer the authorization request with the state and a forged one         |
        | answer the authorization request with a forged state and the right one   |
        | answer the authorization request with the code and a forged one          |
        | answer the authorization request with a forged code and the right one    |
      Then every one of these sign-ins is refused

    @CB-03 @negative
    Scenario: A response opened in another browser signs nobody in there
      Given Mallory has an unused authorization response of a sign-in of her own
      When Ada opens the link to Mallory's authorization response
      Then nobody is signed in at the relying party

    @CB-03 @negative
    Scenario: A response opened where another sign-in was begun and given up signs nobody in there
      Given Mallory has an unused authorization response of a sign-in of her own
      When Ada begins a sign-in, gives it up and opens the link to Mallory's authorization response
      Then nobody is signed in at the relying party

    @CB-07 @negative
    Scenario Outline: A response with <state> that nobody asked for signs nobody in
      Given Mallory has an authorization code with <state> and no sign-in of her own
      When Ada opens the link to Mallory's authorization response
      Then nobody is signed in at the relying party

      Examples:
        | state          |
        | a state        |
        | no state       |
        | an empty state |

    @CB-08 @negative
    Scenario: A response of another issuer is refused, also of one that looks like the right one
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with the name of another issuer                       |
        | answer the authorization request with an issuer whose text begins like the right one   |
        | answer the authorization request with an issuer whose text ends like the right one     |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | answer the authorization request with the name of another issuer |
      And Elio signs in where Ada is signed in already once for each way in which the platform misbehaves
        | answer the authorization request with the name of another issuer |
      Then every one of these sign-ins is refused

    @CB-09 @negative
    Scenario: A response whose issuer is missing or not the same text is refused
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with no issuer                             |
        | answer the authorization request with an empty issuer                       |
        | answer the authorization request with a slash after the issuer              |
        | answer the authorization request with the issuer in capitals                |
        | answer the authorization request with the issuer percent-encoded once more  |
        | answer the authorization request with another port of the issuer            |
        | answer the authorization request with another path of the issuer            |
        | answer the authorization request with a blank after the issuer              |
        | answer the authorization request with a query after the issuer              |
        | answer the authorization request with a user in the issuer                  |
        | answer the authorization request with another scheme of the issuer          |
      Then every one of these sign-ins is refused

  Rule: A code is redeemed once

    @CB-05 @provoked
    Scenario: Reloading the response does not redeem its code again
      Given Ada has signed in through the popup and granted every scope
      When Ada opens the same authorization response again
      Then no authorization code was sent to the platform twice
      And the relying party shows Ada signed in

    @CB-05 @negative
    Scenario: A code whose token answer is lost is not redeemed again
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request with not available            |
        | answer the token request with an internal server error |
        | answer the token request with broken JSON              |
        | answer the token request with half of its body         |
        | answer the token request with nothing                  |
        | lose the answer to the token request                   |
      Then no authorization code was sent to the platform twice
      And every one of these sign-ins is refused

    @CB-05 @negative
    Scenario: A code whose token request is never answered is not redeemed again
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request never |
      Then no authorization code was sent to the platform twice
      And every one of these sign-ins is refused

    @CB-04 @provoked
    Scenario: The state of a finished sign-in is worth nothing
      Given Ada has signed in through the popup and granted every scope
      And Mallory has a fresh code for the state of Ada's sign-in
      When Ada opens the link to Mallory's authorization response
      Then the relying party shows nobody else signed in

    @CB-04 @provoked
    Scenario: The state of a sign-in that ended in an error is worth nothing
      When Ada signs in, and opens a response of Mallory's for the same state, once for each way in which the platform misbehaves
        | answer the next authorization request with the error server_error |
        | answer the next token request with an internal server error       |
      Then none of these responses signs Mallory in

  Rule: A code is worth something in its own sign-in only

    @CB-06 @negative
    Scenario: A code of another sign-in is refused with the state of an own one
      Given Mallory has an unused authorization response of a sign-in of her own
      When Ada's own sign-in is answered with Mallory's code
      Then nobody is signed in at the relying party

    @CB-06 @negative
    Scenario: A code of another sign-in is refused whatever the platform makes of the code verifier
      Given Mallory has an unused authorization response of a sign-in of her own
      And the platform will redeem every code whatever the code verifier is
      When Ada's own sign-in is answered with Mallory's code
      Then nobody is signed in at the relying party

  Rule: An error is told to the end-user and ends the attempt

    @CB-12 @negative
    Scenario: Every error is told and signs nobody in
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with the error invalid_request          |
        | answer the authorization request with the error invalid_scope            |
        | answer the authorization request with the error unauthorized_client      |
        | answer the authorization request with the error server_error             |
        | answer the authorization request with the error temporarily_unavailable  |
        | answer the authorization request with the error login_required           |
        | answer the authorization request with the error interaction_required     |
        | answer the authorization request with the error no_such_error_code       |
        | answer the authorization request with an error and three kilobytes of description |
      Then every one of these sign-ins is refused with a word to the end-user
      And no code was redeemed that the platform did not give

    @CB-12 @negative
    Scenario: A code that nobody issued is told and signs nobody in
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with a code that nobody issued |
      Then every one of these sign-ins is refused with a word to the end-user

    @CB-13 @negative
    Scenario: Nothing of a response becomes part of a page
      When Ada signs in once for each place of markup in the response
        | answer the authorization request with markup in the error's description                             |
        | answer the authorization request with quotes and a script in the error's description                |
        | answer the authorization request with a backslash, quotes and a script in the error's description   |
        | answer the authorization request with markup in the error's code                                    |
        | answer the authorization request with a script in the error's address                               |
        | answer the authorization request with an error and markup in the state                              |
        | answer the authorization request with an error and markup in the issuer                             |
        | answer the authorization request with a line break in the error's description                       |
      Then none of it is part of any page or header
      But nobody is signed in at the relying party

  Rule: What is unknown is ignored

    @CB-14 @provoked
    Scenario: Unknown response parameters change nothing
      When Ada signs in once for each way in which the platform misbehaves
        | answer the authorization request with parameters that no text defines                        |
        | answer the authorization request with a parameter of three kilobytes that no text defines    |
        | answer the authorization request with parameters of odd names that no text defines           |
      Then every one of these sign-ins shows Ada signed in
