//! The grammar of label selectors.
//!
//! Source: kubernetes v1.34 `staging/src/k8s.io/apimachinery/pkg/labels/selector.go`, whose messages these are.

use std::collections::BTreeSet;

use crate::json::{Map, Value};
use crate::store::naming::{label_value_faults, qualified_name_faults};
use crate::store::object::texts;

/// One requirement on labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Above(i64),
    Below(i64),
}

impl Requirement {
    /// Whether `labels` meet the requirement.
    pub(super) fn is_met(&self, labels: Option<&Map>) -> bool {
        let value = labels.and_then(|labels| labels.get(&self.key)?.as_str());
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match &self.test {
            Test::Exists => value.is_some(),
            Test::Absent => value.is_none(),
            Test::In(set) => value.is_some_and(|v| set.contains(v)),
            Test::NotIn(set) => value.is_none_or(|v| !set.contains(v)),
            Test::Above(bound) => number().is_some_and(|n| n > *bound),
            Test::Below(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

/// The requirements of a selector that an object holds.
pub(super) fn read(selector: &Value) -> Vec<Requirement> {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.map(|(key, value)| Requirement {
        key: key.to_string(),
        test: Test::In(value.as_str().map(str::to_owned).into_iter().collect()),
    });
    let expressions = selector["matchExpressions"].as_array();
    let expressions = expressions.into_iter().flatten().map(|expression| {
        let values = texts(&expression["values"]).into_iter();
        let values = values.map(str::to_owned).collect();
        Requirement {
            key: expression["key"].as_str().unwrap_or_default().to_owned(),
            test: match expression["operator"].as_str() {
                Some("In") => Test::In(values),
                Some("NotIn") => Test::NotIn(values),
                Some("DoesNotExist") => Test::Absent,
                _ => Test::Exists,
            },
        }
    });
    labels.chain(expressions).collect()
}

/// Reads a label selector; empty means no requirement.
///
/// # Errors
/// The message of the answer 400.
pub(super) fn parse(selector: &str) -> Result<Vec<Requirement>, String> {
    let mut tokens = Tokens { rest: selector };
    let mut requirements = Vec::new();
    loop {
        match tokens.peek() {
            "" => return Ok(requirements),
            token if is_word(token) || token == "!" => {}
            token => {
                return Err(format!(
                    "found '{token}', expected: !, identifier, or 'end of string'"
                ));
            }
        }
        let requirement = requirement(&mut tokens)
            .map_err(|why| format!("unable to parse requirement: {why}"))?;
        requirements.push(requirement);
        match tokens.next() {
            "" => return Ok(requirements),
            "," => {
                let after = tokens.peek();
                if !is_word(after) && after != "!" {
                    return Err(format!("found '{after}', expected: identifier after ','"));
                }
            }
            token => return Err(format!("found '{token}', expected: ',' or 'end of string'")),
        }
    }
}

fn requirement(tokens: &mut Tokens) -> Result<Requirement, String> {
    let is_negated = tokens.peek() == "!";
    if is_negated {
        tokens.next();
    }
    let key = tokens.next();
    if !is_word(key) {
        return Err(format!("found '{key}', expected: identifier"));
    }
    let faults = qualified_name_faults(key);
    if !faults.is_empty() {
        let faults = faults.join("; ");
        return Err(format!("<nil>: Invalid value: {key:?}: {faults}"));
    }
    let test = if is_negated {
        Test::Absent
    } else if matches!(tokens.peek(), "" | ",") {
        Test::Exists
    } else {
        comparison(tokens, key)?
    };
    Ok(Requirement {
        key: key.to_owned(),
        test,
    })
}

fn comparison(tokens: &mut Tokens, key: &str) -> Result<Test, String> {
    let operator = tokens.next();
    match operator {
        "in" => Ok(Test::In(checked(key, values(tokens)?)?)),
        "notin" => Ok(Test::NotIn(checked(key, values(tokens)?)?)),
        "=" | "==" => Ok(Test::In(checked(key, exact_value(tokens)?)?)),
        "!=" => Ok(Test::NotIn(checked(key, exact_value(tokens)?)?)),
        ">" => bound(key, &exact_value(tokens)?).map(Test::Above),
        "<" => bound(key, &exact_value(tokens)?).map(Test::Below),
        _ => Err(format!(
            "found '{operator}', expected: in, notin, =, ==, !=, gt, lt"
        )),
    }
}

fn values(tokens: &mut Tokens) -> Result<BTreeSet<String>, String> {
    let open = tokens.next();
    if open != "(" {
        return Err(format!("found '{open}' expected: '('"));
    }
    match tokens.peek() {
        ")" => {
            tokens.next();
            return Ok(BTreeSet::from([String::new()]));
        }
        token if is_word(token) || token == "," => {}
        token => return Err(format!("found '{token}', expected: ',', ')' or identifier")),
    }
    let mut values = BTreeSet::new();
    loop {
        let word = tokens.peek();
        if is_word(word) {
            values.insert(tokens.next().to_owned());
        } else {
            values.insert(String::new());
        }
        match tokens.next() {
            "," => {}
            ")" => return Ok(values),
            token => return Err(format!("found '{token}', expected: ',' or ')'")),
        }
    }
}

fn exact_value(tokens: &mut Tokens) -> Result<BTreeSet<String>, String> {
    let word = match tokens.peek() {
        "" | "," => "",
        token if is_word(token) => tokens.next(),
        token => return Err(format!("found '{token}', expected: identifier")),
    };
    Ok(BTreeSet::from([word.to_owned()]))
}

fn checked(key: &str, values: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    match told(value_faults(key, &values)) {
        None => Ok(values),
        Some(why) => Err(why),
    }
}

fn value_faults(key: &str, values: &BTreeSet<String>) -> Vec<String> {
    let values = values.iter().enumerate();
    let faults = values.filter_map(|(index, value)| {
        let faults = label_value_faults(value).join("; ");
        let why = || format!("values[{index}][{key}]: Invalid value: {value:?}: {faults}");
        (!faults.is_empty()).then(why)
    });
    faults.collect()
}

/// Several faults as one text; each is told once.
fn told(faults: Vec<String>) -> Option<String> {
    match faults.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("[{}]", several.join(", "))),
    }
}

fn bound(key: &str, values: &BTreeSet<String>) -> Result<i64, String> {
    let value = values.first().map(String::as_str).unwrap_or_default();
    let number = value.parse();
    let no_number = || {
        format!(
            "values[0]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer"
        )
    };
    let mut faults = Vec::from_iter(number.is_err().then(no_number));
    faults.extend(value_faults(key, values));
    match told(faults) {
        None => Ok(number.unwrap_or_default()),
        Some(why) => Err(why),
    }
}

/// The words and symbols of a selector; the empty token is its end.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn peek(&self) -> &'a str {
        let text = self.rest.trim_start();
        let symbol = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];
        if let Some(symbol) = symbol.iter().find(|symbol| text.starts_with(**symbol)) {
            return &text[..symbol.len()];
        }
        let end = text.find(|c: char| c.is_whitespace() || is_symbol(c));
        &text[..end.unwrap_or(text.len())]
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.rest = &self.rest.trim_start()[token.len()..];
        token
    }
}

