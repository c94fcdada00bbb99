@session
Feature: Sign-out at the platform
  A relying party may end its user's session at the platform with its own (OpenID Connect RP-Initiated Logout).

  Background:
    Given the relying party is registered at the platform
    And the relying party signs its users out at the platform too
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: The platform learns whose session ends

    @LO-06
    Scenario: Signing out ends the session at the platform
      When Ada signs out of the relying party and of the platform
      Then the platform was asked to end Ada's session
      And nobody is signed in at the relying party

  Rule: A return that belongs to no sign-out does no harm

    @LO-06
    Scenario Outline: A return from a sign-out with <state> changes nothing
      When Ada signs out of the relying party and of the platform
      And Ada comes back from a sign-out with <state>
      Then the relying party answers the return with a page of its own
      And the browser was not sent to Mallory's host
      But nobody is signed in at the relying party

      Examples:
        | state                |
        | no state             |
        | a state of Mallory's |
