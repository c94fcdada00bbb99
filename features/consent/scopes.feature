@consent
Feature: Scopes and features
  What a relying party asks for, and what it has features for.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A scope goes with a feature

    @GX-18
    Scenario: Medical reports are asked for exactly when a feature needs them
      When Ada signs in through the popup and grants every scope
      Then the medical-report scope is asked for exactly when a declared feature needs it
