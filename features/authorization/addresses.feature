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
    Scenario: No sign-in and no sign-out is continued at a foreign host
      When Ada signs in and out once for each address that Mallory names to go on to
        | an absolute address                         |
        | an address without a scheme                 |
        | an address with a backslash                 |
        | an address with a backslash first           |
        | an address with two backslashes             |
        | an address with a tab inside                |
        | an address with a line break inside         |
        | an address with three slashes               |
        | an address with encoded slashes             |
        | an address with a scheme and no slashes     |
        | an address behind the own host's name       |
        | an address with the own host's name behind a hash |
        | a host that begins with the own host's name |
        | an address that is a script                 |
      And Ada's sign-in fails once for each address that Mallory names to go on to
        | an absolute address         |
        | an address without a scheme |
      And Ada follows a link to the login within her session once for each address that Mallory names to go on to
        | an absolute address         |
        | an address without a scheme |
      Then the browser was never sent to Mallory's host
