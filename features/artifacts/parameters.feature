Feature: Parameters
  What an Order says about an artifact reaches the run as text, one parameter a value.

  Background:
    Given the oci example as in "present"

  @extended
  Scenario: Nested values are named by their path
    Given artifact 1 asks for:
      | config.port         | 8080 |
      | config.hosts.0.name | a    |
      | config.hosts.1.name | b    |
      | force               | true |
    When the Order is submitted
    Then artifact 1 also runs with the parameters:
      | specConfigPort       | 8080 |
      | specConfigHosts0Name | a    |
      | specConfigHosts1Name | b    |
      | specForce            | true |

  @extended
  Scenario: Lists are numbered
    Given artifact 1 asks for:
      | tags.0 | latest |
      | tags.1 | v1.0   |
    When the Order is submitted
    Then artifact 1 also runs with the parameters:
      | specTags0 | latest |
      | specTags1 | v1.0   |

  @extended
  Scenario Outline: The number <number> keeps its digits
    Given artifact 1 asks for:
      | n | <number> |
    When the Order is submitted
    Then artifact 1 runs with parameter "specN" set to "<text>"

    Examples:
      | number           | text             |
      | 1000000          | 1000000          |
      | 9007199254740993 | 9007199254740993 |
      | 1.5              | 1.5              |

  @extended
  Scenario: An empty text is passed, an absent value is not
    Given artifact 1 asks for:
      | override | ""   |
      | nothing  | null |
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "specOverride" set to ""
    And artifact 1 runs without parameter "specNothing"

  @extended
  Scenario: A value that the template does not know does no harm
    Given artifact 1 asks for:
      | unheardOf | x |
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "specUnheardOf" set to "x"

  Scenario: Two values for one parameter are refused by name
    Given artifact 1 asks for:
      | fooBar  | 1 |
      | foo.bar | 2 |
    When the Order is submitted
    Then artifact 1 is blocked because of HydrationFailed
    And the Order's message says "specFooBar"

  Scenario: A value without a name is refused
    Given artifact 1 asks for:
      | "" | x |
    When the Order is submitted
    Then artifact 1 is blocked because of HydrationFailed

  @extended
  Scenario: The type has the last word
    Given the type "oci" sets the parameter "specTag" to "3.19"
    When the Order is submitted
    Then artifact 1 runs with parameter "specTag" set to "3.19"

  @extended
  Scenario: A type without parameters adds none
    Given the helm example
    And the type "helm" sets no parameters
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs without parameter "scanSeverity"
