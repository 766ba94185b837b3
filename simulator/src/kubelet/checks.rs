//! What a node refuses or waits for before it starts containers.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, EnvVar, KeyToPath, PodSpec, Volume};

use super::image;
use super::node::NodeView;

type Keys = BTreeMap<String, BTreeSet<String>>;

/// Why a container cannot be created yet: reason and message of its waiting state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blocked {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// What the API server would have refused in the pod `name`; `None` if nothing.
///
/// Source: kubernetes v1.34 `pkg/apis/core/validation` `ValidateVolumeMounts`.
pub(super) fn invalid(name: &str, spec: &PodSpec) -> Option<String> {
    let volumes: BTreeSet<&str> = spec
        .volumes
        .iter()
        .flatten()
        .map(|v| v.name.as_str())
        .collect();
    let inits = spec.init_containers.iter().flatten().enumerate();
    let inits = inits.map(|(index, container)| ("initContainers", index, container));
    let mains = spec.containers.iter().enumerate();
    let mains = mains.map(|(index, container)| ("containers", index, container));
    let problems: Vec<String> = inits
        .chain(mains)
        .flat_map(|(list, index, container)| {
            mount_problems(&format!("spec.{list}[{index}]"), container, &volumes)
        })
        .collect();
    match problems.as_slice() {
        [] => None,
        [one] => Some(format!("Pod \"{name}\" is invalid: {one}")),
        many => Some(format!("Pod \"{name}\" is invalid: [{}]", many.join(", "))),
    }
}

fn mount_problems(path: &str, container: &Container, volumes: &BTreeSet<&str>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut paths = BTreeSet::new();
    for (index, mount) in container.volume_mounts.iter().flatten().enumerate() {
        if !volumes.contains(mount.name.as_str()) {
            problems.push(format!(
                "{path}.volumeMounts[{index}].name: Not found: \"{}\"",
                mount.name
            ));
        }
        if !paths.insert(&mount.mount_path) {
            let at = &mount.mount_path;
            problems.push(format!(
                "{path}.volumeMounts[{index}].mountPath: Invalid value: \"{at}\": must be unique"
            ));
        }
    }
    problems
}

/// The message of the event for the first mounted volume that cannot be set up.
///
/// Source: kubernetes v1.34 `pkg/volume/secret`, `configmap`, `projected`.
pub(super) fn mount_failure(spec: &PodSpec, view: &NodeView) -> Option<String> {
    let containers = spec
        .init_containers
        .iter()
        .flatten()
        .chain(&spec.containers);
    let mounted: BTreeSet<&str> = containers
        .flat_map(|container| container.volume_mounts.iter().flatten())
        .map(|mount| mount.name.as_str())
        .collect();
    let mut volumes = spec
        .volumes
        .iter()
        .flatten()
        .filter(|volume| mounted.contains(volume.name.as_str()));
    volumes.find_map(|volume| {
        let why = volume_problem(volume, view)?;
        Some(format!(
            "MountVolume.SetUp failed for volume \"{}\" : {why}",
            volume.name
        ))
    })
}

fn volume_problem(volume: &Volume, view: &NodeView) -> Option<String> {
    if let Some(secret) = &volume.secret {
        let name = secret.secret_name.as_deref().unwrap_or_default();
        let items = secret.items.as_deref().unwrap_or_default();
        return source_problem(SECRET, name, items, secret.optional, &view.secrets);
    }
    if let Some(map) = &volume.config_map {
        let items = map.items.as_deref().unwrap_or_default();
        return source_problem(
            CONFIG_MAP,
            &map.name,
            items,
            map.optional,
            &view.config_maps,
        );
    }
    let sources = volume.projected.as_ref()?.sources.as_deref()?;
    sources.iter().find_map(|source| {
        if let Some(secret) = &source.secret {
            let items = secret.items.as_deref().unwrap_or_default();
            return source_problem(SECRET, &secret.name, items, secret.optional, &view.secrets);
        }
        let map = source.config_map.as_ref()?;
        let items = map.items.as_deref().unwrap_or_default();
        source_problem(
            CONFIG_MAP,
            &map.name,
            items,
            map.optional,
            &view.config_maps,
        )
    })
}

