//! What Go says of a text that is no regular expression.
//!
//! Source: Go 1.24 `regexp/syntax/parse.go`, with the flags of Perl.

use regex::Regex;

/// How often something may be repeated, all repetitions around it multiplied.
const REPEATED_MAX: u64 = 1000;

/// The classes in brackets that have a name.
const NAMED_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// Why `source` is no regular expression for Go; `None` if it is one.
pub(super) fn fault(source: &str) -> Option<String> {
    let mut parser = Parser {
        source,
        groups: vec![Group::default()],
    };
    let (what, text) = parser.parse().err()?;
    Some(format!("error parsing regexp: {what}: `{text}`"))
}

type Fault<'s> = (&'static str, &'s str);
type Rest<'s> = Result<&'s str, Fault<'s>>;

const CLASS_RANGE: &str = "invalid character class range";
const ESCAPE: &str = "invalid escape sequence";
const NAMED_CAPTURE: &str = "invalid named capture";
const NO_ARGUMENT: &str = "missing argument to repetition operator";
const PERL: &str = "invalid or unsupported Perl syntax";
const REPEAT_COUNT: &str = "invalid repeat count";
const REPEAT_TWICE: &str = "invalid nested repetition operator";

/// What is open: how often what is in it is repeated at most, and the same of the last of it, which may be repeated.
#[derive(Default)]
struct Group {
    repeated: u64,
    last: Option<u64>,
}

impl Group {
    fn settle(&mut self) -> u64 {
        self.repeated = self.repeated.max(self.last.take().unwrap_or(1));
        self.repeated
    }
}

struct Parser<'s> {
    source: &'s str,
    groups: Vec<Group>,
}

/// What of `text` stands before `rest`, which is its end.
fn until<'s>(text: &'s str, rest: &str) -> &'s str {
    &text[..text.len() - rest.len()]
}

fn without_first(text: &str) -> &str {
    let mut letters = text.chars();
    letters.next();
    letters.as_str()
}

