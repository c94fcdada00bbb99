@session
Feature: Back-channel logout
  A relying party that takes part ends its user's session when the platform tells it to, and at nobody else's word
  (OpenID Connect Back-Channel Logout).

  Background:
    Given the relying party is registered at the platform
    And the relying party takes part in back-channel logout
    And the end-user Ada has an account at the medical centre
    And Ada is signed in in two browsers and Mallory in a third

  Rule: A bad logout token ends nothing, and a good one after it ends the session that it names

    @LO-04
    Scenario: Bad logout tokens are refused and a good one is obeyed
      When the platform sends logout tokens of Ada's, one that
        | names another issuer                              |
        | names another audience                            |
        | names an issuer that begins like the right one    |
        | is for a client whose id has the right one inside |
        | names the event inside another                    |
        | names the event in a text                         |
        | has a signature with one bit changed              |
        | is signed by nobody                               |
        | is signed with the public key as a secret         |
        | has expired                                       |
        | names no event                                    |
        | names another event                               |
        | has a nonce                                       |
        | has no time of issue                              |
        | names neither user nor session                    |
        | is the user's ID token                            |
      Then each of them is refused and ends nobody's session
      When the platform sends a logout token of Ada's user and session
      Then Ada's session ends, and Mallory's goes on

  Rule: What a logout token names is what ends

    @LO-04
    Scenario: A logout token of a session alone, and one of a user alone
      When the tokens of all of them have been refreshed
      And the platform sends a logout token of Ada's session alone
      Then Ada's session ends, the one in her other browser and Mallory's go on
      When the platform sends a logout token of Ada's user alone
      Then Ada's session ends in both browsers, and Mallory's goes on
      When the platform sends that logout token again when Ada has signed in anew
      Then each of them is better answered 400, and ends nobody's session
      When the platform sends logout tokens of Ada's, one that
        | has no id                  |
        | has no expiry              |
        | has null as its nonce      |
        | was issued a week ago      |
        | is issued an hour from now |
      Then each of them is better answered 400, and ends nobody's session
      When the platform sends a logout token of Mallory's user and Ada's session
      Then it better ends no other session than the one that it names
