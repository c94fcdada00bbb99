@platform-suite
Feature: Resource API
  What the platform's API answers to a client of our own.

  Background:
    Given a client of our own is registered at the platform
    And Ada has signed in for the client and granted every scope

  Rule: Answers have the shape that was approved

    @PL-08
    Scenario: The user information names the user and the tenant
      When the client asks who Ada is
      Then the answer is 200
      And the answer "userinfo" is as approved

    @PL-09
    Scenario Outline: A page of <resource> has the approved shape
      When the client asks for the first 2 <resource>
      Then the answer is a page of at most 2 entries
      And the answer "<resource>" is as approved

      Examples:
        | resource        |
        | patients        |
        | agendas         |
        | appointments    |
        | medical-reports |

    @PL-32
    Scenario Outline: The pages of <limit> patients add up to the whole list
      When the client reads the patients in pages of <limit> to the end
      Then every entry of the total came once

      Examples:
        | limit |
        | 7     |
        | 50    |

  Rule: Access is refused by the layer that lacks it

    @PL-11
    Scenario: A call without a token is refused
      When the client asks for patients without a token
      Then the answer is 401 with a challenge

    @PL-33
    Scenario: A call with a token that nobody issued is refused
      When the client asks for patients with a token that nobody issued
      Then the answer is 401 for a bad token
      And the answer says its error as JSON

    @PL-33
    Scenario: A patient who does not exist is not found
      When the client asks for the patient 999999999
      Then the answer is 404
      And the answer says its error as JSON

    @PL-10
    Scenario: A scope that was not granted is named in the refusal
      Given Ada has signed in for the client and refused patients
      When the client asks for the first 2 patients
      Then the answer is 403 for a missing scope

    @PL-10
    Scenario: A permission that the user lacks is told apart from a scope
      Given Elio has signed in for the client and granted every scope
      When the client asks for the first 2 medical-reports
      Then the answer is 403 for a missing permission

    @PL-12
    Scenario: Another medical centre's data does not exist
      When the client asks for patients of another medical centre
      Then the answer is 404
