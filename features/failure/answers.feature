Feature: Work that is refused for a moment
  What an API server or what stands before it says when it cannot do what is asked delays an Order and changes nothing about its
  end.

  Background:
    Given the oci example as in "present"

  # Nobody makes a real server say so at a given write.
  @simulated-only
  Scenario Outline: The <part> tries again when it is told <what>
    Given at write <write> of the <part> it is told <what>
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write | what                                |
      | operator | 2     | in plain text to try again later    |
      | argo     | 4     | in plain text to try again later    |
      | operator | 3     | that storage is initializing        |
      | operator | 4     | that a policy is against it         |
      | operator | 3     | that somebody was faster            |
      | argo     | 4     | that somebody was faster            |
      | operator | 3     | that the leader has changed         |
      | kubelet  | 2     | that the leader has changed         |
      | argo     | 4     | that etcd had no time               |
      | operator | 4     | that a webhook had no time          |
      | operator | 2     | that nobody is there                |
      | argo     | 4     | in plain text that nobody is there  |
      | operator | 3     | without a word that nobody is there |
      | kubelet  | 2     | without a word that nobody is there |

  # As above.
  @simulated-only
  Scenario Outline: A quota that is used up when the <part> writes is used up for a moment
    Given at write <write> of the <part> it is told that the quota is used up
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write |
      | operator | 3     |
      | argo     | 4     |

  # Nobody takes a kind from a real server and gives it back with its objects.
  @simulated-only
  Scenario Outline: A kind that is gone for a while when the <part> writes is missed by nobody
    Given at write <write> of the <part> its kind is gone for 20 s
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow

    Examples:
      | part     | write |
      | operator | 2     |
      | operator | 5     |
      | argo     | 4     |

  # Nobody stops a real server at a given write.
  @simulated-only
  Scenario: Discovery that lags behind, and definitions that come late, delay nobody who knows the kinds
    Given at write 2 of the operator discovery shows nothing new for 60 s
    And at write 3 of the operator new definitions wait for 60 s
    When the Order is submitted
    Then the Order is Succeeded

  # A real server hands out as many objects as it is asked for.
  @simulated-only
  Scenario: Who lists an object at a time lists all
    Given at write 3 of the operator its watches expire
    And at list 1 of the operator its pages hold one object
    When the Order is submitted
    Then the Order is Succeeded
    And there is 1 Workflow
