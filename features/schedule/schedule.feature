Feature: Schedules
  An artifact with a schedule is moved again and again, and its Order tells how the last run went.

  Background:
    Given the oci-cron example as in "present"

  Scenario: A schedule waits for its time
    Given artifact 1 is scheduled "@yearly"
    When the Order is submitted
    Then there is 1 CronWorkflow
    And there are 0 Workflows

  Scenario: A schedule runs at its time
    Given the Order is submitted
    When 15 minutes pass
    Then the Order is Succeeded
    And artifact 1 has succeeded 1 time
    And everything is as the example expects

  # Minutes of a real cluster are too long to wait for.
  @simulated-only
  Scenario: A schedule runs every time
    Given the Order is submitted
    When 65 minutes pass
    Then artifact 1 has succeeded 6 times
    And there is 1 CronWorkflow
    And there is 1 ArtifactWorkflow

  @extended
  Scenario: A failed run shows until the next one succeeds
    Given step "compute-images" fails with exit code 1 and prints "unauthorized"
    And the Order is submitted
    When 15 minutes pass
    Then the Order is Failed
    And artifact 1 has failed 1 time

  @extended
  Scenario: The run after a failed one makes the Order Succeeded again
    Given step "compute-images" fails with exit code 1 and prints "unauthorized"
    And the Order is submitted
    And 15 minutes pass
    And step "compute-images" succeeds from now on
    When 10 minutes pass
    Then the Order is Succeeded
    And artifact 1 has failed 1 time
    And artifact 1 has succeeded 1 time

  @extended
  Scenario: A suspended schedule does not run
    Given artifact 1 is scheduled with suspend "true"
    And the Order is submitted
    When 30 minutes pass
    Then there is 1 CronWorkflow
    And there are 0 Workflows

  @extended
  Scenario: An artifact may opt out of the Order's schedule
    Given the Order is scheduled "@daily"
    And artifact 1 is scheduled with disabled "true"
    When the Order is submitted
    Then the Order is Succeeded
    And there are 0 CronWorkflows
    And artifact 1 runs with parameter "cron" set to "false"

  @extended
  Scenario: An artifact's own schedule replaces the Order's
    Given the Order is scheduled "@daily"
    And the Order is submitted
    When 15 minutes pass
    Then artifact 1 has succeeded 1 time

  @extended
  Scenario: A schedule ends with its Order
    Given the Order is submitted
    And 15 minutes pass
    When the Order is deleted
    Then nothing of the Order is left

  @extended
  Scenario: A schedule deleted by hand comes back
    Given the Order is submitted
    And 15 minutes pass
    When the CronWorkflow of artifact 1 is deleted
    Then there is 1 CronWorkflow

  Scenario Outline: The schedule "<schedule>" is refused or blocked
    Given artifact 1 is scheduled "<schedule>"
    When the Order is submitted
    Then it does not run

    Examples:
      | schedule    |
      | * * * * *   |
      | not a time  |
      | 61 * * * *  |
      | @every 1m   |

  @extended
  Scenario Outline: A schedule goes on when it is changed to the bad one "<schedule>"
    Given the Order is submitted
    And 15 minutes pass
    And artifact 1 is scheduled "<schedule>"
    When 20 minutes pass
    Then the Order is not accepted because of ComputationFailed
    And artifact 1 has succeeded 3 times
    And there is 1 CronWorkflow

    Examples:
      | schedule    |
      | * * * * *   |
      | 61 * * * *  |

  # The half hours of a scenario are not those of a real cluster.
  @simulated-only
  Scenario: A schedule that was bad for a while is replaced by the next good one
    Given the Order is submitted
    And 15 minutes pass
    And artifact 1 is scheduled "* * * * *"
    And 20 minutes pass
    And artifact 1 is scheduled "*/30 * * * *"
    When 5 minutes pass
    Then the Order is accepted
    And there is 1 ArtifactWorkflow
    And artifact 1 has succeeded 0 times
