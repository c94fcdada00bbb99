@token-response
Feature: Token response
  What a relying party makes of the answer of the token endpoint.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: A useless answer signs nobody in

    @TK-05 @negative
    Scenario: A token answer that is of no use signs nobody in
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request with invalid_grant                     |
        | answer the token request with invalid_client                    |
        | answer the token request with an internal server error          |
        | answer the token request with not available                     |
        | answer the token request with a rate limit of 1 second          |
        | answer the token request with a redirect to another host        |
        | answer the token request with a web page                        |
        | answer the token request with broken JSON                       |
        | answer the token request with half of its body                  |
        | answer the token request with nothing                           |
        | answer the token request with an object without members         |
        | answer the token request with an empty list                     |
        | lose the answer to the token request                            |
        | answer the authorization request with a code that nobody issued |
      Then every one of these sign-ins is refused with a word to the end-user

    @TK-05 @negative @waits
    Scenario: A token answer that never comes is not waited for without end
      Given the platform will hold the answer to the token request back
      When Ada signs in through the popup and waits as long as it takes
      Then the relying party tells Ada that sign-in failed

    @TK-05 @provoked
    Scenario: A token answer of five megabytes ends in words
      Given the platform will answer the token request with five megabytes of white space
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed

    @RS-02 @negative
    Scenario: Code and secret do not follow a redirect of the token endpoint
      Given the platform will answer the token request with a redirect to another host
      When Ada signs in through the popup and grants every scope
      Then no other host was shown a token or a secret
      But nobody is signed in at the relying party

    @TK-06 @negative
    Scenario: An unknown token type is not used
      Given the platform will answer the token request with an unknown token type
      When Ada signs in through the popup and grants every scope
      Then the access token is not used at the API
      But nobody is signed in at the relying party

    @TK-06 @negative
    Scenario: A token that needs another proof is not used as a bearer's
      Given the platform will answer the token request with a token type of another proof
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And no access token of an unknown type is used at the API

    @TK-06 @provoked
    Scenario: A token of which no type is told is not used as a bearer's
      Given the platform will answer the token request with no token type
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And no access token of an unknown type is used at the API

  Rule: A rate limit at the token endpoint is kept

    @GX-10 @provoked
    Scenario: A limited token request is not made again before its time
      Given the platform will answer the next token request with a rate limit of 1 second
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And the relying party repeated nothing before its time

    @TK-03 @provoked
    Scenario: A token request that is made again after a limit is the same as before
      Given the platform will answer the next token request with a rate limit of 1 second
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And every token request repeats the redirect URI of its authorization request

  Rule: An answer that the standard allows signs the end-user in

    @TK-06 @provoked
    Scenario: The token type counts in any case of letters
      Given the platform will answer the token request with a token type in mixed case
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in

    @TK-05 @provoked
    Scenario: A token answer that comes in pieces signs the end-user in
      Given the platform will answer the token request with a body that comes in pieces
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in

    @TK-07 @provoked
    Scenario Outline: A token answer with <omission> signs the end-user in
      Given the platform will answer the token request with <omission>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature shows its data
      But no call was answered by a refresh without cause

      Examples:
        | omission    |
        | no lifetime |
        | no scope    |

    @TK-07 @GX-04 @provoked
    Scenario: A token answer with fewer scopes than were granted switches off what lacks them
      Given the platform will answer the token request with fewer scopes than were granted
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature answers
      But no call went beyond the granted scopes

    @RS-03 @provoked
    Scenario: A userinfo endpoint that refuses the token is not asked again and again
      Given the platform will refuse to say who is signed in
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in or tells her that sign-in failed
      And the relying party asked who is signed in a few times at most

    @TK-08 @provoked
    Scenario Outline: An access token that is <what> is used as it is
      Given the platform will give an access token that is <what>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And every declared feature shows its data

      Examples:
        | what                  |
        | no JWT                |
        | a JWT of another kind |

    @TK-08 @provoked
    Scenario: An access token of more than 8 KB is used as it is
      Given the platform will give an access token of more than 8 KB
      When Ada signs in through the popup and grants every scope
      Then a token of this size keeps Ada out of nothing
      And every token arrived at the API as it was given

    @CB-14 @GX-11 @provoked
    Scenario: Unknown members of the token answer change nothing
      Given the platform will answer the token request with members that no text defines
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
