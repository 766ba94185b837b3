Feature: Artifact types
  A type says which Endpoints may be combined and which template moves the artifact.

  Background:
    Given the oci example as in "present"

  @extended
  Scenario: A cluster type always refers to a cluster template
    When the Order is submitted
    Then artifact 1 uses the cluster template "oci-image-pipeline"

  @extended
  Scenario: A type of the namespace hides the cluster's type of that name
    Given the namespace has its own type "oci"
    And the namespace's type "oci" sets the parameter "scanSeverity" to "LOW"
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "scanSeverity" set to "LOW"

  @extended
  Scenario: A type of the namespace may use a template of the namespace
    Given the namespace has its own type "oci"
    And the namespace's type "oci" uses the namespace's template "oci-image-pipeline"
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 uses the namespace's template "oci-image-pipeline"

  Scenario: An unknown type blocks its artifact
    Given artifact 1 is of type "nonsense"
    When the Order is submitted
    Then artifact 1 is blocked because of ComputationFailed
    And the Order's message says "failed to fetch ArtifactType or ClusterArtifactType"

  Scenario: A type that appears later heals the Order
    Given the type "oci" is missing
    And the Order is submitted
    When the type "oci" is created
    Then the Order is Succeeded
    And the Order is accepted

  Scenario Outline: A <side> of the wrong type blocks its artifact
    Given the Endpoint "<endpoint>" is of type "s3"
    When the Order is submitted
    Then artifact 1 is blocked because of InvalidArtifactType
    And the Order's message says "is not allowed by ArtifactType rules"

    Examples:
      | side        | endpoint  |
      | source      | dockerhub |
      | destination | internal  |

  @extended
  Scenario: A type without rules takes any Endpoint
    Given the type "oci" has no rules
    And the Endpoint "dockerhub" is of type "s3"
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "srcType" set to "s3"

  @extended
  Scenario: A type changed after the fact repeats nothing
    Given the Order is submitted
    When the type "oci" now sets the parameter "scanSeverity" to "LOW"
    Then the Order is Succeeded
    And artifact 1 runs with parameter "scanSeverity" set to "HIGH,CRITICAL"
    And artifact 1 was not run again
