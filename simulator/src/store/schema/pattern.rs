//! Regular expressions as schemas write them, compiled once.

use std::sync::LazyLock;

use regex::Regex;

use super::go_regexp;

static GROUP_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\(\?P?<[0-9A-Za-z_]+>").expect("the pattern is one"));

/// A `pattern` in the syntax of RE2, with its compiled form.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    compiled: Regex,
}

impl Pattern {
    /// Compiles `source`.
    ///
    /// # Errors
    /// A text that says why `source` is no regular expression.
    pub fn new(source: &str) -> Result<Self, String> {
        if let Some(why) = go_regexp::fault(source) {
            return Err(why);
        }
        let translated = translated(source);
        // Go lets two groups have one name.
        let compiled = Regex::new(&translated).or_else(|why| {
            let nameless = GROUP_NAME.replace_all(&translated, "(");
            Regex::new(&nameless).map_err(|_| why.to_string())
        });
        Ok(Self {
            source: source.to_owned(),
            compiled: compiled?,
        })
    }

    /// The pattern as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether `text` holds a match anywhere.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.compiled.is_match(text)
    }
}

/// RE2's shorthand classes are ASCII and its bracket classes know no nesting and no set operations, other than in the
/// crate `regex`.
fn translated(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut in_class = false;
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !in_class && chars.next_if_eq(&'Q').is_some() => {
                out.push_str(&regex::escape(&quoted(&mut chars)));
            }
            '\\' => escape(chars.next(), in_class, &mut out),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '[' | '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// What stands before `\E`, or the end.
fn quoted(chars: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    for c in chars {
        text.push(c);
        if text.ends_with("\\E") {
            text.truncate(text.len() - 2);
            break;
        }
    }
    text
}

fn escape(escaped: Option<char>, in_class: bool, out: &mut String) {
    let class = match escaped {
        Some('d') => "0-9",
        Some('w') => "0-9A-Za-z_",
        Some('s') => "\\t\\n\\f\\r ",
        Some(c @ ('D' | 'W' | 'S')) => {
            out.push_str(match c {
                'D' => "[^0-9]",
                'W' => "[^0-9A-Za-z_]",
                _ => "[^\\t\\n\\f\\r ]",
            });
            return;
        }
        Some(c @ ('b' | 'B')) if !in_class => {
            out.push_str(if c == 'b' { "(?-u:\\b)" } else { "(?-u:\\B)" });
            return;
        }
        other => {
            out.push('\\');
            out.extend(other);
            return;
        }
    };
    if in_class {
        out.push_str(class);
    } else {
        out.push('[');
        out.push_str(class);
        out.push(']');
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::anywhere("a+", "xaay", true)]
    #[case::quoted(r"^\Qa.b\E+$", "a.bb", true)]
    #[case::two_of_a_name("^(?P<a>x)(?P<a>y)$", "xy", true)]
    #[case::anchored("^a+$", "aab", false)]
    #[case::digits_are_ascii(r"^\d$", "٣", false)]
    #[case::words_in_a_class(r"^[\w.-]+$", "a_b.c-d", true)]
    #[case::bracket_in_a_class(r"^[[(]x$", "[x", true)]
    #[case::ampersands_in_a_class("^[a&&b]$", "&", true)]
    #[case::posix_class("^[[:alpha:]]+$", "abc", true)]
    #[case::leading_bracket("^[]a]+$", "]a", true)]
    #[case::not_space_in_a_class(r"^[\S]$", " ", false)]
    fn patterns_match_as_in_re2(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(Pattern::new(pattern).unwrap().matches(text), matches);
    }

    #[test]
    fn a_broken_pattern_is_refused() {
        assert!(Pattern::new("a(").is_err());
    }
}
