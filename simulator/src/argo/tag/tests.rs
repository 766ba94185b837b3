use std::collections::BTreeMap;

use rstest::rstest;

use super::{Mode, Scope, replace};

fn environment() -> BTreeMap<String, String> {
    [
        ("inputs.parameters.a", "hello"),
        ("inputs.parameters.n", "5"),
        ("inputs.parameters.j", "{\"k\":[1,\"x\"]}"),
        ("inputs.parameters.q", "say \"hi\"\nline2"),
        ("inputs.parameters.my-p", "dash"),
        ("inputs.parameters.e", ""),
        ("inputs.parameters.t", "true"),
        ("workflow.parameters.p", "v"),
        ("item.x", "1"),
        ("item", "it"),
    ]
    .into_iter()
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .collect()
}

fn check(text: &str, mode: Mode, expected: Result<&str, &str>) {
    let environment = environment();
    let scope = Scope(&[&environment]);
    let actual = replace(text, &scope, mode)
        .map(|t| t.into_owned())
        .map_err(|e| e.to_string());
    assert_eq!(actual, expected.map(str::to_owned).map_err(str::to_owned));
}

#[rstest]
#[case("{{ inputs.parameters.a }}", "hello")]
#[case("{{inputs.parameters.zz}}", "{{inputs.parameters.zz}}")]
#[case("{{inputs.parameters.q}}", "say \"hi\"\nline2")]
#[case(
    "a {{inputs.parameters.my-p}} b {{workflow.parameters.p}}",
    "a dash b v"
)]
#[case("{{ }}", "{{ }}")]
#[case("{{steps.x.outputs.result}}", "{{steps.x.outputs.result}}")]
#[case("{{inputs.parameters.{{item}}}}", "{{inputs.parameters.it}}")]
#[case(
    "sed 's/<</{{/g'\nsed 's/>>/}}/g' {{inputs.parameters.a}}",
    "sed 's/<</{{/g'\nsed 's/>>/}}/g' hello"
)]
#[case("open {{ end", "open {{ end")]
fn simple_tags_without_a_value_stay(#[case] text: &str, #[case] expected: &str) {
    check(text, Mode::Lenient, Ok(expected));
}

#[rstest]
#[case("{{ inputs.parameters.a }}", Ok("hello"))]
#[case(
    "{{inputs.parameters.zz}}",
    Err("failed to resolve {{inputs.parameters.zz}}")
)]
fn strict_tags_need_a_value(#[case] text: &str, #[case] expected: Result<&str, &str>) {
    check(text, Mode::Strict, expected);
}

#[rstest]
#[case(
    "{{steps.x.outputs.result}}",
    Err("failed to resolve {{steps.x.outputs.result}}")
)]
#[case("{{tasks.x.exitCode}}", Err("failed to resolve {{tasks.x.exitCode}}"))]
#[case(
    "{{steps.x.outputs.artifacts.a}}",
    Ok("{{steps.x.outputs.artifacts.a}}")
)]
#[case("{{inputs.parameters.zz}}", Ok("{{inputs.parameters.zz}}"))]
fn awaited_tags_are_those_of_steps_and_tasks(
    #[case] text: &str,
    #[case] expected: Result<&str, &str>,
) {
    check(text, Mode::Await, expected);
}
