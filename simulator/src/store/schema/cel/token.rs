//! The tokens of a rule, as far as they tell how deep it is.
//!
//! Source: cel-go v0.26 `parser/gen/CEL.g4`.

/// What matters of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `(` or `{`.
    Open,
    /// `[`, of a list or an index.
    Bracket,
    Close,
    Comma,
    /// `&&` or `||`.
    Logical,
    /// `?`.
    Condition,
    /// An operator or a dot between two terms.
    Link,
    /// An operator, or a sign.
    Minus,
    /// A name, a number or a string.
    Term,
    Not,
    Colon,
    /// A string without an end, or with an escape that there is not: what follows may be read in another way.
    Broken,
}

/// The tokens of a text, one after the other; what is no token is passed over.
pub(super) struct Tokens<'t>(&'t str);

impl<'t> Tokens<'t> {
    pub(super) fn of(source: &'t str) -> Self {
        Self(source)
    }

    /// What comes behind the last token.
    pub(super) fn rest(&self) -> &'t str {
        self.0
    }

    fn skip(&mut self, n_bytes: usize) {
        self.0 = &self.0[n_bytes..];
    }

    /// A name or a number, or a string that begins with letters.
    fn word(&mut self) -> Token {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = self.0.find(|c| !is_letter(c)).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        let is_prefix = matches!(
            word,
            "r" | "R" | "b" | "B" | "rb" | "rB" | "Rb" | "RB" | "br" | "bR" | "Br" | "BR"
        );
        match word {
            "in" => Token::Link,
            _ if is_prefix && rest.starts_with(['"', '\'']) => {
                self.string(word.contains(['r', 'R']))
            }
            _ => Token::Term,
        }
    }

    /// A string, whose quotes come next.
    fn string(&mut self, is_raw: bool) -> Token {
        let quote = &self.0[..1];
        let threefold = quote.repeat(3);
        let quotes = match self.0.starts_with(&threefold) {
            true => &threefold,
            false => quote,
        };
        self.skip(quotes.len());
        match end_of_string(self.0, quotes, is_raw) {
            Some(end) => {
                self.skip(end + quotes.len());
                Token::Term
            }
            None => Token::Broken,
        }
    }
}

/// Where the quotes stand that end a string.
fn end_of_string(text: &str, quotes: &str, is_raw: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        if rest.starts_with(quotes) {
            return Some(at);
        }
        let letter = rest.chars().next()?;
        at += match letter {
            '\\' if !is_raw => escape(rest)?,
            '\n' | '\r' if quotes.len() == 1 => return None,
            letter => letter.len_utf8(),
        };
    }
}

/// How long the escape is with which `text` begins.
fn escape(text: &str) -> Option<usize> {
    let (n_digits, radix) = match text.as_bytes().get(1)? {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'"' | b'\'' | b'\\' | b'?' | b'`' => {
            return Some(2);
        }
        b'x' | b'X' => (2, 16),
        b'u' => (4, 16),
        b'U' => (8, 16),
        b'0'..=b'3' => (2, 8),
        _ => return None,
    };
    let digits = text.get(2..2 + n_digits)?;
    let are_digits = digits.chars().all(|digit| digit.is_digit(radix));
    are_digits.then_some(2 + n_digits)
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let first = self.0.chars().next()?;
            if first.is_ascii_alphanumeric() || first == '_' {
                return Some(self.word());
            }
            if matches!(first, '"' | '\'') {
                return Some(self.string(false));
            }
            if self.0.starts_with("//") {
                self.skip(self.0.find('\n').unwrap_or(self.0.len()));
                continue;
            }
            let two = self.0.get(..2).unwrap_or_default();
            let token = match two {
                "&&" | "||" => Some(Token::Logical),
                "==" | "!=" | "<=" | ">=" => Some(Token::Link),
                _ => None,
            };
            if token.is_some() {
                self.skip(2);
                return token;
            }
            self.skip(first.len_utf8());
            let token = of_one(first);
            if token.is_some() {
                return token;
            }
        }
    }
}

fn of_one(letter: char) -> Option<Token> {
    Some(match letter {
        '(' | '{' => Token::Open,
        '[' => Token::Bracket,
        ')' | '}' | ']' => Token::Close,
        ',' => Token::Comma,
        '?' => Token::Condition,
        '-' => Token::Minus,
        '.' | '<' | '>' | '+' | '*' | '/' | '%' => Token::Link,
        '!' => Token::Not,
        ':' => Token::Colon,
        _ => return None,
    })
}
