@accreditation @journey
Feature: Accreditation journey
  From the medical centre's first ticket to the deactivation of the last temporary user:
  the integrator Irene, the medical centre's manager Dario and GipoNext's administrator Carla
  at the account portal.

  Rule: The medical centre introduces the integrator

    @AC-01
    Scenario: The medical centre introduces the integrator and states its intent
      When Dario introduces Irene to GipoNext with a ticket
      Then Carla finds the introduction with the integrator's e-mail and the intent

  Rule: The developer account serves registrations and nothing else

    @AC-02
    Scenario: A developer account opens no clinical data
      Given the relying party is registered at the platform
      And Irene has a developer account with the developer role
      When Irene signs in through the popup and grants every scope
      Then no medical centre's data was given out for Irene
      And the platform names no medical centre for Irene

    @AC-03
    Scenario: The Developer menu appears with the developer role
      Given Irene has registered an account on the reference e-mail
      And Irene sees no Developer menu
      When Carla activates the developer role that Irene's ticket asks for
      Then Irene sees the Developer menu

  Rule: The application is requested, approved, and only then has credentials

    @AC-04
    Scenario: The OAuth application request carries every field
      Given Irene has a developer account with the developer role
      When Irene submits an OAuth application request with every field
      Then the request waits for approval with every field as submitted

    @AC-06
    Scenario: A pending application has no credentials
      Given Irene has a developer account with the developer role
      When Irene submits an OAuth application request with every field
      Then Irene finds no credentials
      But no sign-in can be started for the pending application

    @AC-06
    Scenario: A refused application has no credentials
      Given Irene has submitted an OAuth application request
      When Carla refuses the request with a reason
      Then Irene reads the reason and finds no credentials

    @AC-06
    Scenario: The approval releases the credentials once
      Given Irene has submitted an OAuth application request
      When Carla approves the request
      Then Irene reads the client id and, once, the client secret

  Rule: Data access needs the medical centre

    @AC-07 @AC-08
    Scenario: The medical centre's ticket opens the data to a new user
      Given Irene's application is approved and set up
      And Dario has asked for a user for Nora with a ticket that names the e-mail
      When Carla creates the user that Dario's ticket asks for
      Then Nora signs in through the popup and sees the medical centre's data

  Rule: Temporary users end with the project

    @AC-10
    Scenario: A deactivated temporary user can neither sign in, refresh nor call
      Given the relying party is registered at the platform
      And Tea is a temporary user of the medical centre and signed in at the relying party
      When Carla deactivates the user that Dario's ticket names
      Then Tea can neither sign in, refresh nor call
