Feature: OCI images
  An image is moved once, after a scan that found nothing, under the newest tag that was asked for.

  Background:
    Given the oci example

  @extended
  Scenario: A tag that exists is taken as it is
    When the Order is submitted
    Then the Order is Succeeded
    And of artifact 1 these steps are Skipped: retrieve-tags, filter-tags
    And of artifact 1 these steps are Succeeded: pull-image, scan-image, push-image, attest-scan, sign-image

  Scenario: A version constraint picks among the tags of the source
    Given the run goes as in "constraint"
    And artifact 1 asks for:
      | tag | >3.18.0 <3.19.0 |
    When the Order is submitted
    Then the Order is Succeeded
    And of artifact 1 these steps are Succeeded: retrieve-tags, filter-tags, push-image
    And artifact 1 runs with parameter "specTag" set to ">3.18.0 <3.19.0"

  @extended
  Scenario: An image that the destination has is not moved again
    Given the run goes as in "present"
    When the Order is submitted
    Then the Order is Succeeded
    And of artifact 1 these steps are Skipped: pull-image, scan-image, push-image, attest-scan, sign-image

  @extended
  Scenario: A scan that finds something ends the run before the push
    Given step "scan-image" fails with exit code 1 and prints "CRITICAL: 3"
    When the Order is submitted
    Then the Order is Failed
    And artifact 1 is Failed
    And the message of artifact 1 says "scan-image"
    And the message of artifact 1 says "CRITICAL: 3"
    And of artifact 1 step "push-image" never ran

  @extended
  Scenario: A vulnerable image fails under the name of the step that found it
    Given the run goes as in "vulnerable"
    When the Order is submitted
    Then artifact 1 is Failed
    And of artifact 1 these steps are Failed: scan-image
    And of artifact 1 step "scan-image" ran 1 time

  Scenario: A push that fails once is tried again
    Given step "push-image" fails 1 time
    When the Order is submitted
    Then the Order is Succeeded
    And of artifact 1 step "push-image" ran 2 times

  @extended
  Scenario: A push that fails for good ends the run after its retries
    Given step "push-image" fails with exit code 7 and prints "denied: quota"
    When the Order is submitted
    Then the Order is Failed
    And of artifact 1 step "push-image" ran 3 times
    And the message of artifact 1 says "denied: quota"
    And of artifact 1 step "sign-image" never ran

  @extended
  Scenario: Without an override none is passed, so that the template's default counts
    Given the run goes as in "present"
    And artifact 1 does not ask for "override"
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs without parameter "specOverride"

  @extended
  Scenario: A public source has no Secret
    Given the run goes as in "present"
    When the Order is submitted
    Then artifact 1 runs with parameter "srcSecret" set to "false"
    And the source credentials of artifact 1 are an empty folder
    And the destination credentials of artifact 1 are the Secret "dst-reg-secret"

  @extended
  Scenario: Two public registries need no Secret at all
    Given the run goes as in "present"
    And the Endpoint "internal" has no Secret
    When the Order is submitted
    Then the Order is Succeeded
    And artifact 1 runs with parameter "dstSecret" set to "false"
    And the destination credentials of artifact 1 are an empty folder

  @extended
  Scenario: A source with a Secret hands it to the run
    Given the run goes as in "present"
    And the Endpoint "dockerhub" has the Secret "dst-reg-secret"
    When the Order is submitted
    Then artifact 1 runs with parameter "srcSecret" set to "true"
    And the source credentials of artifact 1 are the Secret "dst-reg-secret"
