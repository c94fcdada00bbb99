@authorization-response
Feature: Two issuers
  A relying party that people can use with two platforms sends what one of them gave to that one alone.

  Background:
    Given the relying party is registered at two platforms
    And Ada can sign in at both

  Rule: A code goes to the issuer that was asked for it

    @CB-10 @negative
    Scenario: A response of the first platform to a sign-in at the second is refused
      When a sign-in that Ada begins at the second platform is answered by the first
      Then no code was sent to the platform that did not give it
      And nobody is signed in at the relying party
