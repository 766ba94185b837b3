//! Patterns with `*`, `?` and `[…]`.

/// A compiled pattern; `*` also matches `/`, and `\` takes the next character literally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Token>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    Literal(char),
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Glob {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// Says what is wrong with `pattern`.
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        let mut tokens = Vec::new();
        let mut rest = pattern.chars();
        while let Some(c) = rest.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '[' => class(&mut rest)
                    .map_err(|what| format!("invalid glob \"{pattern}\": {what}"))?,
                '\\' => Token::Literal(rest.next().ok_or_else(|| {
                    format!("invalid glob \"{pattern}\": expected a character after \\")
                })?),
                c => Token::Literal(c),
            });
        }
        Ok(Self(tokens))
    }

    /// Whether the whole of `text` matches, in time proportional to the product of the lengths at worst.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut t, mut p) = (0, 0);
        let mut star = None;
        while t < text.len() {
            match self.0.get(p) {
                Some(Token::Star) => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(token) if token.matches(text[t]) => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((star_p, star_t)) = star else {
                        return false;
                    };
                    star = Some((star_p, star_t + 1));
                    (p, t) = (star_p + 1, star_t + 1);
                }
            }
        }
        self.0[p..].iter().all(|token| *token == Token::Star)
    }
}

impl Token {
    fn matches(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::Literal(literal) => *literal == c,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated
            }
        }
    }
}

fn class(rest: &mut std::str::Chars) -> Result<Token, &'static str> {
    const OPEN: &str = "expected ] after [ (write \\[ for the character itself)";
    let mut members: Vec<char> = Vec::new();
    loop {
        match rest.next().ok_or(OPEN)? {
            ']' if !members.is_empty() && members != ['!'] && members != ['^'] => break,
            c => members.push(c),
        }
    }
    let negated = matches!(members[0], '!' | '^');
    let members = &members[usize::from(negated)..];
    let mut ranges = Vec::new();
    let mut index = 0;
    while index < members.len() {
        let from = members[index];
        if members.get(index + 1) == Some(&'-') && index + 2 < members.len() {
            let to = members[index + 2];
            if to < from {
                return Err("expected a range from low to high in [ ]");
            }
            ranges.push((from, to));
            index += 3;
        } else {
            ranges.push((from, from));
            index += 1;
        }
    }
    Ok(Token::Class { negated, ranges })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("scan", "scan", true)]
    #[case("scan", "scanner", false)]
    #[case("aquasec/*", "aquasec/trivy:0.5", true)]
    #[case("*scan*", "image-scan-2", true)]
    #[case("*a*b", "aXbXc", false)]
    #[case("a?c", "abc", true)]
    #[case("a?c", "ac", false)]
    #[case("v[0-9]", "v7", true)]
    #[case("v[!0-9]", "v7", false)]
    #[case("[]]", "]", true)]
    #[case("a\\[0\\]", "a[0]", true)]
    #[case("*", "", true)]
    fn a_glob_matches_the_whole_text(
        #[case] pattern: &str,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(
            Glob::new(pattern).map(|glob| glob.matches(text)),
            Ok(expected),
            "{pattern} {text}"
        );
    }

    #[rstest]
    #[case(
        "a[b",
        "invalid glob \"a[b\": expected ] after [ (write \\[ for the character itself)"
    )]
    #[case(
        "[z-a]",
        "invalid glob \"[z-a]\": expected a range from low to high in [ ]"
    )]
    #[case("a\\", "invalid glob \"a\\\": expected a character after \\")]
    fn a_broken_glob_is_refused(#[case] pattern: &str, #[case] message: &str) {
        assert_eq!(Glob::new(pattern), Err(message.to_owned()));
    }
}
