//! The body of a request as one JSON value, whatever it was written in.
//!
//! Source: `spec/kube-api.md` §1.6, §1.8, §1.14.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::protobuf::{self, Named};
use crate::json::{Map, Number, Text, Value, WHOLE_MAX, repaired, unreadable, without_fractions};
use crate::store::json_type::json_type;
use crate::store::request::FINDINGS_MAX;
use crate::store::status::Status;
use crate::yaml;

/// How much of a body that cannot be read is quoted, in bytes.
const QUOTED_BYTES: usize = 30;
/// What the body of a deletion should hold.
const OPTIONS: Wanted<'static> = ("", "v1", "DeleteOptions");

/// A body with the paths of the fields that occur in it twice.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Payload {
    pub(crate) value: Value,
    pub(crate) duplicates: Vec<String>,
    /// Whether there is a whole number that is written as a fraction.
    pub(crate) has_fractions: bool,
}

impl Payload {
    /// A body in which nothing occurs twice.
    pub(crate) fn of(value: Value) -> Self {
        Self {
            value,
            duplicates: Vec::new(),
            has_fractions: false,
        }
    }
}

/// In what a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Json,
    Yaml,
    Protobuf,
}

impl Language {
    /// Reads `Content-Type`; nothing means JSON.
    ///
    /// # Errors
    /// 415 for any other.
    pub(crate) fn of(media_type: &str) -> Result<Self, Status> {
        if media_type.is_empty() {
            return Ok(Self::Json);
        }
        let (named, parameters) =
            media_type.split_at(media_type.find(';').unwrap_or(media_type.len()));
        let named = match are_parameters(parameters) {
            true => named.trim().to_ascii_lowercase(),
            false => String::new(),
        };
        match named.as_str() {
            "application/json" => Ok(Self::Json),
            "application/yaml" => Ok(Self::Yaml),
            "application/vnd.kubernetes.protobuf" => Ok(Self::Protobuf),
            _ => Err(Status {
                code: 415,
                reason: "UnsupportedMediaType".into(),
                message: "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf".to_owned(),
                details: None,
            }),
        }
    }
}

/// Whether Go reads what follows a media type: parameters with a value, each once, and at most one more semicolon.
///
/// Source: Go 1.24 `mime`, `ParseMediaType`.
fn are_parameters(text: &str) -> bool {
    let Some(text) = text.strip_prefix(';') else {
        return true;
    };
    let text = text.trim_end();
    let mut names = BTreeSet::new();
    let mut parts = text.strip_suffix(';').unwrap_or(text).split(';');
    text.trim().is_empty()
        || parts.all(|part| match part.split_once('=') {
            Some((name, value)) => {
                let name = name.trim().to_ascii_lowercase();
                !name.is_empty() && !value.trim().is_empty() && names.insert(name)
            }
            None => false,
        })
}

/// What a body should hold: a group, a version and a kind.
pub(crate) type Wanted<'w> = (&'w str, &'w str, &'w str);

/// Reads a body that should hold what is wanted.
///
/// # Errors
/// 400 in the words of kube-apiserver.
pub(crate) fn parse(
    body: &[u8],
    language: Language,
    wanted: Wanted<'_>,
) -> Result<Payload, Status> {
    let kind = wanted.2;
    read(body, language, wanted).map_err(|unread| {
        let why = unread.why;
        Status::bad_request(match unread.named {
            Some(named) => format!(
                "{} in version {:?} cannot be handled as a {kind}: {why}",
                named.kind,
                named.version()
            ),
            None => format!(
                "the object provided is unrecognized (must be of type {kind}): {why} ({})",
                quoted(body)
            ),
        })
    })
}

/// Reads a body that should hold options of a deletion.
///
/// # Errors
/// 500 with what the decoder says, which nobody puts into other words.
pub(crate) fn options(body: &[u8], language: Language) -> Result<Value, Status> {
    let read = read(body, language, OPTIONS).map_err(|unread| Status {
        reason: "".into(),
        ..Status::internal(unread.why)
    });
    Ok(read?.value)
}