impl<'s> Parser<'s> {
    fn parse(&mut self) -> Result<(), Fault<'s>> {
        let mut rest = self.source;
        let mut repeated = "";
        while let Some(letter) = rest.chars().next() {
            let before = std::mem::take(&mut repeated);
            rest = match letter {
                '(' if rest.starts_with("(?") => self.flags(rest)?,
                '(' => {
                    self.groups.push(Group::default());
                    &rest[1..]
                }
                ')' => self.close(&rest[1..])?,
                '|' => {
                    self.group().settle();
                    &rest[1..]
                }
                '[' => {
                    let after = class(rest)?;
                    self.push(after)
                }
                '*' | '+' | '?' => {
                    repeated = rest;
                    self.repeat((rest, &rest[1..]), None, before)?
                }
                '{' => match counts(rest) {
                    None => self.push(&rest[1..]),
                    Some((least, most, after)) => {
                        let is_more = most.is_some_and(|most| most > REPEATED_MAX || least > most);
                        if least > REPEATED_MAX || is_more {
                            return Err((REPEAT_COUNT, until(rest, after)));
                        }
                        repeated = rest;
                        let times = most.unwrap_or(least);
                        let is_several = least >= 2 || times >= 2;
                        self.repeat((rest, after), Some((times, is_several)), before)?
                    }
                },
                '\\' => self.escape(rest)?,
                _ => self.push(without_first(rest)),
            };
        }
        match self.groups.len() {
            1 => Ok(()),
            _ => Err(("missing closing )", self.source)),
        }
    }

    fn group(&mut self) -> &mut Group {
        if self.groups.is_empty() {
            self.groups.push(Group::default());
        }
        let last = self.groups.len() - 1;
        &mut self.groups[last]
    }

    /// Notes something that may be repeated.
    fn push(&mut self, rest: &'s str) -> &'s str {
        let group = self.group();
        group.settle();
        group.last = Some(1);
        rest
    }

    fn close(&mut self, rest: &'s str) -> Rest<'s> {
        if self.groups.len() < 2 {
            return Err(("unexpected )", self.source));
        }
        let repeated = self.groups.pop().map_or(1, |mut group| group.settle());
        self.group().settle();
        self.group().last = Some(repeated);
        Ok(rest)
    }

    /// Repeats the last of a group: so often at most, if that is counted and whether it is several times.
    fn repeat(
        &mut self,
        (before, mut after): (&'s str, &'s str),
        times: Option<(u64, bool)>,
        repeated: &'s str,
    ) -> Rest<'s> {
        after = after.strip_prefix('?').unwrap_or(after);
        if !repeated.is_empty() {
            return Err((REPEAT_TWICE, until(repeated, after)));
        }
        let Some(last) = self.group().last else {
            return Err((NO_ARGUMENT, until(before, after)));
        };
        if let Some((times, is_several)) = times {
            let product = last * times.max(1);
            if is_several && product > REPEATED_MAX {
                return Err((REPEAT_COUNT, until(before, after)));
            }
            self.group().last = Some(product);
        }
        Ok(after)
    }

    /// A group that begins with a question mark: one with a name, or with flags.
    fn flags(&mut self, text: &'s str) -> Rest<'s> {
        let start = match text {
            _ if text.len() > 4 && text.starts_with("(?P<") => 4,
            _ if text.len() > 3 && text.starts_with("(?<") => 3,
            _ => 0,
        };
        if start > 0 {
            let end = text.find('>').ok_or((NAMED_CAPTURE, text))?;
            let name = text.get(start..end).unwrap_or_default();
            let is_of_name = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(is_of_name) {
                return Err((NAMED_CAPTURE, &text[..=end]));
            }
            self.groups.push(Group::default());
            return Ok(&text[end + 1..]);
        }
        let mut rest = &text[2..];
        let (mut is_negative, mut has_flag) = (false, false);
        while let Some(letter) = rest.chars().next() {
            rest = without_first(rest);
            match letter {
                'i' | 'm' | 's' | 'U' => has_flag = true,
                '-' if !is_negative => (is_negative, has_flag) = (true, false),
                ':' | ')' if !is_negative || has_flag => {
                    if letter == ':' {
                        self.groups.push(Group::default());
                    }
                    return Ok(rest);
                }
                _ => break,
            }
        }
        Err((PERL, until(text, rest)))
    }

    fn escape(&mut self, text: &'s str) -> Rest<'s> {
        if text.starts_with("\\C") {
            return Err((ESCAPE, &text[..2]));
        }
        if let Some(quoted) = text.strip_prefix("\\Q") {
            let (inside, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            return Ok(if inside.is_empty() {
                after
            } else {
                self.push(after)
            });
        }
        let is_place = text[1..].starts_with(['A', 'b', 'B', 'z']);
        let after = match (is_place, shorthand(text)?) {
            (true, _) => &text[2..],
            (false, Some(after)) => after,
            (false, None) => escaped(text)?,
        };
        Ok(self.push(after))
    }
}

/// The least and most times of `{…}`, and what follows; `None` if it says none.
fn counts(text: &str) -> Option<(u64, Option<u64>, &str)> {
    let (least, mut rest) = number(&text[1..])?;
    let mut most = Some(least);
    if let Some(after) = rest.strip_prefix(',') {
        (most, rest) = match after.starts_with('}') {
            true => (None, after),
            false => number(after).map(|(most, rest)| (Some(most), rest))?,
        };
    }
    Some((least, most, rest.strip_prefix('}')?))
}

/// A number without zeros before it; one that is far too large is one beyond what may be.
fn number(text: &str) -> Option<(u64, &str)> {
    let rest = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let digits = until(text, rest);
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((
        digits.parse().unwrap_or(u64::MAX).min(REPEATED_MAX + 1),
        rest,
    ))
}

/// What follows a class in brackets.
fn class(text: &str) -> Rest<'_> {
    let mut rest = &text[1..];
    rest = rest.strip_prefix('^').unwrap_or(rest);
    let mut is_first = true;
    while is_first || !rest.starts_with(']') {
        is_first = false;
        if let Some((name, after)) = named(rest) {
            let inner = &name[2..name.len() - 2];
            if !NAMED_CLASSES.contains(&inner.strip_prefix('^').unwrap_or(inner)) {
                return Err((CLASS_RANGE, name));
            }
            rest = after;
        } else if let Some(after) = shorthand(rest)? {
            rest = after;
        } else {
            let start = rest;
            let (low, mut after) = member(rest, text)?;
            if after.starts_with('-') && after.len() >= 2 && !after.starts_with("-]") {
                let high;
                (high, after) = member(&after[1..], text)?;
                if high < low {
                    return Err((CLASS_RANGE, until(start, after)));
                }
            }
            rest = after;
        }
    }
    Ok(&rest[1..])
}

/// A class such as `[:alpha:]`, and what follows.
fn named(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("[:").filter(|inner| !inner.is_empty())?;
    let end = inner.find(":]")?;
    Some(text.split_at(end + 4))
}

/// A letter of a class, and what follows.
fn member<'s>(text: &'s str, class: &'s str) -> Result<(u32, &'s str), Fault<'s>> {
    let Some(letter) = text.chars().next() else {
        return Err(("missing closing ]", class));
    };
    if letter != '\\' {
        return Ok((u32::from(letter), without_first(text)));
    }
    let after = escaped(text)?;
    Ok((meant(until(text, after)), after))
}

