@resource-access
Feature: Calls to the API
  How a relying party uses the access token, and what it makes of the answers.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The access token travels in one place only

    @RS-01
    Scenario: The access token is sent in the header alone
      When Ada signs in through the popup and grants every scope
      And Ada opens every declared feature
      Then every call carries its access token in the header alone

    @RS-02 @provoked
    Scenario: The access token does not follow a redirect to another host
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer every call with a redirect to another host
      When Ada opens a declared feature
      Then the relying party still answers
      But no other host was shown the access token

  Rule: Lists are read to their end

    @GX-08 @provoked
    Scenario Outline: A list of <entries> patients in pages of <page> is shown whole
      Given the medical centre has <entries> patients and the platform serves pages of <page>
      And Ada has signed in through the popup and granted every scope
      When Ada opens the patients
      Then all <entries> patients are shown
      And no page was asked for twice

      Examples:
        | entries | page |
        | 123     | 50   |
        | 123     | 20   |
        | 40      | 20   |
        | 0       | 50   |

  Rule: Answers may grow

    @GX-11 @provoked
    Scenario: Unknown fields and values change nothing
      Given the platform will answer every call with more than is documented
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature shows its data

  Rule: A failing call is told to the end-user, within bounds

    @GX-07 @RS-04 @provoked
    Scenario Outline: A lack of <lack> starts no sign-in loop
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer every call with a lack of <lack>
      When Ada opens a declared feature
      Then the relying party still answers
      But no new sign-in was asked for
      And the relying party did not insist

      Examples:
        | lack       |
        | scope      |
        | permission |

    @GX-09 @provoked
    Scenario: A limited call is not made again before its time
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer the next call with a rate limit of 1 second
      When Ada opens a declared feature
      Then the relying party still answers
      And the relying party repeated nothing before its time

    @RS-05 @provoked
    Scenario: A passing rate limit is waited for
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer the next call with a rate limit of 1 second
      When Ada opens a declared feature
      Then the feature shows its data
      And the relying party repeated nothing before its time

    @GX-09 @provoked
    Scenario: A rate limit that does not end is not run against for ever
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer every call with a rate limit of 1 second
      When Ada opens a declared feature
      Then the relying party still answers
      And the relying party gave up after a few attempts

    @GX-15 @provoked
    Scenario: A passing failure is recovered from
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer the next two calls with a bad gateway
      When Ada opens a declared feature
      Then the feature shows its data
      And the relying party waited longer each time

    @GX-14 @provoked
    Scenario: An unknown resource is not asked for again
      Given Ada has signed in through the popup and granted every scope
      And the platform will answer every call with not found
      When Ada opens a declared feature
      Then the relying party still answers
      And the relying party asked for it once
