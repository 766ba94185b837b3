Feature: Runs that cannot run
  A run that waits for something goes on when it comes.

  Background:
    Given the oci example as in "present"

  @extended
  Scenario: A certificate bundle that is missing holds the run
    Given the ConfigMap "root-bundle" is missing
    When the Order is submitted
    Then the Order is Running
    And artifact 1 is Running

  Scenario: A certificate bundle that appears later lets the run go on
    Given the ConfigMap "root-bundle" is missing
    And the Order is submitted
    When the ConfigMap "root-bundle" is created
    Then the Order is Succeeded

  # A container cannot keep itself from being pulled.
  @simulated-only
  Scenario: An image that cannot be pulled holds the run
    Given the run goes as in "default"
    And step "scan-image" ends with ImagePullBackOff
    When the Order is submitted
    Then the Order is Running
    And of artifact 1 these steps are Pending: scan-image(0)
    And of artifact 1 step "push-image" never ran

  @extended
  Scenario: A step that runs out of memory fails the run
    Given the run goes as in "default"
    And step "scan-image" ends with OOMKilled
    When the Order is submitted
    Then artifact 1 is Failed
    And the message of artifact 1 says "OOMKilled"

  Scenario: A template that is missing is an error of the run
    Given the template "oci-image-pipeline" is missing
    When the Order is submitted
    Then the Order is Failed
    And artifact 1 is Error
    And the message of artifact 1 says "oci-image-pipeline"

  Scenario: A missing value without a default fails the run
    Given artifact 1 does not ask for "repository"
    When the Order is submitted
    Then artifact 1 is Failed
    And the message of artifact 1 says "specRepository"

  Scenario: Nothing runs without its service account
    Given the ServiceAccount "arc-workflow" is missing
    When the Order is submitted
    Then the Order is Failed
    And the message of artifact 1 says "arc-workflow"
    And of artifact 1 step "check-src-availability" never ran
