//! kubectl against `arcsim serve`, command by command. Runs with the kubectl that `$KUBECTL` names or `PATH` holds.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

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

/// A kubectl that goes on until nobody reads it any more.
struct Ongoing {
    kubectl: Child,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.kubectl.kill().unwrap();
        self.kubectl.wait().unwrap();
    }
}

impl Ongoing {
    /// What it prints up to and with the first line that holds `word`.
    fn read_to(&mut self, word: &str) -> String {
        let mut text = String::new();
        while !text.lines().last().unwrap_or_default().contains(word) {
            let n_bytes = self.stdout.read_line(&mut text).unwrap();
            assert_ne!(n_bytes, 0, "no {word:?} in {text}");
        }
        text
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

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.kubectl);
        command
            .args(["--kubeconfig", "kubeconfig", "--cache-dir", "cache"])
            .args(words)
            .current_dir(&self.folder)
            .env_remove("KUBE_EDITOR")
            .env("EDITOR", "sed -i s/MEDIUM/HIGH/")
            .stdin(Stdio::null());
        command
    }

    /// Starts a kubectl that does not end by itself.
    fn ongoing(&self, command: &str) -> Ongoing {
        let mut command = self.command(&split(command));
        let mut kubectl = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(kubectl.stdout.take().unwrap());
        Ongoing { kubectl, stdout }
    }

    /// Runs kubectl with these words; what it prints, and whether it says that all is well.
    fn kubectl(&self, words: &[&str]) -> (bool, String) {
        let output = self.command(words).output().unwrap();
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
fn rows_arrive_while_an_order_runs() {
    let Some(cluster) = Cluster::start("watch", "60x") else {
        return;
    };
    let mut orders = cluster.ongoing("get orders -w --output-watch-events");
    let mut workflows = cluster.ongoing("get workflows -w -o name");
    cluster.apply_fixtures(&["--server-side"]);
    let rows = orders.read_to("Succeeded");
    for expected in ["EVENT", "NAME", "PHASE", "ADDED", "MODIFIED", "Running"] {
        assert!(rows.contains(expected), "no {expected:?} in {rows}");
    }
    workflows.read_to("workflow.argoproj.io/");
    cluster.good("delete order oci-order", &["deleted"]);
    let row = orders.read_to("DELETED");
    let last = row.lines().last().unwrap();
    assert!(last.contains("oci-order"), "{row}");
}

#[test]
fn logs_are_read_in_part_and_as_they_come() {
    let Some(cluster) = Cluster::start("logs", "60x") else {
        return;
    };
    cluster.apply_fixtures(&["--server-side"]);
    cluster.good(ORDER_DONE, &["condition met"]);
    let all =
        "logs -l workflows.argoproj.io/workflow -c main --tail=-1 --prefix --max-log-requests=99";
    let (_, text) = cluster.kubectl(&split(all));
    let printed = text
        .split("[pod/")
        .find(|of_pod| of_pod.trim_end().ends_with("/main] unavailable"));
    let pod = printed.unwrap().split('/').next().unwrap();
    let good = |options: &str, expected: &str| {
        let (is_good, text) = cluster.kubectl(&split(&format!("logs {pod} {options}")));
        assert!(is_good, "{text}");
        assert_eq!(text.trim_end(), expected, "logs {options}");
    };
    good("--tail=1", "unavailable");
    good("--tail=0", "");
    good("--limit-bytes=5", "unava");
    good("--since=10000h", "unavailable");
    good("--since-time=2999-01-01T00:00:00Z", "");
    good("-f -c main", "unavailable");
    good("--all-containers", "unavailable");
    let stamped = format!("logs {pod} --timestamps");
    cluster.good(&stamped, &["-", "T", ".", "Z unavailable"]);
    let previous = "previous terminated container \"main\" in pod";
    cluster.refused(&format!("logs {pod} -p"), &["(BadRequest)", previous]);
    let both = format!("logs {pod} --limit-bytes=-1");
    cluster.refused(&both, &["must be greater than 0"]);
}

#[test]
fn others_may_do_what_a_role_allows_them() {
    let Some(cluster) = Cluster::start("access", "real") else {
        return;
    };
    let denial = "pods is forbidden: User \"alice\" cannot list resource \"pods\"";
    cluster.refused("get pods --as alice", &[denial]);
    let bind = "create rolebinding b --clusterrole view --user alice";
    cluster.good(bind, &["rolebinding.rbac.authorization.k8s.io/b created"]);
    cluster.good("get pods --as alice", &["No resources found"]);
    cluster.good("auth can-i list pods --as alice", &["yes"]);
    cluster.good("auth can-i --list --as alice", &["[get list watch]"]);
    cluster.refused("auth can-i create pods --as alice", &["no"]);
    cluster.refused("get secrets --as alice", &["secrets is forbidden"]);
}

#[test]
fn a_proxy_leads_to_the_cluster() {
    let Some(cluster) = Cluster::start("proxy", "real") else {
        return;
    };
    let mut proxy = cluster.ongoing("proxy --port=0");
    let ready = proxy.read_to("Starting to serve on ");
    let address = ready.trim().rsplit(' ').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /api HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("APIVersions"), "{answer}");
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
    cluster.good(
        "scale deployment d --replicas=2",
        &["deployment.apps/d scaled"],
    );
    cluster.good(
        "get --raw /metrics",
        &["apiserver_resource_objects{group=\"apps\",resource=\"deployments\"} 1"],
    );
    cluster.refused("top pods", &["Metrics API not available"]);
}
