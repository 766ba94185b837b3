//! Of what type the value of an expression is, as far as that shows without a type checker.
//!
//! Source: CEL specification, "Overload resolution" and "Standard Definitions".

use kube_cel::cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue};

use super::scope::Declared;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    /// One that has this name in refusals.
    Named(&'static str),
    /// Known at evaluation alone.
    Dyn,
    /// Not found out.
    Unknown,
}

const BOOL: Kind = Kind::Named("bool");
const INT: Kind = Kind::Named("int");
const STRING: Kind = Kind::Named("string");

/// The type of `expression`, which names what is declared.
pub(super) fn kind(expression: &IdedExpr, declared: &[Declared]) -> Kind {
    match &expression.expr {
        Expr::Literal(literal) => Kind::Named(match literal {
            LiteralValue::Boolean(_) => "bool",
            LiteralValue::Bytes(_) => "bytes",
            LiteralValue::Double(_) => "double",
            LiteralValue::Int(_) => "int",
            LiteralValue::Null => "null_type",
            LiteralValue::String(_) => "string",
            LiteralValue::UInt(_) => "uint",
        }),
        Expr::Select(select) if select.test => BOOL,
        Expr::Ident(_) => found(expression, declared).map_or(Kind::Unknown, |it| it.kind),
        Expr::Select(select) => match found(expression, declared) {
            Some(field) => field.kind,
            None => element(kind(&select.operand, declared)),
        },
        Expr::Call(call) => call_kind(call, declared),
        Expr::Comprehension(all) => match &all.result.expr {
            Expr::Ident(name) if *name == all.accu_var => kind(&all.accu_init, declared),
            _ => kind(&all.result, declared),
        },
        Expr::Unspecified | Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => Kind::Unknown,
    }
}

/// The declaration of what is named by a variable and its fields.
fn found<'d>(expression: &IdedExpr, declared: &'d [Declared]) -> Option<&'d Declared> {
    match &expression.expr {
        Expr::Ident(name) => declared.iter().find(|variable| variable.name == *name),
        Expr::Select(select) => {
            let fields = found(&select.operand, declared)?.fields.as_ref()?;
            fields.iter().find(|field| field.name == select.field)
        }
        _ => None,
    }
}

/// What is inside a value of this type.
fn element(of: Kind) -> Kind {
    match of {
        Kind::Dyn => Kind::Dyn,
        Kind::Named(_) | Kind::Unknown => Kind::Unknown,
    }
}

fn call_kind(call: &CallExpr, declared: &[Declared]) -> Kind {
    let argument = |index: usize| {
        let argument = call.args.get(index);
        argument.map_or(Kind::Unknown, |argument| kind(argument, declared))
    };
    match call.func_name.as_str() {
        "_&&_" | "_||_" | "!_" | "_==_" | "_!=_" | "_<_" | "_<=_" | "_>_" | "_>=_" | "@in" => BOOL,
        "startsWith" | "endsWith" | "contains" | "matches" | "hasValue" | "isSorted" | "bool" => {
            BOOL
        }
        "size" | "int" | "indexOf" | "lastIndexOf" => INT,
        "string" | "lowerAscii" | "upperAscii" | "trim" | "replace" | "substring" | "join"
        | "charAt" | "format" => STRING,
        "_[_]" => element(argument(0)),
        "_?_:_" => same(argument(1), argument(2)),
        "_+_" | "_-_" | "_*_" | "_/_" | "_%_" => sum(argument(0), argument(1)),
        "-_" => argument(0),
        _ => Kind::Unknown,
    }
}

/// The type of either of two values.
fn same(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        (one, other) if one == other => one,
        (Kind::Dyn, Kind::Named(_)) | (Kind::Named(_), Kind::Dyn) => Kind::Dyn,
        _ => Kind::Unknown,
    }
}

/// The type of what an operator makes of two values of one type.
fn sum(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        (Kind::Dyn, Kind::Dyn) => Kind::Dyn,
        (Kind::Named(name), Kind::Dyn | Kind::Named(_)) | (Kind::Dyn, Kind::Named(name)) => {
            match name {
                "int" | "uint" | "double" | "string" | "bytes" => Kind::Named(name),
                _ => Kind::Unknown,
            }
        }
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use kube_cel::cel::parser::Parser;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::literal("1", INT)]
    #[case::comparison("o.a == 1", BOOL)]
    #[case::negation("!o.a", BOOL)]
    #[case::presence("has(o.a)", BOOL)]
    #[case::anything("o.a.b", Kind::Dyn)]
    #[case::anything_by_index("o['a'][0]", Kind::Dyn)]
    #[case::text_and_anything("'a' + o.b", STRING)]
    #[case::anything_twice("o.a + o.b", Kind::Dyn)]
    #[case::choice("o.a ? 1 : 2", INT)]
    #[case::mixed_choice("o.a ? 1 : o.b", Kind::Dyn)]
    #[case::all("o.a.all(x, x.b == 1)", BOOL)]
    #[case::exists_one("o.a.exists_one(x, x.b == 1)", BOOL)]
    #[case::map("o.a.map(x, x.b)", Kind::Unknown)]
    #[case::declared("r.name", STRING)]
    #[case::function("o.a.startsWith('x')", BOOL)]
    #[case::unknown_function("f(o)", Kind::Unknown)]
    fn an_expression_is_of_a_type(#[case] source: &str, #[case] expected: Kind) {
        let expression = Parser::new().parse(source).unwrap();
        let declared = [
            Declared::new("o", Kind::Dyn),
            Declared::with_fields("r", vec![Declared::new("name", STRING)]),
        ];
        assert_eq!(kind(&expression, &declared), expected);
    }
}
