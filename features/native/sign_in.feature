@native
Feature: Native application
  A program on the end-user's own machine: it shows the address of its authorization request, the end-user's browser opens
  it, and the response comes back to a port of that machine.

  Background:
    Given the native application is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The response is received on this machine alone

    @NA-01
    Scenario: The redirect URI names loopback by its number
      When Ada signs in through the program
      Then the redirect URI is a loopback address

    @NA-01
    Scenario Outline: The port is open on loopback, and only until Ada has <decided>
      When Ada <decides> while the program's port is watched
      Then the port was open on loopback only, and only while the program waited

      Examples:
        | decided            | decides  |
        | allowed the access | signs in |
        | refused the access | cancels  |

    @PO-06
    Scenario: The sign-in is shown in the end-user's own browser
      When Ada signs in through the program
      Then every authorization request comes from a window of its own

  Rule: The request is one of a public client

    @AZ-01
    Scenario: A native application asks for a code alone
      When Ada signs in through the program
      Then every authorization request asks for a code alone

    @AZ-06
    Scenario: A native application sends a code challenge
      When Ada signs in through the program
      Then every authorization request carries an S256 code challenge

    @AZ-03
    Scenario: A native application names its registered redirect URI, at a port of the moment
      When Ada signs in through the program
      Then every authorization request names a registered redirect URI

    @TK-01
    Scenario: A native application redeems its code without a secret
      When Ada signs in through the program
      Then every token request is a form with exactly one client authentication

    @TK-03
    Scenario: A native application redeems its code with the redirect URI of its request
      When Ada signs in through the program
      Then every token request repeats the redirect URI of its authorization request

  Rule: A response to another request signs nobody in

    @CB-01 @negative
    Scenario Outline: A native application refuses a response with <state>
      Given the platform will answer the authorization request with <state>
      When Ada signs in through the program
      Then nobody is signed in with the program unless PKCE or a nonce vouches for the response

      Examples:
        | state                    |
        | a state that nobody sent |
        | no state                 |