/// How messages call a kind: as an object, by its keys, and in front of namespace and name.
struct Words {
    object: &'static str,
    keys: &'static str,
    kind: &'static str,
}

const SECRET: Words = Words {
    object: "secret",
    keys: "secret",
    kind: "Secret",
};
const CONFIG_MAP: Words = Words {
    object: "configmap",
    keys: "config",
    kind: "ConfigMap",
};

fn source_problem(
    words: Words,
    name: &str,
    items: &[KeyToPath],
    optional: Option<bool>,
    all: &Keys,
) -> Option<String> {
    if optional == Some(true) {
        return None;
    }
    let Some(keys) = all.get(name) else {
        return Some(format!("{} \"{name}\" not found", words.object));
    };
    let missing = items.iter().find(|item| !keys.contains(&item.key))?;
    Some(format!(
        "references non-existent {} key: {}",
        words.keys, missing.key
    ))
}

/// Why `container` of `namespace` cannot be created; `None` if it can.
///
/// Source: kubernetes v1.34 `pkg/kubelet/kubelet_pods.go` `makeEnvironmentVariables`, `pkg/kubelet/images`.
pub(super) fn blocked(container: &Container, namespace: &str, view: &NodeView) -> Option<Blocked> {
    let image = container.image.as_deref().unwrap_or_default();
    if let Err(message) = image::full_name(image) {
        return Some(Blocked {
            reason: "InvalidImageName",
            message,
        });
    }
    let from = container.env_from.iter().flatten().find_map(|source| {
        if let Some(map) = &source.config_map_ref {
            return source_problem(CONFIG_MAP, &map.name, &[], map.optional, &view.config_maps);
        }
        let secret = source.secret_ref.as_ref()?;
        source_problem(SECRET, &secret.name, &[], secret.optional, &view.secrets)
    });
    let message = from.or_else(|| {
        let mut variables = container.env.iter().flatten();
        variables.find_map(|variable| variable_problem(variable, namespace, view))
    })?;
    Some(Blocked {
        reason: "CreateContainerConfigError",
        message,
    })
}

