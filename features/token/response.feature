@token-response
Feature: Token response
  What a relying party makes of the answer of the token endpoint.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A useless answer signs nobody in

    @TK-05 @negative
    Scenario Outline: The token answer "<answer>" signs nobody in
      Given the platform will answer the token request with <answer>
      When Ada signs in through the popup and grants every scope
      Then the relying party tells Ada that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | answer                   |
        | invalid_grant            |
        | invalid_client           |
        | an internal server error |
        | a web page               |
        | broken JSON              |
        | nothing                  |

    @TK-06 @negative
    Scenario: An unknown token type is not used
      Given the platform will answer the token request with an unknown token type
      When Ada signs in through the popup and grants every scope
      Then the access token is not used at the API
      But nobody is signed in at the relying party

  Rule: A rate limit at the token endpoint is kept

    @GX-10 @provoked
    Scenario: A limited token request is not made again before its time
      Given the platform will answer the next token request with a rate limit of 1 second
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And the relying party repeated nothing before its time

  Rule: An answer that the standard allows signs the end-user in

    @TK-06 @provoked
    Scenario: The token type counts in any case of letters
      Given the platform will answer the token request with a token type in mixed case
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in

    @TK-07 @provoked
    Scenario Outline: A token answer with <omission> signs the end-user in
      Given the platform will answer the token request with <omission>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in

      Examples:
        | omission    |
        | no lifetime |
        | no scope    |

    @TK-08 @provoked
    Scenario Outline: <token> is used as it is
      Given the platform will give <token>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature shows its data

      Examples:
        | token                                 |
        | an access token that is no JWT        |
        | an access token of more than 8 KB     |

    @CB-14 @provoked
    Scenario: Unknown members of the token answer change nothing
      Given the platform will answer the token request with members that no text defines
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
