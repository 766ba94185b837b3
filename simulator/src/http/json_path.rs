//! The dialect of JSONPath that printer columns and `kubectl` use.
//!
//! Source: kubernetes v1.34 `staging/src/k8s.io/client-go/util/jsonpath`, without templates, `range` and text.

use std::cmp::Ordering;

use crate::json::Value;

/// More values than this are found at no step: `..a..a..a` finds some as often as there are ways to them.
const N_FOUND_MAX: usize = 10_000;

/// A parsed path such as `.status.conditions[?(@.type=="Ready")].status`.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath(Vec<Step>);

/// Why a path cannot be parsed or does not fit a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no path.
    #[error("parse JSONPath {path:?}: {why}")]
    Parse {
        /// The whole path.
        path: String,
        /// What was found or missed.
        why: String,
    },
    /// A list was asked of something else, or an index lies outside of it.
    #[error("follow JSONPath: {0}")]
    Follow(&'static str),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Wildcard,
    Recursive,
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        step: usize,
    },
    Index(i64),
    Union(Vec<Step>),
    Filter {
        left: JsonPath,
        test: Test,
    },
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Exists,
    Compare(Operator, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Literal(Value),
    Path(JsonPath),
}

impl JsonPath {
    /// Parses a path with or without a leading `$` or `@`, and without braces.
    ///
    /// # Errors
    /// [`Error::Parse`] names the path and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut steps = Vec::new();
        let mut rest = text.trim().trim_start_matches(['$', '@']);
        while !rest.is_empty() {
            rest = step(rest, &mut steps).map_err(|why| Error::Parse {
                path: text.to_owned(),
                why,
            })?;
        }
        Ok(Self(steps))
    }

    /// Every value the path leads to; a field that is missing leads nowhere.
    ///
    /// # Errors
    /// [`Error::Follow`] where a list is asked of something else, an index is out of bounds, or values cannot be compared.
    pub fn find<'a>(&self, root: &'a Value) -> Result<Vec<&'a Value>, Error> {
        let mut found = vec![root];
        for step in &self.0 {
            found = follow(step, &found)?;
        }
        Ok(found)
    }
}

/// Parses one step off the front of `text`, which is not empty, and gives the rest.
fn step<'t>(text: &'t str, steps: &mut Vec<Step>) -> Result<&'t str, String> {
    if let Some(inner) = text.strip_prefix("[?(") {
        let end = filter_end(inner).ok_or("unterminated filter")?;
        steps.push(filter(&inner[..end])?);
        return Ok(&inner[end + 2..]);
    }
    if let Some(inner) = text.strip_prefix('[') {
        let end = inner.find(']').ok_or("unterminated array")?;
        steps.push(brackets(&inner[..end])?);
        return Ok(&inner[end + 1..]);
    }
    let Some(mut rest) = text.strip_prefix('.') else {
        let letter = text.chars().next().unwrap_or_default();
        return Err(format!("unrecognized character {letter:?}"));
    };
    if let Some(after) = rest.strip_prefix('.') {
        steps.push(Step::Recursive);
        rest = after;
        if rest.starts_with('[') {
            return Ok(rest);
        }
    }
    let (name, rest) = field_name(rest);
    match name.as_str() {
        "" if rest.is_empty() || rest.starts_with('[') => {}
        "" => return Err("a field has no name".to_owned()),
        "*" => steps.push(Step::Wildcard),
        _ => steps.push(Step::Field(name)),
    }
    Ok(rest)
}

/// Reads up to the next unescaped terminator.
fn field_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut escaped = false;
    for (position, letter) in text.char_indices() {
        if escaped {
            escaped = false;
            name.push(letter);
        } else if letter == '\\' {
            escaped = true;
        } else if matches!(
            letter,
            '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' | ' ' | '\t'
        ) {
            return (name, &text[position..]);
        } else {
            name.push(letter);
        }
    }
    (name, "")
}

fn brackets(text: &str) -> Result<Step, String> {
    if let Some((..)) = text.split_once(',') {
        let parts: Result<_, _> = text.split(',').map(|part| brackets(part.trim())).collect();
        return parts.map(Step::Union);
    }
    let text = text.trim();
    if text == "*" {
        return Ok(Step::Slice {
            from: None,
            to: None,
            step: 1,
        });
    }
    if let Some(name) = text
        .strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
    {
        return Ok(Step::Field(name.replace('\\', "")));
    }
    if !text.contains(':') {
        return number(text)?
            .map(Step::Index)
            .ok_or_else(|| "empty array index".to_owned());
    }
    let mut parts = text.split(':');
    let mut next = || parts.next().map_or(Ok(None), number);
    let (from, to, step) = (next()?, next()?, next()?);
    let step = usize::try_from(step.unwrap_or(1)).unwrap_or(0);
    if step == 0 {
        return Err("step must be > 0".to_owned());
    }
    Ok(Step::Slice { from, to, step })
}