fn variable_problem(variable: &EnvVar, namespace: &str, view: &NodeView) -> Option<String> {
    let source = variable.value_from.as_ref()?;
    let (words, name, key, optional, all) = if let Some(reference) = &source.secret_key_ref {
        (
            SECRET,
            &reference.name,
            &reference.key,
            reference.optional,
            &view.secrets,
        )
    } else {
        let reference = source.config_map_key_ref.as_ref()?;
        (
            CONFIG_MAP,
            &reference.name,
            &reference.key,
            reference.optional,
            &view.config_maps,
        )
    };
    if optional == Some(true) {
        return None;
    }
    match all.get(name) {
        None => Some(format!("{} \"{name}\" not found", words.object)),
        Some(keys) if keys.contains(key) => None,
        Some(_) => Some(format!(
            "couldn't find key {key} in {} {namespace}/{name}",
            words.kind
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Value, from_value, json};
    use rstest::rstest;

    fn a_view() -> NodeView {
        NodeView {
            secrets: [("s".to_owned(), ["user".to_owned()].into())].into(),
            config_maps: [("c".to_owned(), ["url".to_owned()].into())].into(),
            ..NodeView::default()
        }
    }

    #[rstest]
    #[case::present(json!({"secret": {"secretName": "s"}}), None)]
    #[case::absent(json!({"secret": {"secretName": "y"}}), Some("MountVolume.SetUp failed for volume \"x\" : secret \"y\" not found"))]
    #[case::absent_but_optional(json!({"secret": {"secretName": "y", "optional": true}}), None)]
    #[case::absent_key(json!({"secret": {"secretName": "s", "items": [{"key": "k", "path": "p"}]}}), Some("MountVolume.SetUp failed for volume \"x\" : references non-existent secret key: k"))]
    #[case::absent_map(json!({"configMap": {"name": "y"}}), Some("MountVolume.SetUp failed for volume \"x\" : configmap \"y\" not found"))]
    #[case::absent_map_key(json!({"configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}}), Some("MountVolume.SetUp failed for volume \"x\" : references non-existent config key: k"))]
    #[case::projected(json!({"projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "y"}}]}}), Some("MountVolume.SetUp failed for volume \"x\" : secret \"y\" not found"))]
    #[case::empty_dir(json!({"emptyDir": {}}), None)]
    fn a_volume_is_set_up_or_says_why_not(
        #[case] mut volume: Value,
        #[case] expected: Option<&str>,
    ) {
        volume["name"] = "x".into();
        let mounts = json!([{"name": "x", "mountPath": "/x"}]);
        let spec =
            json!({"volumes": [volume], "containers": [{"name": "main", "volumeMounts": mounts}]});
        let spec = from_value(&spec).unwrap();
        assert_eq!(mount_failure(&spec, &a_view()).as_deref(), expected);
    }

    #[test]
    fn a_volume_that_nothing_mounts_is_not_looked_at() {
        let spec = json!({"volumes": [{"name": "x", "secret": {"secretName": "y"}}], "containers": [{"name": "main"}]});
        assert_eq!(mount_failure(&from_value(&spec).unwrap(), &a_view()), None);
    }

    #[rstest]
    #[case::fine(json!({"image": "alpine"}), None)]
    #[case::image(json!({"image": "a b"}), Some(("InvalidImageName", "Failed to apply default image tag \"a b\": couldn't parse image name \"a b\": invalid reference format")))]
    #[case::secret(json!({"image": "a", "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "y", "key": "k"}}}]}), Some(("CreateContainerConfigError", "secret \"y\" not found")))]
    #[case::secret_key(json!({"image": "a", "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}), Some(("CreateContainerConfigError", "couldn't find key k in Secret ns/s")))]
    #[case::optional(json!({"image": "a", "env": [{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]}), None)]
    #[case::map_key(json!({"image": "a", "env": [{"name": "E", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}), Some(("CreateContainerConfigError", "couldn't find key k in ConfigMap ns/c")))]
    #[case::whole_map(json!({"image": "a", "envFrom": [{"configMapRef": {"name": "y"}}]}), Some(("CreateContainerConfigError", "configmap \"y\" not found")))]
    fn a_container_is_created_or_says_why_not(
        #[case] mut container: Value,
        #[case] expected: Option<(&str, &str)>,
    ) {
        container["name"] = "main".into();
        let container = from_value(&container).unwrap();
        let found = blocked(&container, "ns", &a_view());
        assert_eq!(
            found.as_ref().map(|b| (b.reason, b.message.as_str())),
            expected
        );
    }

    #[rstest]
    #[case::clash(json!([{"name": "x", "mountPath": "/x"}, {"name": "x", "mountPath": "/x"}]), Some("Pod \"p\" is invalid: spec.containers[0].volumeMounts[1].mountPath: Invalid value: \"/x\": must be unique"))]
    #[case::unknown(json!([{"name": "y", "mountPath": "/x"}]), Some("Pod \"p\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"y\""))]
    #[case::fine(json!([{"name": "x", "mountPath": "/x"}]), None)]
    fn mounts_that_the_api_refuses_are_named(
        #[case] mounts: Value,
        #[case] expected: Option<&str>,
    ) {
        let spec = json!({"volumes": [{"name": "x"}], "containers": [{"name": "main", "volumeMounts": mounts}]});
        let spec = from_value(&spec).unwrap();
        assert_eq!(invalid("p", &spec).as_deref(), expected);
    }
}
