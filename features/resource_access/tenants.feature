@tenants
Feature: Tenants
  The platform lets users of any medical centre sign in; the relying party serves only those that it is authorised for.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A user of another medical centre is turned away

    @GX-02 @negative
    Scenario: A user of a medical centre that did not authorise the application is refused
      Given Bruno belongs to a medical centre that did not authorise the application
      When Bruno signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      And no data of Bruno's medical centre was asked for
      But nobody is signed in at the relying party
      And nobody is signed in when Bruno signs in in a browser that Ada has left

    @GX-01 @GX-02 @negative
    Scenario: The medical centre is the one that the platform names, also where it looks like the right one
      When Ada signs in once for each way in which the platform misbehaves
        | name another medical centre as the user's                    |
        | name a medical centre whose number begins like the right one |
        | name a medical centre with whose number the right one begins |
        | name a medical centre whose number ends like the right one   |
        | name no medical centre as the user's                         |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | name another medical centre as the user's |
      And Elio signs in where Ada is signed in already once for each way in which the platform misbehaves
        | name another medical centre as the user's |
      Then every one of these sign-ins is refused with a word to the end-user

    @GX-02 @provoked
    Scenario: Of two medical centres only the one that authorised the application is asked for data
      Given the platform will name another medical centre beside the user's
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then no data of the other medical centre was asked for

  Rule: Each user sees the own medical centre alone

    @GX-20 @GX-01 @provoked
    Scenario: Two users see the data of their own medical centre, in two browsers and one after the other in one
      Given the relying party is authorised for both medical centres
      When Ada and Bruno sign in in separate browsers and open every declared feature
      Then each of them sees data of the own medical centre alone
      And Elio of Ada's medical centre sees what was asked for with his own token
      And in Ada's browser, when she has left, Bruno sees data of his own medical centre alone

  Rule: Access ends with the user

    @GX-19 @provoked
    Scenario: A user who is deactivated in mid-session loses the data
      Given Ada has signed in in a browser for each declared feature, and opened all of them
      When the administrator deactivates Ada
      Then Ada is shown no data, whichever feature is opened first, and asked to sign in again
      And the relying party stops asking for Ada
