@platform-suite
Feature: Metadata
  What the platform publishes of itself.

  Background:
    Given a client of our own is registered at the platform

  Rule: Clients can rely on what is published

    @PL-01
    Scenario: The discovery document names its own issuer
      When the client reads the discovery document
      Then the discovery document names the issuer, the code response type and S256

    @PL-15
    Scenario: The discovery document names what every client counts on
      When the client reads the discovery document
      Then the discovery document names what every client counts on

    @PL-16
    Scenario: Both metadata documents say the same
      When the client reads the authorization server metadata
      Then it says the same as the discovery document

    @PL-17
    Scenario: The key set holds public keys alone
      When the client reads the key set
      Then the key set holds public keys alone
