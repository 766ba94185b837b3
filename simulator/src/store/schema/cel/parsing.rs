//! From the text of an expression to what it means, or to what is wrong with it.

use kube_cel::cel::common::ast::{EntryExpr, Expr, IdedEntryExpr};
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{IdedExpr, ParseErrors};

use super::checker::{Checked, Variable, check};
use super::fault::Fault;
use super::sign::without_pairs;
use super::{expansion, fault, format_check, kind_of, literal};

/// How many faults of a text are told.
pub(super) const FAULTS_MAX: usize = 100;

/// The longest line of a text that is shown with a fault.
pub(super) const LINE_BYTES_MAX: usize = 16_384;

/// The parser for expressions. Their depth has been limited; the parser's limit would end in the middle of one.
pub(super) fn parser() -> Parser {
    Parser::new()
        .enable_optional_syntax(true)
        .max_recursion_depth(u16::MAX)
}

/// What a text means, and the types in it.
///
/// # Errors
/// It does not parse, names what is not among `variables`, or gives an operator or a function what that does not take.
pub(super) fn checked(source: &str, variables: &[Variable]) -> Result<(IdedExpr, Checked), String> {
    let mut program = parser()
        .parse(&without_pairs(source))
        .map_err(|errors| format!("compilation failed: {}", faults(&errors)))?;
    join_names(&mut program, variables);
    let told = |faults| format!("compilation failed: {}", fault::told(faults, source));
    let origins = expansion::expand(&mut program).map_err(told)?;
    let checked = check(&program, variables).and_then(|checked| {
        let mut faults = literal::faults(&program);
        faults.extend(format_check::faults(&mut program, &checked));
        let is_right = faults.is_empty();
        is_right.then_some(checked).ok_or(faults)
    });
    let placed = |mut fault: Fault| {
        fault.id = origins.of(fault.id);
        fault
    };
    let checked = checked.map_err(|faults| told(faults.into_iter().map(placed).collect()))?;
    Ok((program, checked))
}

/// Takes a field of a variable for a variable of its own, where one is called so, or a type.
///
/// Source: cel-go v0.26 `checker/checker.go`, `checkSelect`.
fn join_names(expression: &mut IdedExpr, variables: &[Variable]) {
    if let Some(joined) = joined(expression).filter(|joined| joined.contains('.')) {
        let is_type = [kind_of::DURATION, kind_of::TIMESTAMP].contains(&joined.as_str());
        if is_type || variables.iter().any(|(name, _)| *name == joined) {
            expression.expr = Expr::Ident(joined);
            return;
        }
    }
    parts_of(expression)
        .into_iter()
        .for_each(|part| join_names(part, variables));
}

/// Names with dots between them.
fn joined(expression: &IdedExpr) -> Option<String> {
    match &expression.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            let space = joined(&select.operand)?;
            Some(format!("{space}.{}", select.field))
        }
        _ => None,
    }
}

/// What an expression consists of.
pub(super) fn parts_of(expression: &mut IdedExpr) -> Vec<&mut IdedExpr> {
    match &mut expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Vec::new(),
        Expr::Select(select) => vec![&mut *select.operand],
        Expr::Call(call) => {
            let target = call.target.as_deref_mut();
            target.into_iter().chain(&mut call.args).collect()
        }
        Expr::List(list) => list.elements.iter_mut().collect(),
        Expr::Map(map) => map.entries.iter_mut().flat_map(parts_of_entry).collect(),
        Expr::Struct(made) => made.entries.iter_mut().flat_map(parts_of_entry).collect(),
        Expr::Comprehension(all) => vec![
            &mut all.iter_range,
            &mut all.accu_init,
            &mut all.loop_cond,
            &mut all.loop_step,
            &mut all.result,
        ],
    }
}

fn parts_of_entry(entry: &mut IdedEntryExpr) -> Vec<&mut IdedExpr> {
    match &mut entry.expr {
        EntryExpr::StructField(field) => vec![&mut field.value],
        EntryExpr::MapEntry(entry) => vec![&mut entry.key, &mut entry.value],
    }
}

