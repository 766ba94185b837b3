//! The warnings of an answer, which may say only so much.

use std::collections::BTreeSet;

use http::HeaderValue;

/// How many characters all warnings of an answer may have, but for the one that reaches them.
///
/// Source: kubernetes v1.34 `apiserver/pkg/endpoints/filters/warning.go`, `truncateAtTotalRunes`.
const LETTERS_MAX: usize = 4 * 1024;

/// How many each may have where all would have too many, `truncateItemRunes` there.
const SHORTENED_LETTERS: usize = 256;

/// The values of the header `Warning`; what was said once is not said again, and nothing is not said at all.
pub(crate) fn headers(warnings: &[String]) -> Vec<HeaderValue> {
    let mut said = BTreeSet::new();
    let told = warnings.iter().filter(|warning| !warning.is_empty());
    let once = told.filter(|warning| said.insert(*warning));
    let once: Vec<&String> = once.collect();
    let n_letters = |warning: &&String| warning.chars().count();
    let is_short = once.iter().map(n_letters).sum::<usize>() <= LETTERS_MAX;
    let mut n_written = 0;
    let told = once.into_iter().map_while(|warning| {
        let limit = if is_short {
            usize::MAX
        } else {
            SHORTENED_LETTERS
        };
        let told: String = warning.chars().take(limit).collect();
        let is_told = n_written < LETTERS_MAX;
        n_written += told.chars().count();
        is_told.then_some(told)
    });
    told.filter_map(|warning| {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        HeaderValue::from_str(&format!("299 - \"{quoted}\"")).ok()
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn texts(warnings: &[String]) -> Vec<String> {
        let headers = headers(warnings).into_iter();
        headers
            .map(|header| header.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_warning_is_quoted_and_told_once() {
        let warnings = ["a \"b\" \\", "c", "a \"b\" \\", "d\n"].map(str::to_owned);
        assert_eq!(texts(&warnings), [r#"299 - "a \"b\" \\""#, r#"299 - "c""#]);
    }

    #[rstest]
    #[case::many_short_ones(50_000, 10, 410, 10)]
    #[case::few_long_ones(9, 3_000, 9, 256)]
    #[case::many_long_ones(50_000, 300, 16, 256)]
    #[case::one_long_one(1, 4_000, 1, 4_000)]
    fn warnings_say_only_so_much(
        #[case] n_warnings: usize,
        #[case] n_letters: usize,
        #[case] n_told: usize,
        #[case] n_letters_told: usize,
    ) {
        let warnings: Vec<String> = (0..n_warnings)
            .map(|n| format!("{n:0>n_letters$}"))
            .collect();
        let told = texts(&warnings);
        let n_letters_told = n_letters_told + "299 - \"\"".len();
        assert_eq!(told.len(), n_told);
        assert!(told.iter().all(|warning| warning.len() == n_letters_told));
    }
}
