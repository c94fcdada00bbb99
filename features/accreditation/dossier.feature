@accreditation @dossier
Feature: Accreditation dossier
  What cannot be seen from outside: facts of the integrator's project that a named person stands for.

  Rule: A named person stands for each step of the accreditation

    @AC-01
    Scenario: The introduction by the medical centre is attested
      Then the dossier names who introduced the integrator, and when

    @AC-02 @AC-03 @AC-04
    Scenario: The developer account and its application request are attested
      Then the dossier names who holds the developer account, and since when

    @AC-07
    Scenario: The access to the data is attested
      Then the dossier names the ticket or the credentials that opened the data

    @AC-09
    Scenario: The tests on sample data or with an agreed user are attested
      Then the dossier names where the application was tested

    @AC-10
    Scenario: Every temporary user is deactivated
      Then the dossier gives the day on which each temporary user was deactivated

    @AC-10
    Scenario: A deactivated user can no longer sign in, refresh or call
      Given a client of our own is registered at the platform
      And users of the target file were deactivated
      And Ada has signed in for the client and granted every scope
      Then no deactivated user of the target file can sign in, refresh or call

    @AC-13 @GX-23
    Scenario: The use of support is attested
      Then the dossier names who answers for the questions to support

  Rule: Environments are kept apart

    @AC-11
    Scenario: Environments with different redirect URIs have their own application
      Then environments with different redirect URIs have different clients

    @AC-12
    Scenario: Each environment has its own secret
      Then no two environments share a client secret
