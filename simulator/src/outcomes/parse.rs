//! Reads a book from YAML or JSON.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::book::{Attribute, Book, DURATION_DEFAULT, Ending, Files, Match, Outcome, Rule};
use super::duration::go_duration;
use super::glob::Glob;
use crate::input_error::InputError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenBook {
    outcomes: Vec<WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    #[serde(default, rename = "match")]
    matching: WrittenMatch,
    run: WrittenRun,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMatch {
    template: Option<Spanned<String>>,
    attempt: Option<u32>,
    node: Option<Spanned<String>>,
    step: Option<Spanned<String>>,
    image: Option<Spanned<String>>,
    workflow: Option<Spanned<String>>,
    namespace: Option<Spanned<String>>,
    container: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WrittenRun {
    duration: Option<Spanned<String>>,
    exit_code: Option<u8>,
    stdout: Option<String>,
    stderr: Option<String>,
    files: Option<BTreeMap<String, String>>,
    error: Option<Spanned<WrittenError>>,
}

#[derive(Clone, Copy, Deserialize)]
enum WrittenError {
    ImagePullBackOff,
    #[serde(rename = "OOMKilled")]
    OomKilled,
    Evicted,
    NodeLost,
    Pending,
    Hang,
}

impl Book {
    /// Reads `text`, the content of `file`.
    ///
    /// # Errors
    /// The first mistake: syntax, an unknown key, a wrong type, a bad duration or a bad glob.
    pub fn parse(file: &str, text: &str) -> Result<Self, InputError> {
        let written: WrittenBook =
            serde_saphyr::from_str(text).map_err(|error| InputError::of_yaml(file, &error))?;
        let rules = written.outcomes.into_iter();
        Ok(Self {
            rules: rules
                .map(|rule| read_rule(file, rule))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn read_rule(file: &str, written: WrittenRule) -> Result<Rule, InputError> {
    Ok(Rule {
        matching: read_match(file, written.matching)?,
        outcome: read_run(file, written.run)?,
    })
}

fn read_match(file: &str, written: WrittenMatch) -> Result<Match, InputError> {
    let texts = [
        (Attribute::Template, written.template),
        (Attribute::Node, written.node),
        (Attribute::Step, written.step),
        (Attribute::Image, written.image),
        (Attribute::Workflow, written.workflow),
        (Attribute::Namespace, written.namespace),
        (Attribute::Container, written.container),
    ];
    let mut globs = BTreeMap::new();
    for (attribute, text) in texts {
        if let Some(text) = text {
            let glob = Glob::new(&text.value)
                .map_err(|message| InputError::at(file, text.referenced, message))?;
            globs.insert(attribute, glob);
        }
    }
    Ok(Match {
        attempt: written.attempt,
        texts: globs,
    })
}

fn read_run(file: &str, written: WrittenRun) -> Result<Outcome, InputError> {
    let duration = match written.duration {
        None => DURATION_DEFAULT,
        Some(text) => go_duration(&text.value)
            .map_err(|message| InputError::at(file, text.referenced, message))?,
    };
    let ending = match (written.exit_code, written.error) {
        (Some(_), Some(error)) => {
            let message = "expected either exitCode or error, found both";
            return Err(InputError::at(file, error.referenced, message));
        }
        (code, None) => Ending::Exit(code.unwrap_or(0)),
        (None, Some(error)) => match error.value {
            WrittenError::ImagePullBackOff => Ending::ImagePullBackOff,
            WrittenError::OomKilled => Ending::OomKilled,
            WrittenError::Evicted => Ending::Evicted,
            WrittenError::NodeLost => Ending::NodeLost,
            WrittenError::Pending => Ending::Pending,
            WrittenError::Hang => Ending::Hang,
        },
    };
    Ok(Outcome {
        duration,
        ending,
        stdout: written.stdout,
        stderr: written.stderr.unwrap_or_default(),
        files: written.files.map_or(Files::Unscripted, Files::Scripted),
    })
}

#[cfg(test)]
mod tests {
    use super::super::book::{Container, Role};
    use super::*;
    use jiff::SignedDuration;
    use rstest::rstest;

    const BOOK: &str = r#"
outcomes:
  - match: {template: scan-image, attempt: 0}
    run:
      duration: 40s
      exitCode: 1
      stdout: "CRITICAL: 3"
      files: {/tmp/dst.txt: "reg.example/app:1"}
  - match: {image: "aquasec/*"}
    run: {error: ImagePullBackOff}
  - match: {container: wait}
    run: {exitCode: 64, stderr: boom}
  - run: {duration: 1s}
"#;

    fn a_container() -> Container<'static> {
        Container {
            template: "scan-image",
            attempt: 0,
            node: "scan(0)",
            step: "scan",
            image: "alpine",
            workflow: "wf",
            namespace: "default",
            container: "main",
            role: Role::Main,
        }
    }

    fn check(container: &Container, expected: Option<(Ending, i64)>) {
        let book = Book::parse("book.yaml", BOOK).unwrap();
        let found = book
            .lookup(container)
            .map(|outcome| (outcome.ending, outcome.duration.as_secs()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_rule_reads_as_written() {
        let book = Book::parse("book.yaml", BOOK).unwrap();
        let expected = Outcome {
            duration: SignedDuration::from_secs(40),
            ending: Ending::Exit(1),
            stdout: Some("CRITICAL: 3".into()),
            stderr: String::new(),
            files: Files::Scripted(
                [("/tmp/dst.txt".to_owned(), "reg.example/app:1".to_owned())].into(),
            ),
        };
        assert_eq!(book.lookup(&a_container()), Some(&expected));
    }

    #[test]
    fn the_first_match_wins() {
        check(
            &Container {
                image: "aquasec/trivy",
                ..a_container()
            },
            Some((Ending::Exit(1), 40)),
        );
    }

    #[test]
    fn another_attempt_does_not_match() {
        check(
            &Container {
                attempt: 1,
                ..a_container()
            },
            Some((Ending::Exit(0), 1)),
        );
    }

    #[test]
    fn a_sidecar_is_found_by_image_but_not_by_a_rule_for_everything() {
        let sidecar = Container {
            container: "proxy",
            role: Role::Auxiliary,
            ..a_container()
        };
        check(&sidecar, None);
        check(
            &Container {
                image: "aquasec/trivy",
                ..sidecar
            },
            Some((Ending::ImagePullBackOff, 5)),
        );
    }

    #[test]
    fn the_executor_is_found_only_by_the_name_of_its_container() {
        let wait = Container {
            container: "wait",
            image: "aquasec/x",
            role: Role::Executor,
            ..a_container()
        };
        check(&wait, Some((Ending::Exit(64), 5)));
    }

    #[rstest]
    #[case::unknown_key(
        "outcomes:\n  - match: {templat: a}\n    run: {}\n",
        2,
        13,
        "unknown field `templat`, expected one of template, attempt, node, step, image, workflow, namespace, container"
    )]
    #[case::unknown_error(
        "outcomes:\n  - run: {error: Boom}\n",
        2,
        18,
        "unknown variant `Boom`, expected one of ImagePullBackOff, OOMKilled, Evicted, NodeLost, Pending, Hang"
    )]
    #[case::bad_duration(
        "outcomes:\n  - run:\n      duration: 40\n",
        3,
        17,
        "invalid duration \"40\", expected one such as 40s, 1m30s or 500ms"
    )]
    #[case::bad_glob(
        "outcomes:\n  - match:\n      node: \"a[\"\n    run: {}\n",
        3,
        13,
        "invalid glob \"a[\": expected ] after [ (write \\[ for the character itself)"
    )]
    #[case::both_ways_to_end(
        "outcomes:\n  - run: {exitCode: 1, error: Hang}\n",
        2,
        31,
        "expected either exitCode or error, found both"
    )]
    #[case::wrong_type(
        "outcomes:\n  - match: {attempt: x}\n    run: {}\n",
        2,
        22,
        "expected a whole number from 0 to 4294967295"
    )]
    #[case::json(
        "{\"outcomes\": [{\"run\": {\"exit\": 1}}]}",
        1,
        24,
        "unknown field `exit`, expected one of duration, exitCode, stdout, stderr, files, error"
    )]
    #[case::syntax("outcomes: [", 1, 11, "unclosed bracket '['")]
    #[case::no_rules_key("rules: []\n", 1, 1, "unknown field `rules`, expected one of outcomes")]
    #[case::exit_code_too_large(
        "outcomes:\n  - run: {exitCode: 256}\n",
        2,
        21,
        "expected a whole number from 0 to 255"
    )]
    fn a_mistake_is_named_with_its_place(
        #[case] text: &str,
        #[case] line: u64,
        #[case] column: u64,
        #[case] message: &str,
    ) {
        let expected = InputError {
            file: "book.yaml".into(),
            place: Some(crate::input_error::Place { line, column }),
            message: message.into(),
        };
        assert_eq!(Book::parse("book.yaml", text), Err(expected));
    }
}
