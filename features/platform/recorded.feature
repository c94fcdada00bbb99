@platform-suite
Feature: What was recorded of the platform
  A target's answers are kept in kind by `collaudo record`, in the repository of whoever records. What clients rely on stays as it was;
  what is new is told, for it comes unannounced.

  Background:
    Given the platform was recorded
    And a client of our own is registered at the platform

  Rule: The platform answers as it did

    @PL-36 @PL-37
    Scenario: What the platform announces is as it was recorded
      When the client looks at what the platform announces
      Then all of it is as it was recorded

    @PL-36 @PL-37
    Scenario: The document of the API is as it was recorded
      When the client reads the document of the API
      Then all of it is as it was recorded

    @PL-36 @PL-37
    Scenario: The tokens are as they were recorded
      Given Ada has signed in for the client and granted every scope
      When the client looks at its tokens
      Then all of it is as it was recorded

    @PL-36 @PL-37
    Scenario: The answers of the API are as they were recorded
      Given Ada has signed in for the client and granted every scope
      When the client reads the user information, and a page and an entry of every list that it may read
      Then all of it is as it was recorded

    @PL-36 @PL-37
    Scenario: The refusals are as they were recorded
      When the platform refuses the client in the usual ways
      Then all of it is as it was recorded
