//! What a run found, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::known::Known;
use super::run::{Difference, Outcome};

/// The most places of one answer that a text shows.
const LINES_MAX: usize = 12;
/// The most characters of a request or value that a text shows.
const TEXT_MAX: usize = 400;

const BOLD: Style = Style::new().bold();
const REAL: Style = AnsiColor::Green.on_default();
const SIMULATED: Style = AnsiColor::Red.on_default();

/// How many of how many agree.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Cases that were played.
    pub n_cases: usize,
    /// Cases that agree in every answer.
    pub n_agreeing: usize,
    /// Cases that differ for a reason that is known.
    pub n_known: usize,
    /// Answers that were compared.
    pub n_answers: usize,
}

impl Agreement {
    fn add(&mut self, outcome: &Outcome) {
        self.n_cases += 1;
        self.n_agreeing += usize::from(outcome.differences.is_empty());
        self.n_known += usize::from(outcome.known.is_some());
        self.n_answers += outcome.n_answers;
    }

    /// Of a hundred cases, to one digit, cut off, so that 100 means all.
    #[must_use]
    pub fn percent(self) -> f64 {
        let tenths = (self.n_agreeing * 1000).checked_div(self.n_cases);
        tenths.unwrap_or(1000) as f64 / 10.0
    }
}

/// The agreement of each area.
#[must_use]
pub fn areas(outcomes: &[Outcome]) -> BTreeMap<&str, Agreement> {
    let mut areas: BTreeMap<&str, Agreement> = BTreeMap::new();
    for outcome in outcomes {
        areas.entry(&outcome.job.area).or_default().add(outcome);
    }
    areas
}

/// The agreement of everything.
#[must_use]
pub fn total(outcomes: &[Outcome]) -> Agreement {
    let mut total = Agreement::default();
    outcomes.iter().for_each(|outcome| total.add(outcome));
    total
}

/// Whether every difference is explained.
#[must_use]
pub fn is_good(outcomes: &[Outcome]) -> bool {
    let mut unexplained = outcomes.iter().filter(|outcome| outcome.known.is_none());
    unexplained.all(|outcome| outcome.differences.is_empty())
}

/// Entries of `known.yaml` whose cases agree, so that they can go.
#[must_use]
pub fn outdated<'a>(outcomes: &[Outcome], known: &'a Known) -> Vec<&'a str> {
    let agree = |title: &str| {
        let mut of_title = outcomes
            .iter()
            .filter(|outcome| outcome.job.title() == title);
        of_title.any(|outcome| outcome.differences.is_empty())
    };
    let titles = known.iter().map(|explained| explained.case.as_str());
    titles.filter(|title| agree(title)).collect()
}

/// The report as text, with colour.
#[must_use]
pub fn text(outcomes: &[Outcome], known: &Known) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        trace(&mut text, outcome);
    }
    let different = outcomes
        .iter()
        .filter(|outcome| !outcome.differences.is_empty());
    for outcome in different {
        describe(&mut text, outcome);
    }
    for title in outdated(outcomes, known) {
        line(&mut text, &format!("known.yaml: {title} agrees by now"));
    }
    let width = areas(outcomes)
        .keys()
        .map(|area| area.len())
        .max()
        .unwrap_or(0)
        .max(5);
    for (area, agreement) in areas(outcomes) {
        line(&mut text, &summary(area, agreement, width));
    }
    let total = summary("all", total(outcomes), width);
    line(&mut text, &format!("{BOLD}{total}{BOLD:#}"));
    text
}

fn line(text: &mut String, content: &str) {
    text.push_str(content);
    text.push('\n');
}

fn summary(area: &str, agreement: Agreement, width: usize) -> String {
    let Agreement {
        n_cases,
        n_agreeing,
        n_known,
        n_answers,
    } = agreement;
    let known = if n_known > 0 {
        format!(", {n_known} more explained")
    } else {
        String::new()
    };
    let percent = agreement.percent();
    format!(
        "{area:width$}  {n_agreeing:4} of {n_cases:4} cases agree, {percent:5.1} %{known} ({n_answers} answers)"
    )
}

fn trace(text: &mut String, outcome: &Outcome) {
    if outcome.trace.is_empty() {
        return;
    }
    line(text, &format!("{BOLD}{}{BOLD:#}", outcome.job.title()));
    for record in &outcome.trace {
        line(text, &format!("  {}\n    {}", record.what, record.answer));
    }
}

fn describe(text: &mut String, outcome: &Outcome) {
    let title = outcome.job.title();
    line(
        text,
        &format!("{BOLD}{title}{BOLD:#} ({})", outcome.job.case.covers),
    );
    if let Some(reason) = &outcome.known {
        line(text, &format!("  known: {reason}"));
        return;
    }
    if let Some(replay) = &outcome.job.replay {
        line(text, &format!("  replay: {replay}"));
    }
    for Difference {
        step_index,
        what,
        lines,
    } in &outcome.differences
    {
        line(text, &format!("  step {}: {}", step_index + 1, cut(what)));
        for place in lines.iter().take(LINES_MAX) {
            line(text, &format!("    {}", place.path));
            side(text, REAL, "real     ", place.real.as_ref());
            side(text, SIMULATED, "simulated", place.simulated.as_ref());
        }
        if lines.len() > LINES_MAX {
            line(
                text,
                &format!("    and {} more places", lines.len() - LINES_MAX),
            );
        }
    }
}

fn side(text: &mut String, style: Style, who: &str, value: Option<&Value>) {
    let value = value.map_or_else(|| "–".to_owned(), |value| cut(&value.to_string()));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "      {style}{who} {value}{style:#}");
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The report as JSON.
#[must_use]
pub fn json(outcomes: &[Outcome], known: &Known) -> Value {
    let figures = |agreement: Agreement| {
        json!({
            "cases": agreement.n_cases, "agree": agreement.n_agreeing, "known": agreement.n_known,
            "answers": agreement.n_answers, "percent": agreement.percent(),
        })
    };
    let by_area = areas(outcomes);
    let by_area = by_area
        .into_iter()
        .map(|(area, of)| (area.to_owned(), figures(of)));
    let different = outcomes
        .iter()
        .filter(|outcome| !outcome.differences.is_empty());
    let differences = different.map(|outcome| {
        let steps = outcome.differences.iter().map(|difference| {
            json!({"step": difference.step_index + 1, "request": difference.what, "places": difference.lines})
        });
        json!({
            "area": outcome.job.area, "case": outcome.job.case.name, "covers": outcome.job.case.covers,
            "known": outcome.known, "replay": outcome.job.replay, "steps": steps.collect::<Vec<_>>(),
        })
    });
    json!({
        "total": figures(total(outcomes)),
        "areas": by_area.collect::<serde_json::Map<_, _>>(),
        "differences": differences.collect::<Vec<_>>(),
        "outdated": outdated(outcomes, known),
    })
}
