Feature: Names and labels
  What belongs to an Order can be found by its name and labels.

  Background:
    Given the oci example as in "present"

  @extended
  Scenario: Everything that an Order makes says so
    When the Order is submitted
    Then artifact 1 is labelled "arc.opendefense.cloud/order" with "oci-order"
    And artifact 1 is labelled "arc.opendefense.cloud/artifact-type" with "oci"

  @extended
  Scenario: Labels of the Order are inherited, those of GitOps tools are not
    Given the Order is labelled:
      | team                        | platform |
      | app.kubernetes.io/instance  | shop     |
      | argocd.argoproj.io/instance | shop     |
    When the Order is submitted
    Then artifact 1 is labelled "team" with "platform"
    And artifact 1 is not labelled "app.kubernetes.io/instance"
    And artifact 1 is not labelled "argocd.argoproj.io/instance"

  Scenario: A long name is shortened where it has to be
    Given the Order is called "an-order-whose-name-is-so-long-that-nothing-can-be-appended-to-it"
    When the Order is submitted
    Then the Order is Succeeded
    And the ArtifactWorkflow of artifact 1 has a name of 63 characters

  @extended
  Scenario: A name with dots works
    Given the Order is called "release.2026.11"
    When the Order is submitted
    Then the Order is Succeeded
    And the name of the ArtifactWorkflow of artifact 1 begins with "release-2026-11-"

  @extended
  Scenario: Two Orders for the same image are two runs
    Given the Order is submitted
    And the Order is called "another"
    When the Order is submitted
    Then the Order is Succeeded
    And there are 2 ArtifactWorkflows
