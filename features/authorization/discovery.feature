@discovery
Feature: Discovery
  What a relying party makes of the metadata that the platform publishes.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: Metadata of another issuer are not used

    @ID-14 @negative
    Scenario Outline: A platform that calls itself <name> signs nobody in
      When Ada signs in at a relying party that starts while the platform is to call itself <name>
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | name                             |
        | another issuer                   |
        | by another path of its host      |
        | by a name that begins like its own |
