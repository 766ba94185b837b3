//! The indexes of a Job's pods as text, such as `0-2,5`.
//!
//! Source: kubernetes v1.34 `pkg/apis/batch/validation/validation.go`, `validateIndexesFormat`.

/// How many indexes a text names, all below `end`.
///
/// # Errors
/// What the real server says of the text.
pub(super) fn count(text: &str, end: i64) -> Result<i64, String> {
    let (mut total, mut last) = (0, None);
    if text.is_empty() {
        return Ok(total);
    }
    for part in text.split(',') {
        let (from, to) = interval(part, end)?;
        if let Some(last) = last.filter(|last| *last >= from) {
            return Err(falling(last, from));
        }
        total += to - from + 1;
        last = Some(to);
    }
    Ok(total)
}

/// The first index that is in both texts; parts that cannot be read are passed over.
pub(super) fn overlap(first: &str, second: &str, end: i64) -> Option<i64> {
    let read = |text: &str| {
        let parts = text.split(',').map(|part| interval(part, end));
        Vec::from_iter(parts.filter_map(Result::ok))
    };
    let (first, second) = (read(first), read(second));
    let (mut at, mut other_at) = (0, 0);
    while let (Some((from, to)), Some((other_from, other_to))) =
        (first.get(at), second.get(other_at))
    {
        if from <= other_to && other_from <= to {
            return Some(*from.max(other_from));
        }
        match from <= other_from {
            true => at += 1,
            false => other_at += 1,
        }
    }
    None
}

fn interval(text: &str, end: i64) -> Result<(i64, i64), String> {
    let limits = Vec::from_iter(text.split('-'));
    if limits.len() > 2 {
        return Err(format!(
            "the fragment {text:?} violates the requirement that an index interval can have at most two parts separated by '-'"
        ));
    }
    let from = index(limits[0], end)?;
    let to = limits.get(1).map_or(Ok(from), |limit| index(limit, end))?;
    if limits.len() > 1 && from >= to {
        return Err(falling(from, to));
    }
    Ok((from, to))
}

fn index(text: &str, end: i64) -> Result<i64, String> {
    let number = text
        .parse()
        .map_err(|_| format!("cannot convert string to integer for index: {text:?}"))?;
    if number >= end {
        return Err(format!("too large index: {text:?}"));
    }
    Ok(number)
}

fn falling(previous: i64, current: i64) -> String {
    format!("non-increasing order, previous: {previous}, current: {current}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("", Ok(0))]
    #[case("0-2,4", Ok(4))]
    #[case("5", Err("too large index: \"5\""))]
    #[case("3,2", Err("non-increasing order, previous: 3, current: 2"))]
    #[case("3-3", Err("non-increasing order, previous: 3, current: 3"))]
    #[case("1-b", Err("cannot convert string to integer for index: \"b\""))]
    fn indexes_are_counted(#[case] text: &str, #[case] expected: Result<i64, &str>) {
        assert_eq!(count(text, 5), expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case("0-1,3", "1-2", Some(1))]
    #[case("0,3", "x,1-2", None)]
    #[case("", "1", None)]
    fn texts_overlap_at_an_index(
        #[case] first: &str,
        #[case] second: &str,
        #[case] expected: Option<i64>,
    ) {
        assert_eq!(overlap(first, second, 5), expected);
    }
}
