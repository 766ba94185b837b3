//! In which form an answer is wanted.
//!
//! Source: `spec/kube-api.md` §1.6, §1.12.

/// The form of an answer's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    #[default]
    Full,
    /// `PartialObjectMetadata` or its list.
    Metadata,
    /// `Table` of `meta.k8s.io/v1`.
    Table,
    /// The same, called `meta.k8s.io/v1beta1`.
    BetaTable,
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

/// Why nothing that `Accept` asks for can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No media type is known.
    MediaType,
    /// A media type is known, its `as` is not.
    Form,
}

/// The first media type of `accept` that can be served; nothing means JSON.
pub(crate) fn accepted(accept: &str) -> Result<Accepted, Refusal> {
    if accept.trim().is_empty() {
        return Ok(Accepted::default());
    }
    let mut refusal = Refusal::MediaType;
    for media_type in accept.split(',') {
        match read(media_type) {
            Ok(accepted) => return Ok(accepted),
            Err(Refusal::Form) => refusal = Refusal::Form,
            Err(Refusal::MediaType) => {}
        }
    }
    Err(refusal)
}

fn read(media_type: &str) -> Result<Accepted, Refusal> {
    let mut parts = media_type.split(';').map(str::trim);
    let format = match parts.next().unwrap_or_default() {
        "application/json" | "*/*" => Format::Json,
        "application/yaml" => Format::Yaml,
        _ => return Err(Refusal::MediaType),
    };
    let mut form = Form::Full;
    let mut version = "v1";
    for (key, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        match (key, value) {
            ("as", "Table") => form = Form::Table,
            ("as", "PartialObjectMetadata" | "PartialObjectMetadataList") => form = Form::Metadata,
            ("as", _) => return Err(Refusal::Form),
            ("v", asked) => version = asked,
            _ => {}
        }
    }
    let form = match (form, version) {
        (Form::Full, _) | (_, "v1") => form,
        (Form::Table, "v1beta1") => Form::BetaTable,
        _ => return Err(Refusal::Form),
    };
    Ok(Accepted { form, format })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

    #[rstest]
    #[case("", Ok((Form::Full, Format::Json)))]
    #[case("*/*", Ok((Form::Full, Format::Json)))]
    #[case("application/yaml", Ok((Form::Full, Format::Yaml)))]
    #[case("application/vnd.kubernetes.protobuf,application/json", Ok((Form::Full, Format::Json)))]
    #[case(TABLE, Ok((Form::Table, Format::Json)))]
    #[case("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Ok((Form::BetaTable, Format::Json)))]
    #[case("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Ok((Form::Metadata, Format::Json)))]
    #[case("application/json;as=Foo;g=meta.k8s.io;v=v1", Err(Refusal::Form))]
    #[case("text/foo", Err(Refusal::MediaType))]
    #[case("application/*", Err(Refusal::MediaType))]
    fn the_first_type_that_is_known_counts(
        #[case] accept: &str,
        #[case] expected: Result<(Form, Format), Refusal>,
    ) {
        let got = accepted(accept).map(|accepted| (accepted.form, accepted.format));
        assert_eq!(got, expected);
    }
}
