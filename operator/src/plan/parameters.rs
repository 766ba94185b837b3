//! Endpoints, artifact spec and type → the arguments of a run.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::api::endpoint::EndpointSpec;
use crate::api::parameter::Parameter;
use crate::api::reference::LocalRef;

/// The most parameters that an ArtifactWorkflow takes, as its definition says.
const N_PARAMETERS_MAX: usize = 4096;
/// The most digits that a number is written with before it gets an exponent. Source: spec/arc.md §5.3.
const N_DIGITS_MAX: usize = 21;

/// What parameters are made from.
pub(crate) struct Inputs<'a> {
    pub(crate) src: &'a EndpointSpec,
    pub(crate) dst: &'a EndpointSpec,
    pub(crate) scheduled: bool,
    pub(crate) spec: &'a Map<String, Value>,
    pub(crate) of_type: &'a [Parameter],
    pub(crate) legacy_names: bool,
}

/// Why an artifact's spec cannot be turned into parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}: the key has no character that a parameter name may have")]
    EmptyKey(String),
    #[error("parameter {name} comes from both {first} and {second}")]
    Collision {
        name: String,
        first: String,
        second: String,
    },
    #[error("spec gives {0} parameters, more than {N_PARAMETERS_MAX}")]
    TooMany(usize),
}

/// All parameters, sorted by name: built-in ones, then those of the spec, then those of the type; later ones win.
///
/// Source: spec/arc.md §5.
///
/// # Errors
/// Keys of the spec that give no name, or the same name twice.
pub(crate) fn parameters(inputs: &Inputs<'_>) -> Result<Vec<Parameter>, Error> {
    let mut all = built_in(inputs);
    all.extend(flattened(inputs.spec, inputs.legacy_names)?);
    all.extend(
        inputs
            .of_type
            .iter()
            .map(|parameter| (parameter.name.clone(), parameter.value.clone())),
    );
    if all.len() > N_PARAMETERS_MAX {
        return Err(Error::TooMany(all.len()));
    }
    Ok(all
        .into_iter()
        .map(|(name, value)| Parameter { name, value })
        .collect())
}

