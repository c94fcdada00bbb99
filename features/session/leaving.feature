@session
Feature: Leaving
  What is left of a session when its end-user has signed out.

  Background:
    Given the relying party is registered at the platform
    And the relying party declares offline access
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: Nothing is left to see

    @LO-03
    Scenario: Back shows no data after signing out
      Given Ada has opened every declared feature
      When Ada signs out of the relying party
      And Ada goes back in the browser
      Then no page on the way back shows data

  Rule: The platform's refusal keeps nobody signed in

    @LO-02 @provoked
    Scenario: A revocation that the platform refuses ends the session all the same
      Given the platform will refuse to revoke anything
      When Ada signs out of the relying party
      Then nobody is signed in at the relying party
      And at least one revocation was asked for

  Rule: The platform learns of it

    @LO-01 @provoked
    Scenario: Signing out revokes the newest refresh token
      Given every access token has expired
      And Ada has opened every declared feature
      When Ada signs out of the relying party
      Then the platform was asked to revoke the refresh token
      And nobody is signed in at the relying party

  Rule: The end of access is noticed

    @LO-05 @provoked
    Scenario: A user who has removed the application is asked to sign in again
      Given Ada has opened every declared feature
      And Ada has removed the application at the platform
      When Ada opens a declared feature
      Then Ada is shown no data, and asked to sign in again
      And the relying party stops asking for Ada
