Feature: Work that is disturbed
  What goes wrong between a part of the cluster and the API server delays an Order and changes nothing about its end.

  Background:
    Given the oci example as in "present"

  # Nobody can hold back, cut or silence a real watch at a given write.
  @simulated-only
  Scenario Outline: <watches> of the <part> delay the work
    Given at write <write> of the <part> its watches <what>
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | watches              | part     | write | what                           |
      | Late watches         | operator | 3     | are late by 20 s               |
      | Late watches         | argo     | 4     | are late by 20 s               |
      | Batched watches      | operator | 3     | speak every 30 s               |
      | Batched watches      | kubelet  | 2     | speak every 30 s               |
      | Watches that tear    | operator | 3     | break off in a line            |
      | Watches that tear    | argo     | 4     | break off in a line            |
      | Silent watches       | operator | 3     | fall silent                    |
      | Silent watches       | argo     | 4     | fall silent                    |
      | Watches that overrun | operator | 3     | overtake it                    |
      | Watches that overrun | argo     | 4     | overtake it                    |
      | Short watches        | operator | 3     | end at once for 20 s           |
      | Short watches        | kubelet  | 2     | end at once for 20 s           |
      | Watches that expire  | operator | 3     | expire                         |
      | Unmarked watches     | operator | 3     | no longer say how far they are |

  # As above.
  @simulated-only
  Scenario Outline: A request of the <part> that hangs <effect> is made again
    Given at write <write> of the <part> nobody <hears> it for 60 s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | effect         | write | hears   |
      | operator | without effect | 2     | hears   |
      | operator | with effect    | 6     | answers |
      | argo     | without effect | 4     | hears   |
      | argo     | with effect    | 4     | answers |
      | kubelet  | with effect    | 2     | answers |

  # As above.
  @simulated-only
  Scenario: A list that asks for too much is made again
    Given at write 3 of the operator its watches end
    And at list 1 of the operator it is told that it is ahead
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

  # Nobody closes a real connection at a given write; in memory there is none to close.
  @simulated-only
  Scenario: A client that is to connect anew loses nothing
    Given at write 2 of the operator it is asked to connect anew
    And at write 4 of the argo it is asked to connect anew
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

  # The clock of a real cluster is that of its machines.
  @simulated-only
  Scenario Outline: A clock that jumps changes nothing
    Given at write <write> of the <part> <clock> by 3600 s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write | clock                               |
      | operator | 3     | the API server's clock goes forward |
      | operator | 3     | the API server's clock goes back    |
      | operator | 3     | its clock goes forward              |
      | operator | 3     | its clock goes back                 |

  # Nobody is faster than a real operator at a given write.
  @simulated-only
  Scenario Outline: Somebody who <does> an object under way is heeded
    Given at write <write> of the operator somebody <does> the object
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | write | does     |
      | 4     | touches  |
      | 5     | deletes  |
      | 5     | replaces |

  # On a real cluster one operator has the lease.
  @simulated-only
  Scenario: Two operators do the work once
    Given a second operator works beside the first
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow
