//! What is wrong with an expression, shown where it stands in the text.
//!
//! Source: cel-go v0.26 `common/error.go` and `common/errors.go`.

use kube_cel::cel::common::ast::SourceInfo;

use super::parsing::{FAULTS_MAX, LINE_BYTES_MAX, parser};
use super::sign::without_pairs;

/// Something that is wrong with a part of an expression.
#[derive(Debug)]
pub(super) struct Fault {
    /// The number of the part; zero if it is none in particular.
    pub(super) id: u64,
    pub(super) message: String,
}

impl Fault {
    /// The use of what real servers know.
    pub(super) fn unsupported(what: &str) -> Self {
        Self {
            id: 0,
            message: format!(
                "the simulated API server does not support {what} in rules; see FIDELITY.md"
            ),
        }
    }
}

/// The text for all faults of an expression, which reads `source`.
pub(super) fn told(faults: Vec<Fault>, source: &str) -> String {
    let offsets = Offsets::of(source);
    let mut placed: Vec<_> = faults
        .into_iter()
        .map(|fault| (offsets.position(source, fault.id), fault))
        .collect();
    placed.sort_by_key(|(position, _)| *position);
    let n_left_out = placed.len().saturating_sub(FAULTS_MAX);
    let mut lines: Vec<String> = placed
        .iter()
        .take(FAULTS_MAX)
        .map(|(position, fault)| match fault.id {
            0 => fault.message.clone(),
            _ => shown(*position, &fault.message, source),
        })
        .collect();
    if n_left_out > 0 {
        lines.push(format!("{n_left_out} more errors were truncated"));
    }
    lines.join("\n")
}

/// Line and column, counted from zero in characters.
type Position = (usize, usize);

fn shown((line, column): Position, message: &str, source: &str) -> String {
    let head = format!("ERROR: <input>:{}:{}: {message}", line + 1, column + 1);
    let shown = source.split('\n').nth(line).unwrap_or_default();
    if shown.len() > LINE_BYTES_MAX {
        return head;
    }
    let shown = shown.replace('\t', " ");
    let before = shown.chars().take(column).map(|letter| match letter {
        letter if letter.is_ascii() => '.',
        _ => '\u{ff0e}',
    });
    let before: String = before.collect();
    let mark = match shown.chars().nth(column) {
        Some(letter) if !letter.is_ascii() => '\u{ff3e}',
        _ => '^',
    };
    format!("{head}\n | {shown}\n | {before}{mark}")
}

/// Where the parts of an expression begin.
struct Offsets(Option<std::sync::Arc<SourceInfo>>);

impl Offsets {
    /// The parser tells where parts stand only with what it refuses, so it gets the text with a sign too much at the end.
    fn of(source: &str) -> Self {
        let refused = format!("{}\n\u{1}", without_pairs(source));
        let errors = parser().parse(&refused).err().map(|all| all.errors);
        let mut errors = errors.into_iter().flatten();
        Self(errors.find_map(|error| error.source_info))
    }

    fn position(&self, source: &str, id: u64) -> Position {
        let offset = self.0.as_ref().and_then(|info| info.offset_for(id));
        let offset = offset.map_or(0, |(start, _)| start as usize);
        let before = source.get(..offset).unwrap_or(source);
        before
            .chars()
            .fold((0, 0), |(line, column), letter| match letter {
                '\n' => (line + 1, 0),
                _ => (line, column + 1),
            })
    }
}
