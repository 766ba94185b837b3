//! Rules as large as they may be, with no more stack than a test has, and larger ones.

use rstest::rstest;

use super::*;
use crate::json::json;
use crate::store::schema::parse::parse;

fn compiled(rule: &str) -> (Node, Result<Rules, Vec<Cause>>) {
    let schema = json!({"type": "object", "x-kubernetes-validations": [{"rule": rule}]});
    let node = parse(&schema, "").unwrap();
    let rules = Rules::compile(&node, "", false);
    (node, rules)
}

/// `n` times `open`, then `inner`, then as often `close`.
fn nested(n: usize, (open, inner, close): (&str, &str, &str)) -> String {
    open.repeat(n) + inner + &close.repeat(n)
}

#[rstest]
#[case::brackets(&nested(249, ("(", "true", ")")))]
#[case::lists(&format!("{} != []", nested(240, ("[", "1", "]"))))]
#[case::macros(&nested(120, ("[true].all(x, ", "x", ")")))]
#[case::choices(&nested(240, ("false ? true : ", "true", "")))]
#[case::operators(&nested(240, ("1 + ", "1 == 241", "")))]
#[case::comparisons(&nested(240, ("true == ", "true", "")))]
#[case::terms(&nested(5_000, ("true && ", "true", "")))]
#[case::signs(&nested(10_000, ("!", "true", "")))]
#[case::pairs_of_signs(&nested(100, ("!!(", "true", ")")))]
fn a_rule_may_be_as_deep_as_cel_go_takes_it(#[case] rule: &str) {
    let (node, rules) = compiled(rule);
    assert_eq!(rules.unwrap().check(&node, &json!({}), None), []);
}

#[rstest]
#[case::brackets(&"(".repeat(10_000), "expression recursion limit exceeded: 250")]
#[case::macros(&"[1].all(x, ".repeat(9_000), "expression recursion limit exceeded: 250")]
#[case::operators(&"1+".repeat(49_000), "max recursion depth exceeded")]
#[case::characters(&" 1".repeat(100_000), "expression code point size exceeds limit: size: 200000, limit 100000")]
fn a_deeper_rule_is_refused(#[case] rule: &str, #[case] why: &str) {
    let causes = compiled(rule).1.unwrap_err();
    let told = causes[0].message.rsplit_once(": compilation failed: ");
    assert_eq!(told.unwrap().1, format!("ERROR: <input>:-1:0: {why}"));
}

#[test]
fn of_many_faults_a_hundred_are_told_and_long_lines_are_not_shown() {
    let causes = compiled(&"$ ".repeat(10_000)).1.unwrap_err();
    let mut lines = causes[0].message.lines();
    assert_eq!(lines.clone().count(), 101);
    assert_eq!(lines.next_back(), Some("1 more errors were truncated"));
}
