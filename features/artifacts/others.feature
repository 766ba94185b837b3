Feature: Charts, components and files
  What the templates of the other examples do besides succeeding.

  @extended
  Scenario: A chart comes from a registry or from a repository, as its source says
    Given the helm example
    When the Order is submitted
    Then of artifact 1 these steps are Succeeded: pull-oci
    And of artifact 1 these steps are Skipped: pull-repo, login-src
    And of artifact 2 these steps are Succeeded: pull-repo
    And of artifact 2 these steps are Skipped: pull-oci

  @extended
  Scenario: A chart that does not pass the lint is not pushed
    Given the helm example
    And step "lint-chart" fails with exit code 1 and prints "chart metadata is missing"
    When the Order is submitted
    Then the Order is Failed
    And the message of artifact 1 says "chart metadata is missing"
    And of artifact 1 step "push-chart" never ran

  @extended
  Scenario: A component whose images fail the scan stays where it is
    Given the ocm example
    And step "scan-images" fails with exit code 1 and prints "HIGH: 2"
    When the Order is submitted
    Then artifact 1 is Failed
    And the message of artifact 1 says "HIGH: 2"
    And of artifact 1 step "transfer-component" never ran

  @extended
  Scenario: A file that the destination has is not moved again
    Given the blob example
    And the run goes as in "present"
    When the Order is submitted
    Then the Order is Succeeded
    And of artifact 1 these steps are Skipped: check-size, download-blob, scan-blob, upload-blob

  @extended
  Scenario: A file above the quota is refused before the download
    Given the blob example
    And step "check-size" fails with exit code 1 and prints "5000 bytes are more than the quota of 4096"
    When the Order is submitted
    Then artifact 2 is Failed
    And the message of artifact 2 says "more than the quota"
    And of artifact 2 step "download-blob" never ran

  @extended
  Scenario: A source that is a type's second choice is as good as the first
    Given the blob example
    And artifact 2 comes from the Endpoint "src-http"
    When the Order is submitted
    Then artifact 2 is Succeeded
    And artifact 2 runs with parameter "srcType" set to "http"
