//! The wish for one more run.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::api::keys;

/// The value of the force annotation that holds for `object`: the annotation if it is one, else what was honoured
/// before, so that taking the annotation off does nothing.
///
/// Source: spec/arc.md §6.7.
pub(crate) fn effective<'a>(object: &'a ObjectMeta, observed: Option<&'a str>) -> Option<&'a str> {
    object
        .annotations
        .as_ref()
        .and_then(|annotations| annotations.get(keys::FORCE_AT_ANNOTATION))
        .map(String::as_str)
        .filter(|value| is_unix_seconds(value))
        .or(observed)
}

fn is_unix_seconds(value: &str) -> bool {
    value.parse::<u64>().is_ok() && value.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_number_counts(Some("1700000000"), None, Some("1700000000"))]
    #[case::another_number_counts_again(Some("2"), Some("1"), Some("2"))]
    #[case::a_word_does_not_count(Some("now"), Some("1"), Some("1"))]
    #[case::a_sign_does_not_count(Some("+5"), None, None)]
    #[case::taking_it_off_does_nothing(None, Some("1"), Some("1"))]
    fn force_is(
        #[case] annotation: Option<&str>,
        #[case] observed: Option<&str>,
        #[case] effective_value: Option<&str>,
    ) {
        let object = ObjectMeta {
            annotations: annotation
                .map(|value| [(keys::FORCE_AT_ANNOTATION.to_owned(), value.to_owned())].into()),
            ..ObjectMeta::default()
        };
        assert_eq!(effective(&object, observed), effective_value);
    }
}
