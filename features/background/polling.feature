@waits
Feature: Work in the background
  There is polling only: what a relying party asks for while nobody uses it, and when it stops.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: The platform is asked at a reasonable rate

    @GX-16
    Scenario: A relying party that nobody uses asks rarely
      When nobody uses the relying party for a while
      Then it has asked the platform at a reasonable rate

  Rule: The end of access ends the work

    @LO-05 @provoked @background
    Scenario: A user who removes the application is asked for no more, and may connect again
      Given the relying party polls in the background
      When Ada removes the application at the platform
      Then the relying party stops asking for Ada
      And Ada is shown no data, and asked to sign in again

    @LO-01 @background
    Scenario: A user who has signed out is asked for no more in the background
      Given the relying party polls in the background
      When Ada signs out of the relying party
      And nobody uses the relying party for some of its periods
      Then the relying party has asked for nothing of Ada's any more

  Rule: What is limited waits, in the background too

    @GX-09 @provoked @background
    Scenario: A limited call in the background is not repeated before its time
      Given the relying party polls in the background
      And the platform will answer the next call with a rate limit of 3 seconds
      When nobody uses the relying party for some of its periods
      Then the relying party repeated nothing before its time
      And every declared feature shows its data