/// Why a body cannot be read, in the words of the decoder.
#[derive(Debug)]
struct Unread {
    why: String,
    /// The kind that it names, if that much can be read.
    named: Option<Named>,
}

impl From<String> for Unread {
    fn from(why: String) -> Self {
        Self { why, named: None }
    }
}

/// Reads a body that should hold an object.
fn read(body: &[u8], language: Language, wanted: Wanted<'_>) -> Result<Payload, Unread> {
    let document = match language {
        Language::Json => json(body),
        Language::Yaml => from_yaml(body),
        Language::Protobuf => return protobuf(body, wanted),
    };
    let no_kind = "couldn't get version/kind; json parse error:";
    match document {
        Err(why) if language == Language::Yaml => Err(why.into()),
        Err(why) => Err(format!("{no_kind} {why}").into()),
        Ok(document) if document.value.is_object() => Ok(document),
        // Go reads null into a struct by leaving it as it is.
        Ok(document) if document.value.is_null() => Ok(Payload {
            value: Value::Object(Map::new()),
            ..document
        }),
        Ok(document) => Err(format!(
            "{no_kind} json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            json_type(&document.value)
        )
        .into()),
    }
}

/// 400 for a body of a custom resource that does not say its kind.
///
/// Source: apimachinery v0.34.3, pkg/runtime/error.go, `NewMissingKindErrWithBody`.
pub(crate) fn kindless(body: &[u8], kind: &str) -> Status {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {kind}): Object 'Kind' is missing in '{}' ({})",
        repaired(body),
        quoted(body)
    ))
}

/// The beginning of a body, in hexadecimal if it does not look like an object.
///
/// Source: apimachinery v0.34.3, pkg/runtime/error.go, `summarizeData`.
fn quoted(body: &[u8]) -> String {
    let shown = &body[..body.len().min(QUOTED_BYTES)];
    let shown = match shown.first() {
        None => return "<empty>".to_owned(),
        Some(b'{') => repaired(shown).into_owned(),
        Some(_) => shown.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    match body.len() > QUOTED_BYTES {
        true => shown + " ...",
        false => shown,
    }
}

/// Reads protobuf, in which no field occurs twice.
fn protobuf(body: &[u8], (group, version, kind): Wanted<'_>) -> Result<Payload, Unread> {
    let api_version = match group {
        "" => version.to_owned(),
        _ => format!("{group}/{version}"),
    };
    let read = protobuf::decode(body, (&api_version, kind));
    read.map(Payload::of).map_err(|why| Unread {
        named: why.named().cloned(),
        why: why.to_string(),
    })
}

/// Reads the first document of YAML and notes duplicate fields.
pub(crate) fn from_yaml(body: &[u8]) -> Result<Payload, String> {
    let document = yaml::read(yaml::first(yaml::text(body)?))?;
    Ok(Payload {
        // What was YAML is read from the JSON that Go makes of it.
        value: without_fractions(document.value),
        duplicates: document.twice.into_iter().collect(),
        has_fractions: false,
    })
}

/// Reads JSON and notes duplicate fields.
pub(crate) fn json(body: &[u8]) -> Result<Payload, String> {
    let (mut duplicates, mut has_fractions) = (Vec::new(), false);
    let text = repaired(body);
    let mut reader = serde_json::Deserializer::from_str(&text);
    let value = Seed(&mut duplicates, &mut has_fractions)
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| unreadable(body, &error))?;
    let mut said = BTreeSet::new();
    let told = duplicates.iter().filter(|path| said.insert(*path));
    let duplicates = told
        .take(FINDINGS_MAX)
        .map(|path| format!("duplicate field {path:?}"))
        .collect();
    Ok(Payload {
        value,
        duplicates,
        has_fractions,
    })
}

