//! What Go says of JSON that it cannot read.
//!
//! Source: Go 1.24 `encoding/json/scanner.go`, with [`DEPTH_MAX`] for its 10,000 levels.

use super::wire::DEPTH_MAX;

const END: &str = "unexpected end of JSON input";

/// The fault in a text that should be one JSON value; `None` if Go finds none. It does not recurse, whatever comes.
pub(crate) fn fault(text: &[u8]) -> Option<String> {
    let mut scanner = Scanner {
        text,
        at: 0,
        open: Vec::new(),
    };
    let mut wanted = Wanted::Value;
    loop {
        scanner.skip_space();
        let Some(byte) = scanner.text.get(scanner.at).copied() else {
            let is_whole = wanted == Wanted::Nothing;
            return (!is_whole).then(|| END.to_owned());
        };
        match scanner.step(wanted, byte) {
            Ok(next) => wanted = next,
            Err(fault) => return Some(fault),
        }
    }
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Value,
    ItemOrEnd,
    Key,
    KeyOrEnd,
    Colon,
    CommaOrEnd,
    Nothing,
}

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    /// The brackets that are open.
    open: Vec<u8>,
}

impl Scanner<'_> {
    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += rest.iter().take_while(|byte| is_space(byte)).count();
    }

    /// Takes the token that begins with `byte`.
    fn step(&mut self, wanted: Wanted, byte: u8) -> Result<Wanted, String> {
        self.at += 1;
        match (wanted, byte) {
            (Wanted::ItemOrEnd, b']') | (Wanted::KeyOrEnd, b'}') => Ok(self.closed()),
            (Wanted::Value | Wanted::ItemOrEnd, _) => self.value(byte),
            (Wanted::Key | Wanted::KeyOrEnd, b'"') => self.string().map(|()| Wanted::Colon),
            (Wanted::Key | Wanted::KeyOrEnd, _) => {
                Err(invalid(byte, "looking for beginning of object key string"))
            }
            (Wanted::Colon, b':') => Ok(Wanted::Value),
            (Wanted::Colon, _) => Err(invalid(byte, "after object key")),
            (Wanted::CommaOrEnd, _) => match (self.open.last(), byte) {
                (Some(b'{'), b',') => Ok(Wanted::Key),
                (Some(b'{'), b'}') | (Some(b'['), b']') => Ok(self.closed()),
                (Some(b'{'), _) => Err(invalid(byte, "after object key:value pair")),
                (_, b',') => Ok(Wanted::Value),
                _ => Err(invalid(byte, "after array element")),
            },
            (Wanted::Nothing, _) => Err(invalid(byte, "after top-level value")),
        }
    }

    fn value(&mut self, byte: u8) -> Result<Wanted, String> {
        match byte {
            b'{' | b'[' if self.open.len() == DEPTH_MAX => {
                return Err(invalid(byte, "exceeded max depth"));
            }
            b'{' | b'[' => {
                self.open.push(byte);
                return Ok(match byte {
                    b'{' => Wanted::KeyOrEnd,
                    _ => Wanted::ItemOrEnd,
                });
            }
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number(byte)?,
            b't' => self.literal("true")?,
            b'f' => self.literal("false")?,
            b'n' => self.literal("null")?,
            _ => return Err(invalid(byte, "looking for beginning of value")),
        }
        Ok(self.after_value())
    }

    fn closed(&mut self) -> Wanted {
        self.open.pop();
        self.after_value()
    }

    fn after_value(&self) -> Wanted {
        match self.open.is_empty() {
            true => Wanted::Nothing,
            false => Wanted::CommaOrEnd,
        }
    }

    /// The next byte; behind the end Go sees a space.
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(b' ')
    }

    fn literal(&mut self, word: &str) -> Result<(), String> {
        for letter in word.bytes().skip(1) {
            let byte = self.peek();
            if byte != letter {
                let wanted = char::from(letter);
                return Err(invalid(
                    byte,
                    &format!("in literal {word} (expecting '{wanted}')"),
                ));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self, first: u8) -> Result<(), String> {
        let leading = match first {
            b'-' => self.digit("in numeric literal")?,
            digit => digit,
        };
        if leading != b'0' {
            self.skip_digits();
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digit("after decimal point in numeric literal")?;
            self.skip_digits();
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), b'+' | b'-'));
            self.digit("in exponent of numeric literal")?;
            self.skip_digits();
        }
        Ok(())
    }

    fn digit(&mut self, place: &str) -> Result<u8, String> {
        let byte = self.peek();
        if !byte.is_ascii_digit() {
            return Err(invalid(byte, place));
        }
        self.at += 1;
        Ok(byte)
    }

    fn skip_digits(&mut self) {
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
    }

    /// The rest of a string.
    fn string(&mut self) -> Result<(), String> {
        while let Some(byte) = self.text.get(self.at).copied() {
            self.at += 1;
            match byte {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                0..b' ' => return Err(invalid(byte, "in string literal")),
                _ => {}
            }
        }
        Err(END.to_owned())
    }

    fn escape(&mut self) -> Result<(), String> {
        let byte = self.peek();
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    let digit = self.peek();
                    if !digit.is_ascii_hexdigit() {
                        return Err(invalid(digit, r"in \u hexadecimal character escape"));
                    }
                    self.at += 1;
                }
                Ok(())
            }
            _ => Err(invalid(byte, "in string escape code")),
        }
    }
}

