//! Label and field selectors.
//!
//! Source: `spec/kube-api.md` §1.10.

use serde_json::{Map, Value};

use super::kind::{Kind, Origin};
use super::object::Object;
use super::status::Status;

/// Which objects of a collection are meant; empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    labels: Vec<Requirement>,
    fields: Vec<Field>,
}

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

/// One requirement on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    path: Vec<String>,
    equal: bool,
    value: String,
}

impl Selectors {
    /// Parses `labelSelector` and `fieldSelector` of a request to `kind`.
    ///
    /// # Errors
    /// 400 in the words of kube-apiserver.
    pub fn parse(kind: &Kind, labels: &str, fields: &str) -> Result<Self, Status> {
        Ok(Self {
            labels: split_terms(labels)
                .into_iter()
                .map(parse_requirement)
                .collect::<Result<_, _>>()?,
            fields: split_terms(fields)
                .into_iter()
                .map(|term| parse_field(kind, term))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Whether nothing is asked, so that every object is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// Whether `object` is selected.
    #[must_use]
    pub fn select(&self, object: &Object) -> bool {
        self.labels
            .iter()
            .all(|r| r.is_met(object.labels().and_then(|l| label(l, &r.key))))
            && self.fields.iter().all(|f| f.is_met(object.value()))
    }
}

fn label<'a>(labels: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    labels.get(key).and_then(Value::as_str)
}

impl Requirement {
    fn is_met(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(set) => value.is_some_and(|v| set.iter().any(|s| s == v)),
            Test::NotIn(set) => value.is_none_or(|v| set.iter().all(|s| s != v)),
            Test::Above(bound) => number().is_some_and(|n| n > *bound),
            Test::Below(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

impl Field {
    fn is_met(&self, object: &Value) -> bool {
        let mut at = object;
        for step in &self.path {
            at = &at[step.as_str()];
        }
        let holds = match at {
            Value::String(text) => *text == self.value,
            Value::Bool(flag) => self.value == flag.to_string(),
            Value::Number(number) => self.value == number.to_string(),
            Value::Null => self.value.is_empty() || self.value == "false",
            Value::Array(_) | Value::Object(_) => false,
        };
        holds == self.equal
    }
}

/// Splits at commas outside parentheses and drops surrounding blanks; an empty selector has no terms.
fn split_terms(selector: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let mut terms: Vec<&str> = selector
        .split(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .map(str::trim)
        .collect();
    if terms == [""] {
        terms.clear();
    }
    terms
}

fn parse_requirement(term: &str) -> Result<Requirement, Status> {
    let (key, test) = if let Some(key) = term.strip_prefix('!') {
        (key, Test::Absent)
    } else if let Some(parts) = parse_set(term)? {
        parts
    } else if let Some((key, value)) = term.split_once("!=") {
        (key, Test::NotIn(vec![label_value(value)?]))
    } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (key, Test::In(vec![label_value(value)?]))
    } else if let Some((key, value)) = term.split_once('>') {
        (key, Test::Above(bound(value)?))
    } else if let Some((key, value)) = term.split_once('<') {
        (key, Test::Below(bound(value)?))
    } else {
        (term, Test::Exists)
    };
    let key = key.trim();
    if key.is_empty() || key.contains(|c: char| c.is_whitespace() || "()=!,<>".contains(c)) {
        return Err(unparsable(&format!(
            "found '{}', expected: identifier",
            if key.is_empty() { term } else { key }
        )));
    }
    Ok(Requirement {
        key: key.to_owned(),
        test,
    })
}

/// `key in (a,b)` or `key notin (a,b)`; `None` if the term has no parentheses.
fn parse_set(term: &str) -> Result<Option<(&str, Test)>, Status> {
    let Some((head, rest)) = term.split_once('(') else {
        return Ok(None);
    };
    let values = rest
        .strip_suffix(')')
        .ok_or_else(|| unparsable("found '', expected: ',' or ')'"))?
        .split(',')
        .map(label_value)
        .collect::<Result<Vec<_>, _>>()?;
    let mut words = head.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(key), Some("in"), None) => Ok(Some((key, Test::In(values)))),
        (Some(key), Some("notin"), None) => Ok(Some((key, Test::NotIn(values)))),
        _ => Err(unparsable(&format!(
            "found '{}', expected: in, notin, =, ==, !=, gt, lt",
            head.trim()
        ))),
    }
}

fn label_value(text: &str) -> Result<String, Status> {
    let text = text.trim();
    if text.contains(|c: char| c.is_whitespace() || "()=!<>".contains(c)) {
        return Err(unparsable(&format!("found '{text}', expected: identifier")));
    }
    Ok(text.to_owned())
}

fn bound(text: &str) -> Result<i64, Status> {
    text.trim()
        .parse()
        .map_err(|_| unparsable("for 'Gt', 'Lt' operators, the value must be an integer"))
}

fn unparsable(what: &str) -> Status {
    Status::bad_request(format!("unable to parse requirement: {what}"))
}

fn parse_field(kind: &Kind, term: &str) -> Result<Field, Status> {
    let (name, equal, value) = if let Some((name, value)) = term.split_once("!=") {
        (name, false, value)
    } else if let Some((name, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        (name, true, value)
    } else {
        return Err(Status::bad_request(format!(
            "invalid selector: '{term}'; can't understand '{term}'"
        )));
    };
    Ok(Field {
        path: field_path(kind, name)?,
        equal,
        value: value.to_owned(),
    })
}

fn field_path(kind: &Kind, name: &str) -> Result<Vec<String>, Status> {
    let dotted = format!(".{name}");
    let is_known = matches!(name, "metadata.name" | "metadata.namespace")
        || kind.selectable_fields.contains(&dotted);
    if !is_known {
        return Err(Status::bad_request(unknown_field(kind, name)));
    }
    let path = match (kind.kind.as_str(), name) {
        ("Event", "source") => "source.component",
        _ => name,
    };
    Ok(path.split('.').map(str::to_owned).collect())
}

fn unknown_field(kind: &Kind, name: &str) -> String {
    match kind.origin {
        Origin::BuiltIn if kind.kind == "Job" => {
            format!("field label {name:?} not supported for Job")
        }
        Origin::BuiltIn if kind.selectable_fields.is_empty() => format!(
            "{name:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        ),
        Origin::BuiltIn | Origin::Custom => format!("field label not supported: {name}"),
    }
}
