@authorization-response
Feature: Addresses of a sign-in
  Where the authorization response leaves its traces, and where links into a sign-in may lead.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The code does not stay in the browser

    @CB-15
    Scenario: The address of the response is left and shown to nobody else
      When Ada signs in through the popup and grants every scope
      Then the window leaves the address of the response behind
      And nothing of another host is loaded beside the response

  Rule: No link sends the browser to a foreign host

    @CB-16 @provoked
    Scenario Outline: A sign-in is not continued at <address>
      When Ada signs in from a link of Mallory's that names <address> to return to
      Then the browser was not sent to Mallory's host

      Examples:
        | address                     |
        | an absolute address         |
        | an address without a scheme |
        | an address with a backslash |
        | an address with a backslash first |
        | an address with a tab inside |
        | an address with three slashes |
        | an address behind the own host's name |

    @CB-16 @provoked
    Scenario: A sign-out is not continued at a foreign host
      Given Ada has signed in through the popup and granted every scope
      When Ada signs out by a form of Mallory's that names an absolute address to return to
      Then the browser was not sent to Mallory's host
