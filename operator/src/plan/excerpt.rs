//! Texts from elsewhere, made short and harmless.

/// Shown where text was left out.
pub(crate) const CUT: &str = "… (cut)";

/// The beginning of `text`, at most `bytes_max` bytes with a visible mark if something is missing.
pub(crate) fn head(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(bytes_max.saturating_sub(CUT.len()));
    format!("{}{CUT}", &text[..end])
}

/// The end of `text`, at most `bytes_max` bytes with a visible mark if something is missing.
pub(crate) fn tail(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    let start = text.ceil_char_boundary(text.len() - bytes_max.saturating_sub(CUT.len() + 1));
    format!("{CUT}\n{}", &text[start..])
}

/// `text` without control characters; line ends and tabs stay.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("short", 5, "short")]
    #[case("0123456789abcdef", 12, "012… (cut)")]
    #[case("ääääääääää", 13, "ää… (cut)")]
    fn a_head_is_never_longer_than_asked(
        #[case] text: &str,
        #[case] bytes_max: usize,
        #[case] cut: &str,
    ) {
        assert_eq!(head(text, bytes_max), cut);
        assert!(cut.len() <= bytes_max);
    }

    #[rstest]
    #[case("short", 5, "short")]
    #[case("0123456789abcdef", 13, "… (cut)\ndef")]
    fn a_tail_is_never_longer_than_asked(
        #[case] text: &str,
        #[case] bytes_max: usize,
        #[case] cut: &str,
    ) {
        assert_eq!(tail(text, bytes_max), cut);
        assert!(cut.len() <= bytes_max);
    }

    #[test]
    fn terminal_colours_do_not_reach_a_status() {
        assert_eq!(
            printable("\u{1b}[31mred\u{7}\r\nnext\tcolumn"),
            "[31mred\nnext\tcolumn"
        );
    }
}