/// The letter that an escape stands for.
fn meant(escape: &str) -> u32 {
    let hexadecimal = |digits: &str| u32::from_str_radix(digits.trim_matches(['{', '}']), 16).ok();
    let rest = &escape[1..];
    let found = match rest.chars().next() {
        Some('x') => hexadecimal(&rest[1..]),
        Some('0'..='7') => u32::from_str_radix(rest, 8).ok(),
        Some('a') => Some(7),
        Some('f') => Some(12),
        Some('n') => Some(10),
        Some('r') => Some(13),
        Some('t') => Some(9),
        Some('v') => Some(11),
        other => other.map(u32::from),
    };
    found.unwrap_or_default()
}

/// What follows a class such as `\d` or `\p{Greek}`; `None` if there is none.
fn shorthand(text: &str) -> Result<Option<&str>, Fault<'_>> {
    let Some(rest) = text.strip_prefix('\\') else {
        return Ok(None);
    };
    if rest.starts_with(['d', 'D', 's', 'S', 'w', 'W']) {
        return Ok(Some(&rest[1..]));
    }
    if !rest.starts_with(['p', 'P']) {
        return Ok(None);
    }
    let (name, after) = match rest[1..].strip_prefix('{') {
        None => (
            until(&rest[1..], without_first(&rest[1..])),
            without_first(&rest[1..]),
        ),
        Some(inner) => inner.split_once('}').ok_or((CLASS_RANGE, text))?,
    };
    match is_of_unicode(name.strip_prefix('^').unwrap_or(name)) {
        true => Ok(Some(after)),
        false => Err((CLASS_RANGE, until(text, after))),
    }
}

/// Whether letters have such a category, which is short in Go, or are of such a script.
fn is_of_unicode(name: &str) -> bool {
    let is_name = name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name
            .chars()
            .all(|letter| letter == '_' || letter.is_ascii_alphabetic());
    let class = match name.len() {
        1 | 2 => format!("\\p{{{name}}}"),
        _ => format!("\\p{{Script={name}}}"),
    };
    name == "Any" || is_name && Regex::new(&class).is_ok()
}

/// What follows an escape that stands for one letter.
fn escaped(text: &str) -> Rest<'_> {
    let rest = &text[1..];
    let Some(letter) = rest.chars().next() else {
        return Err(("trailing backslash at end of expression", ""));
    };
    let after = without_first(rest);
    let octal = |text: &str| text.starts_with(|digit| ('0'..='7').contains(&digit));
    match letter {
        '0'..='7' if letter == '0' || octal(after) => {
            let mut after = after;
            for _ in 0..2 {
                after = if octal(after) { &after[1..] } else { after };
            }
            Ok(after)
        }
        'x' => hexadecimal(text, after),
        'a' | 'f' | 'n' | 'r' | 't' | 'v' => Ok(after),
        _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Ok(after),
        _ => Err((ESCAPE, until(text, after))),
    }
}

