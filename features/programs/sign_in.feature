@programs
Feature: Whom programs sign in
  What a program makes of users, answers and certificates that it must not take. Each provocation is a run of its own.

  Rule: A user of another medical centre is turned away

    @GX-02 @negative
    Scenario Outline: A <type> program serves nobody of a medical centre that did not authorise it
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      And Bruno belongs to a medical centre that did not authorise the application
      When Bruno signs in through the program
      Then the program says that sign-in failed
      And no data of Bruno's medical centre was asked for
      But nobody is signed in with the program

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @GX-02 @negative
    Scenario Outline: A <type> program takes the medical centre that the platform names
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada signs in once for each way in which the platform misbehaves
        | name another medical centre as the user's |
      Then every one of these sign-ins is refused

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

  Rule: A useless answer of the token endpoint signs nobody in

    @TK-05 @negative @waits
    Scenario Outline: A <type> program survives a token answer that is of no use
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request with invalid_grant            |
        | answer the token request with invalid_client           |
        | answer the token request with an internal server error |
        | answer the token request with not available            |
        | answer the token request with a web page               |
        | answer the token request with broken JSON              |
        | answer the token request with nothing                  |
        | answer the token request with half of its body         |
        | lose the answer to the token request                   |
      Then every one of these sign-ins is refused with a word to the end-user

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

  Rule: Nothing is sent to a server that cannot prove who it is

    @TK-04 @GX-22 @negative @https
    Scenario Outline: A <type> program sends nothing over a connection whose certificate is not in order
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada signs in once for each way in which the platform misbehaves
        | show a certificate that it signed itself |
        | show a certificate of another host       |
        | show a certificate that has expired      |
      Then the relying party sends nothing to the platform
      And every one of these sign-ins is refused

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |
