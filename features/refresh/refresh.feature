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

    @GX-06 @RT-01 @RS-03 @provoked
    Scenario: A token that is refused at any call, also at a further page, is refreshed
      Given the medical centre has 20 patients and the platform serves pages of 5
      When Ada opens every declared feature once for each of these
        | refuse one call as if its token had expired              |
        | refuse the next further page as if its token had expired |
      Then each time the feature shows what it showed before
      And each time at most one refresh and one repetition followed
      But no new sign-in was asked for

    @GX-06 @RS-03 @provoked
    Scenario: A call that stays refused is not repeated again and again
      When Ada opens every declared feature once for each of these
        | refuse every call as if its token had expired |
      Then each time the relying party answers
      And each time at most one refresh and one repetition followed

    @GX-06 @RS-03 @provoked
    Scenario: A write that meets an expired token is made once at most, and its end-user stays signed in
      When Ada makes a declared write once for each of these
        | refuse the next write as if its token had expired |
        | refuse the next write as if its token had expired |
      Then each time the relying party answers
      And each time at most one refresh and one repetition followed
      And each time the write is carried out once at most
      And no new sign-in was asked for
      And no write is told as made that was not

    @GX-05 @provoked
    Scenario: No grant without a person is tried when a token has expired
      Given every access token has expired
      When Ada opens a declared feature
      Then only grants of a person were tried
      And the relying party still answers

    @GX-05 @provoked
    Scenario: No grant without a person is tried when a refresh is refused
      Given the platform will answer the refresh with invalid_grant
      And every access token has expired
      When Ada opens a declared feature
      Then only grants of a person were tried
      And the relying party still answers

    @RS-01 @provoked
    Scenario: The access token is sent in the header alone after a refresh too
      Given every access token has expired
      When Ada opens every declared feature
      Then every call carries its access token in the header alone
      And the relying party still answers

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
      When Ada opens a declared feature after each of 4 expiries
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

    @RT-02 @provoked
    Scenario Outline: A refresh token stays in use when <what> comes in the place of a new one
      Given the platform will answer the refresh with <phrase>
      When Ada opens a declared feature after each of 2 expiries
      Then a refresh was asked for
      And the feature better shows its data, as RT-02 recommends

      Examples:
        | what          | phrase                   |
        | an empty text | an empty refresh token   |
        | null          | null for a refresh token |

    @RT-06 @provoked
    Scenario Outline: A refresh that answers with an ID token of <whom> changes nobody's session
      Given the platform will answer the refresh with an ID token of <whom>
      And every access token has expired
      When Ada opens a declared feature
      Then a refresh was asked for
      And the session stays Ada's, and nothing that came with the ID token is used

      Examples:
        | whom           |
        | somebody else  |
        | another issuer |

    @RT-06 @provoked
    Scenario Outline: A refresh that answers with an ID token <flaw> changes nobody's session
      Given the platform will issue an ID token <flaw> at every refresh
      And every access token has expired
      When Ada opens a declared feature
      Then a refresh was asked for
      And the session stays Ada's, and nothing that came with the ID token is used

      Examples:
        | flaw                    |
        | with a broken signature |
        | for another client      |

  Rule: The answer to a refresh is read as that to a code

    @TK-06 @provoked
    Scenario: A token type in mixed case is read at a refresh too
      When Ada opens a declared feature with an expired token once for each of these
        | answer every refresh with a token type in mixed case |
      Then each time the feature shows what it showed before

    @TK-06 @provoked
    Scenario: An access token of an unknown type is not used when a refresh brings it either
      When Ada opens a declared feature with an expired token once for each of these
        | answer every refresh with an unknown token type |
      Then each time the relying party answers
      And no access token of an unknown type is used at the API

    @TK-07 @provoked
    Scenario: A refresh that names neither scope nor lifetime costs nothing
      When Ada opens every declared feature after a refresh once for each of these
        | answer every refresh with no scope    |
        | answer every refresh with no lifetime |
      Then each time the feature shows what it showed before
      And no call was answered by a refresh without cause

    @GX-04 @provoked
    Scenario: Scopes that a refresh takes away are not called for any more
      Given the platform will answer every refresh with fewer scopes than were granted
      And every access token has expired
      When Ada opens a declared feature
      And Ada opens every declared feature
      Then the relying party still answers
      And no call went beyond the granted scopes, but the one that brought the refresh

    @ID-13 @provoked
    Scenario: User information of somebody else is not used when a token is refreshed
      When Ada opens a declared feature with an expired token once for each of these
        | answer who is signed in with somebody else |
      Then the relying party shows nobody else signed in

  Rule: A refresh that fails for a moment costs no session

    @RT-05 @provoked
    Scenario: A platform that answers refreshes badly for a while costs no session
      When Ada opens a declared feature with an expired token once for each of these
        | answer every refresh with not available                |
        | answer the token request with an internal server error |
        | answer the token request with a web page               |
        | answer the token request with broken JSON              |
        | answer the token request with nothing                  |
      Then each time the relying party answers
      And no new sign-in was asked for

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
      Given Ada has opened every declared feature
      And the platform will answer the refresh with invalid_grant
      And every access token has expired
      When Ada opens a declared feature 3 times
      Then Ada is shown no data, and asked to sign in again
      And the refused refresh token is not sent again