fn is_symbol(c: char) -> bool {
    "=!(),><".contains(c)
}

fn is_word(token: &str) -> bool {
    !token.is_empty() && !token.starts_with(is_symbol)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    #[rstest]
    #[case("", true)]
    #[case("a", true)]
    #[case("!a", false)]
    #[case("!b", true)]
    #[case("a=1", true)]
    #[case("a==2", false)]
    #[case("a!=2", true)]
    #[case("b!=2", true)]
    #[case("a in (1,2)", true)]
    #[case("a in (2)", false)]
    #[case("a notin (2,3)", true)]
    #[case("b notin (2)", true)]
    #[case("a>0,a<2", true)]
    #[case("a>1", false)]
    #[case("in=x", true)]
    #[case("a=1,!b, in in (x)", true)]
    fn requirements_select_labels(#[case] selector: &str, #[case] selected: bool) {
        let labels = json!({"a": "1", "in": "x"});
        let requirements = parse(selector).unwrap();
        let is_met = requirements.iter().all(|r| r.is_met(labels.as_object()));
        assert_eq!(is_met, selected);
    }

    #[rstest]
    #[case(json!({}), true)]
    #[case(json!({"matchLabels": {"a": "1"}}), true)]
    #[case(json!({"matchLabels": {"a": "2"}}), false)]
    #[case(json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["0", "1"]}]}), true)]
    #[case(json!({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["1"]}]}), true)]
    #[case(json!({"matchExpressions": [{"key": "b", "operator": "Exists"}]}), false)]
    #[case(json!({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}), false)]
    fn requirements_of_an_object_select_labels(#[case] selector: Value, #[case] selected: bool) {
        let labels = json!({"a": "1"});
        let requirements = read(&selector);
        let is_met = requirements.iter().all(|r| r.is_met(labels.as_object()));
        assert_eq!(is_met, selected);
    }

    #[rstest]
    #[case(
        "a===b",
        "unable to parse requirement: found '=', expected: identifier"
    )]
    #[case("=a", "found '=', expected: !, identifier, or 'end of string'")]
    #[case(
        "a in (b",
        "unable to parse requirement: found '', expected: ',' or ')'"
    )]
    #[case("a in b", "unable to parse requirement: found 'b' expected: '('")]
    #[case(
        "a foo b",
        "unable to parse requirement: found 'foo', expected: in, notin, =, ==, !=, gt, lt"
    )]
    #[case("a,", "found '', expected: identifier after ','")]
    #[case("a=b c", "found 'c', expected: ',' or 'end of string'")]
    #[case("!", "unable to parse requirement: found '', expected: identifier")]
    #[case(
        "a>b",
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer"
    )]
    fn a_broken_selector_is_refused_in_the_words_of_the_real_server(
        #[case] selector: &str,
        #[case] message: &str,
    ) {
        assert_eq!(parse(selector), Err(message.to_owned()));
    }
}
