Feature: Artifacts of an Order
  Each artifact has one ArtifactWorkflow, which follows the Order and disturbs no other.

  Background:
    Given the oci example as in "present"

  Scenario: An Order without artifacts waits
    Given artifact 1 is left out
    When the Order is submitted
    Then the Order is Pending
    And there are 0 ArtifactWorkflows

  Scenario: An artifact that is added is run, the others are not repeated
    Given the Order is submitted
    When an artifact is added that asks for:
      | repository | library/busybox |
    Then the Order's progress is "2/2"
    And artifact 1 was not run again
    And artifact 2 runs with parameter "specRepository" set to "library/busybox"

  @extended
  Scenario: An artifact that is removed takes its ArtifactWorkflow along
    Given an artifact is added that asks for:
      | repository | library/busybox |
    And the Order is submitted
    When artifact 1 is left out
    Then the Order's progress is "1/1"
    And there is 1 ArtifactWorkflow
    And artifact 1 runs with parameter "specRepository" set to "library/busybox"

  @extended
  Scenario: Artifacts in another order are the same artifacts
    Given an artifact is added that asks for:
      | repository | library/busybox |
    And the Order is submitted
    When the artifacts are listed in reverse
    Then the Order's progress is "2/2"
    And artifact 1 runs with parameter "specRepository" set to "library/busybox"
    And artifact 1 was not run again
    And artifact 2 was not run again

  @extended
  Scenario: The same artifact twice is moved once
    Given an artifact is added that asks for:
      | repository | library/alpine |
    When the Order is submitted
    Then the Order is Succeeded
    And the Order's progress is "1/1"
    And there is 1 ArtifactWorkflow
    And artifact 2 is Succeeded

  @extended
  Scenario: An artifact that is changed is run anew in place of the old one
    Given the Order is submitted
    When artifact 1 now asks for:
      | tag | "3.19" |
    Then the Order's progress is "1/1"
    And there is 1 ArtifactWorkflow
    And artifact 1 runs with parameter "specTag" set to "3.19"

  Scenario: A bad artifact does not block the good ones
    Given an artifact is added that asks for:
      | repository | library/busybox |
    And artifact 2 is of type "nonsense"
    When the Order is submitted
    Then artifact 1 is Succeeded
    And artifact 2 is blocked because of ComputationFailed
    And the Order is not Succeeded
    And the Order's message says "artifact index 1"

  @extended
  Scenario: A mixed Order reads Failed and counts what succeeded
    Given the helm example
    And step "pull-repo" fails with exit code 1 and prints "404 Not Found"
    When the Order is submitted
    Then the Order is Failed
    And the Order's progress is "1/2"
    And artifact 1 is Succeeded
    And artifact 2 is Failed

  @extended
  Scenario: One Order may use several types
    Given the helm example beside it
    When the Order is submitted
    Then the Order's progress is "3/3"
    And there are 3 ArtifactWorkflows
