//! In which form an answer is wanted.
//!
//! Source: `spec/kube-api.md` §1.6, §1.12; apiserver v0.34.3, pkg/endpoints/handlers/negotiation/negotiate.go.

use std::cmp::Reverse;

use crate::store::kind::Origin;

/// The form of an answer's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    #[default]
    Full,
    /// `PartialObjectMetadata`, which a list is not, of `meta.k8s.io/v1`.
    Metadata,
    /// The same, called `meta.k8s.io/v1beta1`.
    BetaMetadata,
    /// `PartialObjectMetadataList`, which is of lists alone, of `meta.k8s.io/v1`.
    MetadataList,
    /// The same, called `meta.k8s.io/v1beta1`.
    BetaMetadataList,
    /// `Table` of `meta.k8s.io/v1`.
    Table,
    /// The same, called `meta.k8s.io/v1beta1`.
    BetaTable,
}

impl Form {
    /// Whether only a list has it.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::MetadataList | Self::BetaMetadataList)
    }

    /// The form that three parameters of a media type ask for; nothing if none of them is there.
    ///
    /// Source: apiserver v0.34.3, pkg/endpoints/handlers/rest.go, `AllowsMediaTypeTransform`.
    fn asked(kind: Option<&str>, group: Option<&str>, version: Option<&str>) -> Option<Self> {
        match (kind, group, version) {
            (None, None, None) => Some(Self::Full),
            (Some("Table"), Some(GROUP), Some("v1")) => Some(Self::Table),
            (Some("Table"), Some(GROUP), Some("v1beta1")) => Some(Self::BetaTable),
            (Some("PartialObjectMetadata"), Some(GROUP), Some("v1")) => Some(Self::Metadata),
            (Some("PartialObjectMetadata"), Some(GROUP), Some("v1beta1")) => {
                Some(Self::BetaMetadata)
            }
            (Some("PartialObjectMetadataList"), Some(GROUP), Some("v1")) => {
                Some(Self::MetadataList)
            }
            (Some("PartialObjectMetadataList"), Some(GROUP), Some("v1beta1")) => {
                Some(Self::BetaMetadataList)
            }
            _ => None,
        }
    }
}

/// The group of all forms but the full one.
const GROUP: &str = "meta.k8s.io";

/// The format of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
    /// Protobuf, of built-in kinds alone.
    Protobuf,
}

impl Format {
    /// Its name in HTTP.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Json, Self::Yaml, Self::Protobuf].into_iter();
        all.find(|format| format.media_type() == name)
    }
}

/// What `Accept` asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The form of objects.
    pub(crate) form: Form,
    /// The format.
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

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// What has one form alone, such as a refusal.
    Plain,
    /// A resource of this origin.
    Resource(Origin),
}

/// The media type of `accept` that is liked best among those that can be served; nothing means JSON.
pub(crate) fn accepted(accept: &str, offer: Offer) -> Result<Accepted, Refusal> {
    if accept.trim().is_empty() {
        return Ok(Accepted::default());
    }
    let mut refusal = match offer {
        Offer::Resource(Origin::Custom) => Refusal::Form,
        Offer::Plain | Offer::Resource(Origin::BuiltIn) => Refusal::MediaType,
    };
    let mut media_types: Vec<&str> = accept.split(',').collect();
    media_types.sort_by_key(|media_type| Reverse(thousandths(media_type)));
    for media_type in media_types {
        match read(media_type, offer) {
            Ok(accepted) => return Ok(accepted),
            Err(Refusal::Form) => refusal = Refusal::Form,
            Err(Refusal::MediaType) => {}
        }
    }
    Err(refusal)
}

/// How much a media type is liked, from 0 to 1,000.
fn thousandths(media_type: &str) -> u16 {
    let mut parameters = parameters(media_type);
    let quality = parameters.find_map(|(key, value)| (key == "q").then_some(value));
    let quality = quality.and_then(|text| text.parse::<f32>().ok());
    (quality.unwrap_or(1.0).clamp(0.0, 1.0) * 1_000.0) as u16
}

fn parameters(media_type: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = media_type.split(';').skip(1);
    parts.filter_map(|part| part.trim().split_once('='))
}

