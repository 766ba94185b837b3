//! In which form an answer is wanted.
//!
//! Source: `spec/kube-api.md` §1.6, §1.12; apiserver v0.34.3, pkg/endpoints/handlers/negotiation/negotiate.go.

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
    /// All of them, in the order in which one is taken where any will do.
    pub(super) const ALL: [Self; 3] = [Self::Json, Self::Yaml, Self::Protobuf];

    /// Its name in HTTP.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Protobuf => "application/vnd.kubernetes.protobuf",
        }
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
    /// What has one form alone, and lies behind no router, such as a refusal.
    Plain,
    /// What has one form alone, to which a router leads.
    Document,
    /// The log of a pod, to which a router leads as text.
    Log,
    /// A resource of this origin; a router leads to built-in ones.
    Resource(Origin),
}

impl Offer {
    /// Whether a router looks at what is accepted before anybody else does.
    fn is_routed(self) -> bool {
        match self {
            Self::Document | Self::Log | Self::Resource(Origin::BuiltIn) => true,
            Self::Plain | Self::Resource(Origin::Custom) => false,
        }
    }

    fn has_forms(self) -> bool {
        matches!(self, Self::Log | Self::Resource(_))
    }
}

/// The media type of `accept` that is liked best among those that can be served; nothing means JSON.
pub(crate) fn accepted(accept: &str, offer: Offer) -> Result<Accepted, Refusal> {
    if accept.trim().is_empty() {
        return Ok(Accepted::default());
    }
    let [json, yaml, protobuf] = Format::ALL.map(Format::media_type);
    let names: &[&str] = match offer {
        Offer::Log => &["text/plain", json, yaml, protobuf],
        _ => &[json, yaml, protobuf],
    };
    if offer.is_routed() && !is_routed(accept, names) {
        return Err(Refusal::MediaType);
    }
    let clauses = clauses(accept);
    let mut asked = clauses.iter().flat_map(|clause| {
        let covered = Format::ALL
            .into_iter()
            .filter(|it| clause.covers(it.media_type()));
        covered.map(move |format| (clause, format))
    });
    let served = asked.find_map(|(clause, format)| {
        let form = clause.form(format, offer)?;
        Some(Accepted { form, format })
    });
    served.ok_or(Refusal::Form)
}

/// The format in which `accept` wants a form that three parameters name, whatever else it would take.
pub(super) fn asked_as(accept: &str, (kind, group, version): (&str, &str, &str)) -> Option<Format> {
    let clauses = clauses(accept);
    let mut meant = clauses.iter().filter(|clause| {
        let is = |key: &str, value: &str| clause.parameter(key) == Some(value);
        is("as", kind) && is("g", group) && is("v", version) && clause.is_of_a_kind_of_stream()
    });
    meant.find_map(|clause| {
        let mut covered = Format::ALL.into_iter();
        covered.find(|format| clause.covers(format.media_type()))
    })
}

/// The one of `names` that `accept` likes best.
pub(super) fn best<'n>(accept: &str, names: &[&'n str]) -> Option<&'n str> {
    let clauses = clauses(accept);
    clauses.iter().find_map(|clause| {
        let mut names = names.iter().copied();
        names.find(|name| clause.covers(name))
    })
}

/// Whether `accept` says something that is no media type.
pub(super) fn names_nothing(accept: &str) -> bool {
    !accept.is_empty() && clauses(accept).is_empty()
}

/// Whether a router leads to who offers `names`: it compares names, and knows no `application/*`.
///
/// Source: go-restful v3.12 `route.go`, `matchesAccept`.
pub(super) fn is_routed(accept: &str, names: &[&str]) -> bool {
    let accepted = accept.split(',').filter_map(|part| part.split(';').next());
    let mut accepted = accepted.map(str::trim);
    accepted.any(|name| name == "*/*" || names.contains(&name))
}