fn built_in(inputs: &Inputs<'_>) -> BTreeMap<String, String> {
    let flag = |is_set: bool| if is_set { "true" } else { "false" };
    let secret =
        |endpoint: &EndpointSpec| flag(LocalRef::name_of(endpoint.secret_ref.as_ref()).is_some());
    [
        ("srcType", inputs.src.r#type.as_str()),
        ("srcRemoteURL", &inputs.src.remote_url),
        ("srcSecret", secret(inputs.src)),
        ("dstType", &inputs.dst.r#type),
        ("dstRemoteURL", &inputs.dst.remote_url),
        ("dstSecret", secret(inputs.dst)),
        ("cron", flag(inputs.scheduled)),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn flattened(
    spec: &Map<String, Value>,
    legacy_names: bool,
) -> Result<BTreeMap<String, String>, Error> {
    let mut flat = Flat::default();
    flat.object(&Place::root(), spec)?;
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    if legacy_names {
        values.extend(flat.legacy);
    }
    values.extend(
        flat.emitted
            .into_iter()
            .map(|(name, (_, value))| (name, value)),
    );
    Ok(values)
}

/// Where the walk stands.
struct Place {
    /// Parameter name so far.
    name: String,
    /// The name that upstream's code gives.
    legacy: String,
    /// What error messages call it.
    path: String,
}

impl Place {
    fn root() -> Self {
        let spec = || "spec".to_owned();
        Self {
            name: spec(),
            legacy: spec(),
            path: spec(),
        }
    }

    fn key(&self, key: &str, value: &Value) -> Result<Self, Error> {
        let path = if key.is_empty() {
            format!("{}.\"\"", self.path)
        } else {
            format!("{}.{key}", self.path)
        };
        let capitalised = capitalised(key);
        if capitalised.is_empty() {
            return Err(Error::EmptyKey(path));
        }
        let legacy = match value {
            Value::Object(_) => key,
            Value::Array(_)
            | Value::String(_)
            | Value::Number(_)
            | Value::Bool(_)
            | Value::Null => &capitalised,
        };
        Ok(Self {
            name: format!("{}{capitalised}", self.name),
            legacy: format!("{}{legacy}", self.legacy),
            path,
        })
    }

    fn index(&self, index: usize) -> Self {
        Self {
            name: format!("{}{index}", self.name),
            legacy: format!("{}{index}", self.legacy),
            path: format!("{}[{index}]", self.path),
        }
    }
}

#[derive(Default)]
struct Flat {
    /// Name → path and value.
    emitted: BTreeMap<String, (String, String)>,
    /// Legacy name → value, where it differs.
    legacy: BTreeMap<String, String>,
}

impl Flat {
    fn object(&mut self, place: &Place, object: &Map<String, Value>) -> Result<(), Error> {
        object
            .iter()
            .try_for_each(|(key, value)| self.walk(&place.key(key, value)?, value))
    }

    fn walk(&mut self, place: &Place, value: &Value) -> Result<(), Error> {
        match value {
            Value::Object(object) => self.object(place, object),
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .try_for_each(|(index, element)| self.walk(&place.index(index), element)),
            Value::String(text) => self.emit(place, text.clone()),
            Value::Bool(flag) => self.emit(place, flag.to_string()),
            Value::Number(number) => self.emit(place, decimal(number)),
            Value::Null => Ok(()),
        }
    }

    fn emit(&mut self, place: &Place, value: String) -> Result<(), Error> {
        if place.legacy != place.name {
            self.legacy.insert(place.legacy.clone(), value.clone());
        }
        let earlier = self
            .emitted
            .insert(place.name.clone(), (place.path.clone(), value));
        let Some((other, _)) = earlier else {
            return Ok(());
        };
        let (first, second) = if other < place.path {
            (other, place.path.clone())
        } else {
            (place.path.clone(), other)
        };
        Err(Error::Collision {
            name: place.name.clone(),
            first,
            second,
        })
    }
}

/// The key as part of a name: only characters that Argo takes, the first and each after a gap upper case.
fn capitalised(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    let mut upper = true;
    for character in key.chars() {
        if !(character.is_ascii_alphanumeric() || matches!(character, '-' | '_')) {
            upper = true;
        } else if upper {
            name.push(character.to_ascii_uppercase());
            upper = false;
        } else {
            name.push(character);
        }
    }
    name
}

fn decimal(number: &Number) -> String {
    if number.is_i64() || number.is_u64() {
        return number.to_string();
    }
    let Some(float) = number.as_f64() else {
        return number.to_string();
    };
    let plain = float.to_string();
    let n_digits = plain.bytes().filter(u8::is_ascii_digit).count();
    if n_digits <= N_DIGITS_MAX {
        plain
    } else {
        format!("{float:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::builders::{endpoint, pairs};
    use rstest::rstest;

    fn spec_of(yaml: &str) -> Map<String, Value> {
        serde_saphyr::from_str(yaml).unwrap()
    }

    fn check(yaml: &str, expected: &[&str]) {
        let flat = flattened(&spec_of(yaml), false).unwrap();
        let shown: Vec<String> = flat.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(shown, expected);
    }

    #[rstest]
    #[case("image: library/alpine:3.18", &["specImage=library/alpine:3.18"])]
    #[case("imageName: nginx", &["specImageName=nginx"])]
    #[case("config: {port: 8080, host: h}", &["specConfigHost=h", "specConfigPort=8080"])]
    #[case("level1: {level2: {value: deep}}", &["specLevel1Level2Value=deep"])]
    #[case("tags: [latest, v1.0]", &["specTags0=latest", "specTags1=v1.0"])]
    #[case("foo: {tags: [a]}", &["specFooTags0=a"])]
    #[case("items: [{name: a}, {name: b}]", &["specItems0Name=a", "specItems1Name=b"])]
    #[case("m: [[1, 2], [3]]", &["specM00=1", "specM01=2", "specM10=3"])]
    #[case("force: true", &["specForce=true"])]
    #[case("n: 42", &["specN=42"])]
    #[case("n: 1000000", &["specN=1000000"])]
    #[case("n: 9007199254740993", &["specN=9007199254740993"])]
    #[case("x: 1.5", &["specX=1.5"])]
    #[case("x: 1.0", &["specX=1"])]
    #[case("v: null", &[])]
    #[case("v: ''", &["specV="])]
    #[case("o: {}", &[])]
    #[case("l: []", &[])]
    #[case("a.b: x", &["specAB=x"])]
    #[case("{my-key: x, my_key: 'y'}", &["specMy-key=x", "specMy_key=y"])]
    #[case("über: x", &["specBer=x"])]
    #[case("{}", &[])]
    #[case("n: -7", &["specN=-7"])]
    #[case("n: 18446744073709551615", &["specN=18446744073709551615"])]
    #[case("x: 0.000001", &["specX=0.000001"])]
    #[case("x: 1e30", &["specX=1e30"])]
    #[case("1st: x", &["spec1st=x"])]
    fn a_spec_flattens_to(#[case] yaml: &str, #[case] expected: &[&str]) {
        check(yaml, expected);
    }

    #[rstest]
    #[case(
        "'': x",
        "spec.\"\": the key has no character that a parameter name may have"
    )]
    #[case(
        "a: {'..': x}",
        "spec.a...: the key has no character that a parameter name may have"
    )]
    #[case(
        "{fooBar: 1, foo: {bar: 2}}",
        "parameter specFooBar comes from both spec.foo.bar and spec.fooBar"
    )]
    #[case(
        "{tags: [a], tags0: b}",
        "parameter specTags0 comes from both spec.tags0 and spec.tags[0]"
    )]
    fn a_spec_does_not_flatten(#[case] yaml: &str, #[case] message: &str) {
        let error = flattened(&spec_of(yaml), false).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn legacy_names_are_added_where_they_differ() {
        let flat = flattened(&spec_of("{a: 1, foo: {bar: {baz: 2}, tags: [x]}}"), true).unwrap();
        assert_eq!(
            flat.into_keys().collect::<Vec<_>>(),
            [
                "specA",
                "specFooBarBaz",
                "specFooTags0",
                "specfooTags0",
                "specfoobarBaz"
            ]
        );
    }

    #[test]
    fn the_reference_artifact_gives_nine_parameters() {
        let src = endpoint("oci", "gcr.io");
        let mut dst = endpoint("s3", "dst.zot");
        dst.secret_ref = Some(LocalRef::to("dst-creds"));
        let all = parameters(&Inputs {
            src: &src,
            dst: &dst,
            scheduled: false,
            spec: &spec_of("key: value"),
            of_type: &[Parameter::new("scanSeverity", "HIGH,CRITICAL")],
            legacy_names: false,
        });
        assert_eq!(
            pairs(&all.unwrap()),
            [
                "cron=false",
                "dstRemoteURL=dst.zot",
                "dstSecret=true",
                "dstType=s3",
                "scanSeverity=HIGH,CRITICAL",
                "specKey=value",
                "srcRemoteURL=gcr.io",
                "srcSecret=false",
                "srcType=oci",
            ]
        );
    }

    #[test]
    fn a_type_wins_over_spec_and_endpoints() {
        let of_type = [
            Parameter::new("specTag", "pinned"),
            Parameter::new("srcRemoteURL", "mirror"),
        ];
        let all = parameters(&Inputs {
            src: &endpoint("oci", "gcr.io"),
            dst: &endpoint("oci", "dst"),
            scheduled: true,
            spec: &spec_of("tag: mine"),
            of_type: &of_type,
            legacy_names: false,
        });
        assert_eq!(
            pairs(&all.unwrap()),
            [
                "cron=true",
                "dstRemoteURL=dst",
                "dstSecret=false",
                "dstType=oci",
                "specTag=pinned",
                "srcRemoteURL=mirror",
                "srcSecret=false",
                "srcType=oci",
            ]
        );
    }

    #[test]
    fn a_spec_with_too_many_values_is_refused() {
        let spec: Map<String, Value> = [("l".to_owned(), Value::from(vec![0; 5000]))]
            .into_iter()
            .collect();
        let all = parameters(&Inputs {
            src: &endpoint("oci", "a"),
            dst: &endpoint("oci", "b"),
            scheduled: false,
            spec: &spec,
            of_type: &[],
            legacy_names: false,
        });
        assert_eq!(all, Err(Error::TooMany(5007)));
    }
}
