@popup
Feature: Messages between windows
  What the windows of a relying party post to each other, and whose messages they take.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A message goes to a named origin and is taken from it alone

    @PO-02
    Scenario: No message is posted to whoever listens
      Given Ada's browser notes every message that a page posts to its opener
      When Ada calls a sign-in off, and signs in through the popup and grants every scope
      Then every message was posted to a named origin

    @PO-01 @negative
    Scenario: A message of another origin is not taken
      Given Ada's browser has kept the messages of a sign-in
      When in Ada's browser each of these opens the relying party, where a sign-in is under way, and posts messages to it
        | a page of Mallory's                               |
        | a page without an origin                          |
        | a page whose host begins with the own host's name |
        | a page whose host ends with the own host's name   |
        | a page at another port of the own host            |
        | a page of the own host by another scheme          |
      Then the relying party does nothing with them
      And nobody is signed in at the relying party
