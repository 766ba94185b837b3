//! JSON laid out for people.

/// What a level is moved in by.
const STEP: &[u8] = b"  ";

/// A JSON text with each item and field on a line of its own, as Go lays it out.
///
/// Source: Go 1.24 `encoding/json/indent.go`, `Indent`.
pub(crate) fn indented(json: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(json.len() * 2);
    let (mut depth, mut is_quoted, mut is_escaped, mut is_opened) = (0, false, false, false);
    for byte in json {
        if is_quoted {
            text.push(*byte);
            is_quoted = is_escaped || *byte != b'"';
            is_escaped = !is_escaped && *byte == b'\\';
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        let is_closed = matches!(byte, b'}' | b']');
        if is_opened && !is_closed {
            depth += 1;
            new_line(&mut text, depth);
        } else if is_closed && !is_opened {
            depth -= 1;
            new_line(&mut text, depth);
        }
        is_opened = matches!(byte, b'{' | b'[');
        is_quoted = *byte == b'"';
        text.push(*byte);
        match byte {
            b',' => new_line(&mut text, depth),
            b':' => text.push(b' '),
            _ => {}
        }
    }
    text
}

fn new_line(text: &mut Vec<u8>, depth: usize) {
    text.push(b'\n');
    text.extend(STEP.iter().cycle().take(depth * STEP.len()));
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing_inside(r#"{"a":{},"b":[]}"#, "{\n  \"a\": {},\n  \"b\": []\n}")]
    #[case::deeper(
        r#"[{"a":[1,null]}]"#,
        "[\n  {\n    \"a\": [\n      1,\n      null\n    ]\n  }\n]"
    )]
    #[case::quoted(r#"{"a,{":"\"}\\"}"#, "{\n  \"a,{\": \"\\\"}\\\\\"\n}")]
    #[case::spaces_of_its_own("{ \"a b\" :\n1 }\n", "{\n  \"a b\": 1\n}")]
    #[case::alone("\"a\"", "\"a\"")]
    fn each_item_has_a_line(#[case] json: &str, #[case] expected: &str) {
        assert_eq!(
            String::from_utf8(indented(json.as_bytes())).unwrap(),
            expected
        );
    }
}
