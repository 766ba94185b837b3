Feature: ArtifactWorkflows written by hand
  An ArtifactWorkflow works without an Order; its author answers for its parameters.

  Background:
    Given the oci example as in "present"

  Scenario: It runs as written
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    When it is submitted
    Then the ArtifactWorkflow "by-hand" is Succeeded
    And there is 1 Workflow

  @extended
  Scenario: It fails as any other
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And step "check-dst-availability" fails with exit code 1 and prints "unauthorized"
    When it is submitted
    Then the ArtifactWorkflow "by-hand" is Failed

  @extended
  Scenario: It waits for its Secret
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And the Secret "dst-reg-secret" is missing
    And it is submitted
    When the Secret "dst-reg-secret" is created
    Then the ArtifactWorkflow "by-hand" is Succeeded

  Scenario: A parameter given twice is refused
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And the ArtifactWorkflow "by-hand" has the parameter "specTag" twice
    When it is submitted
    Then it is refused at "spec.parameters"

  @extended
  Scenario: Deleting it takes its run along
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And it is submitted
    When the ArtifactWorkflow "by-hand" is deleted
    Then there are 0 ArtifactWorkflows
    And there are 0 Workflows

  Scenario Outline: The schedule "<schedule>" is checked as that of an Order
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And the ArtifactWorkflow "by-hand" is scheduled "<schedule>"
    When it is submitted
    Then the ArtifactWorkflow "by-hand" has not started because of "<why>"
    And there are 0 CronWorkflows

    Examples:
      | schedule   | why                            |
      | * * * * *  | runs would start 1m apart      |
      | 61 * * * * | end of range (61) above maximum (59) |

  @extended
  Scenario: It runs at its times
    Given an ArtifactWorkflow "by-hand" is written as artifact 1 would be
    And the ArtifactWorkflow "by-hand" is scheduled "*/30 * * * *"
    And it is submitted
    When 35 minutes pass
    Then the ArtifactWorkflow "by-hand" is Succeeded
    And there is 1 CronWorkflow
