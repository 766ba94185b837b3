//! The containers of a pod as far as mounts go, and the volumes behind them.

use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, SecretVolumeSource, Volume, VolumeMount,
};

use crate::argo::pass::{Halt, Pass};
use crate::argo::spec::Template;

/// Volumes and containers of a pod in the making.
pub(super) struct Parts {
    pub(super) volumes: Vec<Volume>,
    pub(super) init: Vec<Container>,
    /// The wait container, main, sidecars.
    pub(super) containers: Vec<Container>,
}

impl Parts {
    pub(super) fn new(pass: &Pass, template: &Template) -> Result<Self, Halt> {
        let mut parts = Self {
            volumes: vec![empty_dir("var-run-argo"), empty_dir("tmp-dir-argo")],
            init: vec![executor(pass, template, "init")],
            containers: vec![executor(pass, template, "wait"), main(template)],
        };
        parts.volumes.extend(template.volumes.iter().cloned());
        parts.service_account(pass, template)?;
        parts.refer(pass, template)?;
        if template.script.is_some() {
            parts.volumes.push(empty_dir("argo-staging"));
            let staging = mount("argo-staging", "/argo/staging");
            add_mount(&mut parts.init[0], staging.clone());
            add_mount(&mut parts.containers[1], staging);
        }
        parts.user_containers(template);
        parts.mirror();
        for container in &mut parts.init {
            add_mount(container, mount("var-run-argo", "/var/run/argo"));
        }
        for (index, container) in parts.containers.iter_mut().enumerate() {
            if container.name == "wait" {
                let tmp = VolumeMount {
                    sub_path: Some(index.to_string()),
                    ..mount("tmp-dir-argo", "/tmp")
                };
                add_mount(container, tmp);
            }
            add_mount(container, mount("var-run-argo", "/var/run/argo"));
        }
        Ok(parts)
    }

    fn service_account(&mut self, pass: &Pass, template: &Template) -> Result<(), Halt> {
        let token = template
            .automount_service_account_token
            .or(pass.spec.automount_service_account_token);
        match executor_account(pass, template) {
            Some(account) => {
                self.volumes.push(Volume {
                    name: "exec-sa-token".to_owned(),
                    secret: Some(SecretVolumeSource {
                        secret_name: Some(format!("{account}.service-account-token")),
                        ..SecretVolumeSource::default()
                    }),
                    ..Volume::default()
                });
                Ok(())
            }
            None if token == Some(false) => Err(Halt::error(
                "executor.serviceAccountName must not be empty if automountServiceAccountToken is false",
            )),
            None => Ok(()),
        }
    }

    /// Adds the volumes of the Workflow that the template's containers mount.
    fn refer(&mut self, pass: &Pass, template: &Template) -> Result<(), Halt> {
        let main = self.containers[1].volume_mounts.clone().unwrap_or_default();
        let users = template.init_containers.iter().chain(&template.sidecars);
        let others = users.flat_map(|user| user.container.volume_mounts.iter().flatten().cloned());
        let claims = pass.status.persistent_volume_claims.iter().flatten();
        let known: Vec<&Volume> = template
            .volumes
            .iter()
            .chain(&pass.volumes)
            .chain(claims)
            .collect();
        for mount in main.into_iter().chain(others) {
            let Some(volume) = known.iter().find(|volume| volume.name == mount.name) else {
                return Err(Halt::error(format!(
                    "volume '{}' not found in workflow spec",
                    mount.name
                )));
            };
            if self.volumes.iter().all(|there| there.name != volume.name) {
                self.volumes.push((*volume).clone());
            }
        }
        Ok(())
    }

    fn user_containers(&mut self, template: &Template) {
        let mounts = self.containers[1].volume_mounts.clone().unwrap_or_default();
        let with_mounts = |user: &crate::argo::spec::UserContainer| {
            let mut container = user.container.clone();
            if user.mirror_volume_mounts == Some(true) {
                container
                    .volume_mounts
                    .get_or_insert_default()
                    .extend(mounts.clone());
            }
            container
        };
        self.init
            .extend(template.init_containers.iter().map(with_mounts));
        self.containers
            .extend(template.sidecars.iter().map(with_mounts));
    }

    /// Lets the wait container see what main mounts.
    fn mirror(&mut self) {
        let mounts = self.containers[1].volume_mounts.clone().unwrap_or_default();
        for mount in mounts {
            let mirrored = VolumeMount {
                mount_path: format!("/mainctrfs{}", clean(&mount.mount_path)),
                read_only: None,
                ..mount
            };
            add_mount(&mut self.containers[0], mirrored);
        }
    }
}

/// A path below a root as Go's `filepath.Join` leaves it.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.iter().map(|part| format!("/{part}")).collect()
}

fn main(template: &Template) -> Container {
    let script = template.script.as_deref();
    let container = template.container.as_deref();
    let mut main = container
        .or(script.map(|script| &script.container))
        .cloned()
        .unwrap_or_default();
    main.name = "main".to_owned();
    if script.is_some_and(|script| !script.source.is_empty()) {
        main.args
            .get_or_insert_default()
            .push("/argo/staging/script".to_owned());
    }
    main
}

fn executor(pass: &Pass, template: &Template, name: &str) -> Container {
    let token = executor_account(pass, template).map(|_| {
        vec![VolumeMount {
            read_only: Some(true),
            ..mount(
                "exec-sa-token",
                "/var/run/secrets/kubernetes.io/serviceaccount",
            )
        }]
    });
    Container {
        name: name.to_owned(),
        image: Some(pass.input.settings.executor_image.clone()),
        volume_mounts: token,
        ..Container::default()
    }
}

fn executor_account<'t>(pass: &'t Pass, template: &'t Template) -> Option<&'t str> {
    [&template.executor, &pass.spec.executor]
        .into_iter()
        .flatten()
        .map(|executor| executor.service_account_name.as_str())
        .find(|account| !account.is_empty())
}

fn empty_dir(name: &str) -> Volume {
    Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource::default()),
        ..Volume::default()
    }
}

fn mount(name: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        ..VolumeMount::default()
    }
}

fn add_mount(container: &mut Container, mount: VolumeMount) {
    container.volume_mounts.get_or_insert_default().push(mount);
}