fn number(text: &str) -> Result<Option<i64>, String> {
    match text.trim() {
        "" => Ok(None),
        digits => digits
            .parse()
            .map(Some)
            .map_err(|_| format!("invalid array index {text}")),
    }
}

/// Where the `)]` stands that ends a filter, quoted text skipped.
fn filter_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (position, letter) in text.char_indices() {
        match quote {
            Some(open) if open == letter => quote = None,
            Some(_) => {}
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if text[position..].starts_with(")]") => return Some(position),
            None => {}
        }
    }
    None
}

fn filter(text: &str) -> Result<Step, String> {
    let path = |text: &str| JsonPath::parse(text).map_err(|error| error.to_string());
    let Some(at) = text.find(['!', '<', '>', '=']) else {
        let left = path(text)?;
        return Ok(Step::Filter {
            left,
            test: Test::Exists,
        });
    };
    let (operator, length) = match text.get(at..at + 2).unwrap_or(&text[at..]) {
        "==" => (Operator::Equal, 2),
        "!=" => (Operator::NotEqual, 2),
        "<=" => (Operator::LessEqual, 2),
        ">=" => (Operator::GreaterEqual, 2),
        two if two.starts_with('<') => (Operator::Less, 1),
        two if two.starts_with('>') => (Operator::Greater, 1),
        two => return Err(format!("unrecognized filter operator {two}")),
    };
    let right = operand(text[at + length..].trim())?;
    Ok(Step::Filter {
        left: path(&text[..at])?,
        test: Test::Compare(operator, right),
    })
}

fn operand(text: &str) -> Result<Operand, String> {
    let quoted = |quote: char| {
        text.strip_prefix(quote)
            .and_then(|inner| inner.strip_suffix(quote))
    };
    if let Some(inner) = quoted('"').or_else(|| quoted('\'')) {
        return Ok(Operand::Literal(inner.replace('\\', "").into()));
    }
    if text.starts_with(['@', '$', '.']) {
        let path = JsonPath::parse(text).map_err(|error| error.to_string())?;
        return Ok(Operand::Path(path));
    }
    serde_json::from_str(text)
        .map(Operand::Literal)
        .map_err(|_| format!("cannot parse {text:?} in a filter"))
}

fn follow<'a>(step: &Step, input: &[&'a Value]) -> Result<Vec<&'a Value>, Error> {
    let mut found = Vec::new();
    for value in input.iter().filter(|value| !value.is_null()) {
        match step {
            Step::Field(name) => found.extend(value.get(name.as_str())),
            Step::Wildcard => found.extend(children(value)),
            Step::Recursive => descend(value, &mut found),
            Step::Index(index) => found.push(element(list(value)?, *index)?),
            Step::Slice { from, to, step } => {
                found.extend(slice(list(value)?, *from, *to)?.iter().step_by(*step));
            }
            Step::Union(parts) => {
                for part in parts {
                    found.extend(follow(part, &[value])?);
                }
            }
            Step::Filter { left, test } => {
                for item in list(value)? {
                    if passes(item, left, test)? {
                        found.push(item);
                    }
                }
            }
        }
        if found.len() > N_FOUND_MAX {
            return Err(Error::Follow("the path leads to too many values"));
        }
    }
    Ok(found)
}

fn list(value: &Value) -> Result<&[Value], Error> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or(Error::Follow("the value is no list"))
}

fn element(list: &[Value], index: i64) -> Result<&Value, Error> {
    position(list, index)
        .and_then(|index| list.get(index))
        .ok_or(Error::Follow("array index out of bounds"))
}

fn slice(list: &[Value], from: Option<i64>, to: Option<i64>) -> Result<&[Value], Error> {
    let from = from.map_or(Some(0), |from| position(list, from));
    let to = to.map_or(Some(list.len()), |to| position(list, to));
    match (from, to) {
        (Some(from), Some(to)) if from == to => Some(&[][..]),
        (Some(from), Some(to)) => list.get(from..to),
        _ => None,
    }
    .ok_or(Error::Follow("array index out of bounds"))
}

