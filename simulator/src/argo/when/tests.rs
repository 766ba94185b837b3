use rstest::rstest;

use super::holds;

fn check(when: &str, expected: Result<bool, &str>) {
    let actual = holds(when);
    match (&actual, expected) {
        (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
        _ => assert_eq!(
            actual.map_err(|e| e.to_string()),
            expected.map_err(str::to_owned)
        ),
    }
}

#[rstest]
#[case("", Ok(true))]
#[case("heads == heads", Ok(true))]
#[case("\"heads\" == heads", Ok(true))]
#[case("'a b' == 'a b'", Ok(true))]
#[case("foo==foo", Ok(true))]
#[case("1 == 1.0", Ok(true))]
#[case("01 == 1", Ok(true))]
#[case("0x10 == 16", Ok(true))]
#[case("1/2 == 0.5", Ok(true))]
#[case("1 == '1'", Ok(false))]
#[case("true == 'true'", Ok(false))]
#[case("True == true", Ok(false))]
#[case("true == 1", Ok(false))]
#[case("'' == nil", Ok(false))]
#[case("true", Ok(true))]
#[case("!true", Ok(false))]
#[case("!(a == b)", Ok(true))]
#[case("a == a ? true : false", Ok(true))]
#[case("a == b ? true : false", Ok(false))]
#[case("null == null", Ok(true))]
#[case("nil == nil", Ok(true))]
#[case("'10' < '9'", Ok(true))]
#[case("10 < 9", Ok(false))]
#[case("Error in (Failed, Error)", Ok(true))]
#[case("1 in (1,2)", Ok(true))]
#[case("'1' in (1,2)", Ok(false))]
#[case("foo =~ '^f'", Ok(true))]
#[case("'foo' =~ 'o{2}'", Ok(true))]
#[case("foo !~ bar", Ok(true))]
#[case("'2021-01-01' == '2021-01-01T00:00:00Z'", Ok(true))]
#[case("'2021-01-01' == 2021-01-01", Ok(false))]
#[case("[my-item] == 'my-item'", Ok(true))]
#[case("true || foo", Ok(true))]
#[case("false && foo", Ok(false))]
#[case("10 - 4 - 3 == 3", Ok(true))]
#[case("unavailable == 'unavailable'", Ok(true))]
fn a_condition_holds_as_in_govaluate(#[case] when: &str, #[case] expected: Result<bool, &str>) {
    check(when, expected);
}

#[rstest]
#[case(
    "foo in (foo)",
    "cannot be used with the comparator 'in', it is not a number"
)]
#[case(
    "foo in ()",
    "Value '<nil>' cannot be used with the comparator 'in', it is not a number"
)]
#[case("1 =~ '1'", "cannot be used with the comparator '=~'")]
#[case(
    "my-item == my-item",
    "Value 'my' cannot be used with the modifier '-', it is not a number"
)]
#[case(
    "a b == c",
    "Invalid 'when' expression 'a b == c': Cannot transition token types from VARIABLE [a] to VARIABLE [b]"
)]
#[case(
    " == a",
    "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [==]"
)]
#[case("a == ", "Unexpected end of expression")]
#[case("'true'", "Expected boolean evaluation for ''true''. Got true")]
#[case("foo", "Expected boolean evaluation for 'foo'. Got foo")]
#[case("1", "Expected boolean evaluation for '1'. Got 1")]
#[case("'a == a'", "Expected boolean evaluation for ''a == a''. Got a == a")]
#[case(
    "123abc == 123abc",
    "Cannot transition token types from NUMERIC [123] to VARIABLE [abc]"
)]
#[case("1.2.3 == 1.2.3", "Unable to parse numeric value '1.2.3' to float64\n")]
#[case("v1.2 == v1.2", "No parameter 'v1' found.")]
#[case(
    "foo.bar == foo.bar",
    "Unable to access unexported field 'bar' in token 'foo.bar'"
)]
#[case(
    "/a == /a",
    "Cannot transition token types from UNKNOWN [<nil>] to MODIFIER [/]"
)]
#[case(
    "a@b == a@b",
    "Invalid token: '@' (hint: try wrapping the affected expression in quotes (\"))"
)]
#[case("{x} == y", "Invalid token: '{'")]
#[case(
    "a == a && foo",
    "Failed to evaluate 'when' expresion 'a == a && foo': Value 'foo' cannot be used with the logical operator '&&', it is not a bool"
)]
fn a_condition_without_an_answer_says_why(#[case] when: &str, #[case] message: &str) {
    check(when, Err(message));
}

#[rstest]
#[case("", Ok(true))]
#[case("1 < 2", Ok(true))]
#[case("'a' == 'b'", Ok(false))]
#[case("true || foo", Ok(true))]
#[case("foo == 'foo'", Err("No parameter 'foo' found."))]
#[case("1", Err("Expected boolean evaluation for '1'. Got 1"))]
fn the_condition_of_a_schedule_has_no_bare_words(
    #[case] when: &str,
    #[case] expected: Result<bool, &str>,
) {
    let answer = super::holds_as_written(when).map_err(|error| error.to_string());
    assert_eq!(answer, expected.map_err(str::to_owned));
}
