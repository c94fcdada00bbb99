@consent
Feature: Partial consent
  The end-user accepts or refuses each permission; the relying party lives with what it got.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A refused permission switches off its feature and nothing else

    @GX-03 @GX-04 @provoked
    Scenario: Each declared feature can be refused, and the others go on working
      When Ada signs in once for each declared feature, and refuses it
      Then each time the other features work, and the refused one is off and says so
      But no call went beyond the granted scopes

    @RT-06 @provoked
    Scenario: A refresh asks for no permission that was refused
      Given the relying party declares offline access
      And Ada has signed in and refused a declared feature
      And every access token has expired
      When Ada opens the features that were not refused
      Then a refresh was asked for
      And every refresh proves the client and keeps to the granted scopes
      And the relying party still answers