/// A position from the front, for an index that may count from the end.
fn position(list: &[Value], index: i64) -> Option<usize> {
    usize::try_from(index).ok().or_else(|| {
        list.len()
            .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn descend<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let children = children(value);
    if !children.is_empty() {
        found.push(value);
        for child in children {
            descend(child, found);
        }
    }
}

fn passes(item: &Value, left: &JsonPath, test: &Test) -> Result<bool, Error> {
    let (operator, right) = match test {
        Test::Exists => return Ok(left.find(item).is_ok_and(|found| !found.is_empty())),
        Test::Compare(operator, right) => (*operator, right),
    };
    let Some(left) = single(left.find(item)?)? else {
        return Ok(false);
    };
    let right = match right {
        Operand::Literal(value) => value,
        Operand::Path(path) => match single(path.find(item)?)? {
            Some(value) => value,
            None => return Ok(false),
        },
    };
    let order = compare(left, right).ok_or(Error::Follow("incompatible types for comparison"))?;
    Ok(match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterEqual => order.is_ge(),
    })
}

fn single(found: Vec<&Value>) -> Result<Option<&Value>, Error> {
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(Error::Follow("can only compare one element at a time")),
    }
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (None, None) => a.as_f64()?.partial_cmp(&b.as_f64()?),
            (Some(_), None) | (None, Some(_)) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    use crate::json::json;

    #[test]
    fn a_path_that_leads_too_far_is_left() {
        let deep = (0..100).fold(json!({}), |value, _| json!({"a": value}));
        let path = JsonPath::parse("..a..a..a..a..a..a..a..a").unwrap();
        let told = Error::Follow("the path leads to too many values");
        assert_eq!(path.find(&deep), Err(told));
    }

    fn document() -> Value {
        json!({
            "metadata": {"labels": {"app.kubernetes.io/name": "thing"}},
            "spec": {"size": 3, "tags": ["x", "y", "z"], "none": null},
            "status": {"conditions": [
                {"type": "Ready", "status": "True", "n": 1},
                {"type": "Done", "status": "False", "n": 2, "seen": true},
            ]},
        })
    }

    #[rstest]
    #[case(".spec.size", json!([3]))]
    #[case("$.spec.size", json!([3]))]
    #[case(".spec.missing.deeper", json!([]))]
    #[case(".spec.none", json!([null]))]
    #[case(".spec.none.deeper", json!([]))]
    #[case(r".metadata.labels.app\.kubernetes\.io/name", json!(["thing"]))]
    #[case(".metadata.labels['app\\.kubernetes\\.io/name']", json!(["thing"]))]
    #[case(".spec['size']", json!([3]))]
    #[case(".spec.tags[0]", json!(["x"]))]
    #[case(".spec.tags[-1]", json!(["z"]))]
    #[case(".spec.tags[*]", json!(["x", "y", "z"]))]
    #[case(".spec.tags[0:2]", json!(["x", "y"]))]
    #[case(".spec.tags[1:]", json!(["y", "z"]))]
    #[case(".spec.tags[::2]", json!(["x", "z"]))]
    #[case(".spec.tags[0,2]", json!(["x", "z"]))]
    #[case(".metadata.labels.*", json!(["thing"]))]
    #[case("..seen", json!([true]))]
    #[case(r#".status.conditions[?(@.type=="Ready")].status"#, json!(["True"]))]
    #[case(".status.conditions[?(@.type == 'Done')].status", json!(["False"]))]
    #[case(r#".status.conditions[?(@.type!="Ready")].type"#, json!(["Done"]))]
    #[case(".status.conditions[?(@.n>1)].type", json!(["Done"]))]
    #[case(".status.conditions[?(@.seen)].type", json!(["Done"]))]
    #[case(".status.conditions[?(@.seen==true)].type", json!(["Done"]))]
    fn a_path_leads_to_values(#[case] path: &str, #[case] expected: Value) {
        let document = document();
        let found = JsonPath::parse(path).unwrap().find(&document).unwrap();
        assert_eq!(json!(found), expected);
    }

    #[rstest]
    #[case(".spec.tags[3]", "array index out of bounds")]
    #[case(".spec.tags[-4]", "array index out of bounds")]
    #[case(".spec.size[0]", "the value is no list")]
    #[case(
        ".status.conditions[?(@.n==\"1\")]",
        "incompatible types for comparison"
    )]
    fn a_path_may_not_fit(#[case] path: &str, #[case] why: &'static str) {
        let document = document();
        let refused = JsonPath::parse(path).unwrap().find(&document);
        assert_eq!(refused, Err(Error::Follow(why)));
    }

    #[rstest]
    #[case("spec", "unrecognized character 's'")]
    #[case(".a[", "unterminated array")]
    #[case(".a[x]", "invalid array index x")]
    #[case(".a[]", "empty array index")]
    #[case(".a[::0]", "step must be > 0")]
    #[case(".a[?(@.b==1)", "unterminated filter")]
    #[case(".a[?(@.b=1)]", "unrecognized filter operator =1")]
    #[case(".a[?(@.b==x)]", "cannot parse \"x\" in a filter")]
    fn a_text_may_be_no_path(#[case] path: &str, #[case] why: &str) {
        let refused = JsonPath::parse(path);
        let expected = Error::Parse {
            path: path.to_owned(),
            why: why.to_owned(),
        };
        assert_eq!(refused, Err(expected));
    }
}
