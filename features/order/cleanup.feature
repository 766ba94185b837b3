Feature: Cleaning up
  Nothing is left behind, nothing finished is repeated, and what happened stays known.

  Background:
    Given the oci example as in "present"

  @extended
  Scenario: A finished run is kept when its type says so
    When the Order is submitted
    Then there is 1 ArtifactWorkflow
    And there is 1 Workflow

  Scenario: A finished run without a time to live goes at once, its entry stays
    Given the type "oci" says nothing about finished runs
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 is Succeeded
    And there are 0 ArtifactWorkflows
    And there are 0 Workflows

  # 50 minutes of a real cluster are too long to wait for.
  @simulated-only
  Scenario: A finished run is kept as long as its type says
    Given the type "oci" keeps finished runs for "1h"
    And the Order has become Succeeded
    When 50 minutes pass
    Then there is 1 ArtifactWorkflow

  @extended
  Scenario: A finished run goes when its time is up
    Given the type "oci" keeps finished runs for "3s"
    When the Order is submitted
    Then there are 0 ArtifactWorkflows
    And artifact 1 is Succeeded

  @extended
  Scenario: A failed run goes when its time is up
    Given the type "oci" keeps failed runs for "3s"
    And step "check-dst-availability" fails with exit code 1 and prints "unauthorized"
    When the Order is submitted
    Then there are 0 ArtifactWorkflows
    And artifact 1 is Failed

  Scenario: An Order whose time is up goes with everything it made
    Given the Order is kept for "3s"
    When the Order is submitted
    Then nothing of the Order is left

  @extended
  Scenario: An Order deleted after its run leaves nothing behind
    Given the Order is submitted
    When the Order is deleted
    Then nothing of the Order is left

  Scenario: An Order deleted during its run leaves nothing behind
    Given the run has reached step "check-dst-availability"
    When the Order is deleted
    Then nothing of the Order is left

  @extended
  Scenario: An unfinished ArtifactWorkflow deleted by hand comes back
    Given the run has reached step "check-dst-availability"
    When the ArtifactWorkflow of artifact 1 is deleted
    Then the Order is Succeeded
    And there is 1 ArtifactWorkflow

  @extended
  Scenario: A finished ArtifactWorkflow deleted by hand does not come back
    Given the Order has become Succeeded
    When the ArtifactWorkflow of artifact 1 is deleted
    Then the Order is Succeeded
    And artifact 1 is Succeeded
    And there are 0 ArtifactWorkflows

  @extended
  Scenario: A run deleted under way is an error, not a mystery
    Given the run has reached step "check-dst-availability"
    When the Workflow of artifact 1 is deleted
    Then artifact 1 is Error
    And the Order is Failed