fn hexadecimal<'s>(text: &'s str, rest: &'s str) -> Rest<'s> {
    let is_digit = |letter: char| letter.is_ascii_hexdigit();
    if let Some(braced) = rest.strip_prefix('{') {
        let after = braced.trim_start_matches(is_digit);
        let digits = until(braced, after);
        let number = u32::from_str_radix(digits, 16).ok();
        let is_letter = number.is_some_and(|number| number <= u32::from(char::MAX));
        return match after.strip_prefix('}').filter(|_| is_letter) {
            Some(after) => Ok(after),
            None => Err((ESCAPE, until(text, without_first(after)))),
        };
    }
    let after = without_first(without_first(rest));
    let digits = until(rest, after);
    match digits.len() == 2 && digits.chars().all(is_digit) {
        true => Ok(after),
        false => Err((ESCAPE, until(text, after))),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Seen on kube-apiserver v1.34.3.
    #[rstest]
    #[case("[", Some("missing closing ]: `[`"))]
    #[case("(", Some("missing closing ): `(`"))]
    #[case("a**", Some("invalid nested repetition operator: `**`"))]
    #[case("(?<n>a", Some("missing closing ): `(?<n>a`"))]
    #[case("\\p{Foo}", Some("invalid character class range: `\\p{Foo}`"))]
    #[case("\\p{Greek}\\pL[\\P{Lu}]", None)]
    #[case("(?=a)", Some("invalid or unsupported Perl syntax: `(?=`"))]
    #[case("(?i", Some("invalid or unsupported Perl syntax: `(?i`"))]
    #[case("(?i)a(?-s:b)", None)]
    #[case("a{2,1}", Some("invalid repeat count: `{2,1}`"))]
    #[case("a{1001}", Some("invalid repeat count: `{1001}`"))]
    #[case("x{100000}", Some("invalid repeat count: `{100000}`"))]
    #[case("(a{10}){101}", Some("invalid repeat count: `{101}`"))]
    #[case("(a{10}){100}", None)]
    #[case("a{2}{3}", Some("invalid nested repetition operator: `{2}{3}`"))]
    #[case("a{,2}", None)]
    #[case("a{1,}?", None)]
    #[case("[b-a]", Some("invalid character class range: `b-a`"))]
    #[case("[]a]", None)]
    #[case("[[:foo:]]", Some("invalid character class range: `[:foo:]`"))]
    #[case("[[:^alpha:]-]", None)]
    #[case("*", Some("missing argument to repetition operator: `*`"))]
    #[case("a|*", Some("missing argument to repetition operator: `*`"))]
    #[case("++", Some("missing argument to repetition operator: `+`"))]
    #[case("\\", Some("trailing backslash at end of expression: ``"))]
    #[case("(?P<n", Some("invalid named capture: `(?P<n`"))]
    #[case("(?P<n->a)", Some("invalid named capture: `(?P<n->`"))]
    #[case("a)", Some("unexpected ): `a)`"))]
    #[case("\\8", Some("invalid escape sequence: `\\8`"))]
    #[case("\\C", Some("invalid escape sequence: `\\C`"))]
    #[case("\\xZZ", Some("invalid escape sequence: `\\xZZ`"))]
    #[case("\\x{10FFFF}\\x41\\012\\.\\Q*\\E+", None)]
    #[case("(?P<a>x)(?P<a>y)", None)]
    fn go_tells_what_is_wrong(#[case] source: &str, #[case] expected: Option<&str>) {
        let told = fault(source);
        let expected = expected.map(|why| format!("error parsing regexp: {why}"));
        assert_eq!(told, expected);
    }
}
