//! Signs that undo each other.

use std::borrow::Cow;

use super::token::{Token, Tokens};

/// The text with spaces for every `!!` and `--`: cel 0.13 reads an even number of signs as one, and what stands behind
/// them twice, which takes without end where such terms are in each other.
pub(super) fn without_pairs(source: &str) -> Cow<'_, str> {
    let mut tokens = Tokens::of(source);
    let (mut paired, mut single) = (Vec::new(), None);
    let mut follows_term = false;
    while let Some(token) = tokens.next() {
        let at = source.len() - tokens.rest().len() - 1;
        let is_sign = token == Token::Not || token == Token::Minus && !follows_term;
        single = match single {
            Some((before, first)) if is_sign && before == token => {
                paired.extend([first, at]);
                None
            }
            _ => is_sign.then_some((token, at)),
        };
        follows_term = matches!(token, Token::Term | Token::Close);
    }
    if paired.is_empty() {
        return source.into();
    }
    let mut text = String::with_capacity(source.len());
    let mut end = 0;
    for at in paired {
        text.push_str(&source[end..at]);
        text.push(' ');
        end = at + 1;
    }
    text.push_str(&source[end..]);
    text.into()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none("!a - -b", "!a - -b")]
    #[case::two("!!a", "  a")]
    #[case::three("! ! !a", "    !a")]
    #[case::signs_after_an_operator("a - - -1", "a -    1")]
    #[case::other_signs("-(!(--1))", "-(!(  1))")]
    #[case::in_a_string("'!!' == \"--\"", "'!!' == \"--\"")]
    fn pairs_are_left_out(#[case] source: &str, #[case] text: &str) {
        assert_eq!(without_pairs(source), text);
    }
}