/// One media type of `Accept`.
struct Clause<'a> {
    kind: &'a str,
    subkind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Clause<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let (kind, subkind) = match name.split_once('/') {
            None | Some((_, "")) if name.trim_end_matches('/') == "*" => ("*", "*"),
            Some((kind, subkind)) if !subkind.is_empty() && !subkind.contains('/') => {
                (kind.trim(), subkind.trim())
            }
            _ => return None,
        };
        let parameters = parts.filter_map(|part| part.split_once('='));
        let parameters = parameters.filter(|(_, value)| !value.is_empty() && !value.contains('='));
        Some(Self {
            kind,
            subkind,
            parameters: parameters
                .map(|(key, value)| (key.trim(), value.trim()))
                .collect(),
        })
    }

    /// Of a parameter that occurs twice the last counts.
    fn parameter(&self, key: &str) -> Option<&'a str> {
        let found = self.parameters.iter().rev().find(|(name, _)| *name == key);
        found.map(|(_, value)| *value)
    }

    /// How much it is liked.
    fn quality(&self) -> f32 {
        self.parameter("q")
            .map_or(1.0, |text| text.parse().unwrap_or(0.0))
    }

    /// Whether it comes before another: the parts of this count one by one, whatever the others say.
    fn is_before(&self, other: &Self) -> bool {
        self.quality() > other.quality()
            || self.kind != "*" && other.kind == "*"
            || self.subkind != "*" && other.subkind == "*"
    }

    fn covers(&self, media_type: &str) -> bool {
        let Some((kind, subkind)) = media_type.split_once('/') else {
            return false;
        };
        let is_any = matches!(self.kind, "*") || self.kind == kind;
        is_any && self.subkind == "*" || (self.kind, self.subkind) == (kind, subkind)
    }

    fn is_of_a_kind_of_stream(&self) -> bool {
        matches!(self.parameter("stream"), None | Some("watch"))
    }

    /// The form that it asks for, if that can be served in this format.
    fn form(&self, format: Format, offer: Offer) -> Option<Form> {
        let is_stream = self.parameter("stream").is_some();
        if !self.is_of_a_kind_of_stream() || is_stream && format == Format::Yaml {
            return None;
        }
        match self.parameter("sv") {
            None => {}
            Some("v1") if offer.has_forms() => {}
            Some(_) => return None,
        }
        let parameter = |key| self.parameter(key);
        let form = Form::asked(parameter("as"), parameter("g"), parameter("v"))?;
        let is_served = match (format, form) {
            (Format::Json | Format::Yaml, Form::Full) => true,
            (Format::Protobuf, Form::Full) => offer != Offer::Resource(Origin::Custom),
            (Format::Protobuf, Form::Metadata | Form::MetadataList)
            | (
                Format::Json | Format::Yaml,
                Form::Metadata
                | Form::BetaMetadata
                | Form::MetadataList
                | Form::BetaMetadataList
                | Form::Table
                | Form::BetaTable,
            ) => offer.has_forms(),
            (
                Format::Protobuf,
                Form::BetaMetadata | Form::BetaMetadataList | Form::Table | Form::BetaTable,
            ) => false,
        };
        is_served.then_some(form)
    }
}

/// What `accept` names, best first.
///
/// Source: munnerz/goautoneg `ParseAccept`, and Go 1.24 `sort`, `insertionSort`, in which the order of what is neither
/// before nor behind the other is that of the header.
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut sorted: Vec<Clause> = Vec::new();
    for clause in accept.split(',').filter_map(Clause::read) {
        let behind = sorted.iter().rev().take_while(|it| clause.is_before(it));
        let at = sorted.len() - behind.count();
        sorted.insert(at, clause);
    }
    sorted
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
    #[case("application/json;q=0", Ok((Form::Full, Format::Json)))]
    #[case("application/json;Q=0.1,application/yaml", Ok((Form::Full, Format::Json)))]
    #[case("*/*;q=0.9,application/yaml;q=0.1", Ok((Form::Full, Format::Yaml)))]
    #[case("application/*,application/yaml", Ok((Form::Full, Format::Yaml)))]
    #[case("APPLICATION/JSON", Err(Refusal::MediaType))]
    #[case("application/yaml;stream=watch", Err(Refusal::Form))]
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
    #[case("application/*", Ok((Form::Full, Format::Json)))]
    #[case("*", Ok((Form::Full, Format::Json)))]
    #[case("application/*;as=Table;v=v1;g=meta.k8s.io", Ok((Form::Table, Format::Json)))]
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
    #[case("application/*", Ok(Format::Json))]
    #[case("application/json;sv=v1", Err(Refusal::Form))]
    #[case("text/foo", Err(Refusal::Form))]
    fn a_refusal_has_one_form(#[case] accept: &str, #[case] expected: Result<Format, Refusal>) {
        let got = accepted(accept, Offer::Plain).map(|accepted| accepted.format);
        assert_eq!(got, expected);
    }

    #[rstest]
    #[case("application/*", Err(Refusal::MediaType))]
    #[case("*", Err(Refusal::MediaType))]
    #[case("*/*;q=0.1,application/yaml", Ok(Format::Yaml))]
    #[case("application/yaml;q=0.1,application/json;q=0.9", Ok(Format::Json))]
    #[case(METADATA, Err(Refusal::Form))]
    fn a_router_leads_to_documents(
        #[case] accept: &str,
        #[case] expected: Result<Format, Refusal>,
    ) {
        let got = accepted(accept, Offer::Document).map(|accepted| accepted.format);
        assert_eq!(got, expected);
    }

    #[rstest]
    #[case("text/plain", Err(Refusal::Form))]
    #[case("text/html", Err(Refusal::MediaType))]
    #[case("text/html,application/yaml", Ok(Format::Yaml))]
    fn a_router_leads_to_logs_as_text_too(
        #[case] accept: &str,
        #[case] expected: Result<Format, Refusal>,
    ) {
        let got = accepted(accept, Offer::Log).map(|accepted| accepted.format);
        assert_eq!(got, expected);
    }

    const AGGREGATED: &str =
        "application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;q=0.1";

    #[rstest]
    #[case(AGGREGATED, Some(Format::Yaml))]
    #[case(
        "application/json,application/yaml;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        Some(Format::Yaml)
    )]
    #[case(
        "*/*;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        Some(Format::Json)
    )]
    #[case(
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        None
    )]
    #[case("application/json;as=APIGroupDiscoveryList", None)]
    #[case("text/plain;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", None)]
    fn a_form_is_found_behind_others(#[case] accept: &str, #[case] expected: Option<Format>) {
        let names = ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2");
        assert_eq!(asked_as(accept, names), expected);
    }
}
