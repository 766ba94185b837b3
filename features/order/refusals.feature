Feature: Refusals
  What cannot work is refused when it is submitted, with the place that is wrong.

  Background:
    Given the oci example as in "present"

  Scenario Outline: An artifact without a <side> is refused
    Given the Order has no default <side>
    When the Order is submitted
    Then it is refused at "spec.artifacts[*].<field>"

    Examples:
      | side        | field  |
      | source      | srcRef |
      | destination | dstRef |

  Scenario: An artifact without a type is refused
    Given artifact 1 is of type ""
    When the Order is submitted
    Then it is refused at "spec.artifacts[0].type"

  Scenario: A negative time to live is refused
    Given the Order is kept for "-1s"
    When the Order is submitted
    Then it is refused at "spec.ttl"

  Scenario: Credentials in an address are refused
    Given the Endpoint "dockerhub" is at "https://user:secret@docker.io"
    When the Order is submitted
    Then it is refused at "spec.remoteURL"

  Scenario: A usage that nobody knows is refused
    Given the Endpoint "dockerhub" is used as "Sometimes"
    When the Order is submitted
    Then it is refused at "spec.usage"

  Scenario: A type with two values for one parameter is refused
    Given the type "oci" has the parameter "scanSeverity" twice
    When the Order is submitted
    Then it is refused at "spec.parameters"

  Scenario: A type without a template is refused
    Given the type "oci" names no template
    When the Order is submitted
    Then it is refused at "spec.workflowTemplateRef"

  Scenario: An ArtifactWorkflow never changes
    Given the Order is submitted
    When the ArtifactWorkflow of artifact 1 is edited
    Then it is refused at "spec"

  Scenario: Too many artifacts are refused
    Given the Order has 1001 artifacts
    When the Order is submitted
    Then it is refused at "spec.artifacts"
