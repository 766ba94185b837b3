//! From text to tokens, and which token may follow which.

use super::evaluation::{Value, float_text};
use super::instant;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Prefix,
    Numeric,
    Boolean,
    String,
    Time,
    Variable,
    Accessor,
    Comparator,
    LogicalOp,
    Modifier,
    Clause,
    ClauseClose,
    Ternary,
    Separator,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Prefix => "PREFIX",
            Self::Numeric => "NUMERIC",
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Time => "TIME",
            Self::Variable => "VARIABLE",
            Self::Accessor => "ACCESSOR",
            Self::Comparator => "COMPARATOR",
            Self::LogicalOp => "LOGICALOP",
            Self::Modifier => "MODIFIER",
            Self::Clause => "CLAUSE",
            Self::ClauseClose => "CLAUSE_CLOSE",
            Self::Ternary => "TERNARY",
            Self::Separator => "SEPARATOR",
        }
    }

    fn may_end(self) -> bool {
        use Kind::{Accessor, Boolean, ClauseClose, Numeric, String, Time, Variable};
        matches!(
            self,
            ClauseClose | Numeric | Boolean | String | Time | Variable | Accessor
        )
    }

    fn allows(self, next: Kind) -> bool {
        use Kind::{
            Accessor, Boolean, Clause, ClauseClose, Comparator, LogicalOp, Modifier, Numeric,
            Prefix, Separator, String, Ternary, Time, Variable,
        };
        let operand = matches!(
            next,
            Prefix | Numeric | Boolean | Variable | Accessor | Clause
        );
        let operator = matches!(
            next,
            Modifier | Comparator | LogicalOp | ClauseClose | Separator
        );
        match self {
            Self::Unknown => operand || matches!(next, String | Time),
            Self::Clause | Self::Comparator | Self::LogicalOp => {
                operand || matches!(next, String | Time | ClauseClose)
            }
            Self::ClauseClose => {
                operator
                    || matches!(
                        next,
                        Ternary | Numeric | Boolean | Variable | String | Time | Clause
                    )
            }
            Self::Numeric | Self::Boolean | Self::String | Self::Variable => {
                operator || next == Ternary
            }
            Self::Time => operator,
            Self::Accessor => operator || matches!(next, Ternary | Clause),
            Self::Modifier => operand || matches!(next, String | ClauseClose),
            Self::Prefix => {
                matches!(
                    next,
                    Numeric | Boolean | Variable | Accessor | Clause | ClauseClose
                )
            }
            Self::Ternary => operand || matches!(next, String | Time | Separator),
            Self::Separator => operand || matches!(next, String | Time),
        }
    }
}

/// A token and its text or value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) value: Value,
}

impl Token {
    fn new(kind: Kind, value: Value) -> Self {
        Self { kind, value }
    }

    /// As messages print it.
    fn described(&self) -> String {
        let value = match (self.kind, &self.value) {
            (Kind::Clause, _) => "40".to_owned(),
            (Kind::ClauseClose, _) => "41".to_owned(),
            (Kind::Accessor, Value::Text(path)) => format!("[{}]", path.replace('.', " ")),
            (_, Value::Number(number)) => float_text(*number),
            (_, value) => value.to_string(),
        };
        format!("{} [{value}]", self.kind.name())
    }
}

struct Stream {
    characters: Vec<char>,
    at: usize,
}

/// Splits `text`; every token must be allowed after the one before it where that decides what it is.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut stream = Stream {
        characters: text.chars().collect(),
        at: 0,
    };
    let mut tokens: Vec<Token> = Vec::new();
    loop {
        let before = tokens.last().map_or(Kind::Unknown, |token| token.kind);
        match stream.token(before)? {
            Some(token) => tokens.push(token),
            None => break,
        }
    }
    let opened = tokens.iter().filter(|t| t.kind == Kind::Clause).count();
    let closed = tokens
        .iter()
        .filter(|t| t.kind == Kind::ClauseClose)
        .count();
    if opened == closed {
        Ok(tokens)
    } else {
        Err("Unbalanced parenthesis".to_owned())
    }
}

/// Whether each token may follow the one before it, and the last may be last.
pub(super) fn check(tokens: &[Token]) -> Result<(), String> {
    let start = Token::new(Kind::Unknown, Value::Nil);
    let mut last = &start;
    for token in tokens {
        if !last.kind.allows(token.kind) {
            if last.kind == Kind::Variable && token.kind == Kind::Clause {
                return Err(format!("Undefined function {}", last.value));
            }
            return Err(format!(
                "Cannot transition token types from {} to {}",
                last.described(),
                token.described()
            ));
        }
        last = token;
    }
    if last.kind.may_end() {
        Ok(())
    } else {
        Err("Unexpected end of expression".to_owned())
    }
}

fn is_numeric(c: char) -> bool {
    c.is_numeric() || c == '.'
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '"')
}

