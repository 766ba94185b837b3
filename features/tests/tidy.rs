//! Rules of this workspace that no lint expresses.

use std::fs;
use std::path::{Path, PathBuf};

/// A file longer than this hides more than one concept.
const N_LINES_MAX: usize = 500;

/// What must not be found, where, and why.
struct Rule {
    /// Folder or file, from the root of the workspace.
    place: &'static str,
    /// Where the rule does not hold.
    except: &'static [&'static str],
    words: &'static [&'static str],
    reason: &'static str,
}

const RULES: [Rule; 4] = [
    Rule {
        place: "simulator/src",
        except: &["simulator/src/cli/", "simulator/src/operator.rs"],
        words: &["ArtifactWorkflow", "arc.opendefense"],
        reason: "the simulator learns ARC's kinds from their definitions, as a real cluster does",
    },
    Rule {
        place: "operator/src/plan",
        except: &[],
        words: &["async ", "Client", "tracing::"],
        reason: "plan decides; controller reads, writes and logs",
    },
    Rule {
        place: "simulator/src",
        except: &[],
        words: &["arc_operator::plan"],
        reason: "the model of the world must not borrow the operator's opinion of it",
    },
    Rule {
        place: "features",
        // On a real cluster the time that a step names does not pass at once.
        except: &["features/tests/tidy.rs", "features/src/backend/pace.rs"],
        words: &["sleep(", "interval("],
        reason: "nobody waits for a while: a cluster settles, or time passes by name",
    },
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below `place`, with their paths from the root and their text.
fn sources(place: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(place), &mut found);
    found.sort();
    found
}

fn collect(path: &Path, found: &mut Vec<(String, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the workspace can be read") {
            collect(&entry.expect("the workspace can be read").path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let name = path
            .strip_prefix(root())
            .expect("it lies below the root")
            .display()
            .to_string();
        found.push((
            name,
            fs::read_to_string(path).expect("the workspace can be read"),
        ));
    }
}

fn all_sources() -> Vec<(String, String)> {
    let crates = ["fixtures", "operator", "simulator", "features", "e2e"];
    crates.into_iter().flat_map(sources).collect()
}

fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

#[test]
fn no_word_stands_where_it_must_not() {
    let mut problems = Vec::new();
    for rule in &RULES {
        for (path, text) in sources(rule.place) {
            let excepted =
                rule.except.iter().any(|except| path.starts_with(except)) || path.contains("tests");
            let found = rule
                .words
                .iter()
                .find(|word| without_tests(&text).contains(**word));
            if let (false, Some(word)) = (excepted, found) {
                problems.push(format!("{path} says {word:?}: {}", rule.reason));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn no_file_is_too_long() {
    let sources = all_sources();
    let long = sources
        .iter()
        .filter(|(_, text)| without_tests(text).lines().count() > N_LINES_MAX);
    let long: Vec<_> = long.map(|(path, _)| path).collect();
    assert!(long.is_empty(), "split by concept: {long:?}");
}

#[test]
fn a_mod_file_is_a_table_of_contents() {
    let is_contents = |line: &str| {
        let starts = [
            "//",
            "pub mod ",
            "pub(crate) mod ",
            "mod ",
            "pub use ",
            "pub(crate) use ",
            "pub(super) use ",
            "#",
            ")]",
            "}",
            "    ",
        ];
        line.is_empty() || starts.iter().any(|start| line.starts_with(start))
    };
    let sources = all_sources();
    let tables = sources.iter().filter(|(path, _)| path.ends_with("/mod.rs"));
    let wrong: Vec<_> = tables
        .filter_map(|(path, text)| Some((path, text.lines().find(|line| !is_contents(line))?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "logic belongs in a file named by its noun: {wrong:#?}"
    );
}

#[test]
fn no_file_is_named_after_nothing() {
    let vague = [
        "utils.rs",
        "helpers.rs",
        "common.rs",
        "types.rs",
        "manager.rs",
    ];
    let sources = all_sources();
    let named = sources
        .iter()
        .filter(|(path, _)| vague.iter().any(|name| path.ends_with(&format!("/{name}"))));
    let named: Vec<_> = named.map(|(path, _)| path).collect();
    assert!(named.is_empty(), "a file is named by its noun: {named:?}");
}
