@platform-suite
Feature: Token endpoint
  What a client gets for what it presents.

  Background:
    Given a client of our own is registered at the platform

  Rule: Answers have the shape of the standard

    @PL-23
    Scenario: Tokens are answered so that nobody keeps them
      When Ada signs in for the client and grants every scope
      Then the tokens are answered as the standard says

    @PL-23
    Scenario Outline: A token request <how> is refused
      When the client sends a token request <how>
      Then the platform refuses with <error>

      Examples:
        | how                                    | error           |
        | without a grant type                   | invalid_request |
        | without a code                         | invalid_request |
        | with two grant types                   | invalid_request |
        | with a code that nobody issued         | invalid_grant   |
        | with a refresh token that nobody issued | invalid_grant   |

    @PL-23
    Scenario Outline: A code in <form> gives no token
      Given Ada has been sent back to the client with a code
      When the client redeems the code in <form>
      Then the platform gives no token

      Examples:
        | form  |
        | a URL |
        | JSON  |

    @PL-07
    Scenario Outline: The grant <grant> is refused
      When the client asks for a token with the grant <grant>
      Then the platform refuses with unsupported_grant_type or unauthorized_client

      Examples:
        | grant                                           |
        | client_credentials                              |
        | password                                        |
        | implicit                                        |
        | urn:ietf:params:oauth:grant-type:jwt-bearer     |
        | urn:ietf:params:oauth:grant-type:token-exchange |

  Rule: A client authenticates, by one method

    @PL-24
    Scenario Outline: A token that is asked for <how> is refused
      When a token is asked for <how>
      Then the platform refuses the client by a 401 with a Basic challenge

      Examples:
        | how                        |
        | with a wrong secret        |
        | under an unknown client_id |

    @PL-24
    Scenario Outline: A token that is asked for <how> is not given
      When a token is asked for <how>
      Then the platform refuses with invalid_client or invalid_request

      Examples:
        | how                        |
        | in two ways at once        |
        | with the secret in the URL |
        | by nobody                  |

  Rule: A code is good once, for its client, its redirect URI and its verifier

    @PL-05
    Scenario: A code that is redeemed twice ends what it gave
      Given Ada has signed in for the client and granted every scope
      When the client redeems the same code again
      Then the platform refuses with invalid_grant
      And the refresh token of the first redemption is dead

    @PL-25
    Scenario: A code is worth nothing to another client
      Given Ada has been sent back to the client with a code
      When another client redeems the code
      Then the platform refuses with invalid_grant

    @PL-25
    Scenario: A code is bound to its redirect URI
      Given Ada has been sent back to the client with a code
      When the client redeems the code with another redirect URI
      Then the platform refuses with invalid_grant

    @PL-25
    Scenario: A code does not live for long
      Given Ada has been sent back to the client with a code
      When the client redeems the code 11 minutes later
      Then the platform refuses with invalid_grant

    @PL-14
    Scenario: A code is worth nothing with another code verifier
      When Ada signs in for the client and it presents another code verifier
      Then the platform refuses with invalid_grant

    @PL-14
    Scenario: A code is worth nothing without its code verifier
      Given Ada has been sent back to the client with a code
      When the client redeems the code with no code verifier
      Then the platform refuses with invalid_grant or invalid_request

    @PL-26
    Scenario: A code verifier without a code challenge is refused
      When Ada signs in for the client without a code challenge, and it presents a code verifier all the same
      Then the downgrade is refused

  Rule: A refresh token is good for its client and its scopes

    @PL-04
    Scenario: A refresh token that is used twice ends its family
      Given Ada has signed in for the client and granted every scope
      And the client has refreshed once
      When the client refreshes with the used refresh token
      Then the platform refuses with invalid_grant
      And the newest refresh token is dead

    @PL-27
    Scenario: A refresh may ask for less
      Given Ada has signed in for the client and granted every scope
      When the client refreshes for the scope "openid"
      Then the platform gives the scope "openid" and no more

    @PL-27
    Scenario: A refresh may not ask for more
      Given Ada has signed in for the client and granted openid and offline_access alone
      When the client refreshes for the scope "openid offline_access profile"
      Then the platform refuses with invalid_scope

    @PL-27
    Scenario: A refresh token is worth nothing to another client
      Given Ada has signed in for the client and granted every scope
      When another client refreshes with the client's refresh token
      Then the platform refuses with invalid_grant
