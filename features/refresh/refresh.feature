@refresh
Feature: Refresh
  How a relying party keeps its access when the access token ends.

  Background:
    Given the relying party is registered at the platform
    And the relying party declares offline access
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: An expired access token costs the end-user nothing

    @GX-06 @RT-01 @RS-03 @provoked
    Scenario: An expired access token is refreshed without a new sign-in
      Given every access token has expired
      When Ada opens a declared feature
      Then the feature shows its data
      And the relying party refreshed once and repeated the call once
      But no new sign-in was asked for

    @RT-06 @provoked
    Scenario: A refresh asks for nothing new
      Given every access token has expired
      When Ada opens a declared feature
      Then a refresh was asked for
      And the feature shows its data
      And every refresh proves the client and keeps to the granted scopes

    @RT-04 @provoked
    Scenario: Calls that meet an expired token together refresh once
      Given the platform will keep the answer to a refresh back until another is asked for
      And every access token has expired
      When Ada opens the declared features at once
      Then no refresh token was presented twice
      And the relying party shows Ada signed in

    @RT-02 @provoked
    Scenario: Only the newest refresh token is used
      When Ada opens a declared feature after each of 3 expiries
      Then a refresh was asked for
      And the feature shows its data
      And only the newest refresh token was ever sent

    @RT-02 @provoked
    Scenario: A refresh token stays in use when no new one is returned
      Given the platform will answer the refresh with no new refresh token
      When Ada opens a declared feature after each of 2 expiries
      Then a refresh was asked for
      And the feature shows its data
      But no new sign-in was asked for

  Rule: A refresh that fails for a moment costs no session

    @RT-05 @provoked
    Scenario: A platform that cannot refresh for a moment is asked again later
      Given the platform will answer the next two refreshes with not available
      And every access token has expired
      When Ada opens a declared feature 3 times
      Then the feature shows its data
      But no new sign-in was asked for

    @RT-05 @provoked
    Scenario: A refresh whose answer is lost asks for one sign-in at most
      Given the platform will lose the answer to the next refresh
      And every access token has expired
      When Ada opens a declared feature 3 times
      Then the relying party still answers
      And at most one new sign-in was asked for

  Rule: A refused refresh ends the session quietly

    @RT-03 @provoked
    Scenario: A refused refresh asks for one sign-in, without a loop
      Given the platform will answer the refresh with invalid_grant
      And every access token has expired
      When Ada opens a declared feature
      Then nobody is signed in at the relying party
      And the refused refresh token is not sent again
