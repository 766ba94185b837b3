//! The figures of `FIDELITY.md`, written from a run.

use std::fmt::{Arguments, Write as _};
use std::path::Path;
use std::{fs, io};

use super::command::SEQUENCE_LENGTH;
use super::report::{Agreement, areas, total};
use super::run::Outcome;

/// Where the figures begin.
const BEGIN: &str = "<!-- figures of `parity api --write` -->\n";
/// Where they end.
const END: &str = "<!-- end of the figures -->";
/// The area of random sequences, which are counted by themselves.
const RANDOM: &str = "random";

/// Puts the figures of a run in place of the last ones.
///
/// # Errors
/// The file cannot be read or written, or has no place for figures.
pub(super) fn write(file: &Path, outcomes: &[Outcome]) -> io::Result<()> {
    let text = fs::read_to_string(file)?;
    let replaced = replaced(&text, &figures(outcomes)).ok_or_else(|| {
        let message = format!("no place for figures in {}", file.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })?;
    fs::write(file, replaced)
}

fn replaced(text: &str, figures: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}{figures}{END}{after}"))
}

fn figures(outcomes: &[Outcome]) -> String {
    let (random, cases): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .cloned()
        .partition(|outcome| outcome.job.area == RANDOM);
    let all = total(&cases);
    let mut text = format!(
        "Of {} cases {} agree in every answer ({:.1} %), and {} of the others are explained:\n\n",
        all.n_cases,
        all.n_agreeing,
        all.percent(),
        all.n_known
    );
    for outcome in cases.iter().filter(|case| !case.differences.is_empty()) {
        if let Some(reason) = &outcome.known {
            line(
                &mut text,
                format_args!("- {}: {reason}", outcome.job.title()),
            );
        }
    }
    if !random.is_empty() {
        let random = total(&random);
        line(
            &mut text,
            format_args!(
                "\nOf {} random sequences of {SEQUENCE_LENGTH} requests each {} agree in every answer.",
                random.n_cases, random.n_agreeing
            ),
        );
    }
    text.push_str("\n| Area | Agree | Of |\n|---|---|---|\n");
    for (area, agreement) in areas(&cases) {
        let Agreement {
            n_agreeing,
            n_cases,
            ..
        } = agreement;
        line(
            &mut text,
            format_args!("| {area} | {n_agreeing} | {n_cases} |"),
        );
    }
    text
}

fn line(text: &mut String, line: Arguments) {
    writeln!(text, "{line}").expect("a String takes every text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_take_the_place_of_the_last_ones() {
        let text = format!("a\n{BEGIN}old\n{END}\nb\n");
        let expected = format!("a\n{BEGIN}new\n{END}\nb\n");
        assert_eq!(replaced(&text, "new\n"), Some(expected));
        assert_eq!(replaced("nothing", "new"), None);
    }
}
