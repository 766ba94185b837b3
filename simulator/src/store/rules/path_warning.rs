//! Files of volumes that lie in one place, which is accepted with a warning.
//!
//! Source: kubernetes v1.34 `pkg/api/pod/warnings.go`, `warningsForOverlappingVirtualPaths`.

use super::part::{has, items, text};
use crate::json::Value;

/// Where a file lies, and what it comes from if there are several sources.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    path: String,
    source: String,
}

impl Place {
    fn of(path: &str, source: &str) -> Self {
        Self {
            path: path.trim_end_matches('/').to_owned(),
            source: source.to_owned(),
        }
    }

    fn shown(&self) -> String {
        match &*self.source {
            "" => format!("{:?}", self.path),
            source => format!("{:?} ({source})", self.path),
        }
    }

    /// Whether one of two files lies where the other does, or below.
    fn meets(&self, other: &Self) -> bool {
        let (one, two) = (format!("{}/", self.path), format!("{}/", other.path));
        let is_known = !self.path.is_empty() && !other.path.is_empty();
        is_known && (one.starts_with(&two) || two.starts_with(&one))
    }
}

/// What a client is told of the volumes of a spec.
pub(super) fn warnings(spec: &Value, told: &mut Vec<String>) {
    for volume in items(&spec["volumes"]) {
        for (kind, shown, name) in [
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("downwardAPI", "DownwardAPI", ""),
        ] {
            let source = &volume[kind];
            let shown = match text(source, name) {
                "" => shown.to_owned(),
                name => format!("{shown} {name:?}"),
            };
            overlaps((volume, &shown), places(source, ""), &mut Vec::new(), told);
        }
        let mut known = Vec::new();
        for source in items(&volume["projected"]["sources"]) {
            if source.as_object().is_none_or(|fields| fields.is_empty()) {
                let name = &volume["name"];
                told.push(format!("volume {name} (Projected) has no sources provided"));
            }
            overlaps((volume, "Projected"), projected(source), &mut known, told);
        }
    }
}

/// What meets those that are `known`, to which each is added.
fn overlaps(
    (volume, what): (&Value, &str),
    places: Vec<Place>,
    known: &mut Vec<Place>,
    told: &mut Vec<String>,
) {
    for place in places {
        let others = known.iter().filter(|other| place.meets(other));
        told.extend(others.map(|other| {
            let (name, one, two) = (&volume["name"], place.shown(), other.shown());
            format!("volume {name} ({what}): overlapping paths: {one} with {two}")
        }));
        known.push(place);
    }
}

fn places(source: &Value, shown: &str) -> Vec<Place> {
    let files = items(&source["items"]).map(|item| Place::of(text(item, "path"), shown));
    files.collect()
}

fn projected(source: &Value) -> Vec<Place> {
    let token = &source["serviceAccountToken"];
    for (kind, shown) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
        if has(&source[kind], "items") {
            let name = &source[kind]["name"];
            return places(&source[kind], &format!("{shown} {name}"));
        }
    }
    if has(&source["downwardAPI"], "items") {
        places(&source["downwardAPI"], "DownwardAPI")
    } else if token.is_null() {
        Vec::new()
    } else {
        vec![Place::of(text(token, "path"), "ServiceAccountToken")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    #[test]
    fn files_in_one_place_are_told() {
        let items = json!([{"key": "a", "path": "p"}, {"key": "b", "path": "p/q"}]);
        let volume = json!({"name": "v", "secret": {"secretName": "s", "items": items}});
        let mut told = Vec::new();
        warnings(&json!({"volumes": [volume]}), &mut told);
        let expected = "volume \"v\" (Secret \"s\"): overlapping paths: \"p/q\" with \"p\"";
        assert_eq!(told, [expected]);
    }
}
