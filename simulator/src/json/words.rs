//! What Go says of JSON that it cannot read.

/// What Go says of bytes that do not begin a value.
///
/// Source: Go 1.24 `encoding/json/scanner.go`, `quoteChar`.
pub(crate) fn not_json(bytes: &[u8]) -> String {
    match bytes.trim_ascii_start().first() {
        Some(first) => {
            let quoted = quoted(*first);
            format!("invalid character '{quoted}' looking for beginning of value")
        }
        None => "unexpected end of JSON input".to_owned(),
    }
}

/// A byte as Go quotes the character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => r"\'".to_owned(),
        b'\\' => r"\\".to_owned(),
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
    #[case(b" x", "invalid character 'x' looking for beginning of value")]
    #[case(b"'", r"invalid character '\'' looking for beginning of value")]
    #[case(b"\x81", r"invalid character '\u0081' looking for beginning of value")]
    #[case(b"\x01", r"invalid character '\x01' looking for beginning of value")]
    #[case("ä".as_bytes(), "invalid character 'Ã' looking for beginning of value")]
    #[case(b" ", "unexpected end of JSON input")]
    fn go_names_the_first_byte(#[case] text: &[u8], #[case] expected: &str) {
        assert_eq!(not_json(text), expected);
    }
}
