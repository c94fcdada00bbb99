@platform-suite
Feature: Authorization endpoint
  What it refuses, and whom it tells.

  Background:
    Given a client of our own is registered at the platform

  Rule: Who cannot be trusted is told on a page, never by a redirect

    @PL-06
    Scenario Outline: The redirect URI with <change> gets no response
      When the client asks for its redirect URI with <change>
      Then the platform shows an error and redirects nowhere

      Examples:
        | change           |
        | a trailing slash |
        | a path below it  |
        | another query    |
        | another host     |
        | a fragment       |

    @PL-06
    Scenario: An unknown client gets no response
      When an unknown client asks for an authorization
      Then the platform shows an error and redirects nowhere

    @PL-06
    Scenario: A request without a client gets no response
      When the client asks for an authorization without client_id
      Then the platform shows an error and redirects nowhere

    @PL-06
    Scenario: A request with two redirect URIs gets no response
      When the client asks for an authorization with two values of redirect_uri
      Then the platform gives neither code nor token

  Rule: Every other error is told at the redirect URI, with the client's state

    @PL-18
    Scenario: A request without a response type is told
      When the client asks for an authorization without response_type
      Then the platform tells the client invalid_request

    @PL-18
    Scenario Outline: The <parameter> <value> is told
      When the client asks for an authorization with <parameter> "<value>"
      Then the platform tells the client <error>

      Examples:
        | parameter     | value             | error                     |
        | response_type | anything          | unsupported_response_type |
        | prompt        | none login        | invalid_request           |
        | request       | no.request.object | request_not_supported     |

    @PL-18
    Scenario Outline: A request with two values of <parameter> goes no further
      When the client asks for an authorization with two values of <parameter>
      Then the platform gives neither code nor token

      Examples:
        | parameter      |
        | scope          |
        | response_type  |
        | state          |
        | code_challenge |

    @PL-18
    Scenario Outline: The response type <value> that is not announced gives nothing
      When the client asks for an authorization with response_type "<value>"
      Then the platform gives neither code nor token

      Examples:
        | value    |
        | token    |
        | id_token |

    @PL-21
    Scenario: Without a session prompt none asks for a login
      When the client asks for an authorization with prompt "none"
      Then the platform tells the client login_required

  Rule: Code challenges are S256

    @PL-19
    Scenario: The plain code challenge is refused
      When the client asks for an authorization with code_challenge_method "plain"
      Then the platform tells the client invalid_request

    @PL-19
    Scenario: A code challenge that is no digest is refused
      When the client asks for an authorization with code_challenge "too-short"
      Then the platform tells the client invalid_request

  Rule: The endpoint answers every method that it must

    @PL-20
    Scenario Outline: An authorization is asked for by <method>
      When the client asks for an authorization by <method>
      Then the platform goes on to the sign-in

      Examples:
        | method |
        | GET    |
        | POST   |
        | HEAD   |

  Rule: The response goes with its request

    @PL-18
    Scenario: The response carries the client's state
      When Ada is sent back to the client with a code
      Then the authorization response carries the client's state and the promised issuer

    @PL-22
    Scenario: The response names the issuer where that is announced
      When Ada is sent back to the client with a code
      Then the authorization response names the issuer where that is announced
