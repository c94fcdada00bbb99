@consent
Feature: Partial consent
  The end-user accepts or refuses each permission; the relying party lives with what it got.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A refused permission switches off its feature and nothing else

    @GX-03 @GX-04 @provoked
    Scenario Outline: Refusing <feature> leaves the other features working
      When Ada signs in through the popup and refuses <feature>
      Then the relying party shows Ada signed in
      And every other declared feature shows its data
      But no call went beyond the granted scopes

      Examples:
        | feature         |
        | patients        |
        | agenda          |
        | medical reports |
