@device @waits
Feature: Device authorization
  A program without a browser shows a code; the end-user types it on another screen while the program polls the token
  endpoint. These scenarios wait in real time.

  Background:
    Given the device application is registered at the platform
    And the end-user Ada has an account at the medical centre

  Rule: The end-user is told what to do

    @DV-04
    Scenario: The user code and the address to type it at are shown
      When Ada allows the program
      Then the program has shown the user code and the address to type it at

    @TK-01
    Scenario: A device proves its client as it is registered
      When Ada allows the program
      Then every token request is a form with exactly one client authentication

    @GX-05
    Scenario: A device tries grants of a person only
      When Ada allows the program
      Then only grants of a person were tried

  Rule: The platform is asked no more often than it wants to be

    @DV-01
    Scenario: The interval that the platform tells is kept
      When Ada allows the program after 2 polls
      Then no poll came before the interval had passed

    @DV-01 @provoked
    Scenario Outline: <interval> is kept too
      Given the platform will <tell>
      When Ada allows the program after 2 polls
      Then no poll came before the interval had passed
      And the program shows Ada signed in

      Examples:
        | interval                                       | tell                                              |
        | The interval of 5 seconds, where none is told, | tell devices no interval                          |
        | A longer interval                              | tell devices an interval that is 3 seconds longer |

    @DV-01 @provoked
    Scenario: Polling ends with the code
      Given the platform will give devices codes that are good for 5 seconds
      And the platform will leave every poll pending
      When Ada starts the program and decides nothing
      Then no poll came when the code had expired
      And the program says that sign-in failed

    @DV-02 @provoked
    Scenario: Every slow_down is heeded for good
      Given the platform will answer the next two polls with slow_down
      When Ada allows the program
      Then every slow_down made the program wait 5 seconds longer
      And the program shows Ada signed in

    @DV-03 @provoked
    Scenario: A poll that is not answered makes the program wait longer
      Given the platform will hold the answer to the next poll back
      When Ada allows the program
      Then the program waited longer after the poll that was not answered
      And the program shows Ada signed in

  Rule: A refusal is final

    @DV-04 @negative
    Scenario Outline: A program that is told <error> gives up
      Given the platform will answer every poll with <error>
      When Ada allows the program
      Then the program neither polls on nor asks for another code
      And the program says that sign-in failed
      But nobody is signed in with the program

      Examples:
        | error         |
        | expired_token |
        | access_denied |

    @DV-04 @negative
    Scenario: A program that its end-user refuses gives up
      When Ada refuses the program
      Then the program neither polls on nor asks for another code
      And the program says that sign-in failed
      But nobody is signed in with the program
