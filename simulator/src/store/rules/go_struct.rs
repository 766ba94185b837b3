//! What messages show of structs in memory: all fields in the order of Go, those without a value included, under the names
//! that Go has for them.
//!
//! Source: kubernetes v1.34 `pkg/apis/core/types.go`, `encoding/json` of Go, and
//! `staging/src/k8s.io/apimachinery/pkg/util/diff/diff.go`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::ser::PrettyFormatter;
use similar::TextDiff;

use crate::json::{Value, html_escaped};

/// A line for each struct: its name, and its fields as `Name=name:form`, where the second name, the one on the wire, is left
/// out if it is the first with a small letter. The form is what stands where there is no value, `?` for `null`, `-` for
/// nothing at all, and then the struct that a value is; `[]` and `{}` are lists of structs, and `+` stands for the fields of
/// a struct instead of the field.
const STRUCTS: &str = include_str!("go_structs.txt");
/// What the struct of a pod has in its context of security, and the wire beside it.
const OF_THE_HOST: [&str; 5] = [
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "shareProcessNamespace",
    "hostUsers",
];

/// A value as JSON of the struct of that name; `null` where there is none.
pub(super) fn shown(name: &str, value: &Value) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let value = arranged(name, value);
    let text = serde_json::to_string(&Shown {
        form: Form::Struct(name),
        value: &value,
    });
    html_escaped(text.unwrap_or_default())
}

/// How two values of the struct of that name differ: changed lines of their JSON, with three lines around them.
pub(super) fn difference(name: &str, old: &Value, new: &Value) -> String {
    let [old, new] = [old, new].map(|value| lines(name, &arranged(name, value)));
    let diff = TextDiff::from_lines(&old, &new);
    diff.unified_diff().context_radius(3).to_string()
}

fn lines(name: &str, value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = PrettyFormatter::with_indent(b" ");
    let mut writer = serde_json::Serializer::with_formatter(&mut text, formatter);
    let shown = Shown {
        form: Form::Struct(name),
        value,
    };
    let written = shown.serialize(&mut writer);
    let text = written.ok().and_then(|()| String::from_utf8(text).ok());
    html_escaped(text.unwrap_or_default()) + "\n"
}

/// The value with all fields where the struct has them.
fn arranged<'v>(name: &str, value: &'v Value) -> Cow<'v, Value> {
    match name {
        "PodSpec" => Cow::Owned(with_context(value)),
        "PodTemplateSpec" => {
            let mut template = value.clone();
            template["spec"] = with_context(&value["spec"]);
            Cow::Owned(template)
        }
        _ => Cow::Borrowed(value),
    }
}

fn with_context(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in OF_THE_HOST {
        let moved = spec.as_object_mut().and_then(|spec| spec.remove(field));
        if let Some(moved) = moved {
            spec["securityContext"][field] = moved;
        }
    }
    spec
}

/// A field of a struct.
struct Field {
    go: &'static str,
    wire: Cow<'static, str>,
    /// What is shown where there is no value; nothing at all if this is `None`.
    absent: Option<&'static str>,
    form: Form<'static>,
}

/// What a value is.
#[derive(Clone, Copy)]
enum Form<'n> {
    /// Shown as it is on the wire.
    Plain,
    Struct(&'n str),
    ListOf(&'n str),
    MapOf(&'n str),
    /// Its fields stand for it.
    Fields(&'n str),
}

static FIELDS: LazyLock<BTreeMap<&str, Vec<Field>>> = LazyLock::new(|| {
    let structs = STRUCTS.lines().filter_map(|line| line.split_once(": "));
    let read = |fields: &'static str| fields.split(' ').filter_map(field).collect();
    structs.map(|(name, fields)| (name, read(fields))).collect()
});

fn field(text: &'static str) -> Option<Field> {
    let (names, form) = text.split_once(':')?;
    let (go, wire) = match names.split_once('=') {
        Some((go, wire)) => (go, Cow::Borrowed(wire)),
        None => (names, Cow::Owned(uncapitalised(names))),
    };
    let (absent, form) = match form {
        "?" => (Some("null"), Form::Plain),
        "-" => (None, Form::Plain),
        "\"\"" | "0" | "false" | "\"0\"" | "null" => (Some(form), Form::Plain),
        _ => of_struct(form),
    };
    Some(Field {
        go,
        wire,
        absent,
        form,
    })
}

fn of_struct(form: &'static str) -> (Option<&'static str>, Form<'static>) {
    let name = form.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic());
    match form.strip_suffix(name) {
        Some("[]") => (Some("null"), Form::ListOf(name)),
        Some("{}") => (Some("null"), Form::MapOf(name)),
        Some("?") => (Some("null"), Form::Struct(name)),
        Some("-") => (None, Form::ListOf(name)),
        Some("+") => (None, Form::Fields(name)),
        // It is there without a value, and shows its own fields.
        _ => (Some(""), Form::Struct(name)),
    }
}

fn uncapitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_lowercase() + rest
}

struct Shown<'a> {
    form: Form<'a>,
    value: &'a Value,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.form {
            Form::Plain => self.value.serialize(serializer),
            Form::Struct(name) | Form::Fields(name) => {
                let mut map = serializer.serialize_map(None)?;
                write_fields(name, self.value, &mut map)?;
                map.end()
            }
            Form::ListOf(name) => {
                let items = self.value.as_array().into_iter().flatten();
                let mut list = serializer.serialize_seq(None)?;
                for value in items {
                    let form = Form::Struct(name);
                    list.serialize_element(&Shown { form, value })?;
                }
                list.end()
            }
            Form::MapOf(name) => {
                let values = self.value.as_object().into_iter().flatten();
                let mut map = serializer.serialize_map(None)?;
                for (key, value) in values {
                    let form = Form::Struct(name);
                    map.serialize_entry(key.as_str(), &Shown { form, value })?;
                }
                map.end()
            }
        }
    }
}

