@id-token
Feature: ID token
  What a relying party checks of the ID token before it believes who signed in.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: An ID token that was not made for this client, now, by this issuer signs nobody in

    @ID-01 @negative
    Scenario: An ID token of another issuer is refused
      Given the platform will issue an ID token of another issuer
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @ID-02 @negative
    Scenario Outline: An ID token <audience> is refused
      Given the platform will issue an ID token <audience>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | audience                        |
        | for another client              |
        | without an audience             |
        | with a further, unknown audience |

    @ID-03 @negative
    Scenario: An ID token that was given to another party is refused
      Given the platform will issue an ID token given to another party
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @ID-04 @negative
    Scenario: An ID token with a broken signature is refused
      Given the platform will issue an ID token with a broken signature
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @ID-05 @negative
    Scenario: An unsigned ID token is refused
      Given the platform will issue an ID token without a signature
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @ID-06 @negative
    Scenario: An ID token signed with the public key as a secret is refused
      Given the platform will issue an ID token signed with the public key as a secret
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

    @ID-07 @negative
    Scenario Outline: An ID token that <lure> is not believed
      Given the platform will issue an ID token that <lure>
      When Ada signs in through the popup and grants every scope
      Then the relying party fetched nothing that the token names
      And the relying party reads the platform's keys
      And the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | lure                            |
        | brings its own key              |
        | brings its own certificate      |
        | names a key set elsewhere       |
        | names a certificate elsewhere   |
        | names an empty file as its key  |

    @ID-08 @negative
    Scenario Outline: An ID token <expiry> is refused
      Given the platform will issue an ID token <expiry>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | expiry                          |
        | that expired ten minutes ago    |
        | without an expiry               |

    @ID-09 @negative
    Scenario Outline: An ID token <nonce> is refused
      Given the platform will issue an ID token <nonce>
      When Ada signs in through the popup and grants every scope
      Then the relying party sent a nonce
      And the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | nonce                  |
        | with another nonce     |
        | without a nonce        |

    @ID-10 @negative
    Scenario Outline: An ID token <subject> is refused
      Given the platform will issue an ID token <subject>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | subject               |
        | without a subject     |
        | with an empty subject |

    @ID-13 @negative
    Scenario: The user information of somebody else is not used
      Given the platform will answer who is signed in with somebody else
      When Ada signs in through the popup and grants every scope
      Then the relying party shows nobody else signed in

  Rule: A legal ID token signs the end-user in

    @ID-02 @provoked
    Scenario: An audience in a list of one is accepted
      Given the platform will issue an ID token with its audience in a list
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in

    @ID-15
    Scenario: An ID token that names nobody signs the end-user in by name
      When Ada signs in through the popup and grants every scope
      Then the ID token that came with the access token names nobody
      And the relying party shows Ada signed in

  Rule: A new key of the platform is learnt

    @ID-12 @provoked
    Scenario: An ID token of a new key is believed after another look at the keys
      Given the platform will sign ID tokens with a new key
      When Ada signs in through the popup and grants every scope
      Then the relying party shows Ada signed in
      And the keys of the platform are read a few times at most
