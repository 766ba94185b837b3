//! A cluster that is kept in a file outlives its server, however that ended.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, DynamicObject, ListParams, ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::wait::await_condition;
use kube::{Client, Config, ResourceExt};

/// A folder of its own, and `arcsim serve --state` in it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join("state")
            .join(test);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn start(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_arcsim"))
            .current_dir(&self.0)
            .args(["serve", "--time", "virtual", "--state", "cluster.redb"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    async fn serve(&self, arguments: &[&str]) -> (Child, Client) {
        let mut child = self.start(arguments);
        let mut ready = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("arcsim serves "), "{ready:?}");
        (child, self.client().await)
    }

    async fn client(&self) -> Client {
        let kubeconfig = Kubeconfig::read_from(self.0.join("arcsim.kubeconfig")).unwrap();
        let options = KubeConfigOptions::default();
        let config = Config::from_custom_kubeconfig(kubeconfig, &options);
        Client::try_from(config.await.unwrap()).unwrap()
    }
}

/// Ends a server at once, and gives what it said on standard error.
fn kill(mut child: Child) -> String {
    child.kill().unwrap();
    said(child)
}

fn said(mut child: Child) -> String {
    child.wait().unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    said
}

fn config_map(name: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    }
}

fn orders(client: Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("arc.opendefense.cloud", "v1alpha1", "Order");
    Api::default_namespaced_with(client, &ApiResource::from_gvk(&kind))
}

fn revision(object: &impl ResourceExt) -> u64 {
    object.resource_version().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill() {
    let folder = Folder::new("kill");
    let (child, client) = folder.serve(&[]).await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    let params = PostParams::default();
    let kept = maps.create(&params, &config_map("kept")).await.unwrap();
    let gone = maps.create(&params, &config_map("gone")).await.unwrap();
    maps.delete("gone", &Default::default()).await.unwrap();
    kill(child);

    let (child, client) = folder.serve(&[]).await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client);
    assert_eq!(maps.get("kept").await.unwrap(), kept);
    assert_eq!(maps.get_opt("gone").await.unwrap(), None);
    let new = maps.create(&params, &config_map("gone")).await.unwrap();
    assert!(revision(&new) > revision(&gone));
    assert!(![gone.uid(), kept.uid()].contains(&new.uid()));
    let old = ListParams::default().at(&kept.resource_version().unwrap());
    let old = old.matching(kube::api::VersionMatch::Exact);
    let refusal = maps.list(&old).await.unwrap_err();
    assert!(matches!(refusal, kube::Error::Api(status) if status.code == 410));
    kill(child);
}

#[tokio::test]
async fn an_order_goes_on_where_the_server_was_killed() {
    let folder = Folder::new("order");
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/oci");
    let load = ["--load", fixture];
    let (child, client) = folder.serve(&load).await;
    let is_running = |order: Option<&DynamicObject>| {
        order.is_some_and(|order| order.data["status"]["phase"] == "Running")
    };
    let orders_there = orders(client);
    let list = orders_there.list_metadata(&ListParams::default()).await;
    let name = list.unwrap().items[0].name_any();
    await_condition(orders_there, &name, is_running)
        .await
        .unwrap();
    kill(child);

    let (child, client) = folder.serve(&load).await;
    let is_done = |order: Option<&DynamicObject>| {
        order.is_some_and(|order| order.data["status"]["phase"] == "Succeeded")
    };
    await_condition(orders(client), &name, is_done)
        .await
        .unwrap();
    let note = "note: the state holds a cluster already; --load is left out\n";
    assert_eq!(kill(child), note);
}

#[tokio::test]
async fn a_state_belongs_to_one_server() {
    let folder = Folder::new("two");
    let (first, _) = folder.serve(&[]).await;
    let second = folder.start(&["--kubeconfig", "second.kubeconfig"]);
    let said = said(second);
    assert!(
        said.starts_with("error: open the state cluster.redb: "),
        "{said}"
    );
    kill(first);
}

#[test]
fn a_file_of_another_kind_is_no_state_and_stays_as_it_is() {
    let folder = Folder::new("other");
    let (file, content) = (
        folder.0.join("cluster.redb"),
        "apiVersion: v1\n".repeat(1000),
    );
    std::fs::write(&file, &content).unwrap();
    let mut child = folder.start(&[]);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let said = said(child);
    assert!(
        said.starts_with("error: open the state cluster.redb: "),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(file).unwrap(), content);
}
