Feature: Others at work on the same objects
  Who writes to what ARC and Argo made is heeded as far as it is theirs to say, and the rest comes to its end.

  Background:
    Given the oci example as in "present"

  # Nobody is faster than a real program at a given write.
  @simulated-only
  Scenario Outline: Somebody who <does> when the <part> writes changes nothing
    Given at write <write> of the <part> somebody <does>
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write | does                             |
      | operator | 4     | floods the object                |
      | argo     | 4     | floods the object                |
      | operator | 4     | owns the object too              |
      | argo     | 4     | owns the object too              |
      | operator | 6     | strips the object of its labels  |
      | argo     | 4     | strips the object of its labels  |
      | operator | 5     | deletes what the object owns     |
      | operator | 5     | holds the object                 |

  # As above.
  @simulated-only
  Scenario Outline: A pod that fails for want of memory as it is <phase> fails its run, and the Order says so
    Given at the first write of the kubelet with "object.kind == 'Pod' && object.status.phase == '<phase>'" somebody fails a pod
    When the Order is submitted
    Then the Order is Failed

    Examples:
      | phase     |
      | Running   |
      | Succeeded |

  # As above.
  @simulated-only
  Scenario: A pod that somebody evicts as it ends has done its work
    Given at the first write of the kubelet with "object.kind == 'Pod' && object.status.phase == 'Succeeded'" somebody evicts a pod
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

  # As above.
  @simulated-only
  Scenario: What somebody held goes when it is released
    Given at write 5 of the operator somebody holds the object
    And at the first write of the operator with "object.kind == 'ArtifactWorkflow' && has(oldObject.metadata.deletionTimestamp)" somebody releases the object
    And the Order has become Succeeded
    When the Order is deleted
    Then there are 0 ArtifactWorkflows
    And there are 0 Workflows
