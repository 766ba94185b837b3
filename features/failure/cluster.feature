Feature: A cluster in trouble
  What happens to the API server, or between it and its clients, delays an Order and changes nothing about it.

  Background:
    Given the oci example as in "present"

  # Nobody can stop a real API server, or hold back a watch, at a given write.
  @simulated-only
  Scenario: An API server that restarts under way has its work taken up
    Given at write 3 of the operator the API server is away for 45 s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

  # As above.
  @simulated-only
  Scenario: An operator that sees an old state repeats nothing
    Given at write 4 of the operator it sees nothing new for 90 s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow
