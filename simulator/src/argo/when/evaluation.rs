//! From tokens to a value. All binary operators of one rank group to the left.

use std::fmt;

use super::token::{Kind, Token};

/// What a part of a condition evaluates to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("<nil>"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => f.write_str(&float_text(*number)),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(" "))
            }
        }
    }
}

/// A float as Go's `%v` prints it.
pub(super) fn float_text(number: f64) -> String {
    if number != 0.0 && (number.abs() >= 1e21 || number.abs() < 1e-4) {
        let text = format!("{number:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |d| ('-', d));
        format!("{mantissa}e{sign}{digits:0>2}")
    } else {
        format!("{number}")
    }
}

/// A node of the plan.
enum Stage {
    Nothing,
    Literal(Value),
    Access(String),
    Prefix(String, Box<Stage>),
    Binary(String, Box<Stage>, Box<Stage>),
}

/// The binary operators from the loosest to the tightest rank.
const RANKS: [&[&str]; 10] = [
    &[","],
    &["?", ":", "??"],
    &["||"],
    &["&&"],
    &["==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"],
    &["&", "|", "^"],
    &[">>", "<<"],
    &["+", "-"],
    &["*", "/", "%"],
    &["**"],
];

/// The value of checked tokens.
pub(super) fn evaluate(tokens: &[Token]) -> Result<Value, String> {
    let mut planner = Planner { tokens, at: 0 };
    planner.rank(0).run()
}

struct Planner<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Planner<'_> {
    fn rank(&mut self, rank: usize) -> Stage {
        let Some(symbols) = RANKS.get(rank) else {
            return self.operand();
        };
        let mut left = self.rank(rank + 1);
        while let Some(symbol) = self.operator(symbols) {
            let right = self.rank(rank + 1);
            left = Stage::Binary(symbol, Box::new(left), Box::new(right));
        }
        left
    }

    fn operator(&mut self, symbols: &[&str]) -> Option<String> {
        let token = self.tokens.get(self.at)?;
        let is_operator = matches!(
            token.kind,
            Kind::Separator | Kind::Ternary | Kind::LogicalOp | Kind::Comparator | Kind::Modifier
        );
        match &token.value {
            Value::Text(symbol) if is_operator && symbols.contains(&symbol.as_str()) => {
                self.at += 1;
                Some(symbol.clone())
            }
            _ => None,
        }
    }

    fn operand(&mut self) -> Stage {
        let Some(token) = self.tokens.get(self.at) else {
            return Stage::Nothing;
        };
        self.at += 1;
        match (token.kind, &token.value) {
            (Kind::Clause, _) => {
                let inner = self.rank(0);
                self.at += 1;
                Stage::Binary("(".to_owned(), Box::new(Stage::Nothing), Box::new(inner))
            }
            (Kind::Prefix, Value::Text(symbol)) => {
                let right = self.operand();
                Stage::Prefix(symbol.clone(), Box::new(right))
            }
            (Kind::Accessor, Value::Text(path)) => {
                Stage::Access(path.split('.').next().unwrap_or_default().to_owned())
            }
            (Kind::Variable, Value::Text(name)) => Stage::Access(name.clone()),
            (Kind::ClauseClose, _) => {
                self.at -= 1;
                Stage::Nothing
            }
            (_, value) => Stage::Literal(value.clone()),
        }
    }
}

impl Stage {
    fn run(&self) -> Result<Value, String> {
        match self {
            Self::Nothing => Ok(Value::Nil),
            Self::Literal(value) => Ok(value.clone()),
            Self::Access(name) => Err(format!("No parameter '{name}' found.")),
            Self::Prefix(symbol, right) => prefixed(symbol, &right.run()?),
            Self::Binary(symbol, left, right) => binary(symbol, left, right),
        }
    }
}

fn prefixed(symbol: &str, right: &Value) -> Result<Value, String> {
    match (symbol, right) {
        ("!", Value::Bool(flag)) => Ok(Value::Bool(!flag)),
        ("-", Value::Number(number)) => Ok(Value::Number(-number)),
        ("~", Value::Number(number)) => Ok(Value::Number(!(*number as i64) as f64)),
        _ => Err(format!(
            "Value '{right}' cannot be used with the prefix '{symbol}'"
        )),
    }
}

fn binary(symbol: &str, left: &Stage, right: &Stage) -> Result<Value, String> {
    let left = left.run()?;
    match (symbol, &left) {
        ("&&", Value::Bool(false)) => return Ok(Value::Bool(false)),
        ("||", Value::Bool(true)) => return Ok(Value::Bool(true)),
        ("?", Value::Bool(false)) => return Ok(Value::Nil),
        ("??" | ":", value) if *value != Value::Nil => return Ok(left),
        _ => {}
    }
    let right = right.run()?;
    match symbol {
        "(" | ":" | "??" => Ok(right),
        "," => Ok(Value::List(match left {
            Value::List(mut items) => {
                items.push(right);
                items
            }
            first => vec![first, right],
        })),
        "?" => match left {
            Value::Bool(_) => Ok(right),
            _ => Err(format!(
                "Value '{left}' cannot be used with the ternary operator '?', it is not a bool"
            )),
        },
        "&&" | "||" => logical(symbol, &left, right),
        "==" => Ok(Value::Bool(left == right)),
        "!=" => Ok(Value::Bool(left != right)),
        "in" => match right {
            Value::List(items) => Ok(Value::Bool(items.contains(&left))),
            _ => Err(not_a_number("comparator", &right, "in")),
        },
        "=~" | "!~" => matched(symbol, &left, &right),
        ">" | ">=" | "<" | "<=" => compared(symbol, &left, &right),
        _ => modified(symbol, &left, &right),
    }
}

fn not_a_number(what: &str, value: &Value, symbol: &str) -> String {
    format!("Value '{value}' cannot be used with the {what} '{symbol}', it is not a number")
}

/// The left side did not decide alone, so it is neutral and the right side decides.
fn logical(symbol: &str, left: &Value, right: Value) -> Result<Value, String> {
    let not_a_bool = [left, &right]
        .into_iter()
        .find(|v| !matches!(v, Value::Bool(_)));
    if let Some(value) = not_a_bool {
        return Err(format!(
            "Value '{value}' cannot be used with the logical operator '{symbol}', it is not a bool"
        ));
    }
    Ok(right)
}

fn matched(symbol: &str, left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Text(text), Value::Text(pattern)) => regex::Regex::new(pattern)
            .map(|regex| Value::Bool(regex.is_match(text) == (symbol == "=~")))
            .map_err(|error| format!("Unable to compile regexp pattern '{pattern}': {error}")),
        (Value::Text(_), other) | (other, _) => Err(not_a_number("comparator", other, symbol)),
    }
}

fn compared(symbol: &str, left: &Value, right: &Value) -> Result<Value, String> {
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.partial_cmp(b),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => return Err(not_a_number("comparator", left, symbol)),
    };
    Ok(Value::Bool(order.is_some_and(|order| match symbol {
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        "<" => order.is_lt(),
        _ => order.is_le(),
    })))
}

fn modified(symbol: &str, left: &Value, right: &Value) -> Result<Value, String> {
    if symbol == "+" && (matches!(left, Value::Text(_)) || matches!(right, Value::Text(_))) {
        return Ok(Value::Text(format!("{left}{right}")));
    }
    let (a, b) = match (left, right) {
        (Value::Number(a), Value::Number(b)) => (*a, *b),
        (Value::Number(_), other) if symbol != "+" => {
            return Err(not_a_number("modifier", other, symbol));
        }
        _ => return Err(not_a_number("modifier", left, symbol)),
    };
    Ok(Value::Number(match symbol {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        "**" => a.powf(b),
        "&" => ((a as i64) & (b as i64)) as f64,
        "|" => ((a as i64) | (b as i64)) as f64,
        "^" => ((a as i64) ^ (b as i64)) as f64,
        "<<" => (a as u64).checked_shl(b as u32).unwrap_or(0) as f64,
        _ => (a as u64).checked_shr(b as u32).unwrap_or(0) as f64,
    }))
}
