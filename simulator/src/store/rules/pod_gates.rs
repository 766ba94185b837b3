//! What a pod may not have yet, as the feature behind it is off: it is dropped without a word.
//!
//! Source: kubernetes v1.34 `pkg/api/pod/util.go`, `dropDisabledFields`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::part::{CONTAINERS, has, items};
use crate::json::{Map, Value};

const BUNDLES: [&str; 2] = ["clusterTrustBundle", "podCertificate"];

/// A spec without what is dropped.
pub(super) fn kept(spec: &Value) -> Cow<'_, Value> {
    if !is_dropped_from(spec) {
        return Cow::Borrowed(spec);
    }
    let mut spec = spec.clone();
    drop_from(&mut spec);
    Cow::Owned(spec)
}

/// Drops it from the spec of a pod, or of a template.
pub(super) fn drop_disabled(pod: &mut Value) {
    if is_dropped_from(&pod["spec"]) {
        drop_from(&mut pod["spec"]);
    }
}

fn is_dropped_from(spec: &Value) -> bool {
    let mut volumes = items(&spec["volumes"]);
    let is_image = |volume: &Value| {
        let mut sources = items(&volume["projected"]["sources"]);
        has(volume, "image") || sources.any(|source| BUNDLES.iter().any(|kind| has(source, kind)))
    };
    let mut containers = CONTAINERS.iter().flat_map(|list| items(&spec[*list]));
    let is_early = |container: &Value| {
        let mut variables = items(&container["env"]);
        has(container, "restartPolicy")
            || has(container, "restartPolicyRules")
            || !container["lifecycle"]["stopSignal"].is_null()
            || variables.any(|variable| !variable["valueFrom"]["fileKeyRef"].is_null())
    };
    has(spec, "hostnameOverride") || volumes.any(is_image) || containers.any(is_early)
}

fn drop_from(spec: &mut Value) {
    let Some(fields) = spec.as_object_mut() else {
        return;
    };
    fields.remove("hostnameOverride");
    let images = drop_images(fields);
    for list in CONTAINERS {
        for container in elements(fields.get_mut(list)) {
            let goes_on = list == "initContainers"
                && container
                    .get("restartPolicy")
                    .is_some_and(|policy| policy == "Always");
            if !goes_on {
                container.remove("restartPolicy");
            }
            container.remove("restartPolicyRules");
            drop_signal(container);
            if let Some(mounts) = container
                .get_mut("volumeMounts")
                .and_then(Value::as_array_mut)
            {
                mounts.retain(|mount| !images.contains(mount["name"].as_str().unwrap_or_default()));
            }
            for variable in elements(container.get_mut("env")) {
                let source = variable.get_mut("valueFrom").and_then(Value::as_object_mut);
                source.map(|source| source.remove("fileKeyRef"));
            }
        }
    }
}

/// Drops the volumes that are images, and answers with their names; of others what clusters vouch for.
fn drop_images(spec: &mut Map) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) else {
        return names;
    };
    let images = volumes.iter().filter(|volume| has(volume, "image"));
    names.extend(
        images
            .filter_map(|volume| volume["name"].as_str())
            .map(str::to_owned),
    );
    volumes.retain(|volume| !has(volume, "image"));
    for volume in volumes.iter_mut() {
        let sources = volume.pointer_mut("/projected/sources");
        for source in elements(sources) {
            for kind in BUNDLES {
                source.remove(kind);
            }
        }
    }
    if volumes.is_empty() {
        spec.remove("volumes");
    }
    names
}

fn drop_signal(container: &mut Map) {
    let hooks = container
        .get_mut("lifecycle")
        .and_then(Value::as_object_mut);
    let is_alone = hooks.is_some_and(|hooks| {
        hooks.remove("stopSignal").is_some() && hooks.iter().all(|(_, hook)| hook.is_null())
    });
    if is_alone {
        container.remove("lifecycle");
    }
}

fn elements(list: Option<&mut Value>) -> impl Iterator<Item = &mut Map> {
    let list = list.and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn what_is_off_is_dropped() {
        let spec = json!({
            "hostnameOverride": "h",
            "volumes": [{"name": "i", "image": {"reference": "x"}}, {"name": "v", "emptyDir": {}}],
            "initContainers": [{"name": "a", "restartPolicy": "Always"}, {"name": "b", "restartPolicy": "Never"}],
            "containers": [{"name": "c", "lifecycle": {"stopSignal": "SIGINT"}, "volumeMounts": [{"name": "i"}, {"name": "v"}]}],
        });
        let mut pod = json!({"spec": spec});
        drop_disabled(&mut pod);
        let expected = json!({
            "volumes": [{"name": "v", "emptyDir": {}}],
            "initContainers": [{"name": "a", "restartPolicy": "Always"}, {"name": "b"}],
            "containers": [{"name": "c", "volumeMounts": [{"name": "v"}]}],
        });
        assert_eq!(pod["spec"], expected);
    }
}
