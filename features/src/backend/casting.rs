//! Templates whose containers run `arc-outcome` in place of their programs.

use serde_json::{Value, json};

/// The ConfigMap that holds the outcome book of a namespace, and the volume of that name.
pub(super) const BOOK: &str = "arc-outcomes";
const FOLDER: &str = "/arc/outcomes";
/// The file in it.
pub(super) const FILE: &str = "book.json";
const PROGRAM: &str = "/arc-outcome";
/// Enough for the program, and little enough to run out of.
const MEMORY: &str = "64Mi";

/// Lets every container and script of `template`, a WorkflowTemplate or ClusterWorkflowTemplate, run `image`; of what
/// they were given to work on the tags stay, so that one that cannot be resolved fails as it would.
pub(super) fn cast(template: &mut Value, image: &str) {
    let spec = &mut template["spec"];
    append(
        &mut spec["volumes"],
        json!({"name": BOOK, "configMap": {"name": BOOK}}),
    );
    for template in spec["templates"].as_array_mut().into_iter().flatten() {
        for kind in ["container", "script"] {
            if template[kind].is_object() {
                cast_container(&mut template[kind], image);
            }
        }
    }
}

fn cast_container(container: &mut Value, image: &str) {
    let played = container["image"].clone();
    let field = |path: &str| json!({"fieldRef": {"fieldPath": path}});
    let variables = [
        json!({"name": "ARC_OUTCOMES", "value": format!("{FOLDER}/{FILE}")}),
        json!({"name": "ARC_IMAGE", "value": played}),
        json!({"name": "ARC_NAMESPACE", "valueFrom": field("metadata.namespace")}),
        json!({"name": "ARC_NODE", "valueFrom": field("metadata.annotations['workflows.argoproj.io/node-name']")}),
        json!({"name": "ARC_WORKFLOW", "valueFrom": field("metadata.labels['workflows.argoproj.io/workflow']")}),
    ];
    variables
        .into_iter()
        .for_each(|variable| append(&mut container["env"], variable));
    append(
        &mut container["volumeMounts"],
        json!({"name": BOOK, "mountPath": FOLDER}),
    );
    if let Some(source) = container["source"].as_str() {
        container["source"] = tags(source).into();
    }
    container["image"] = image.into();
    container["imagePullPolicy"] = "IfNotPresent".into();
    container["command"] = json!([PROGRAM]);
    container["resources"] = json!({"limits": {"memory": MEMORY}});
}

/// The template tags of `text`, a line each.
fn tags(text: &str) -> String {
    let opened = text.split("{{").skip(1);
    opened
        .filter_map(|rest| Some(format!("{{{{{}}}}}\n", rest.split_once("}}")?.0)))
        .collect()
}

/// Adds `item` to `list`, which may not be there yet.
pub fn append(list: &mut Value, item: Value) {
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_and_scripts_run_the_program_and_keep_their_tags() {
        let mut template = json!({"spec": {
            "volumes": [{"name": "work"}],
            "templates": [
                {"name": "all", "steps": [[{"name": "scan", "template": "scan"}]]},
                {"name": "scan", "script": {
                    "image": "trivy:1",
                    "command": ["sh"],
                    "source": "scan {{inputs.parameters.image}} >{{ =x }} {{",
                    "env": [{"name": "HOME", "value": "/tmp"}],
                }},
            ],
        }});
        cast(&mut template, "arc-outcome:1");
        let spec = &template["spec"];
        assert_eq!(spec["volumes"].as_array().map(Vec::len), Some(2));
        assert_eq!(
            spec["templates"][0],
            json!({"name": "all", "steps": [[{"name": "scan", "template": "scan"}]]})
        );
        let script = &spec["templates"][1]["script"];
        assert_eq!(script["image"], "arc-outcome:1");
        assert_eq!(script["command"], json!(["/arc-outcome"]));
        assert_eq!(script["source"], "{{inputs.parameters.image}}\n{{ =x }}\n");
        assert_eq!(script["env"][0]["name"], "HOME");
        assert_eq!(
            script["env"][2],
            json!({"name": "ARC_IMAGE", "value": "trivy:1"})
        );
    }
}
