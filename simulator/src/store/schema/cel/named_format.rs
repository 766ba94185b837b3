//! The formats that expressions hold texts to.
//!
//! Source: apiserver v0.34.3, pkg/cel/library/format.go.

use std::sync::Arc;

use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::{Opaque, OptionalValue};
use kube_cel::cel::{Context, ExecutionError, Value as Cel};

use crate::store::naming;
use crate::store::schema::format::Format;

/// A format and what it has against a text.
type Check = fn(&str) -> Vec<String>;

const FORMATS: [(&str, Check); 13] = [
    ("dns1123Label", naming::label_faults),
    ("dns1123Subdomain", naming::subdomain_faults),
    ("dns1035Label", naming::old_label_faults),
    ("qualifiedName", naming::qualified_name_faults),
    ("dns1123LabelPrefix", |text| {
        naming::label_faults(&ended(text))
    }),
    ("dns1123SubdomainPrefix", |text| {
        naming::subdomain_faults(&ended(text))
    }),
    ("dns1035LabelPrefix", |text| {
        naming::old_label_faults(&ended(text))
    }),
    ("labelValue", naming::label_value_faults),
    ("uri", |text| {
        let why = match text {
            "" => "empty url",
            _ => "invalid URI for request",
        };
        unless("uri", text, &format!("parse {text:?}: {why}"))
    }),
    ("uuid", |text| {
        unless("uuid", text, "does not match the UUID format")
    }),
    ("byte", |text| unless("byte", text, "invalid base64")),
    ("date", |text| unless("date", text, "invalid date")),
    ("datetime", |text| {
        unless("date-time", text, "invalid datetime")
    }),
];

fn unless(format: &str, text: &str, why: &str) -> Vec<String> {
    let is_it = Format::new(format).matches(text);
    (!is_it).then(|| why.to_owned()).into_iter().collect()
}

/// The beginning of a name, as if it went on.
///
/// Source: apimachinery v0.34.3, pkg/api/validation/generic.go, `maskTrailingDash`.
fn ended(text: &str) -> String {
    match text.strip_suffix('-').filter(|rest| !rest.is_empty()) {
        Some(rest) => {
            let kept = rest.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}a", &rest[..kept])
        }
        None => text.to_owned(),
    }
}

/// A format as a value.
#[derive(Debug, PartialEq, Eq)]
struct Named(&'static str);

impl Opaque for Named {
    fn runtime_type_name(&self) -> &'static str {
        "kubernetes.NamedFormat"
    }
}

/// Makes the formats known.
pub(super) fn add_to(context: &mut Context<'_>) {
    for (name, _) in FORMATS {
        context.add_function(
            &format!("format.{name}"),
            move || -> Result<Cel, ExecutionError> { Ok(Cel::Opaque(Arc::new(Named(name)))) },
        );
    }
    context.add_function(
        "format.named",
        |name: Arc<String>| -> Result<Cel, ExecutionError> {
            let mut known = FORMATS.into_iter().map(|(name, _)| name);
            let found = known.find(|known| *known == name.as_str());
            let found = found.map(|name| Cel::Opaque(Arc::new(Named(name))));
            Ok(optional(found))
        },
    );
    context.add_function("validate", |This(format): This<Cel>, text: Arc<String>| {
        validated(&format, &text)
    });
}

fn optional(value: Option<Cel>) -> Cel {
    let value = value.map_or_else(OptionalValue::none, OptionalValue::of);
    Cel::Opaque(Arc::new(value))
}

/// What a format has against a text, if anything.
fn validated(format: &Cel, text: &str) -> Result<Cel, ExecutionError> {
    let Cel::Opaque(format) = format else {
        return Err(ExecutionError::NoSuchOverload);
    };
    let format = format.downcast_ref::<Named>();
    let format = format.ok_or(ExecutionError::NoSuchOverload)?;
    let check = FORMATS.into_iter().find(|(name, _)| *name == format.0);
    let faults = check.map_or_else(Vec::new, |(_, check)| check(text));
    let faults = faults.into_iter();
    let told: Vec<Cel> = faults.map(|why| Cel::String(Arc::new(why))).collect();
    Ok(optional(
        (!told.is_empty()).then(|| Cel::List(Arc::new(told))),
    ))
}
