@authorization-response
Feature: Authorization response
  What a relying party makes of the parameters that arrive at its redirect URI.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A response to a request that this browser did not make signs nobody in

    @CB-01 @negative
    Scenario Outline: A response with <state> is refused
      Given the platform will answer the authorization request with <state>
      When Ada signs in through the popup and grants every scope
      Then nobody is signed in at the relying party unless PKCE or a nonce vouches for the response

      Examples:
        | state                    |
        | a state that nobody sent |
        | no state                 |
        | an empty state           |

    @CB-02 @negative
    Scenario Outline: A response with <parameter> is refused
      Given the platform will answer the authorization request with <parameter>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | parameter  |
        | two states |
        | two codes  |

    @CB-03 @negative
    Scenario: A response opened in another browser signs nobody in there
      Given Mallory has an unused authorization response of a sign-in of her own
      When Ada opens the link to Mallory's authorization response
      Then nobody is signed in at the relying party

    @CB-07 @negative
    Scenario: A response that nobody asked for signs nobody in
      Given Mallory has an authorization code and no sign-in of her own
      When Ada opens the link to Mallory's authorization response
      Then nobody is signed in at the relying party

    @CB-08 @negative
    Scenario: A response of another issuer is refused
      Given the platform will answer the authorization request with the name of another issuer
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @CB-09 @negative
    Scenario: A response without the promised issuer is refused
      Given the platform will answer the authorization request with no issuer
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

  Rule: A code is redeemed once

    @CB-05 @provoked
    Scenario: Reloading the response does not redeem its code again
      Given Ada has signed in through the popup and granted every scope
      When Ada opens the same authorization response again
      Then no authorization code was sent to the platform twice
      And the relying party shows Ada signed in

    @CB-04 @provoked
    Scenario: The state of a finished sign-in is worth nothing
      Given Ada has signed in through the popup and granted every scope
      And Mallory has a fresh code for the state of Ada's sign-in
      When Ada opens the link to Mallory's authorization response
      Then the relying party shows nobody else signed in

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
    Scenario Outline: The error <error> signs nobody in
      Given the platform will answer the authorization request with the error <error>
      When Ada signs in through the popup and grants every scope
      Then the relying party tells Ada that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | error                   |
        | invalid_scope           |
        | server_error            |
        | temporarily_unavailable |
        | login_required          |
        | no_such_error_code      |

    @CB-13 @negative
    Scenario: Markup in an error's description is not rendered
      Given the platform will answer the authorization request with markup in the error's description
      When Ada signs in through the popup and grants every scope
      Then the markup is not part of any page
      But nobody is signed in at the relying party

  Rule: What is unknown is ignored

    @CB-14 @provoked
    Scenario: Unknown response parameters change nothing
      Given the platform will answer the authorization request with parameters that no text defines
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
