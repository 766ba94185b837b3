//! In which form an answer is wanted.
//!
//! Source: `spec/kube-api.md` §1.6, §1.12.

use super::query::Query;
use super::table::IncludeObject;
use crate::store::status::Status;

/// The form of an answer's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    #[default]
    Full,
    /// `PartialObjectMetadata` or its list.
    Metadata,
    /// `Table`, whose rows carry this much of their objects.
    Table(IncludeObject),
}

/// The text format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

/// What `Accept` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The form of objects.
    pub(crate) form: Form,
    /// The text format.
    pub(crate) format: Format,
}

impl Accepted {
    /// The same, with what the query says about rows of a Table.
    ///
    /// # Errors
    /// 400 for an unknown `includeObject`.
    pub(crate) fn with_query(mut self, query: &Query) -> Result<Self, Status> {
        if let Form::Table(include) = &mut self.form {
            *include = IncludeObject::parse(query.text("includeObject"))?;
        }
        Ok(self)
    }
}

/// The first media type of `accept` that can be served; `None` if there is none.
pub(crate) fn accepted(accept: &str) -> Option<Accepted> {
    if accept.trim().is_empty() {
        return Some(Accepted::default());
    }
    accept.split(',').find_map(media_type)
}

fn media_type(text: &str) -> Option<Accepted> {
    let mut parts = text.split(';').map(str::trim);
    let format = match parts.next()? {
        "application/json" | "application/*" | "*/*" => Format::Json,
        "application/yaml" => Format::Yaml,
        _ => return None,
    };
    let mut form = Form::Full;
    for parameter in parts {
        let (key, value) = parameter.split_once('=')?;
        match (key, value) {
            ("as", "Table") => form = Form::Table(IncludeObject::default()),
            ("as", "PartialObjectMetadata" | "PartialObjectMetadataList") => form = Form::Metadata,
            ("as", _) => return None,
            ("v", "v1") | ("g", "meta.k8s.io") => {}
            ("v" | "g", _) => return None,
            _ => {}
        }
    }
    Some(Accepted { form, format })
}
