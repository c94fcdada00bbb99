@popup
Feature: Popup sign-in
  A relying party signs an end-user in without leaving its page: it opens the authorization
  request in a popup and reads the authorization response at its redirect URI.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A granted request signs the end-user in

    @AC-08
    Scenario: Granting every scope signs the end-user in
      When Ada signs in through the popup and grants every scope
      Then the popup closes
      And the relying party shows Ada signed in

    @AC-08
    Scenario: The sign-in carries the client's identity and the end-user's own
      When Ada signs in through the popup and grants every scope
      Then the platform saw the client's credentials and Ada's own

    @GX-01
    Scenario: The tenant is read from the platform after the sign-in
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then the first call to the API asks who Ada is
      And every resource call names the tenant found there

    @PO-04 @provoked
    Scenario: A platform that cuts the popup off from its opener signs the end-user in
      Given the platform will separate its pages from their opener
      When Ada takes a while to sign in through the popup and grants every scope
      Then the page that Ada began at shows her signed in without a reload

    @PO-06
    Scenario: The sign-in page is shown in no frame
      When Ada signs in through the popup and grants every scope
      Then every authorization request comes from a window of its own

  Rule: A popup that comes to nothing can be tried again

    @PO-03 @provoked
    Scenario: A sign-in whose popup was closed can be begun again
      Given Ada has closed the popup of a sign-in
      And Ada has closed the popup of another one at the consent
      When Ada tries the sign-in again
      Then the relying party shows Ada signed in

    @PO-03 @provoked
    Scenario: A popup that the browser blocks is not waited for
      Given Ada's browser blocks every popup
      When Ada asks to sign in
      Then the relying party says so or signs Ada in without a popup
      And the page of Ada comes to rest, and a sign-in in this window ends signed in

    @PO-05 @provoked
    Scenario: Two sign-ins side by side are kept apart
      Given Ada has begun two sign-ins side by side
      When Ada completes the later one first
      Then every code is redeemed with the values of its own sign-in
      And the relying party shows Ada signed in

  Rule: An end-user who does not consent is not signed in

    @CB-11 @negative
    Scenario: Cancelling at the consent signs nobody in
      When Ada signs in through the popup and cancels at the consent
      Then the relying party tells Ada that sign-in failed
      But nobody is signed in at the relying party

    @CB-11 @provoked
    Scenario: Whoever has cancelled at the consent signs in at the next try
      When Ada signs in through the popup and cancels at the consent
      And Ada tries the sign-in again
      Then the relying party shows Ada signed in