/// Reads a value, and notes the paths of fields that occur twice and whether a whole number is written as a fraction.
struct Seed<'a>(&'a mut Vec<String>, &'a mut bool);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        if value == 0.0 {
            // The reader takes `-0` for a fraction.
            return Ok(0.into());
        }
        *self.1 |= value.fract() == 0.0 && value.abs() < WHOLE_MAX;
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a JSON number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let before = self.0.len();
            let Some(element) = sequence.next_element_seed(Seed(self.0, self.1))? else {
                return Ok(list.into());
            };
            if self.0.len() > before {
                prefix(self.0, before, &format!("[{}]", list.len()));
            }
            list.push(element);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Text, Value)> = Vec::new();
        // Known fields, once they come in another order than most clients write them in.
        let mut known = BTreeSet::new();
        while let Some(key) = entries.next_key::<Text>()? {
            let before = self.0.len();
            let value = entries.next_value_seed(Seed(self.0, self.1))?;
            if self.0.len() > before {
                prefix(self.0, before, &key);
            }
            if known.is_empty() && fields.last().is_some_and(|(last, _)| *last >= key) {
                known = fields.iter().map(|(name, _)| name.clone()).collect();
            }
            if !known.is_empty() && !known.insert(key.clone()) {
                self.0.push(key.to_string());
            }
            fields.push((key, value));
        }
        // Of a field that occurs twice the last counts.
        Ok(Value::Object(fields.into_iter().collect()))
    }
}

/// Puts `step` before the paths found since `from`.
fn prefix(paths: &mut [String], from: usize, step: &str) {
    for path in &mut paths[from..] {
        let dot = if path.starts_with('[') { "" } else { "." };
        *path = format!("{step}{dot}{path}");
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r#"{"a":1,"b":2}"#, &[])]
    #[case(r#"{"b":1,"a":2,"c":3}"#, &[])]
    #[case(r#"{"b":1,"a":2,"c":3,"b":4}"#, &[r#"duplicate field "b""#])]
    #[case(r#"{"a":1,"a":2}"#, &[r#"duplicate field "a""#])]
    #[case(r#"{"spec":{"list":[{"x":1},{"x":1,"x":2}]}}"#, &[r#"duplicate field "spec.list[1].x""#])]
    fn fields_that_occur_twice_are_found(#[case] body: &str, #[case] duplicates: &[&str]) {
        assert_eq!(json(body.as_bytes()).unwrap().duplicates, duplicates);
    }

    #[rstest]
    #[case::one_field_often(300_000, 1, 1)]
    #[case::many_fields(2_000, 1_000, 100)]
    fn of_fields_that_occur_twice_a_hundred_are_told_once(
        #[case] n_fields: usize,
        #[case] n_names: usize,
        #[case] n_told: usize,
    ) {
        let fields = (0..n_fields).map(|n| format!("\"{}\":1,", n % n_names));
        let body = format!("{{{}\"z\":1}}", fields.collect::<String>());
        assert_eq!(json(body.as_bytes()).unwrap().duplicates.len(), n_told);
    }

    #[rstest]
    #[case::nothing("", Some(Language::Json))]
    #[case::one_more_semicolon("application/json;", Some(Language::Json))]
    #[case::behind_a_parameter("Application/YAML; charset=utf-8;", Some(Language::Yaml))]
    #[case::two_more("application/json;;", None)]
    #[case::no_value("application/json; charset", None)]
    #[case::twice("application/json; a=b; A=c", None)]
    #[case::nothing_named(";", None)]
    fn a_language_is_named_by_a_media_type(
        #[case] media_type: &str,
        #[case] expected: Option<Language>,
    ) {
        assert_eq!(Language::of(media_type).ok(), expected);
    }

    #[rstest]
    #[case(
        "{\"apiVersion\":",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input ({\"apiVersion\":)"
    )]
    #[case(
        "",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"
    )]
    fn a_broken_body_is_quoted(#[case] body: &str, #[case] message: &str) {
        let status = parse(body.as_bytes(), Language::Json, ("", "v1", "ConfigMap")).unwrap_err();
        assert_eq!((status.code, status.message.as_str()), (400, message));
    }
}