fn read(media_type: &str, offer: Offer) -> Result<Accepted, Refusal> {
    let name = media_type.split(';').next().unwrap_or_default().trim();
    let format = match name {
        "*/*" => Format::Json,
        name => Format::named(name).ok_or(Refusal::MediaType)?,
    };
    let parameter = |key: &str| {
        let mut found = parameters(media_type).filter(|(name, _)| *name == key);
        found.next().map(|(_, value)| value)
    };
    let is_known = |key: &str, known: &str| {
        let value = parameter(key).unwrap_or_default();
        value.is_empty() || value == known
    };
    if !is_known("stream", "watch") || offer != Offer::Plain && !is_known("sv", "v1") {
        return Err(Refusal::Form);
    }
    let form = Form::asked(parameter("as"), parameter("g"), parameter("v"));
    let form = form.ok_or(Refusal::Form)?;
    let is_served = match (format, form) {
        (_, Form::Full) if format != Format::Protobuf => true,
        (_, Form::Full) => offer != Offer::Resource(Origin::Custom),
        (Format::Protobuf, Form::Metadata | Form::MetadataList)
        | (
            Format::Json | Format::Yaml,
            Form::Metadata
            | Form::BetaMetadata
            | Form::MetadataList
            | Form::BetaMetadataList
            | Form::Table
            | Form::BetaTable,
        ) => offer != Offer::Plain,
        (
            Format::Protobuf,
            Form::BetaMetadata | Form::BetaMetadataList | Form::Table | Form::BetaTable,
        ) => false,
    };
    match is_served {
        true => Ok(Accepted { form, format }),
        false => Err(Refusal::Form),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    const METADATA: &str =
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    const TYPED: &str = "application/vnd.kubernetes.protobuf,application/json";

    #[rstest]
    #[case("", Ok((Form::Full, Format::Json)))]
    #[case("*/*", Ok((Form::Full, Format::Json)))]
    #[case("application/yaml", Ok((Form::Full, Format::Yaml)))]
    #[case(TYPED, Ok((Form::Full, Format::Protobuf)))]
    #[case(METADATA, Ok((Form::Metadata, Format::Protobuf)))]
    #[case("application/vnd.kubernetes.protobuf;q=0.5,application/json", Ok((Form::Full, Format::Json)))]
    #[case(
        "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io",
        Err(Refusal::Form)
    )]
    #[case(TABLE, Ok((Form::Table, Format::Json)))]
    #[case("application/json;as=Table;v=v1beta1;g=meta.k8s.io", Ok((Form::BetaTable, Format::Json)))]
    #[case("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", Ok((Form::Metadata, Format::Json)))]
    #[case("application/json;as=Foo;g=meta.k8s.io;v=v1", Err(Refusal::Form))]
    #[case("application/json;as=Table", Err(Refusal::Form))]
    #[case("application/json;as=Table;v=v1;g=foo", Err(Refusal::Form))]
    #[case("application/json;g=meta.k8s.io;v=v1", Err(Refusal::Form))]
    #[case("application/json;stream=foo", Err(Refusal::Form))]
    #[case("application/json;stream=watch;sv=v1", Ok((Form::Full, Format::Json)))]
    #[case(
        "application/yaml;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1",
        Ok((Form::BetaMetadataList, Format::Yaml))
    )]
    #[case("text/foo", Err(Refusal::MediaType))]
    #[case("application/*", Err(Refusal::MediaType))]
    fn the_first_type_that_is_known_counts(
        #[case] accept: &str,
        #[case] expected: Result<(Form, Format), Refusal>,
    ) {
        let offer = Offer::Resource(Origin::BuiltIn);
        let got = accepted(accept, offer).map(|accepted| (accepted.form, accepted.format));
        assert_eq!(got, expected);
    }

    #[rstest]
    #[case(TYPED, Ok((Form::Full, Format::Json)))]
    #[case(METADATA, Ok((Form::Metadata, Format::Protobuf)))]
    #[case("application/vnd.kubernetes.protobuf", Err(Refusal::Form))]
    #[case("text/foo", Err(Refusal::Form))]
    fn custom_resources_are_never_protobuf(
        #[case] accept: &str,
        #[case] expected: Result<(Form, Format), Refusal>,
    ) {
        let offer = Offer::Resource(Origin::Custom);
        let got = accepted(accept, offer).map(|accepted| (accepted.form, accepted.format));
        assert_eq!(got, expected);
    }

    #[rstest]
    #[case(TYPED, Ok(Format::Protobuf))]
    #[case(METADATA, Err(Refusal::Form))]
    #[case(TABLE, Ok(Format::Json))]
    fn a_refusal_has_one_form(#[case] accept: &str, #[case] expected: Result<Format, Refusal>) {
        let got = accepted(accept, Offer::Plain).map(|accepted| accepted.format);
        assert_eq!(got, expected);
    }
}
