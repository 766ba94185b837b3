//! kubectl against `arcsim serve`, command by command. Runs with the kubectl that `$KUBECTL` names or `PATH` holds.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A served cluster and the kubectl that talks to it.
struct Cluster {
    kubectl: PathBuf,
    folder: PathBuf,
    server: Child,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

fn kubectl() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("kubectl"));
    let named = std::env::var_os("KUBECTL").map(PathBuf::from);
    named.into_iter().chain(on_path).find(|file| file.is_file())
}

impl Cluster {
    /// Serves a cluster; `None`, and a word about it, without kubectl.
    fn start(test: &str, time: &str) -> Option<Self> {
        let Some(kubectl) = kubectl() else {
            println!("SKIPPED {test}: no kubectl; put one on PATH or name it in $KUBECTL");
            eprintln!("SKIPPED {test}: no kubectl; put one on PATH or name it in $KUBECTL");
            return None;
        };
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("kubectl")
            .join(test);
        std::fs::create_dir_all(&folder).unwrap();
        let book = arc_fixtures::folder("oci").join("outcomes/default.yaml");
        let mut server = Command::new(env!("CARGO_BIN_EXE_arcsim"))
            .args([
                "serve",
                "--kubeconfig",
                "kubeconfig",
                "--time",
                time,
                "--outcomes",
            ])
            .arg(book)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = server.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("arcsim serves "), "{ready}");
        Some(Self {
            kubectl,
            folder,
            server,
        })
    }

    /// Runs kubectl with these words; what it prints, and whether it says that all is well.
    fn kubectl(&self, words: &[&str]) -> (bool, String) {
        let output = Command::new(&self.kubectl)
            .args(["--kubeconfig", "kubeconfig", "--cache-dir", "cache"])
            .args(words)
            .current_dir(&self.folder)
            .env("KUBE_EDITOR", "sed -i s/MEDIUM/HIGH/")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }

    #[track_caller]
    fn good(&self, command: &str, expected: &[&str]) {
        self.check(&split(command), true, expected);
    }

    #[track_caller]
    fn refused(&self, command: &str, expected: &[&str]) {
        self.check(&split(command), false, expected);
    }

    #[track_caller]
    fn check(&self, words: &[&str], is_good: bool, expected: &[&str]) {
        let (was_good, text) = self.kubectl(words);
        assert_eq!(was_good, is_good, "kubectl {}: {text}", words.join(" "));
        for expected in expected {
            let message = format!("kubectl {}: no {expected:?} in {text}", words.join(" "));
            assert!(text.contains(expected), "{message}");
        }
    }

    fn write(&self, file: &str, content: &str) {
        std::fs::write(self.folder.join(file), content).unwrap();
    }

    /// Applies every fixture, and one of them once more if it is the client that compares.
    fn apply_fixtures(&self, how: &[&str]) {
        for name in arc_fixtures::NAMES {
            let folder = arc_fixtures::folder(name);
            let words = [&["apply", "-f", path(&folder)], how].concat();
            self.check(&words, true, &[&format!("/{name}-order ")]);
            if how.is_empty() && name == "oci" {
                self.check(&words, true, &[&format!("/{name}-order unchanged")]);
            }
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn split(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

fn crds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../operator/deploy/crds.yaml")
}

const ORDER_DONE: &str =
    "wait --for=jsonpath={.status.phase}=Succeeded order/oci-order --timeout=60s";

#[test]
fn orders_are_applied_watched_and_looked_at() {
    let Some(cluster) = Cluster::start("orders", "60x") else {
        return;
    };
    let crds = crds();
    cluster.check(
        &["apply", "--server-side", "-f", path(&crds)],
        true,
        &["orders.arc.opendefense.cloud serverside-applied"],
    );
    cluster.check(&["diff", "-f", path(&crds)], true, &[]);
    cluster.apply_fixtures(&[]);
    cluster.good(
        ORDER_DONE,
        &["order.arc.opendefense.cloud/oci-order condition met"],
    );
    cluster.good(
        "get orders",
        &["NAME", "PHASE", "PROGRESS", "AGE", "oci-order", "Succeeded"],
    );
    cluster.good(
        "get arc",
        &[
            "artifactworkflow.arc",
            "endpoint.arc",
            "order.arc",
            "clusterartifacttype.arc",
        ],
    );
    cluster.good("get orders -o wide", &["MESSAGE"]);
    cluster.good("get order oci-order -o yaml", &["phase: Succeeded"]);
    cluster.good("get orders -o json", &["\"kind\": \"List\""]);
    cluster.good(
        "get orders -o name",
        &["order.arc.opendefense.cloud/oci-order"],
    );
    cluster.good(
        "get order oci-order -o jsonpath={.status.phase}",
        &["Succeeded"],
    );
    cluster.good(
        "get orders -o custom-columns=N:.metadata.name",
        &["helm-order"],
    );
    cluster.good(
        "describe order oci-order",
        &["Type:                  Complete"],
    );
    cluster.good("describe workflows", &["Phase:  ", "Events:"]);
    cluster.good("describe pods", &["Controlled By:  Workflow/", "Completed"]);
    cluster.good(
        "get all,pvc,events -A",
        &["pod/oci-order-", "WorkflowSucceeded"],
    );
    let of_order = "get workflows -l arc.opendefense.cloud/order=oci-order -o name";
    let (_, workflow) = cluster.kubectl(&split(of_order));
    let workflow = workflow.trim().rsplit('/').next().unwrap();
    let logs = format!("logs -l workflows.argoproj.io/workflow={workflow} -c main --tail=-1");
    cluster.good(&logs, &["unavailable"]);
    cluster.good("delete order oci-order --wait", &["deleted"]);
    cluster.good("wait --for=delete order/oci-order --timeout=10s", &[]);
    cluster.refused(
        "get order oci-order",
        &["Error from server (NotFound): orders.arc.opendefense.cloud \"oci-order\" not found"],
    );
}

#[test]
fn virtual_time_passes_as_long_as_there_is_something_to_do() {
    let Some(cluster) = Cluster::start("virtual", "virtual") else {
        return;
    };
    cluster.apply_fixtures(&["--server-side"]);
    cluster.good(ORDER_DONE, &["condition met"]);
    cluster.good("get workflows", &["Succeeded"]);
}

#[test]
fn objects_are_made_changed_and_removed() {
    let Some(cluster) = Cluster::start("objects", "real") else {
        return;
    };
    cluster.good("create namespace one", &["namespace/one created"]);
    cluster.good(
        "create secret generic s --from-literal=a=b",
        &["secret/s created"],
    );
    cluster.good(
        "create configmap c --from-literal=severity=MEDIUM",
        &["configmap/c created"],
    );
    cluster.good("create serviceaccount sa", &["serviceaccount/sa created"]);
    cluster.refused("create configmap c", &["configmaps \"c\" already exists"]);
    cluster.good("edit configmap c", &["configmap/c edited"]);
    cluster.good("edit configmap c", &["Edit cancelled, no changes made."]);
    cluster.good("get configmap c -o jsonpath={.data.severity}", &["HIGH"]);
    cluster.good(
        "patch configmap c -p {\"data\":{\"a\":\"b\"}}",
        &["patched"],
    );
    cluster.good(
        "patch configmap c -p {\"data\":{\"a\":\"b\"}}",
        &["patched (no change)"],
    );
    cluster.good(
        "patch configmap c --type=merge -p {\"data\":{\"a\":null}}",
        &["patched"],
    );
    cluster.good(
        "patch configmap c --type=json -p [{\"op\":\"add\",\"path\":\"/data/x\",\"value\":\"one\"}]",
        &["patched"],
    );
    cluster.refused(
        "patch configmap c --type=json -p [{\"op\":\"remove\",\"path\":\"/data/z\"}]",
        &["the server rejected our request"],
    );
    cluster.good("label configmap c a=b", &["labeled"]);
    cluster.refused("label configmap c a=c", &["--overwrite is false"]);
    cluster.good("annotate configmap c a=b", &["annotated"]);
    let (_, read) = cluster.kubectl(&["get", "configmap", "c", "-o", "yaml"]);
    cluster.write("c.yaml", &read.replace("x: one", "x: two"));
    cluster.refused("diff -f c.yaml", &["-  x: one", "+  x: two"]);
    cluster.good("replace -f c.yaml", &["configmap/c replaced"]);
    cluster.refused(
        "replace -f c.yaml",
        &[
            "Error from server (Conflict)",
            "please apply your changes to the latest version",
        ],
    );
    cluster.good(
        "delete namespace one --wait",
        &["namespace \"one\" deleted"],
    );
    cluster.refused(
        "apply -f missing.yaml",
        &["the path \"missing.yaml\" does not exist"],
    );
    cluster.write(
        "bad.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndatum: {}\n",
    );
    cluster.refused("apply -f bad.yaml", &["unknown field \"datum\""]);
}

#[test]
fn the_cluster_tells_about_itself_and_what_it_cannot_do() {
    let Some(cluster) = Cluster::start("cluster", "real") else {
        return;
    };
    cluster.good(
        "api-resources",
        &["orders", "arcorder", "workflows", "configmaps"],
    );
    cluster.good(
        "api-versions",
        &["arc.opendefense.cloud/v1alpha1", "argoproj.io/v1alpha1"],
    );
    cluster.good(
        "explain order.spec.artifacts --recursive",
        &["concurrencyPolicy", "-required-"],
    );
    cluster.good(
        "explain pod.spec.containers.image",
        &["FIELD: image <string>"],
    );
    cluster.refused(
        "explain order.spec.artefacts",
        &["field \"artefacts\" does not exist"],
    );
    cluster.good("auth can-i create orders", &["yes"]);
    cluster.good("auth whoami", &["admin"]);
    cluster.good("cluster-info", &["Kubernetes control plane"]);
    cluster.good("version", &["Server Version: v1.34.3+sim"]);
    for path in ["/healthz", "/readyz", "/livez"] {
        cluster.good(&format!("get --raw {path}"), &["ok"]);
    }
    cluster.good("run p --image=nginx", &["pod/p created"]);
    cluster.good(
        "wait --for=condition=Ready pod/p --timeout=30s",
        &["condition met"],
    );
    cluster.good("logs p", &[]);
    cluster.refused(
        "logs p -c other",
        &["container other is not valid for pod p"],
    );
    cluster.good("delete pod p --wait", &["pod \"p\" deleted"]);
    cluster.good("create deployment d --image=a", &["created"]);
    cluster.refused(
        "scale deployment d --replicas=2",
        &["does not support the subresource deployments/scale"],
    );
    cluster.refused(
        "get --raw /metrics",
        &["could not find the requested resource"],
    );
    cluster.refused("top pods", &["Metrics API not available"]);
}