/// What is wrong with a text, without the lines of a long one.
///
/// Source: cel-go v0.26 `common/error.go`, `parser/options.go`.
fn faults(errors: &ParseErrors) -> String {
    let shown = errors.errors.iter().take(FAULTS_MAX);
    let shown = shown.map(|error| {
        let text = error.to_string();
        let mut lines = text.split("\n|");
        match lines.clone().any(|line| line.len() > LINE_BYTES_MAX) {
            true => lines.next().unwrap_or_default().to_owned(),
            false => lines.collect::<Vec<_>>().join("\n |"),
        }
    });
    let mut lines: Vec<String> = shown.collect();
    if errors.errors.len() > FAULTS_MAX {
        lines.push("1 more errors were truncated".to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;
    use crate::store::schema::cel::cel_type::CelType;
    use crate::store::schema::cel::cost::estimate;
    use crate::store::schema::cel::declaration::Declaration;
    use crate::store::schema::parse::parse;

    fn declared() -> Declaration {
        let schema = json!({"type": "object", "properties": {
            "n": {"type": "integer"},
            "t": {"type": "string", "maxLength": 10},
            "l": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 10}},
            "m": {"type": "object", "maxProperties": 5, "additionalProperties": {"type": "integer"}},
            "e": {"x-kubernetes-int-or-string": true},
            "free": {"type": "array", "items": {"type": "integer"}},
        }});
        Declaration::of(&parse(&schema, "").unwrap(), "selfType").unwrap()
    }

    fn read(source: &str) -> Result<(IdedExpr, Checked), String> {
        checked(source, &[("self".to_owned(), declared().kind)])
    }

    #[rstest]
    #[case("self.n > 1", CelType::BOOL)]
    #[case("self.l.map(x, x.size())", CelType::list(CelType::INT))]
    #[case("self.m.filter(k, self.m[k] > 1)", CelType::list(CelType::STRING))]
    #[case("self.?t.optMap(x, x.size())", CelType::optional(CelType::INT))]
    #[case("self.?t.optFlatMap(x, self.?n)", CelType::optional(CelType::INT))]
    #[case(
        "self.l.transformList(i, x, x != '', [i])",
        CelType::list(CelType::list(CelType::INT))
    )]
    #[case("self.m.transformList(k, x, x)", CelType::list(CelType::INT))]
    #[case(
        "self.l.transformMap(i, x, x)",
        CelType::map(CelType::INT, CelType::STRING)
    )]
    #[case(
        "self.m.transformMapEntry(k, x, {x: k})",
        CelType::map(CelType::INT, CelType::STRING)
    )]
    #[case("self.m.existsOne(k, x, k == string(x))", CelType::BOOL)]
    #[case("self.e", CelType::Dyn)]
    #[case("self.e + self.e", CelType::Dyn)]
    #[case("[]", CelType::list(CelType::Dyn))]
    #[case("self.?t.orValue('a')", CelType::STRING)]
    #[case("self.n > 1 ? self.e : 'a'", CelType::Dyn)]
    #[case(
        "{'a': [1]}",
        CelType::map(CelType::STRING, CelType::list(CelType::INT))
    )]
    fn an_expression_is_of_a_type(#[case] source: &str, #[case] expected: CelType) {
        let (program, checked) = read(source).unwrap();
        assert_eq!(checked.kind(&program), &expected);
    }

    #[rstest]
    #[case::operator(
        "self.n + 'a'",
        "1:8: found no matching overload for '_+_' applied to '(int, string)'\n | self.n + 'a'\n | .......^"
    )]
    #[case::member(
        "self.t.startsWith(1)",
        "1:18: found no matching overload for 'startsWith' applied to 'string.(int)'\n | self.t.startsWith(1)\n | .................^"
    )]
    #[case::field("self.x", "1:5: undefined field 'x'\n | self.x\n | ....^")]
    #[case::logical(
        "self.n > 1 && self.t",
        "1:19: expected type 'bool' but found 'string'\n | self.n > 1 && self.t\n | ..................^"
    )]
    #[case::beyond_ascii(
        "'ä' == self.n",
        "1:5: found no matching overload for '_==_' applied to '(string, int)'\n | 'ä' == self.n\n | .．..^"
    )]
    #[case::second_line(
        "self.n > 1\n|| self.x",
        "2:8: undefined field 'x'\n | || self.x\n | .......^"
    )]
    #[case::literal(
        "duration('x') == duration('1s')",
        "1:10: invalid duration argument\n | duration('x') == duration('1s')\n | .........^"
    )]
    #[case::no_name_of_an_optional(
        "self.?t.optMap(1, 1) == optional.none()",
        "1:16: optMap() variable name must be a simple identifier\n | self.?t.optMap(1, 1) == optional.none()\n | ...............^"
    )]
    #[case::no_name(
        "self.l.all(i, x.y, true)",
        "1:16: argument must be a simple name\n | self.l.all(i, x.y, true)\n | ...............^"
    )]
    #[case::one_name_for_two(
        "self.l.all(x, x, true)",
        "1:15: duplicate variable name: x\n | self.l.all(x, x, true)\n | ..............^"
    )]
    #[case::name_of_the_result(
        "self.l.all(__result__, x, true)",
        "1:12: iteration variable overwrites accumulator variable\n | self.l.all(__result__, x, true)\n | ...........^"
    )]
    #[case::too_many_arguments(
        "self.l.transformList(1, 2, true, true, true)",
        "1:21: undeclared reference to 'transformList' (in container '')\n | self.l.transformList(1, 2, true, true, true)\n | ....................^"
    )]
    #[case::no_entry(
        "self.l.transformMapEntry(i, x, x) == {}",
        "1:25: found no matching overload for 'cel.@mapInsert' applied to '(map(dyn, dyn), string)'\n | self.l.transformMapEntry(i, x, x) == {}\n | ........................^"
    )]
    fn what_does_not_fit_is_shown(#[case] source: &str, #[case] expected: &str) {
        let why = read(source).map(drop).unwrap_err();
        assert_eq!(
            why,
            format!("compilation failed: ERROR: <input>:{expected}")
        );
    }

    #[rstest]
    #[case::comparison("self.n > 1", 3)]
    #[case::texts("self.t == 'abcdefghijklmnopqrstuvwxyz'", 2 + 3)]
    #[case::pattern("self.t.matches('^a+$')", 2 + 5)]
    #[case::macros("self.l.all(x, x == 'a')", 2 + 1 + 5 * (2 + 3))]
    #[case::in_each_other("self.l.all(x, self.l.all(y, x == y))", 3 + 5 * (3 + 3 + 5 * (2 + 1 + 2 + 4)))]
    #[case::two_variables("self.l.all(i, x, i > 1 && x == 'a')", 2 + 1 + 5 * (3 + 2 + 2))]
    #[case::a_value_named("self.?t.optMap(x, x == 'a').orValue(true)", 3 + 1 + 10 + 3 + 2 + 1)]
    #[case::keys("self.m.all(k, self.m[k] > 1)", 3 + 5 * (3 + 5))]
    #[case::presence("has(self.n)", 1)]
    #[case::either("self.n > 1 ? self.n : self.n + 1", 3 + 3)]
    #[case::no_bound("self.free.all(x, x > 1)", 3 + 1_572_863 * 5)]
    fn an_expression_costs_at_most(#[case] source: &str, #[case] expected: u64) {
        let (program, checked) = read(source).unwrap();
        let cost = estimate(&program, &checked, &declared(), u64::MAX);
        assert_eq!(cost.max, expected);
    }

    #[test]
    fn of_a_small_object_it_costs_less() {
        let (program, checked) = read("self.free.all(x, x > 1)").unwrap();
        let cost = estimate(&program, &checked, &declared(), 100);
        assert_eq!(cost.max, 3 + 100 * 5);
    }
}
