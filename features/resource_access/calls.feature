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

    @RS-01 @provoked
    Scenario: A call that is made again carries its access token in the header alone
      Given Ada has signed in through the popup and granted every scope
      When Ada opens a declared feature once for each of these
        | answer the next call with a rate limit of 1 second |
        | answer the next two calls with a bad gateway       |
        | refuse one call as if its token had expired        |
      Then every call carries its access token in the header alone
      And the relying party still answers

    @RS-02 @provoked
    Scenario: The access token does not follow an address of another host
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with a redirect to another host                       |
        | answer every call with a redirect to another host that keeps the method |
      And Ada opens a declared feature once for each of these
        | answer every call with a redirect to another host for good              |
        | name a page of another host in every list                               |
      And Ada opens a declared feature with an expired token once for each of these
        | answer the token request with a redirect to another host |
      Then each time the relying party answers
      But no other host was shown a token or a secret

    @RS-02 @provoked
    Scenario: The access token does not follow a further page to another host
      Given the medical centre has 20 patients and the platform serves pages of 5
      And Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every further page with a redirect to another host |
      Then each time the relying party answers
      But no other host was shown a token or a secret

    @RS-02 @provoked
    Scenario: The access token does not follow the question who is signed in to another host
      When Ada signs in once for each way in which the platform misbehaves
        | answer the question who is signed in with a redirect to another host |
      Then no other host was shown a token or a secret

  Rule: A patient is in no address

    @GX-21
    Scenario: No link and no form names a patient
      When Ada signs in through the popup and grants every scope
      Then no patient's identity is in any link or form of the pages

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
        | 123     | 30   |
        | 40      | 20   |
        | 0       | 50   |

    @GX-08 @provoked
    Scenario: A list is read to its end, however few entries a page has
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | put a few entries on each page and say that there are more |
      Then each time the feature shows what it showed before

    @GX-08 @provoked
    Scenario: Two entries of one name are both shown
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | give two entries of every list the same name |
      Then each time the feature shows what it showed before

    @GX-08 @GX-15 @provoked
    Scenario: A list that lost its end on the way is not shown as if it were whole
      Given the medical centre has 20 patients and the platform serves pages of 5
      And Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every further page with an internal server error |
        | answer every further page with broken JSON              |
      Then no list is shown in part as if it were whole, as GX-08 asks
      And each time the relying party gave up after a few attempts, as GX-15 asks

  Rule: Answers may grow

    @GX-11 @provoked
    Scenario: Every feature shows the same when answers have grown and turned round
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with more than is documented |
        | name a page of another host in every list      |
      Then each time the feature shows what it showed before

    @GX-11 @provoked
    Scenario: Unknown fields and values change nothing at the sign-in
      Given the platform will answer every call with more than is documented
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature shows its data

    @GX-11 @provoked
    Scenario: A status that no document names costs no entry
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with a status of the first entry that no document names |
      Then each time the feature better shows what it showed before, as GX-11 recommends

  Rule: A failing call is told to the end-user, within bounds

    @GX-07 @RS-04 @provoked
    Scenario: A lack of scope or permission starts no sign-in loop
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with a lack of scope      |
        | answer every call with a lack of permission |
      Then each time the relying party answers
      And each time the relying party did not insist
      But no new sign-in was asked for

    @GX-07 @provoked
    Scenario: A lack of permission is told from a lack of scope
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with a lack of scope      |
        | answer every call with a lack of permission |
      Then each time the relying party answers, and tells what went wrong
      And the relying party says something else each time
      But no new sign-in was asked for

    @GX-15 @provoked
    Scenario: A passing failure is recovered from
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer the next two calls with a bad gateway |
      Then each time the feature shows what it showed before
      And each time the relying party waited longer before the next attempt

    @GX-15 @provoked
    Scenario: An answer without the members that it has to have is answered in words
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with an object without members |
        | answer every call with an empty list             |
      Then each time the relying party answers

    @GX-14 @provoked
    Scenario: An unknown resource is told of, and not asked for again
      Given Ada has signed in through the popup and granted every scope
      When Ada opens every declared feature once for each of these
        | answer every call with not found |
      Then each time the relying party answers, and tells what went wrong
      And each time it was asked for once
