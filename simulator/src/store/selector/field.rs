//! Field selectors as text.
//!
//! Source: apimachinery v0.34.3, pkg/fields/selector.go.

/// One comparison of a field with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Term {
    /// The field, as it is written.
    pub(super) name: String,
    /// Whether it is to be the value, or anything else.
    pub(super) equal: bool,
    pub(super) value: String,
}

/// Reads a field selector; empty means no comparison.
///
/// # Errors
/// The message of the answer 400.
pub(super) fn parse(text: &str) -> Result<Vec<Term>, String> {
    let terms = terms(text).into_iter().filter(|term| !term.is_empty());
    terms.map(|term| read(term, text)).collect()
}

/// The parts between commas that no backslash stands before.
fn terms(text: &str) -> Vec<&str> {
    let (mut terms, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        if letter == ',' && !is_escaped {
            terms.push(&text[start..at]);
            start = at + 1;
        }
        is_escaped = letter == '\\' && !is_escaped;
    }
    terms.push(&text[start..]);
    terms
}

fn read(term: &str, selector: &str) -> Result<Term, String> {
    let places = term.char_indices();
    let found = places.filter_map(|(at, _)| {
        let operators = ["!=", "==", "="];
        let here = |operator: &&str| term[at..].starts_with(operator);
        Some((at, operators.into_iter().find(here)?))
    });
    let Some((at, operator)) = found.into_iter().next() else {
        return Err(format!(
            "invalid selector: '{selector}'; can't understand '{term}'"
        ));
    };
    Ok(Term {
        name: term[..at].to_owned(),
        equal: operator != "!=",
        value: unescaped(&term[at + operator.len()..])?,
    })
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut value = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => value.push(escaped),
                other => {
                    let sequence: String = Some('\\').into_iter().chain(other).collect();
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: {sequence}"
                    ));
                }
            },
            ',' | '=' => {
                let number = u32::from(letter);
                return Err(format!(
                    "invalid field selector: unescaped character in value: {number}"
                ));
            }
            _ => value.push(letter),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Ok(&[][..]))]
    #[case("a=b,c!=d,e==f,", Ok(&["a true b", "c false d", "e true f"][..]))]
    #[case("a=b\\,c\\=d", Ok(&["a true b,c=d"][..]))]
    #[case(
        "a===",
        Err("invalid field selector: unescaped character in value: 61")
    )]
    #[case(
        "a=b!=c",
        Err("invalid field selector: unescaped character in value: 61")
    )]
    #[case("a=\\b", Err("invalid field selector: invalid escape sequence: \\b"))]
    #[case("a", Err("invalid selector: 'a'; can't understand 'a'"))]
    #[case("a,b=c", Err("invalid selector: 'a,b=c'; can't understand 'a'"))]
    fn a_selector_is_split_where_nothing_is_escaped(
        #[case] text: &str,
        #[case] expected: Result<&[&str], &str>,
    ) {
        let parsed = parse(text).map(|terms| {
            let told = |term: Term| format!("{} {} {}", term.name, term.equal, term.value);
            terms.into_iter().map(told).collect::<Vec<_>>()
        });
        let expected = expected.map(|terms| terms.iter().map(ToString::to_string).collect());
        assert_eq!(parsed, expected.map_err(str::to_owned));
    }
}
