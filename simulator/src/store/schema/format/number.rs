//! Numbers with check digits.

use std::sync::LazyLock;

use regex::Regex;

pub(super) fn is_isbn10(text: &str) -> bool {
    let text = without_separators(text);
    let digits: Vec<u32> = text
        .chars()
        .enumerate()
        .filter_map(|(i, c)| match c {
            'X' if i == 9 => Some(10),
            _ => c.to_digit(10),
        })
        .collect();
    digits.len() == 10
        && text.chars().count() == 10
        && (1..).zip(&digits).map(|(i, digit)| i * digit).sum::<u32>() % 11 == 0
}

pub(super) fn is_isbn13(text: &str) -> bool {
    let text = without_separators(text);
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = [1, 3]
        .into_iter()
        .cycle()
        .zip(&digits)
        .map(|(weight, digit)| weight * digit)
        .sum();
    digits.len() == 13 && text.chars().count() == 13 && sum.is_multiple_of(10)
}

fn without_separators(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect()
}

pub(super) fn is_credit_card(text: &str) -> bool {
    static CARD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            "^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})$",
        )
        .expect("a literal pattern compiles")
    });
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let sum: u32 = digits
        .chars()
        .rev()
        .enumerate()
        .filter_map(|(i, c)| Some((i, c.to_digit(10)?)))
        .map(|(i, digit)| match digit * 2 {
            _ if i.is_multiple_of(2) => digit,
            doubled @ ..=9 => doubled,
            doubled => doubled - 9,
        })
        .sum();
    CARD.is_match(&digits) && sum.is_multiple_of(10)
}

pub(super) fn is_social_security(text: &str) -> bool {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}$").expect("a literal pattern compiles")
    });
    NUMBER.is_match(text)
}