fn write_fields<M: SerializeMap>(name: &str, value: &Value, map: &mut M) -> Result<(), M::Error> {
    for field in FIELDS.get(name).into_iter().flatten() {
        let value = &value[&*field.wire];
        match (field.form, field.absent) {
            (Form::Fields(name), _) => write_fields(name, value, map)?,
            (_, None) if value.is_null() => {}
            (Form::Plain, Some(absent)) if value.is_null() => {
                map.serialize_entry(field.go, &absent_value(absent))?;
            }
            (_, Some("null")) if value.is_null() => map.serialize_entry(field.go, &())?,
            (form, _) => map.serialize_entry(field.go, &Shown { form, value })?,
        }
    }
    Ok(())
}

fn absent_value(absent: &str) -> serde_json::Value {
    serde_json::from_str(absent).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case::value_in_it("TCPSocketAction", json!({"port": "http"}), r#"{"Port":"http","Host":""}"#)]
    #[case::struct_that_is_always_there("VolumeAttachmentSpec", json!({"attacher": "a"}), r#"{"Attacher":"a","Source":{"PersistentVolumeName":null,"InlineVolumeSpec":null},"NodeName":""}"#)]
    #[case::list("PodDNSConfig", json!({"options": [{"name": "a"}]}), r#"{"Nameservers":null,"Searches":null,"Options":[{"Name":"a","Value":null}]}"#)]
    #[case::fields_of_another("PersistentVolumeClaimTemplate", json!({"metadata": {"labels": {"b": "c"}, "name": "a"}, "spec": {"volumeName": "<"}}), r#"{"name":"a","labels":{"b":"c"},"Spec":{"AccessModes":null,"Selector":null,"Resources":{"Limits":null,"Requests":null},"VolumeName":"\u003c","StorageClassName":null,"VolumeMode":null,"DataSource":null,"DataSourceRef":null,"VolumeAttributesClassName":null}}"#)]
    fn a_struct_shows_all_its_fields(
        #[case] name: &str,
        #[case] value: Value,
        #[case] expected: &str,
    ) {
        assert_eq!(shown(name, &value), expected);
    }

    #[test]
    fn what_is_of_the_host_is_in_the_context_of_a_pod() {
        let pod = json!({"hostNetwork": true, "securityContext": {"runAsUser": 1}});
        let shown = shown("PodSpec", &pod);
        let expected = r#""SecurityContext":{"HostNetwork":true,"HostPID":false,"#;
        assert!(shown.contains(expected), "{shown}");
    }

    #[test]
    fn a_difference_has_three_lines_around_it() {
        let [old, new] =
            ["a", "b"].map(|class| json!({"volumeName": "v", "storageClassName": class}));
        assert_eq!(
            difference("PersistentVolumeClaimSpec", &old, &new),
            "@@ -6,7 +6,7 @@\n  \"Requests\": null\n },\n \"VolumeName\": \"v\",\n- \"StorageClassName\": \"a\",\n+ \"StorageClassName\": \"b\",\n \"VolumeMode\": null,\n \"DataSource\": null,\n \"DataSourceRef\": null,\n".replace("\n ", "\n  ")
        );
    }

    #[test]
    fn every_struct_that_a_field_names_is_known() {
        for fields in FIELDS.values() {
            for field in fields {
                if let Form::Struct(name)
                | Form::ListOf(name)
                | Form::MapOf(name)
                | Form::Fields(name) = field.form
                {
                    assert!(FIELDS.contains_key(name), "{name} of {}", field.go);
                }
            }
        }
    }
}
