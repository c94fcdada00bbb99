@resource-access
Feature: Writes to the API
  What a relying party makes of a write that the platform refuses.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: A refused write is not repeated as it was

    @GX-12 @provoked
    Scenario: A resource that changed meanwhile is read again before it is written again
      Given the platform will answer the next write with a conflict
      When Ada makes a declared change
      Then the relying party still answers
      And the relying party does not write again without reading again
      And no write is told as made that was not

    @GX-13 @provoked
    Scenario: A broken business rule is shown, and the write is not repeated
      Given the platform will answer every write with a broken business rule
      When Ada makes a declared change
      Then the relying party shows the platform's message
      And the refused write is not repeated

  Rule: A write that fails is told of

    @GX-07 @GX-12 @GX-13 @GX-15 @provoked
    Scenario: A write that fails is not told as made
      When Ada makes every declared write once for each of these
        | answer every write with a lack of permission     | GX-07 |
        | answer every write with a conflict               | GX-12 |
        | answer every write with a broken business rule   | GX-13 |
        | answer every write with an internal server error | GX-15 |
      Then each time the relying party answers
      And no new sign-in was asked for, as GX-07 asks
      And each time what broke a business rule was not written again, as GX-13 asks
      And no write is told as made that was not

    @RS-02 @provoked
    Scenario: The access token of a write does not follow it to another host
      When Ada makes every declared write once for each of these
        | answer every write with a redirect to another host                       |
        | answer every write with a redirect to another host that keeps the method |
      Then each time the relying party answers
      But no other host was shown a token or a secret

    @RS-01 @provoked
    Scenario: A write carries its access token in the header alone, also when it is made again
      When Ada makes every declared write once for each of these
        | refuse the next write as if its token had expired    |
        | answer the next write with a rate limit of 1 second  |
      Then every call carries its access token in the header alone
      And the relying party still answers

  Rule: A booking is made once

    @RS-06 @provoked
    Scenario Outline: A booking is not sent again blindly where the platform will <lose it>
      Given the platform will <lose it>
      When Ada makes a declared booking
      Then the relying party still answers
      And the booking is not sent again blindly
      And no write is told as made that was not

      Examples:
        | lose it                                           |
        | carry out the next write and lose its answer      |
        | carry out the next write and close the connection |
        | close the connection on the next write            |
