Feature: What an Order tells
  The Order alone says how far its artifacts are.

  Background:
    Given the oci example as in "present"

  Scenario: While a step works the Order is Running
    When the run has reached step "check-dst-availability"
    Then the Order is Running
    And the Order's progress is "0/1"
    And artifact 1 is Running

  @extended
  Scenario: A finished Order is accepted and complete
    When the Order is submitted
    Then the Order is accepted
    And the Order is complete
    And the Order's message is empty

  @extended
  Scenario: A failed Order is accepted and not complete
    Given step "check-dst-availability" fails with exit code 1 and prints "unauthorized"
    When the Order is submitted
    Then the Order is accepted
    And the Order is not complete
    And artifact 1 has failed 1 time

  Scenario: An Order that is blocked says why
    Given the Endpoint "internal" is missing
    When the Order is submitted
    Then the Order is Pending
    And the Order is not accepted because of InvalidEndpoint
    And a warning InvalidEndpoint is recorded for the Order
