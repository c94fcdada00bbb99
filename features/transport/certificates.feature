@certificates @https
Feature: Certificates
  Whom a relying party talks to, when the platform's certificate is not in order.

  Background:
    Given the relying party is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: Nothing is sent to a server that cannot prove who it is

    @TK-04 @GX-22 @negative
    Scenario Outline: A sign-in does not go on with <certificate>
      Given the platform will show <certificate>
      When Ada signs in through the popup and grants every scope
      Then the relying party sends nothing to the platform
      And the relying party shows that sign-in failed
      But nobody is signed in at the relying party

      Examples:
        | certificate                         |
        | a certificate that it signed itself |
        | a certificate of another host       |
        | a certificate that has expired      |

    @GX-22 @provoked
    Scenario Outline: No call is made with <certificate>
      Given Ada has signed in through the popup and granted every scope
      And the platform will show <certificate>
      When Ada opens a declared feature
      Then the relying party sends nothing to the platform
      And the relying party still answers

      Examples:
        | certificate                         |
        | a certificate that it signed itself |
        | a certificate of another host       |
        | a certificate that has expired      |

    @TK-04 @GX-22 @provoked
    Scenario: Each endpoint is believed for its certificate alone, whichever was sound before
      Given the medical centre has 20 patients and the platform serves pages of 5
      When Ada uses the relying party once for each of these
        | show a certificate of another host from the refusal of an expired token on       |
        | show a certificate that it signed itself from the refusal of an expired token on |
        | show a certificate that has expired from the refusal of an expired token on      |
        | show a certificate of another host from the first answer of a feature on         |
        | show a certificate that has expired from the first answer of a feature on        |
        | show a certificate of another host from a write on                               |
        | show a certificate of another host from a sign-out on                            |
        | show a certificate that it signed itself from a sign-out on                      |
        | show a certificate of another host from the redemption of a code on              |
        | show a certificate of another host from the application's start on               |
        | show a certificate of another host from the redemption of the first code on      |
        | show a certificate that has expired from the redemption of the first code on     |
      Then nothing was sent over a connection whose certificate is not in order
