@id-token
Feature: ID token
  What a relying party checks of the ID token before it believes who signed in.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: An ID token that was not made for this client, now, by this issuer signs nobody in

    @ID-01 @negative
    Scenario: An ID token of another issuer is refused, also of one that looks like the right one
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token of another issuer                                 |
        | issue an ID token with a slash after its issuer                     |
        | issue an ID token with its issuer in capitals                       |
        | issue an ID token of another path of the issuer                     |
        | issue an ID token of another port of the issuer                     |
        | issue an ID token of another scheme of the issuer                   |
        | issue an ID token of an issuer whose text begins like the right one |
        | issue an ID token of an issuer whose text ends like the right one   |
        | issue an ID token with its issuer in a list                         |
        | issue an ID token with a blank after its issuer                     |
        | issue an ID token with a query after its issuer                     |
        | issue an ID token with a user in its issuer                         |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | issue an ID token of another issuer |
      And Elio signs in where Ada is signed in already once for each way in which the platform misbehaves
        | issue an ID token of another issuer |
      Then every one of these sign-ins is refused

    @ID-02 @negative
    Scenario: An ID token for another audience is refused, also for one that looks like the right one
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
        | issue an ID token for a text of two client ids                                            |
        | issue an ID token for an object with the client's id                                      |
        | issue an ID token with a blank after its audience                                         |
        | issue an ID token for a list in a list                                                    |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | issue an ID token for another client |
      Then every one of these sign-ins is refused

    @ID-03 @negative
    Scenario: An ID token that was given to another party is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token given to another party                                                  |
        | issue an ID token given to another party although its audience is a list of the right one |
        | issue an ID token given to a party whose id begins like the right one                     |
        | issue an ID token given to a party whose id has other capitals                            |
        | issue an ID token given to a party whose id ends like the right one                       |
      Then every one of these sign-ins is refused

    @ID-04 @negative
    Scenario: An ID token whose signature does not hold is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with a broken signature                                    |
        | issue an ID token with the signature of another token                        |
        | issue an ID token of a key that nobody has                                   |
        | issue an ID token that names a key that nobody has beside two that are known |
        | issue an ID token with a critical header that nobody defined                 |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | issue an ID token with a broken signature |
      Then every one of these sign-ins is refused

    @ID-05 @negative
    Scenario: An unsigned ID token is refused, however it says so
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without a signature                            |
        | issue an ID token with alg None                                  |
        | issue an ID token with alg NONE                                  |
        | issue an ID token with alg nOnE                                  |
        | issue an ID token with an empty signature                        |
        | issue an ID token without a signature and without an algorithm   |
        | issue an ID token with a blank after alg none                    |
        | issue an ID token with alg none and a signature of another token |
        | issue an ID token that ends after its claims                     |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-06 @negative
    Scenario: An ID token signed with the public key as a secret is refused, in whatever form
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token signed with the public key as a secret                           |
        | issue an ID token signed with the public key's JWK as a secret                     |
        | issue an ID token signed with the public key's modulus as a secret                 |
        | issue an ID token signed with the public key's encoded modulus as a secret         |
        | issue an ID token signed with the public key's DER as a secret                     |
        | issue an ID token signed with HS512 and the public key as a secret                 |
        | issue an ID token signed with the public key without its last line end as a secret |
        | issue an ID token signed with the public key's older form as a secret              |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-07 @negative
    Scenario: An ID token is not believed for a key that it brings or names itself
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that brings its own key                               |
        | issue an ID token that brings its own certificate                       |
        | issue an ID token that names a key set elsewhere                        |
        | issue an ID token that names a certificate elsewhere                    |
        | issue an ID token that names an empty file as its key                   |
        | issue an ID token that names a key set elsewhere at the platform's host |
        | issue an ID token that brings its own key under the right one's name    |
      Then the relying party fetched nothing that the token names
      And the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-08 @negative
    Scenario: An ID token that is expired, or says no time, is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that expired ten minutes ago                                 |
        | issue an ID token that expired ten minutes ago and says so in a text           |
        | issue an ID token that expired ten minutes ago although it was issued just now |
        | issue an ID token with the expiry 0                                            |
        | issue an ID token without an expiry                                            |
        | issue an ID token without its time of issue                                    |
        | issue an ID token with null as its expiry                                      |
        | issue an ID token with null as its time of issue                               |
      Then every one of these sign-ins is refused

    @ID-17 @negative
    Scenario: An ID token of another week, of the future or of an endless subject is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that was issued a week ago                    |
        | issue an ID token that is issued in an hour                     |
        | issue an ID token that is good in an hour                       |
        | issue an ID token that is good in an hour and says so in a text |
        | issue an ID token with a subject of 256 characters              |
      Then every one of these sign-ins is refused

    @ID-09 @negative
    Scenario: An ID token without the nonce that was sent is refused, also with one that looks like it
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with another nonce                       |
        | issue an ID token without a nonce                          |
        | issue an ID token with an empty nonce                      |
        | issue an ID token with another last character of the nonce |
        | issue an ID token with other capitals in the nonce         |
        | issue an ID token with a character more in the nonce       |
        | issue an ID token with the first half of the nonce         |
        | issue an ID token with the nonce in a list                 |
        | issue an ID token with null as its nonce                   |
        | issue an ID token with a blank after the nonce             |
        | issue an ID token with a character before the nonce        |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | issue an ID token with another nonce                            |
        | issue an ID token without a nonce                               |
        | issue an ID token with the nonce of a sign-in that was given up |
      And Elio signs in where Ada is signed in already once for each way in which the platform misbehaves
        | issue an ID token with another nonce |
      Then the relying party sent a nonce
      And every one of these sign-ins is refused

    @ID-10 @negative
    Scenario: An ID token without a proper subject is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without a subject             |
        | issue an ID token with an empty subject         |
        | issue an ID token with a number as its subject  |
        | issue an ID token with true as its subject      |
        | issue an ID token with null as its subject      |
        | issue an ID token with a list as its subject    |
        | issue an ID token with false as its subject     |
        | issue an ID token with an object as its subject |
      Then every one of these sign-ins is refused

    @ID-16 @negative
    Scenario: An ID token that names no issuer is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token without an issuer       |
        | issue an ID token with null as its issuer |
      Then every one of these sign-ins is refused

    @ID-16 @negative
    Scenario: An ID token of an algorithm that was not announced is refused
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token signed with RS512                             |
        | issue an ID token signed with PS256                             |
        | issue an ID token signed with the client's own secret           |
        | issue an ID token signed with HS512 and the client's own secret |
      Then the relying party reads the platform's keys
      And every one of these sign-ins is refused

    @ID-04 @negative
    Scenario Outline: An ID token is not believed while the platform <lack>
      When Ada signs in at a relying party that starts while the platform is to <phrase>
      Then the relying party reads the platform's keys
      And the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | lack                | phrase             |
        | shows no key        | show no key        |
        | keeps its keys back | keep its keys back |

  Rule: A name at the user information counts only for the subject of the ID token

    @ID-13 @negative
    Scenario: The user information of somebody else is not used
      When Ada signs in once for each way in which the platform misbehaves
        | answer who is signed in with somebody else |
      And Ada signs in again in the same browser once for each way in which the platform misbehaves
        | answer who is signed in with somebody else |
      Then none of these sign-ins shows somebody else

    @ID-13 @provoked
    Scenario Outline: User information that <form> is not used
      Given the platform will answer who is signed in <phrase>
      When Ada signs in through the popup and grants every scope
      Then the relying party shows nobody else signed in where it asks who that is

      Examples:
        | form                               | phrase                                                     |
        | is an unsigned JWT of somebody     | with an unsigned JWT of somebody else                      |
        | names somebody without a subject   | with somebody else's name alone                            |
        | names somebody by a longer subject | with somebody else whose subject begins like the right one |
        | names somebody by other capitals   | with somebody else whose subject has other capitals        |

  Rule: A legal ID token signs the end-user in

    @ID-02 @provoked
    Scenario: An audience in a list of one is accepted
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token with its audience in a list |
      Then every one of these sign-ins shows Ada signed in

    @ID-17 @provoked
    Scenario: A clock that is a few seconds ahead keeps nobody out
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that is issued 3 seconds ahead |
        | issue an ID token that is good in 3 seconds      |
      Then every one of these sign-ins shows Ada signed in

    @ID-12 @provoked
    Scenario: An ID token that names no key is believed where the platform has one key
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token that names no key |
      Then every one of these sign-ins shows Ada signed in

    @ID-12 @provoked
    Scenario Outline: A platform that shows <keys> signs the end-user in
      When Ada signs in at a relying party that starts while the platform is to <phrase>
      Then the relying party shows Ada signed in

      Examples:
        | keys                      | phrase                                                 |
        | keys of types yet unknown | show keys of unknown types before the right one        |
        | several keys of one type  | show another key of the same type before the right one |

    @ID-15
    Scenario: An ID token that names nobody signs the end-user in by name
      When Ada signs in through the popup and grants every scope
      Then the ID token that came with the access token names nobody
      And the relying party shows Ada signed in

  Rule: A new key of the platform is learnt

    @ID-12 @provoked
    Scenario: An ID token of a new key is believed after another look at the keys
      Given the platform will sign ID tokens with a new key
      When Ada signs in, and once more when the keys may be read again
      Then the relying party shows Ada signed in
      And the keys of the platform are read a few times at most

    @ID-12 @provoked @waits
    Scenario: A further new key is learnt as the first one was
      When Ada signs in, and once more when the keys may be read again, once for each way in which the platform misbehaves
        | sign ID tokens with a new key         |
        | sign ID tokens with a further new key |
      Then the relying party shows Ada signed in

    @ID-12 @negative
    Scenario: Keys that nobody has cause no storm
      When Ada signs in once for each way in which the platform misbehaves
        | issue an ID token of another unknown key each time |
        | issue an ID token of another unknown key each time |
        | issue an ID token of another unknown key each time |
        | issue an ID token of another unknown key each time |
        | issue an ID token of another unknown key each time |
        | issue an ID token of another unknown key each time |
        | issue an ID token of a key that nobody has         |
      Then the keys of the platform are read a few times for all of these sign-ins
