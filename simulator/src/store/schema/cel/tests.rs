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

/// What a rule that never holds says, whose message is `expression`, of an object with some fields.
fn said(expression: &str) -> String {
    let field = |kind: &str, format: &str| json!({"type": kind, "format": format});
    let schema = json!({
        "type": "object",
        "properties": {
            "time": field("string", "date-time"),
            "span": field("string", "duration"),
            "namespace": {"type": "string", "maxLength": 9},
            "none": {"type": "string", "nullable": true, "maxLength": 9},
        },
        "x-kubernetes-validations": [{"rule": "false", "messageExpression": expression}],
    });
    let node = parse(&schema, "").unwrap();
    let rules = match Rules::compile(&node, "", false) {
        Ok(rules) => rules,
        Err(causes) => {
            let text = causes[0].message.clone();
            let why = text.split_once("\"OptionalOldSelf\":null}: ");
            return why.unwrap().1.to_owned();
        }
    };
    let value =
        json!({"time": "2024-02-29T12:34:56.50Z", "span": "1h30m", "namespace": "n", "none": null});
    let told = rules.check(&node, &value, None)[0].message.clone();
    told.trim_start_matches("Invalid value: \"object\": ")
        .to_owned()
}

/// The same is held against a real server in `parity/api/cel-*.yaml`.
#[rstest]
#[case::a_flag("string(true)", "true")]
#[case::a_large_float("string(1e21)", "1e+21")]
#[case::no_number("string(1.0 / 0.0)", "+Inf")]
#[case::a_time("string(self.time)", "2024-02-29T12:34:56.5Z")]
#[case::a_time_elsewhere(
    "string(timestamp('2024-01-01T01:00:00+01:00'))",
    "2024-01-01T01:00:00+01:00"
)]
#[case::seconds("string(timestamp(-1))", "1969-12-31T23:59:59Z")]
#[case::a_span("string(self.span)", "5400s")]
#[case::a_short_span("string(duration('1ns'))", "0.000000001s")]
#[case::a_span_before_a_time("string(self.span + self.time)", "2024-02-29T14:04:56.5Z")]
#[case::hours_elsewhere("string(self.time.getHours('America/New_York'))", "7")]
#[case::hours_ahead("string(self.time.getHours('-02:30'))", "10")]
#[case::letters("string(size('é'))", "1")]
#[case::all_of_them("'aaa'.replace('a', 'b', -1)", "bbb")]
#[case::a_reserved_name("self.namespace + self.__namespace__", "nn")]
#[case::nothing("string(has(self.none))", "false")]
#[case::several_types(
    "'%s %d %s'.format(['a', 1, [1.5, b'x', null]])",
    "a 1 [1.500000, b\"x\", null]"
)]
#[case::thousands("'%.1f'.format([1234567.25])", "1,234,567.2")]
#[case::a_power("'%e'.format([12345.678])", "1.234568×10⁰⁴")]
#[case::a_map(
    "'%s'.format([{'b': type(1), 'a': self.span}])",
    "{\"a\":duration(\"5400s\"), \"b\":int}"
)]
#[case::below_zero("'%x %b'.format([-255, -5])", "-ff -101")]
#[case::a_format(
    "format.labelValue().validate('-').value()[0].substring(0, 13)",
    "a valid label"
)]
#[case::no_integer(
    "string(int('x'))",
    "messageExpression instantiation failed: type conversion error from 'string' to 'int'"
)]
#[case::no_room("string(-(-9223372036854775808))", "failed rule: false")]
fn a_message_is_made_as_cel_go_makes_it(#[case] expression: &str, #[case] expected: &str) {
    assert_eq!(said(expression), expected);
}
