//! Loops: one call for each item, and the lists that come of their results. Source: `spec/argo.md` §15.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::execute::Execution;
use super::pass::{Halt, Pass};
use super::resolution::to_value;
use super::scope::Names;
use super::spec::{NodePhase, NodeStatus, NodeType, Sequence, WorkflowStep};
use super::steps::expands;
use super::tag::{self, Mode, Scope};
use super::when;
use crate::json::{Value, from_value, parsed, unreadable};

impl Pass<'_> {
    /// The steps of a group with each loop replaced by one step for each item.
    pub(crate) fn expand_steps(
        &mut self,
        execution: &Execution,
        group: &str,
        steps: Vec<WorkflowStep>,
    ) -> Result<Vec<WorkflowStep>, Halt> {
        let mut output = Vec::with_capacity(steps.len());
        for step in steps {
            if !expands(&step) {
                output.push(step);
                continue;
            }
            let expanded = expand(&step)?;
            if expanded.is_empty() {
                let child = format!("{group}.{}", step.name);
                if self.node(&child).is_none() {
                    self.skip_step(
                        execution,
                        &step,
                        &child,
                        (NodePhase::Skipped, "Skipped, empty params"),
                    );
                    self.add_child(group, &child);
                }
            }
            output.extend(expanded);
        }
        Ok(output)
    }

    /// Adds the lists that the items of a loop gave; `child` is the name of their nodes up to the bracket.
    pub(crate) fn aggregate(
        &self,
        names: &mut Names,
        prefix: &str,
        boundary: &str,
        child: &str,
    ) -> Result<(), Halt> {
        let begins = format!("{child}(");
        let mut nodes: Vec<&NodeStatus> = self
            .status
            .nodes
            .values()
            .filter(|node| node.boundary_id == boundary && node.name.starts_with(&begins))
            .filter(|node| {
                node.kind != NodeType::Skipped && !node.is_hooked() && !node.is_retried()
            })
            .collect();
        if nodes.is_empty() {
            return Ok(());
        }
        nodes.sort_by_key(|node| item_index(&node.name[begins.len()..]));
        let mut results: Vec<Value> = Vec::new();
        let mut parameters: Vec<BTreeMap<&str, &str>> = Vec::new();
        let mut columns: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for outputs in nodes
            .iter()
            .filter(|n| n.phase == NodePhase::Succeeded)
            .filter_map(|n| n.outputs.as_ref())
        {
            let mut row = BTreeMap::new();
            for parameter in &outputs.parameters {
                let value = parameter.value.as_ref().map_or("", |value| &value.0);
                row.insert(parameter.name.as_str(), value);
                columns.entry(&parameter.name).or_default().push(value);
            }
            if !row.is_empty() {
                parameters.push(row);
            }
            if let Some(result) = &outputs.result {
                results.push(parsed(result.as_bytes()).map_err(Halt::Template)?);
            }
        }
        names.insert(
            format!("{prefix}.outputs.result"),
            to_value(&results).to_string(),
        );
        names.insert(
            format!("{prefix}.outputs.parameters"),
            to_value(&parameters).to_string(),
        );
        for (name, values) in columns {
            names.insert(
                format!("{prefix}.outputs.parameters.{name}"),
                column(&values),
            );
        }
        Ok(())
    }
}

fn item_index(rest: &str) -> usize {
    rest.split(':')
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(usize::MAX)
}

/// A list of texts, or of what they say if all are JSON objects or arrays.
fn column(values: &[&str]) -> String {
    let composite = |text: &&str| {
        serde_json::from_str::<Value>(text)
            .ok()
            .filter(|v| v.is_object() || v.is_array())
    };
    let parsed: Option<Vec<Value>> = values.iter().map(composite).collect();
    match parsed {
        Some(parsed) => Value::from(parsed).to_string(),
        None => to_value(&values).to_string(),
    }
}

fn expand(step: &WorkflowStep) -> Result<Vec<WorkflowStep>, Halt> {
    let items = match items(step) {
        Ok(items) => items,
        Err(_) if when::holds(&step.when) == Ok(false) => Vec::new(),
        Err(halt) => return Err(halt),
    };
    let body = WorkflowStep {
        with_items: Vec::new(),
        with_param: String::new(),
        with_sequence: None,
        ..step.clone()
    };
    let body = to_value(&body);
    let mode = if when::holds(&step.when) == Ok(false) {
        Mode::Lenient
    } else {
        Mode::Strict
    };
    let one = |(index, item): (usize, &Value)| {
        let (names, description) = describe(item);
        let mut body = body.clone();
        tag::replace_in(&mut body, &Scope(&[&names]), mode)?;
        let mut new = from_value::<WorkflowStep>(&body).map_err(|e| Halt::error(e.to_string()))?;
        new.name = format!(
            "{}({index}:{})",
            step.name,
            description.replace(['(', ')'], "")
        );
        new.template.clone_from(&step.template);
        Ok(new)
    };
    items.iter().enumerate().map(one).collect()
}

fn items(step: &WorkflowStep) -> Result<Vec<Value>, Halt> {
    if !step.with_items.is_empty() {
        return Ok(step.with_items.clone());
    }
    if let Some(sequence) = &step.with_sequence {
        return numbers(sequence);
    }
    let text = step.with_param.trim();
    serde_json::from_str(text).map_err(|error| {
        let message = format!(
            "withParam value could not be parsed as a JSON list: {text}: {}",
            unreadable(text.as_bytes(), &error)
        );
        Halt::Template(message)
    })
}

