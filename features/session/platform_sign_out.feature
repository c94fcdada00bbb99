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

    @LO-06 @AZ-02
    Scenario: Each sign-out tells whose session ends, by a state of its own and without the client secret
      Given the relying party declares offline access
      When Ada signs out of the relying party and of the platform
      And Ada signs in through the popup and grants every scope
      Given every access token has expired
      When Ada opens a declared feature
      And Ada signs out of the relying party and of the platform
      Then the platform was asked to end Ada's session
      And no two sign-outs share a state, as LO-06 asks
      And the client secret is in no page, URL or storage of the browser

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
