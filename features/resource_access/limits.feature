@resource-access @waits
Feature: Limits and failures of the API
  How long a relying party waits, how often it tries, and what it says in the end. These scenarios wait in real time.

  Background:
    Given the relying party is registered at the platform
    And the relying party declares offline access
    And the end-user Ada has an account at the medical centre
    And Ada has signed in through the popup and granted every scope

  Rule: A limited request is not made again before its time

    @GX-09 @RS-05 @provoked
    Scenario: Every Retry-After of the API is kept, and the call succeeds in the end
      When Ada opens a declared feature once for each of these
        | answer the next call with a rate limit of 1 second       |
        | answer the next call with a rate limit of 2 seconds      |
        | answer the next call with a rate limit of 3 seconds      |
        | answer the next call with a rate limit of 1 second       |
        | answer the next call with a rate limit of 1 second       |
        | answer the next call with a rate limit until a date      |
        | answer the next call with a rate limit without a time    |
        | answer the next call with not available                  |
      Then each time nothing was repeated before its time
      And each time the feature shows what it showed before, as RS-05 asks
      And the waits vary, as GX-09 recommends

    @GX-09 @RS-05 @provoked
    Scenario: A Retry-After of a further page is kept too
      Given the medical centre has 20 patients and the platform serves pages of 5
      When Ada opens every declared feature once for each of these
        | answer the next further page with a rate limit of 2 seconds |
      Then each time nothing was repeated before its time
      And each time the feature shows what it showed before, as RS-05 asks

    @GX-09 @provoked
    Scenario: A rate limit that does not end is not run against for ever
      When Ada opens a declared feature once for each of these
        | answer every call with a rate limit of 1 second |
      Then each time the relying party answers
      And each time nothing was repeated before its time
      And each time the relying party gave up after a few attempts

    @GX-09 @RS-05 @provoked
    Scenario: A limited write is made once at most, and not before its time
      When Ada makes a declared write once for each of these
        | answer the next write with a rate limit of 2 seconds |
        | answer the next write with a rate limit until a date |
        | answer every write with a rate limit of 1 second     |
      Then each time the relying party answers
      And each time nothing was repeated before its time
      And each time the relying party gave up after a few attempts
      And each time the write is carried out once at most
      And no write is told as made that was not

    @GX-10 @provoked
    Scenario: Every Retry-After of the token endpoint is kept
      When Ada opens a declared feature with an expired token once for each of these
        | answer the next token request with a rate limit of 1 second    |
        | answer the next token request with a rate limit of 3 seconds   |
        | answer the next token request with a rate limit until a date   |
      Then each time nothing was repeated before its time
      And each time the relying party answers

  Rule: A failure that stays is told of, after a few attempts

    @GX-15 @provoked
    Scenario: A platform that fails is tried a few times with growing waits, and then told of
      When Ada opens every declared feature once for each of these
        | answer every call with a bad gateway    |
        | answer every call with half of its body |
      And Ada opens a declared feature once for each of these
        | answer every call with an internal server error                |
        | answer every call with not available                           |
        | answer every call with an internal server error and a web page |
        | close the connection on every read                             |
        | answer every call with a web page                              |
        | answer every call with broken JSON                             |
        | answer every call with nothing                                 |
      Then each time the relying party gave up after a few attempts
      And each time the relying party waited longer before the next attempt
      And each time the relying party answers, and tells what went wrong

    @GX-15 @provoked
    Scenario: A platform that never answers is not waited for without end
      When Ada opens every declared feature once for each of these
        | hold the answer to every call back |
      Then each time the relying party answers, and tells what went wrong

    @GX-15 @provoked
    Scenario: An answer that comes in pieces is read to its end
      When Ada opens a declared feature once for each of these
        | answer every call with a body that comes in pieces |
      Then each time the feature shows what it showed before
