//! What a run prints: a tree and a table for a person, or one document for a machine.

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::record::Recorded;
use super::tree;
use crate::json::{Value, json};
use crate::outcomes::MadeUpValue;

/// Everything that a run came to.
pub(super) struct Report<'a> {
    /// The objects, also those that were removed.
    pub(super) objects: Vec<Recorded>,
    /// The kinds that the run is about: roots of the tree and rows of the table.
    pub(super) roots: &'a [&'a str],
    /// When it ended.
    pub(super) now: Timestamp,
    /// How long it lasted.
    pub(super) lasted: SignedDuration,
    /// What the outcome book did not give.
    pub(super) made_up: Vec<MadeUpValue>,
    /// SHA-256 of the event log.
    pub log_sha256: String,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For a person.
    Tree,
    /// One JSON document.
    Json,
    /// The same as YAML.
    Yaml,
}

impl Report<'_> {
    /// The report in one format; terminal colours are in it, for a stream that strips them where they are not wanted.
    #[must_use]
    pub(super) fn render(&self, format: Format) -> String {
        match format {
            Format::Tree => self.for_a_person(),
            Format::Json => format!("{:#}\n", self.document()),
            Format::Yaml => serde_saphyr::to_string(&self.document()).unwrap_or_default(),
        }
    }

    fn document(&self) -> Value {
        let of = |deleted: bool| -> Vec<Value> {
            let chosen = self
                .objects
                .iter()
                .filter(|recorded| recorded.deleted == deleted);
            chosen
                .map(|recorded| recorded.object.to_value().unwrap_or_default())
                .collect()
        };
        json!({
            "apiVersion": "v1", "kind": "List",
            "items": of(false),
            "deleted": of(true),
            "madeUp": self.made_up,
            "log": {"sha256": self.log_sha256},
        })
    }

    fn for_a_person(&self) -> String {
        let mut out = tree::draw(&self.objects, self.roots, self.now).render();
        out.push('\n');
        out.push_str(&self.table());
        if !self.made_up.is_empty() {
            let heading = match self.made_up.len() {
                1 => "1 value was made up; an outcome book can give it".to_owned(),
                n => format!("{n} values were made up; an outcome book can give them"),
            };
            out.push_str(&format!("\n{heading}:\n"));
            for made_up in &self.made_up {
                out.push_str(&format!(
                    "  {} {} = {:?}\n",
                    made_up.node, made_up.output, made_up.value
                ));
            }
        }
        out.push_str(&format!(
            "\nsimulated {} s, event log sha256 {}\n",
            self.lasted.as_secs(),
            self.log_sha256
        ));
        out
    }

    fn table(&self) -> String {
        let mut rows = vec![["KIND", "NAME", "PHASE", "PROGRESS", "MESSAGE"].map(str::to_owned)];
        for recorded in &self.objects {
            let kind = recorded
                .object
                .types
                .as_ref()
                .map_or("", |types| types.kind.as_str());
            if self.roots.contains(&kind) {
                let status = &recorded.object.data["status"];
                let text = |key: &str| {
                    status[key]
                        .as_str()
                        .unwrap_or_default()
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned()
                };
                rows.push([
                    kind.to_owned(),
                    recorded.object.name_any(),
                    text("phase"),
                    text("progress"),
                    text("message"),
                ]);
            }
        }
        aligned(&rows)
    }
}

fn aligned(rows: &[[String; 5]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}   "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 5]| cells.map(str::to_owned);
        let text = aligned(&[
            row(["KIND", "NAME", "PHASE", "PROGRESS", "MESSAGE"]),
            row(["Order", "a-long-name", "Failed", "0/1", "why"]),
        ]);
        assert_eq!(
            text,
            "KIND    NAME          PHASE    PROGRESS   MESSAGE\nOrder   a-long-name   Failed   0/1        why\n"
        );
    }
}
