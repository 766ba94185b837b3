Feature: Endpoints of an artifact
  Nothing runs before both Endpoints and their Secrets are there and fit, and repairing them is enough.

  Background:
    Given the oci example as in "present"

  Scenario Outline: A missing <side> blocks the artifact
    Given the Endpoint "<endpoint>" is missing
    When the Order is submitted
    Then artifact 1 is blocked because of InvalidEndpoint
    And the Order's message says "failed to fetch endpoint for <side>"
    And there are 0 Workflows

    Examples:
      | side        | endpoint  |
      | source      | dockerhub |
      | destination | internal  |

  Scenario: An Endpoint that appears later heals the Order
    Given the Endpoint "internal" is missing
    And the Order is submitted
    When the Endpoint "internal" is created
    Then the Order is Succeeded
    And the Order's message is empty

  Scenario Outline: An Endpoint used as "<usage>" is no <side>
    Given the Endpoint "<endpoint>" is used as "<usage>"
    When the Order is submitted
    Then artifact 1 is blocked because of InvalidEndpoint
    And the Order's message says "is not compatible with <side> usage"

    Examples:
      | side        | endpoint  | usage    |
      | source      | dockerhub | PushOnly |
      | destination | internal  | PullOnly |

  @extended
  Scenario: An Endpoint whose usage is corrected heals the Order
    Given the Endpoint "dockerhub" is used as "PushOnly"
    And the Order is submitted
    When the Endpoint "dockerhub" is now used as "All"
    Then the Order is Succeeded

  @extended
  Scenario: An Endpoint for everything may be both sides
    Given the Endpoint "internal" is used as "All"
    And artifact 1 comes from the Endpoint "internal"
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "srcRemoteURL" set to "dst.zot"

  @extended
  Scenario: An Endpoint that says nothing about its usage is for everything
    Given the Endpoint "internal" says nothing about its usage
    When the Order is submitted
    Then the Order is Succeeded

  Scenario: A missing Secret blocks the artifact
    Given the Secret "dst-reg-secret" is missing
    When the Order is submitted
    Then artifact 1 is blocked because of InvalidSecret
    And the Order's message says "failed to fetch secret for destination"
    And there are 0 Workflows

  @extended
  Scenario: A Secret that appears later heals the Order
    Given the Secret "dst-reg-secret" is missing
    And the Order is submitted
    When the Secret "dst-reg-secret" is created
    Then the Order is Succeeded
    And the Order is accepted

  @extended
  Scenario: A rotated Secret repeats nothing
    Given the Order is submitted
    When the Secret "dst-reg-secret" gets another password
    Then the Order is Succeeded
    And artifact 1 was not run again

  @extended
  Scenario: An Endpoint that moved does not repeat what succeeded
    Given the Order is submitted
    When the Endpoint "internal" is now at "new.zot"
    Then the Order is Succeeded
    And artifact 1 was not run again

  @extended
  Scenario: An Endpoint that is repaired repeats what failed
    Given the run goes as in "default"
    And step "push-image" fails 3 times
    And the Order is submitted
    And step "push-image" succeeds from now on
    When the Endpoint "internal" is now at "new.zot"
    Then the Order is Succeeded
    And artifact 1 runs with parameter "dstRemoteURL" set to "new.zot"
