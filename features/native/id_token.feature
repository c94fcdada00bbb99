@native
Feature: ID token of a native application
  What a program checks of the ID token before it believes who signed in. Each ID token comes to a run of its own.

  Background:
    Given the native application is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: An ID token that was not made for this client, now, by this issuer signs nobody in

    @ID-01 @negative
    Scenario: A native application refuses an ID token of another issuer, also of one that looks like the right one
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token of another issuer                                 |
        | issue an ID token with a slash after its issuer                     |
        | issue an ID token of another path of the issuer                     |
        | issue an ID token of another port of the issuer                     |
        | issue an ID token of another scheme of the issuer                   |
        | issue an ID token of an issuer whose text begins like the right one |
        | issue an ID token of an issuer whose text ends like the right one   |
      Then every one of these sign-ins is refused

    @ID-02 @negative
    Scenario: A native application refuses an ID token for another audience, also for one that looks like the right one
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token for another client                                                      |
        | issue an ID token without an audience                                                     |
        | issue an ID token with an empty audience                                                  |
        | issue an ID token for an empty list of clients                                            |
        | issue an ID token with a further, unknown audience                                        |
        | issue an ID token for an unknown audience and then the right one                          |
        | issue an ID token with a further, unknown audience to which it was given                  |
        | issue an ID token with a further, unknown audience although it was given to the right one |
        | issue an ID token for a client whose id begins like the right one                         |
        | issue an ID token for a client whose id ends like the right one                           |
        | issue an ID token for a client whose id has other capitals                                |
        | issue an ID token for a list of one client whose id has the right one inside              |
      Then every one of these sign-ins is refused

    @ID-03 @negative
    Scenario: A native application refuses an ID token that was given to another party
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token given to another party                                                  |
        | issue an ID token given to another party although its audience is a list of the right one |
        | issue an ID token given to a party whose id begins like the right one                     |
      Then every one of these sign-ins is refused

    @ID-04 @negative
    Scenario: A native application refuses an ID token whose signature does not hold
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with a broken signature                                    |
        | issue an ID token with the signature of another token                        |
        | issue an ID token of a key that nobody has                                   |
        | issue an ID token that names a key that nobody has beside two that are known |
        | issue an ID token with a critical header that nobody defined                 |
      Then every one of these sign-ins is refused

    @ID-05 @negative
    Scenario: A native application refuses an unsigned ID token, however it says so
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without a signature     |
        | issue an ID token with alg None           |
        | issue an ID token with alg NONE           |
        | issue an ID token with alg nOnE           |
        | issue an ID token with an empty signature |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-06 @negative
    Scenario: A native application refuses an ID token signed with the public key as a secret, in whatever form
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token signed with the public key as a secret                   |
        | issue an ID token signed with the public key's JWK as a secret             |
        | issue an ID token signed with the public key's modulus as a secret         |
        | issue an ID token signed with the public key's encoded modulus as a secret |
        | issue an ID token signed with the public key's DER as a secret             |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-07 @negative
    Scenario: A native application does not believe an ID token for a key that it brings or names itself
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that brings its own key             |
        | issue an ID token that brings its own certificate     |
        | issue an ID token that names a key set elsewhere      |
        | issue an ID token that names a certificate elsewhere  |
        | issue an ID token that names an empty file as its key |
      Then the relying party fetched nothing that the token names
      And the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-08 @negative
    Scenario: A native application refuses an ID token that is expired, or says no time
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that expired ten minutes ago                       |
        | issue an ID token that expired ten minutes ago and says so in a text |
        | issue an ID token with the expiry 0                                  |
        | issue an ID token without an expiry                                  |
        | issue an ID token without its time of issue                          |
      Then every one of these sign-ins is refused

    @ID-09 @negative
    Scenario: A native application refuses an ID token without the nonce that it sent, also with one that looks like it
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with another nonce                       |
        | issue an ID token without a nonce                          |
        | issue an ID token with an empty nonce                      |
        | issue an ID token with another last character of the nonce |
        | issue an ID token with other capitals in the nonce         |
        | issue an ID token with a character more in the nonce       |
        | issue an ID token with the first half of the nonce         |
      Then the relying party sent a nonce
      And every one of these sign-ins is refused

    @ID-10 @negative
    Scenario: A native application refuses an ID token without a proper subject
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without a subject            |
        | issue an ID token with an empty subject        |
        | issue an ID token with a number as its subject |
        | issue an ID token with true as its subject     |
        | issue an ID token with null as its subject     |
        | issue an ID token with a list as its subject   |
      Then every one of these sign-ins is refused

    @ID-16 @negative
    Scenario: A native application refuses an ID token that names no issuer, or of an algorithm that was not announced
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without an issuer                   |
        | issue an ID token signed with RS512                   |
        | issue an ID token signed with PS256                   |
        | issue an ID token signed with the client's own secret |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-17 @negative
    Scenario: A native application refuses an ID token of another week, of the future or of an endless subject
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that was issued a week ago       |
        | issue an ID token that is issued in an hour        |
        | issue an ID token that is good in an hour          |
        | issue an ID token with a subject of 256 characters |
      Then every one of these sign-ins is refused

    @ID-14 @negative
    Scenario: A native application stops at metadata of another issuer
      When Ada signs in once for each way in which the platform misbehaves
        | call itself another issuer                     |
        | call itself by another path of its host        |
        | call itself by a name that begins like its own |
      Then every one of these sign-ins is refused

  Rule: A name at the user information counts only for the subject of the ID token

    @ID-13 @provoked
    Scenario: A native application does not use the user information of somebody else
      When Ada signs in once for each way in which the platform misbehaves
        | answer who is signed in with somebody else |
      Then none of these sign-ins shows anybody but Ada

    @ID-11 @provoked
    Scenario: A native application takes nobody for the former holder of an e-mail address
      Given Ada's e-mail address has passed to Mallory
      When Mallory signs in through the program
      Then the program shows Mallory signed in

  Rule: A legal ID token signs the end-user in

    @ID-02 @provoked
    Scenario: A native application accepts an audience in a list of one
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with its audience in a list |
      Then every one of these sign-ins shows Ada signed in

    @ID-17 @provoked
    Scenario: A native application lets a clock be a few seconds ahead
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that is issued 3 seconds ahead |
        | issue an ID token that is good in 3 seconds      |
      Then every one of these sign-ins shows Ada signed in

    @ID-12 @provoked
    Scenario: A native application reads the platform's keys as they are
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that names no key                    |
        | sign ID tokens with a new key                          |
        | show keys of unknown types before the right one        |
        | show another key of the same type before the right one |
      Then every one of these sign-ins shows Ada signed in

    @ID-15
    Scenario: A native application names its user although the ID token names nobody
      When Ada signs in through the program
      Then the ID token that came with the access token names nobody
      And the program shows Ada signed in
