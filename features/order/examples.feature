Feature: Documented examples
  Every example of ARC works as documented, from an empty namespace.

  Scenario: An OCI image is moved
    Given the oci example
    When the Order is submitted
    Then the Order is Succeeded
    And the Order's progress is "1/1"
    And everything is as the example expects
    And artifact 1 runs with exactly the parameters:
      | cron           | false                     |
      | dstRemoteURL   | dst.zot                   |
      | dstSecret      | true                      |
      | dstType        | oci                       |
      | scanSeverity   | HIGH,CRITICAL             |
      | specOverride   | myteam/alpine:{{.tag}}-dev |
      | specRepository | library/alpine            |
      | specTag        | 3.18                      |
      | srcRemoteURL   | docker.io                 |
      | srcSecret      | false                     |
      | srcType        | oci                       |

  Scenario: Helm charts are moved
    Given the helm example
    When the Order is submitted
    Then the Order is Succeeded
    And the Order's progress is "2/2"
    And everything is as the example expects
    And artifact 2 runs with exactly the parameters:
      | cron         | false                             |
      | dstRemoteURL | dst.zot                           |
      | dstSecret    | true                              |
      | dstType      | oci                               |
      | scanSeverity | HIGH,CRITICAL                     |
      | specChart    | hello-world                       |
      | specRepo     | myexamples                        |
      | specVersion  | v0.1.0                            |
      | srcRemoteURL | https://helm.github.io/examples   |
      | srcSecret    | false                             |
      | srcType      | helm                              |

  Scenario: An OCM component is moved
    Given the ocm example
    When the Order is submitted
    Then the Order is Succeeded
    And the Order's progress is "1/1"
    And everything is as the example expects
    And artifact 1 runs with exactly the parameters:
      | cron          | false                          |
      | dstRemoteURL  | dst.zot                        |
      | dstScheme     | http                           |
      | dstSecret     | true                           |
      | dstType       | oci                            |
      | scanExitCode  | 0                              |
      | scanSeverity  | HIGH,CRITICAL                  |
      | specComponent | ocm.software/toi/demo/helmdemo |
      | specRepo      | open-component-model/ocm       |
      | specVersion   | 0.12.0                         |
      | srcRemoteURL  | ghcr.io                        |
      | srcSecret     | false                          |
      | srcType       | oci                            |

  Scenario: Files are moved
    Given the blob example
    When the Order is submitted
    Then the Order is Succeeded
    And the Order's progress is "2/2"
    And everything is as the example expects
    And artifact 2 runs with exactly the parameters:
      | cron         | false                                 |
      | dstRemoteURL | http://dst.garage:3900                |
      | dstSecret    | true                                  |
      | dstType      | s3                                    |
      | specKey      | public-bucket/file.txt                |
      | specMd5      | 9e107d9d372bb6826bd81d3542a419d6      |
      | specOverride | test/result-s3.txt                    |
      | srcRemoteURL | https://s3.eu-central-1.amazonaws.com |
      | srcSecret    | false                                 |
      | srcType      | s3                                    |
      | storageQuota | 4096                                  |
