@platform-suite
Feature: The API's own document
  The platform publishes an OpenAPI 2.0 document of its API. Clients are written by it, so answers must be what it says.

  Background:
    Given a client of our own is registered at the platform
    And Ada has signed in for the client and granted every scope

  Rule: An answer has a status and a shape that the document names

    @PL-35
    Scenario: The user information is as documented
      When the client asks who Ada is
      Then the answer is 200
      And the answer is as the platform's own document says

    @PL-35
    Scenario Outline: A page of <resource> is as documented
      When the client asks for the first 5 <resource>
      Then the answer is a page of at most 5 entries
      And the answer is as the platform's own document says

      Examples:
        | resource        |
        | patients        |
        | agendas         |
        | appointments    |
        | availabilities  |
        | treatments      |
        | price-lists     |
        | episodes        |
        | medical-reports |
        | invoices        |

    @PL-35
    Scenario: A refusal of a call without a token is as documented
      When the client asks for patients without a token
      Then the answer is 401
      And the answer is as the platform's own document says

    @PL-35
    Scenario: A refusal for a missing scope is as documented
      Given Ada has signed in for the client and refused patients
      When the client asks for the first 5 patients
      Then the answer is 403
      And the answer is as the platform's own document says

    @PL-35
    Scenario: A patient who does not exist is missing as documented
      When the client asks for the patient 999999999
      Then the answer is 404
      And the answer is as the platform's own document says