/// The names that an item gives, and what its node is called.
fn describe(item: &Value) -> (BTreeMap<String, String>, String) {
    let mut names = BTreeMap::new();
    let description = match item {
        Value::Object(fields) => {
            for (key, value) in fields {
                names.insert(format!("item.{key}"), escaped(value));
            }
            let pairs: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{key}:{}", escaped(value)))
                .collect();
            pairs.join(",")
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(escaped).collect();
            format!("[{}]", items.join(" "))
        }
        scalar => escaped(scalar),
    };
    let whole = match item {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    };
    names.insert("item".to_owned(), whole);
    (names, description)
}

/// Compact JSON; of a string what stands between its quotes.
fn escaped(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::String(_) => text[1..text.len() - 1].to_owned(),
        _ => text,
    }
}

fn numbers(sequence: &Sequence) -> Result<Vec<Value>, Halt> {
    let number = |value: &IntOrString| match value {
        IntOrString::Int(number) => Ok(i64::from(*number)),
        IntOrString::String(text) => text
            .parse()
            .map_err(|_| Halt::error(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))),
    };
    let start = sequence
        .start
        .as_ref()
        .map(number)
        .transpose()?
        .unwrap_or(0);
    let end = match (&sequence.end, &sequence.count) {
        (Some(end), _) => number(end)?,
        (None, Some(count)) => match number(count)? {
            0 => return Ok(Vec::new()),
            count => start + count - 1,
        },
        (None, None) => {
            return Err(Halt::error(
                "neither end nor count was specified in withSequence",
            ));
        }
    };
    let print = |number: i64| printed(&sequence.format, number).map(Value::from);
    if start <= end {
        (start..=end).map(print).collect()
    } else {
        (end..=start).rev().map(print).collect()
    }
}

/// A number through a Go verb such as `%03d` or `%x`, with text around it.
fn printed(format: &str, number: i64) -> Result<String, Halt> {
    if format.is_empty() {
        return Ok(number.to_string());
    }
    let unsupported = || Halt::unsupported(&format!("withSequence format {format}"));
    let (before, verb) = format.split_once('%').ok_or_else(unsupported)?;
    let letter = verb
        .find(|c: char| !c.is_ascii_digit())
        .ok_or_else(unsupported)?;
    let (flags, rest) = verb.split_at(letter);
    let mut rest = rest.chars();
    let digits = match rest.next() {
        Some('d' | 'v') => number.to_string(),
        Some('x') => format!("{number:x}"),
        Some('X') => format!("{number:X}"),
        Some('o') => format!("{number:o}"),
        Some('b') => format!("{number:b}"),
        _ => return Err(unsupported()),
    };
    if rest.as_str().contains('%') {
        return Err(unsupported());
    }
    let width = flags.parse().unwrap_or(0);
    let padded = if flags.starts_with('0') {
        format!("{digits:0>width$}")
    } else {
        format!("{digits:>width$}")
    };
    Ok(format!("{before}{padded}{}", rest.as_str()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{column, expand};
    use crate::argo::spec::WorkflowStep;
    use crate::json::{Value, from_value, json};

    fn check(step: Value, expected: &[(&str, &str)]) {
        let step: WorkflowStep = from_value(&step).unwrap();
        let steps = expand(&step).unwrap();
        let actual: Vec<(&str, &str)> = steps
            .iter()
            .map(|s| (s.name.as_str(), s.when.as_str()))
            .collect();
        assert_eq!(actual, expected);
    }

    #[rstest]
    #[case::scalars(json!({"name": "a", "withItems": ["x", 1, true], "when": "{{item}}"}), &[("a(0:x)", "x"), ("a(1:1)", "1"), ("a(2:true)", "true")])]
    #[case::maps(json!({"name": "a", "withItems": [{"n": 1, "fruit": "apple"}], "when": "{{item.fruit}} {{item}}"}), &[("a(0:fruit:apple,n:1)", "apple {\"fruit\":\"apple\",\"n\":1}")])]
    #[case::lists(json!({"name": "a", "withItems": [[1, 2]], "when": "{{item}}"}), &[("a(0:[1 2])", "[1,2]")])]
    #[case::brackets(json!({"name": "a", "withItems": ["f(x) \"q\""], "when": "{{item}}"}), &[("a(0:fx \\\"q\\\")", "f(x) \"q\"")])]
    #[case::parameter(json!({"name": "a", "withParam": "[\"x\"]"}), &[("a(0:x)", "")])]
    #[case::sequence(json!({"name": "a", "withSequence": {"count": 2, "start": "10", "format": "n%03d"}, "when": "{{item}}"}), &[("a(0:n010)", "n010"), ("a(1:n011)", "n011")])]
    #[case::backwards(json!({"name": "a", "withSequence": {"start": 1, "end": 0}}), &[("a(0:1)", ""), ("a(1:0)", "")])]
    #[case::none(json!({"name": "a", "withSequence": {"count": 0}}), &[])]
    fn a_loop_makes_a_step_for_each_item(#[case] step: Value, #[case] expected: &[(&str, &str)]) {
        check(step, expected);
    }

    #[rstest]
    #[case(&["1", "2"], r#"["1","2"]"#)]
    #[case(&["{\"a\":1}", "2"], r#"["{\"a\":1}","2"]"#)]
    #[case(&[" [\"1\"] ", "[\"2\"]"], r#"[["1"],["2"]]"#)]
    fn values_of_a_loop_make_a_list(#[case] values: &[&str], #[case] expected: &str) {
        assert_eq!(column(values), expected);
    }
}
