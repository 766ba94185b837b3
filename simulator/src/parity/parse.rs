//! Reads cases from YAML.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

use super::case::{Ask, Body, Case, Step, Suite, Until};
use crate::input_error::InputError;

/// Media types that cases call by a short name.
const MEDIA_TYPES: [(&str, &str); 15] = [
    ("json", "application/json"),
    ("yaml", "application/yaml"),
    ("protobuf", "application/vnd.kubernetes.protobuf"),
    ("merge", "application/merge-patch+json"),
    ("json-patch", "application/json-patch+json"),
    ("strategic", "application/strategic-merge-patch+json"),
    ("apply", "application/apply-patch+yaml"),
    ("table", "application/json;as=Table;v=v1;g=meta.k8s.io"),
    (
        "metadata",
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    ),
    (
        "metadata-list",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    ),
    (
        "metadata-protobuf",
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    ),
    (
        "metadata-list-protobuf",
        "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    ),
    (
        "discovery-protobuf",
        "application/vnd.kubernetes.protobuf;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    ),
    (
        "discovery",
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
    ),
    (
        "discovery-beta",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    ),
];

/// Why there are no cases.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is wrong.
    #[error(transparent)]
    Input(#[from] InputError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSuite {
    covers: String,
    #[serde(default, rename = "let")]
    texts: BTreeMap<String, String>,
    #[serde(default)]
    setup: Vec<Spanned<WrittenStep>>,
    cases: Vec<WrittenCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenCase {
    name: String,
    covers: Option<String>,
    #[serde(default, rename = "let")]
    texts: BTreeMap<String, String>,
    steps: Vec<Spanned<WrittenStep>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    /// Method and path.
    #[serde(rename = "do")]
    request: Option<String>,
    /// Method and path of what may be there already.
    ensure: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    accept: Option<String>,
    #[serde(rename = "as")]
    content_type: Option<String>,
    body: Option<Value>,
    raw: Option<String>,
    #[serde(default)]
    save: BTreeMap<String, String>,
    watch: Option<String>,
    until: Option<u16>,
    ready: Option<String>,
    events: Option<String>,
    n: Option<u32>,
    last: Option<String>,
    /// A webhook, and what it answers.
    hook: Option<String>,
    answer: Option<Value>,
    heard: Option<String>,
}

/// Reads every `.yaml` file of a folder but `known.yaml`, by name.
///
/// # Errors
/// [`Error::Read`] if something cannot be read, [`Error::Input`] for the first mistake in a file.
pub fn suites(folder: &Path) -> Result<Vec<Suite>, Error> {
    let read = |path: &Path, source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| read(folder, source))? {
        files.push(entry.map_err(|source| read(folder, source))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml"));
    files.retain(|file| file.file_stem().is_some_and(|stem| stem != "known"));
    files.sort();
    let suite = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|source| read(file, source))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        Ok(suite(&file.display().to_string(), &stem, &text)?)
    };
    files.iter().map(suite).collect()
}

/// Reads `text`, the content of `file`, as the cases of `area`.
///
/// # Errors
/// The first mistake: syntax, an unknown key, a wrong type, or keys that do not go together.
pub fn suite(file: &str, area: &str, text: &str) -> Result<Suite, InputError> {
    let written: WrittenSuite =
        serde_saphyr::from_str(text).map_err(|error| InputError::of_yaml(file, &error))?;
    let mut cases = Vec::new();
    for case in written.cases {
        let steps = written.setup.iter().cloned().chain(case.steps);
        let texts = written.texts.iter().chain(&case.texts);
        cases.push(Case {
            name: case.name,
            covers: case.covers.unwrap_or_else(|| written.covers.clone()),
            texts: texts
                .map(|(name, text)| (name.clone(), text.clone()))
                .collect(),
            steps: steps
                .map(|step| read_step(file, step))
                .collect::<Result<_, _>>()?,
        });
    }
    Ok(Suite {
        area: area.to_owned(),
        cases,
    })
}

fn read_step(file: &str, written: Spanned<WrittenStep>) -> Result<Step, InputError> {
    let place = written.referenced;
    let step = written.value;
    match (&step.hook, &step.answer, &step.heard) {
        (None, None, None) => {}
        (Some(hook), Some(answer), None) => return Ok(Step::Hook(hook.clone(), answer.clone())),
        (None, None, Some(hook)) => return Ok(Step::Heard(hook.clone())),
        _ => {
            let message = "expected hook and answer, or heard, alone in a step";
            return Err(InputError::at(file, place, message));
        }
    }
    match (&step.request, &step.ensure, &step.ready, &step.events) {
        (Some(request), None, None, None) | (None, Some(request), None, None) => {
            let Some((method, path)) = request.split_once(' ') else {
                let message = format!("expected a method and a path, found {request:?}");
                return Err(InputError::at(file, place, message));
            };
            let (method, path) = (method.to_owned(), path.to_owned());
            let is_asked = step.request.is_some();
            let ask = read_ask(method, path, step);
            Ok(if is_asked {
                Step::Ask(ask)
            } else {
                Step::Ensure(ask)
            })
        }
        (None, None, Some(path), None) => Ok(Step::Ready(path.clone())),
        (None, None, None, Some(watch)) => {
            let until = match (step.n, step.last) {
                (Some(n), None) => Until::Count(n as usize),
                (None, Some(name)) => Until::Name(name),
                _ => {
                    let message = "events: expected either n or last beside it";
                    return Err(InputError::at(file, place, message));
                }
            };
            let watch = watch.clone();
            Ok(Step::Events { watch, until })
        }
        _ => {
            let message = "expected one of do, ensure, ready, events, hook, heard in a step";
            Err(InputError::at(file, place, message))
        }
    }
}

fn read_ask(method: String, path: String, step: WrittenStep) -> Ask {
    let mut headers: Vec<_> = step.headers.into_iter().collect();
    let body = match (step.body, step.raw) {
        (_, Some(text)) => Body::Text(text),
        (Some(value), None) => Body::Json(value),
        (None, None) => Body::None,
    };
    let usual = (body != Body::None).then(|| "json".to_owned());
    let typed = [
        ("content-type", step.content_type.or(usual)),
        ("accept", step.accept),
    ];
    for (name, value) in typed {
        if let Some(value) = value
            && !headers.iter().any(|(header, _)| header == name)
        {
            headers.push((name.to_owned(), Some(media_type(&value))));
        }
    }
    Ask {
        method,
        path,
        headers,
        body,
        saved: step.save.into_iter().collect(),
        watch: step.watch,
        until: step.until,
    }
}

/// The media type of a short name, or the text itself.
#[must_use]
pub fn media_type(name: &str) -> String {
    let found = MEDIA_TYPES.iter().find(|(short, _)| *short == name);
    found.map_or(name, |(_, long)| long).to_owned()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::input_error::Place;

    #[test]
    fn a_suite_reads_as_written() {
        let text = "
covers: §1.8
let: {cms: /api/v1/namespaces/<ns>/configmaps}
cases:
- name: a create is 201
  steps:
  - {do: POST <cms>, body: {metadata: {name: a}}, save: {rv: /metadata/resourceVersion}}
  - {events: w, n: 2}
";
        let read = suite("crud.yaml", "crud", text).unwrap();
        let ask = Ask {
            method: "POST".into(),
            path: "<cms>".into(),
            headers: vec![("content-type".into(), Some("application/json".into()))],
            body: Body::Json(json!({"metadata": {"name": "a"}})),
            saved: vec![("rv".into(), "/metadata/resourceVersion".into())],
            watch: None,
            until: None,
        };
        let until = Until::Count(2);
        let watch = "w".to_owned();
        let expected = Suite {
            area: "crud".into(),
            cases: vec![Case {
                name: "a create is 201".into(),
                covers: "§1.8".into(),
                texts: vec![("cms".into(), "/api/v1/namespaces/<ns>/configmaps".into())],
                steps: vec![Step::Ask(ask), Step::Events { watch, until }],
            }],
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn every_case_of_the_repository_reads_and_has_a_title_of_its_own() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity/api");
        let suites = suites(&folder).unwrap();
        let cases = suites.iter().flat_map(|suite| {
            let title = |case: &Case| format!("{}/{}", suite.area, case.name);
            suite.cases.iter().map(title)
        });
        let mut titles: Vec<_> = cases.collect();
        let n_cases = titles.len();
        titles.sort();
        titles.dedup();
        assert_eq!(titles.len(), n_cases);
        assert!(n_cases >= 500, "{n_cases}");
        let known = crate::parity::known::Known::read(&folder).unwrap();
        let lost = known.iter().find(|known| !titles.contains(&known.case));
        assert_eq!(lost, None);
    }

    #[rstest]
    #[case::unknown_key("covers: a\ncases:\n- name: b\n  step: []\n", 4, 3)]
    #[case::two_things(
        "covers: a\ncases:\n- name: b\n  steps:\n  - {do: GET /, ready: /}\n",
        5,
        5
    )]
    #[case::no_path("covers: a\ncases:\n- name: b\n  steps:\n  - {do: GET}\n", 5, 5)]
    fn a_mistake_is_named_with_its_place(
        #[case] text: &str,
        #[case] line: u64,
        #[case] column: u64,
    ) {
        let error = suite("a.yaml", "a", text).unwrap_err();
        assert_eq!(error.place, Some(Place { line, column }), "{error}");
    }
}
