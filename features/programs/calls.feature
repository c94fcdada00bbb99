@programs
Feature: What programs do at the API
  A program signs its user in and reads what it is for in one run. Each provocation is a run of its own.

  Rule: The access token goes to the platform alone, in one place

    @RS-01
    Scenario Outline: A <type> program sends its access token in the header alone
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada opens every declared feature
      Then every call carries its access token in the header alone

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @RS-02 @provoked
    Scenario Outline: A <type> program's access token does not follow an address of another host
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      And the medical centre has 20 patients and the platform serves pages of 5
      When Ada opens a declared feature once for each of these
        | answer every call with a redirect to another host                       |
        | answer every call with a redirect to another host that keeps the method |
        | answer every call with a redirect to another host for good              |
        | answer every further page with a redirect to another host               |
        | name a page of another host in every list                               |
      Then each time the relying party answers
      But no other host was shown a token or a secret

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @RS-02 @negative
    Scenario Outline: A <type> program's grant and secret do not follow a redirect of the token endpoint
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada signs in once for each way in which the platform misbehaves
        | answer the token request with a redirect to another host |
      Then no other host was shown a token or a secret
      And every one of these sign-ins is refused

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

  Rule: Lists are read to their end, also when answers have grown

    @GX-08 @provoked
    Scenario Outline: A <type> program reads a list to its end, however many entries a page has
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      And the medical centre has 70 patients and the platform serves pages of 30
      When Ada opens a declared feature once for each of these
        | put a few entries on each page and say that there are more |
      Then each time the patients were read to the end
      And each time the relying party answers
      And it answers also when there is nothing to read

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @GX-11 @provoked
    Scenario Outline: A <type> program shows the same when answers have grown and turned round
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada opens every declared feature once for each of these
        | answer every call with more than is documented             |
        | name a page of another host in every list                  |
        | answer the token request with members that no text defines |
      Then each time the feature shows what it showed before

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

  Rule: A platform that refuses or fails is not stormed

    @GX-09 @RS-05 @provoked @waits
    Scenario Outline: A <type> program keeps every Retry-After of the API, and gives up in the end
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      And the medical centre has 20 patients and the platform serves pages of 5
      When Ada opens a declared feature once for each of these
        | answer the next call with a rate limit of 1 second    |
        | answer the next call with a rate limit of 2 seconds   |
        | answer the next call with a rate limit of 3 seconds   |
        | answer the next call with a rate limit until a date   |
        | answer the next call with a rate limit without a time |
        | answer the next call with not available               |
        | answer the next further page with a rate limit of 2 seconds |
      Then each time nothing was repeated before its time
      And each time the relying party answers
      And each time the feature shows what it showed before, as RS-05 asks

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @GX-09 @provoked @waits
    Scenario Outline: A <type> program does not run against a rate limit for ever
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada opens a declared feature once for each of these
        | answer every call with a rate limit of 1 second |
      Then each time the relying party answers
      And each time nothing was repeated before its time
      And each time the relying party gave up after a few attempts

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @GX-10 @provoked @waits
    Scenario Outline: A <type> program keeps every Retry-After of the token endpoint
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada opens a declared feature once for each of these
        | answer the next token request with a rate limit of 3 seconds |
        | answer the next token request with a rate limit until a date |
      Then each time nothing was repeated before its time
      And each time the relying party answers

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |

    @RS-03 @RS-04 @provoked
    Scenario Outline: A <type> program whose calls are refused does not insist
      Given the <type> application is registered at the platform
      And the end-user Ada has an account at the medical centre
      When Ada opens a declared feature once for each of these
        | refuse every call as if its token had expired |
        | answer every call with a lack of scope        |
      Then each time the relying party answers
      And each time the program neither refreshes nor repeats without end

      @device
      Examples:
        | type   |
        | device |

      @native
      Examples:
        | type   |
        | native |
