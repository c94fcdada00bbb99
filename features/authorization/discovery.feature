@discovery
Feature: Discovery
  What a relying party makes of the metadata that the platform publishes.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: Where the platform's endpoints are, discovery says

    @AZ-12
    Scenario: A sign-in asks for no endpoint that discovery does not announce
      When Ada signs in through the popup and grants every scope
      Then every endpoint that was asked is one of the discovery document
      And the relying party shows Ada signed in

    @AZ-12
    Scenario: A sign-out asks for no endpoint that discovery does not announce
      Given Ada has signed in through the popup and granted every scope
      When Ada signs out of the relying party
      Then every endpoint that was asked is one of the discovery document

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