fn invalid(byte: u8, place: &str) -> String {
    format!("invalid character '{}' {place}", quoted(byte))
}

/// A byte as Go quotes the character of that number.
///
/// Source: `quoteChar` there, and `strconv.Quote`.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"\'".to_owned(),
        b'\\' => r"\\".to_owned(),
        7 => r"\a".to_owned(),
        8 => r"\b".to_owned(),
        b'\t' => r"\t".to_owned(),
        b'\n' => r"\n".to_owned(),
        11 => r"\v".to_owned(),
        12 => r"\f".to_owned(),
        b'\r' => r"\r".to_owned(),
        b' '..=b'~' | 0xa1..=0xac | 0xae.. => char::from(byte).to_string(),
        0..=0x7f => format!("\\x{byte:02x}"),
        _ => format!("\\u{byte:04x}"),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b" ", "unexpected end of JSON input")]
    #[case(br#"{"a":1"#, "unexpected end of JSON input")]
    #[case(br#""abc"#, "unexpected end of JSON input")]
    #[case(b"x", "invalid character 'x' looking for beginning of value")]
    #[case(b"'", r"invalid character '\'' looking for beginning of value")]
    #[case(b"\x81", r"invalid character '\u0081' looking for beginning of value")]
    #[case(b"\x01", r"invalid character '\x01' looking for beginning of value")]
    #[case("ä".as_bytes(), "invalid character 'Ã' looking for beginning of value")]
    #[case(b"[,]", "invalid character ',' looking for beginning of value")]
    #[case(br#"{"a":}"#, "invalid character '}' looking for beginning of value")]
    #[case(
        b"{,}",
        "invalid character ',' looking for beginning of object key string"
    )]
    #[case(
        b"{a:1}",
        "invalid character 'a' looking for beginning of object key string"
    )]
    #[case(
        br#"{"a":1,}"#,
        "invalid character '}' looking for beginning of object key string"
    )]
    #[case(br#"{"a" 1}"#, "invalid character '1' after object key")]
    #[case(br#"{"a":01}"#, "invalid character '1' after object key:value pair")]
    #[case(br#"{"a":1]"#, "invalid character ']' after object key:value pair")]
    #[case(b"[1 2]", "invalid character '2' after array element")]
    #[case(br#"{"a":1}x"#, "invalid character 'x' after top-level value")]
    #[case(br#"{"a":1}}"#, "invalid character '}' after top-level value")]
    #[case(
        br#"{"a":tru}"#,
        "invalid character '}' in literal true (expecting 'e')"
    )]
    #[case(
        br#"{"a":nan}"#,
        "invalid character 'a' in literal null (expecting 'u')"
    )]
    #[case(b"nul", "invalid character ' ' in literal null (expecting 'l')")]
    #[case(b"\"\x01\"", r"invalid character '\x01' in string literal")]
    #[case(b"\"\n\"", r"invalid character '\n' in string literal")]
    #[case(br#""\x""#, "invalid character 'x' in string escape code")]
    #[case(
        br#""\u12g""#,
        r"invalid character 'g' in \u hexadecimal character escape"
    )]
    #[case(b"-", "invalid character ' ' in numeric literal")]
    #[case(b"[-]", "invalid character ']' in numeric literal")]
    #[case(
        b"[1.]",
        "invalid character ']' after decimal point in numeric literal"
    )]
    #[case(b"[1e+]", "invalid character ']' in exponent of numeric literal")]
    fn go_names_the_first_fault(#[case] text: &[u8], #[case] expected: &str) {
        assert_eq!(fault(text).as_deref(), Some(expected));
    }

    #[rstest]
    #[case(br#" {"a": [1, -0.5e+3, true, false, null, "\u00e4\n", {}, []], "b": {"c": 10}} "#)]
    #[case(b"0")]
    #[case(b"\"\xff\"")]
    fn go_finds_no_fault(#[case] text: &[u8]) {
        assert_eq!(fault(text), None);
    }

    #[rstest]
    #[case::lists("[", "]", 127, None)]
    #[case::lists_deeper("[", "]", 128, Some("invalid character '[' exceeded max depth"))]
    #[case::objects(
        r#"{"a":"#,
        "0}",
        128,
        Some("invalid character '{' exceeded max depth")
    )]
    #[case::unclosed("[", "", 3_000_000, Some("invalid character '[' exceeded max depth"))]
    fn a_text_may_nest_so_deep(
        #[case] open: &str,
        #[case] close: &str,
        #[case] n_levels: usize,
        #[case] expected: Option<&str>,
    ) {
        let text = open.repeat(n_levels) + &close.repeat(n_levels);
        assert_eq!(fault(text.as_bytes()).as_deref(), expected);
    }
}
