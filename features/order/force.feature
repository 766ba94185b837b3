Feature: Running again on request
  A request to run again counts once, whatever its time.

  Background:
    Given the oci example as in "present"
    And an artifact is added that asks for:
      | repository | library/busybox |

  @extended
  Scenario: An Order is run again as a whole
    Given the Order is submitted
    When the Order is forced at 1893460000
    Then the Order's progress is "2/2"
    And artifact 1 was run again
    And artifact 2 was run again
    And there are 2 ArtifactWorkflows

  @extended
  Scenario: A request that lies in the future counts once
    Given the Order is submitted
    When the Order is forced at 4000000000
    Then the Order's progress is "2/2"
    And artifact 1 was run again

  @extended
  Scenario: A request that is no time is ignored
    Given the Order is submitted
    When the Order is forced at "tomorrow"
    Then the Order is Succeeded
    And artifact 1 was not run again

  @extended
  Scenario: One ArtifactWorkflow is run again by itself
    Given the Order is submitted
    When the ArtifactWorkflow of artifact 2 is forced at 1893460000
    Then the Order's progress is "2/2"
    And artifact 1 was not run again
    And artifact 2 was run again
