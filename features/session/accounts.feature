@session
Feature: Accounts
  Whom a relying party takes a signed-in user for: the subject at the issuer, never an address that may change hands.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A user is known by the subject

    @ID-11 @provoked
    Scenario: An e-mail address that passes to another user opens no account of its former holder
      Given Ada's e-mail address has passed to Mallory
      When Mallory signs in through the popup and grants every scope
      Then the relying party shows Mallory signed in

    @ID-11 @provoked
    Scenario: A user whose e-mail address has changed is the same user
      Given Ada's e-mail address has passed to Mallory
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