fn is_symbol(c: char) -> bool {
    !(c.is_alphanumeric() || matches!(c, '(' | ')' | '[' | ']') || is_quote(c))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

impl Stream {
    fn token(&mut self, before: Kind) -> Result<Option<Token>, String> {
        while self
            .characters
            .get(self.at)
            .is_some_and(|c| c.is_whitespace())
        {
            self.at += 1;
        }
        let Some(&first) = self.characters.get(self.at) else {
            return Ok(None);
        };
        if is_numeric(first) {
            return self.number().map(Some);
        }
        if first.is_alphabetic() {
            let word = self.read(false, is_word).0;
            return word_token(word).map(Some);
        }
        if !matches!(first, ',' | '[' | '(' | ')') && !is_quote(first) {
            let symbol = self.read(false, is_symbol).0;
            return symbol_token(symbol, before).map(Some);
        }
        self.at += 1;
        Ok(Some(match first {
            ',' => Token::new(Kind::Separator, Value::Text(",".to_owned())),
            '(' => Token::new(Kind::Clause, Value::Text("(".to_owned())),
            ')' => Token::new(Kind::ClauseClose, Value::Text(")".to_owned())),
            '[' => Token::new(
                Kind::Variable,
                Value::Text(self.read_to(|c| c == ']', "Unclosed parameter bracket")?),
            ),
            _ => {
                let text = self.read_to(is_quote, "Unclosed string literal")?;
                match instant::seconds(&text) {
                    Some(seconds) => Token::new(Kind::Time, Value::Number(seconds)),
                    None => Token::new(Kind::String, Value::Text(text)),
                }
            }
        }))
    }

    fn number(&mut self) -> Result<Token, String> {
        let hexadecimal = self.characters[self.at..].starts_with(&['0', 'x'])
            && self.at + 2 < self.characters.len();
        if hexadecimal {
            self.at += 2;
            let digits = self.read(false, |c| c.is_ascii_hexdigit()).0;
            return u64::from_str_radix(&digits, 16)
                .map(|number| Token::new(Kind::Numeric, Value::Number(number as f64)))
                .map_err(|_| format!("Unable to parse hex value '{digits}' to uint64\n"));
        }
        let digits = self.read(false, is_numeric).0;
        digits
            .parse()
            .map(|number| Token::new(Kind::Numeric, Value::Number(number)))
            .map_err(|_| format!("Unable to parse numeric value '{digits}' to float64\n"))
    }

    fn read_to(&mut self, end: impl Fn(char) -> bool, unclosed: &str) -> Result<String, String> {
        let (text, closed) = self.read(true, |c| !end(c));
        self.at += 1;
        if closed {
            Ok(text)
        } else {
            Err(unclosed.to_owned())
        }
    }

    /// Reads while `condition` holds; without `spaces` a blank ends a token that has begun.
    fn read(&mut self, spaces: bool, condition: impl Fn(char) -> bool) -> (String, bool) {
        let mut text = String::new();
        while let Some(&c) = self.characters.get(self.at) {
            self.at += 1;
            if c == '\\' {
                if let Some(&escaped) = self.characters.get(self.at) {
                    text.push(escaped);
                    self.at += 1;
                }
                continue;
            }
            if c.is_whitespace() && !spaces {
                if text.is_empty() {
                    continue;
                }
                return (text, true);
            }
            if !condition(c) {
                self.at -= 1;
                return (text, true);
            }
            text.push(c);
        }
        (text, false)
    }
}

fn word_token(word: String) -> Result<Token, String> {
    match word.as_str() {
        "true" => return Ok(Token::new(Kind::Boolean, Value::Bool(true))),
        "false" => return Ok(Token::new(Kind::Boolean, Value::Bool(false))),
        "in" | "IN" => return Ok(Token::new(Kind::Comparator, Value::Text("in".to_owned()))),
        _ => {}
    }
    if !word.contains('.') {
        return Ok(Token::new(Kind::Variable, Value::Text(word)));
    }
    if word.ends_with('.') {
        return Err(format!("Hanging accessor on token '{word}'"));
    }
    for field in word.split('.').skip(1) {
        let exported = field
            .chars()
            .next()
            .is_none_or(|c| c.to_uppercase().eq([c]));
        if !exported {
            return Err(format!(
                "Unable to access unexported field '{field}' in token '{word}'"
            ));
        }
    }
    Ok(Token::new(Kind::Accessor, Value::Text(word)))
}

fn symbol_token(symbol: String, before: Kind) -> Result<Token, String> {
    let kind = match symbol.as_str() {
        "-" | "!" | "~" if before.allows(Kind::Prefix) => Kind::Prefix,
        "+" | "-" | "*" | "/" | "%" | "**" | "&" | "|" | "^" | ">>" | "<<" => Kind::Modifier,
        "&&" | "||" => Kind::LogicalOp,
        "==" | "!=" | ">" | ">=" | "<" | "<=" | "=~" | "!~" => Kind::Comparator,
        "?" | ":" | "??" => Kind::Ternary,
        _ => return Err(format!("Invalid token: '{symbol}'")),
    };
    Ok(Token::new(kind, Value::Text(symbol)))
}
