Feature: Trouble at a change of an object
  What goes wrong at the very moment at which an object becomes what somebody waits for changes nothing about the end.

  Background:
    Given the oci example as in "present"

  # Nobody can stop a real program at such a moment.
  @simulated-only
  Scenario Outline: The operator <what> when its own write makes the Order <phase>
    Given at the first write of the operator with "object.kind == 'Order' && object.status.phase == '<phase>'" it <what>
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | phase     | what                                |
      | Running   | dies before                         |
      | Running   | dies after                          |
      | Succeeded | dies after                          |
      | Succeeded | is told that the leader has changed |

  # As above.
  @simulated-only
  Scenario Outline: The operator is struck when Argo says that the Workflow <phase>
    Given at the first write of the argo with "object.kind == 'Workflow' && object.status.phase == '<phase>'", as for the operator, <what>
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | phase     | what                           |
      | Running   | it dies before                 |
      | Succeeded | it dies after                  |
      | Succeeded | its watches expire             |
      | Succeeded | it sees nothing new for 90 s   |

  # As above.
  @simulated-only
  Scenario: A child whose creation gets lost is made once
    Given at the first write of the operator with "object.kind == 'ArtifactWorkflow' && oldObject == null" the connection breaks after
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 ArtifactWorkflow

  # Nobody can hold back one watch of a real client, and not another.
  @simulated-only
  Scenario Outline: Watches of the <part> that stop one by one, and go on in another order, lose nothing
    Given at write <write> of the <part> its watches stop and go on, one every <pace> s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write | pace |
      | operator | 2     | 5    |
      | operator | 3     | 20   |
      | argo     | 4     | 5    |
      | argo     | 5     | 20   |
      | kubelet  | 2     | 5    |

  # Nobody slows down the controllers of a real cluster.
  @simulated-only
  Scenario: A garbage collector that is late leaves nothing behind
    Given the garbage-collector sees up to 120 s late at one write in 3, as seed 1 says
    And the Order has become Succeeded
    When the Order is deleted
    Then there are 0 ArtifactWorkflows
    And there are 0 Workflows
