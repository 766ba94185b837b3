//! One schema with every feature. What is expected are the answers of a kube-apiserver v1.34.3.

use std::sync::{Arc, LazyLock};

use rstest::rstest;

use super::*;
use crate::json::{Value, json, share};
use crate::store::schema::default::apply_defaults;
use crate::store::schema::parse::parse;
use crate::store::schema::prune::{Nulls, prune};

const SKIPPED: &str = "Invalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

fn every_feature() -> &'static CompiledSchema {
    static SCHEMA: LazyLock<CompiledSchema> = LazyLock::new(|| {
        let schema = serde_json::from_str(include_str!("every_feature.json")).unwrap();
        let node = parse(&schema, "").unwrap();
        let rules = Arc::new(Rules::compile(&node, "", false).unwrap());
        CompiledSchema {
            node: Arc::new(node),
            rules,
        }
    });
    &SCHEMA
}

fn told(causes: &[Cause]) -> Vec<String> {
    causes
        .iter()
        .map(|cause| {
            let reason = cause.reason.trim_start_matches("FieldValue");
            format!("{reason} {}: {}", cause.field, cause.message)
        })
        .collect()
}

fn object(spec: Value) -> Value {
    let mut object = json!({"apiVersion": "schema.ex.io/v1", "kind": "Probe", "metadata": {"name": "p"}, "spec": spec});
    assert_eq!(
        prune(&every_feature().node, &mut object, None, Nulls::Dropped),
        [""; 0]
    );
    apply_defaults(&every_feature().node, &mut object);
    object
}

#[rstest]
#[case::a_good_object(json!({"name": "aa", "size": 2, "num": 1.5, "color": "red"}), &[])]
#[case::nothing(json!({}), &["Required spec.name: Required value", SKIPPED])]
#[case::wrong_type(json!({"name": 5}), &[r#"TypeInvalid spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer""#, SKIPPED])]
#[case::null_for_a_text(json!({"name": null}), &["Required spec.name: Required value", SKIPPED])]
#[case::too_long(json!({"name": "aaaaaa"}), &["TooLong spec.name: Too long: may not be more than 5 bytes", SKIPPED])]
#[case::too_short(json!({"name": "a"}), &[r#"Invalid spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long"#])]
#[case::pattern(json!({"name": "bb"}), &[r#"Invalid spec.name: Invalid value: "bb": spec.name in body should match '^a+$'"#])]
#[case::fraction_for_integer(json!({"name": "aa", "size": 1.5}), &[r#"TypeInvalid spec.size: Invalid value: "number": spec.size in body must be of type integer: "number""#, "Invalid spec.size: Invalid value: 1.5: spec.size in body should be a multiple of 2", SKIPPED])]
#[case::whole_float_for_integer(json!({"name": "aa", "size": 2.0}), &[])]
#[case::multiple(json!({"name": "aa", "size": 3}), &["Invalid spec.size: Invalid value: 3: spec.size in body should be a multiple of 2"])]
#[case::minimum(json!({"name": "aa", "size": 0}), &["Invalid spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"])]
#[case::maximum(json!({"name": "aa", "size": 1002}), &["Invalid spec.size: Invalid value: 1002: spec.size in body should be less than or equal to 1000"])]
#[case::float_bounds(json!({"name": "aa", "num": 2000000.0}), &["Invalid spec.num: Invalid value: 2e+06: spec.num in body should be less than 1.2345675e+06"])]
#[case::integer_against_float_bound(json!({"name": "aa", "num": 3000000}), &["Invalid spec.num: Invalid value: 3000000: spec.num in body should be less than 1234567"])]
#[case::integer_just_below_float_bound(json!({"name": "aa", "num": 0}), &[])]
#[case::enumeration(json!({"name": "aa", "color": "blue"}), &[r#"NotSupported spec.color: Unsupported value: "blue": supported values: "red", "green""#, SKIPPED])]
#[case::enumeration_of_numbers(json!({"name": "aa", "level": 3}), &[r#"NotSupported spec.level: Unsupported value: 3: supported values: "1", "2""#, SKIPPED])]
#[case::enumeration_without_null(json!({"name": "aa", "ncolor": null}), &[r#"NotSupported spec.ncolor: Unsupported value: null: supported values: "red", "green""#, SKIPPED])]
#[case::int_or_string(json!({"name": "aa", "port": 1.5}), &[r#"TypeInvalid spec.port: Invalid value: "number": spec.port in body must be of type integer,string: "number""#, SKIPPED])]
#[case::int_or_string_by_branches(json!({"name": "aa", "port2": true}), &[r#"TypeInvalid spec.port2: Invalid value: "boolean": spec.port2 in body must be of type integer,string: "boolean""#, r#"Invalid <nil>: Invalid value: "": "spec.port2" must validate at least one schema (anyOf)"#, r#"TypeInvalid spec.port2: Invalid value: "boolean": spec.port2 in body must be of type integer: "boolean""#, SKIPPED])]
#[case::format(json!({"name": "aa", "when": "zz"}), &[r#"TypeInvalid spec.when: Invalid value: "zz": spec.when in body must be of type date-time: "zz""#, SKIPPED])]
#[case::format_of_a_number(json!({"name": "aa", "when": 5}), &[r#"TypeInvalid spec.when: Invalid value: "int64": spec.when in body must be of type date-time: "int64""#, SKIPPED])]
#[case::format_lets_lists_pass(json!({"name": "aa", "when": ["a"]}), &[])]
#[case::too_few_elements(json!({"name": "aa", "list": []}), &["Invalid spec.list: Invalid value: 0: spec.list in body should have at least 1 items"])]
#[case::too_many_elements(json!({"name": "aa", "list": ["a", "b", "c"]}), &["TooMany spec.list: Too many: 3: must have at most 2 items", SKIPPED])]
#[case::wrong_element(json!({"name": "aa", "list": [1, 2]}), &[r#"TypeInvalid spec.list[0]: Invalid value: "integer": spec.list[0] in body must be of type string: "integer""#, r#"TypeInvalid spec.list[1]: Invalid value: "integer": spec.list[1] in body must be of type string: "integer""#, SKIPPED])]
#[case::null_element(json!({"name": "aa", "list": [null]}), &[r#"TypeInvalid spec.list[0]: Invalid value: "null": spec.list[0] in body must be of type string: "null""#, SKIPPED])]
#[case::set(json!({"name": "aa", "set": ["a", "b", "a", "a", "b"]}), &[r#"Duplicate spec.set[2]: Duplicate value: "a""#, r#"Duplicate spec.set[4]: Duplicate value: "b""#])]
#[case::map_list(json!({"name": "aa", "map": [{"name": "a"}, {"name": "a"}]}), &[r#"Duplicate spec.map[1]: Duplicate value: {"name":"a"}"#])]
#[case::map_list_without_keys(json!({"name": "aa", "map": [{"v": 1}, {"v": 2}]}), &["Required spec.map[0].name: Required value", "Required spec.map[1].name: Required value", "Duplicate spec.map[1]: Duplicate value: {}", SKIPPED])]
#[case::map_list_of_scalars(json!({"name": "aa", "map": [1]}), &[r#"TypeInvalid spec.map[0]: Invalid value: "integer": spec.map[0] in body must be of type object: "integer""#, "Invalid spec.map[0]: Invalid value: 1: must be an object for an array of list-type map", SKIPPED])]
#[case::bound_in_a_list(json!({"name": "aa", "map": [{"name": "a", "v": 9}]}), &["Invalid spec.map[0].v: Invalid value: 9: spec.map[0].v in body should be less than or equal to 5"])]
#[case::too_many_entries(json!({"name": "aa", "dict": {"a": 1, "b": 2}}), &["TooMany spec.dict: Too many: 2: must have at most 1 item", SKIPPED])]
#[case::wrong_entry(json!({"name": "aa", "dict": {"a": "x"}}), &[r#"TypeInvalid spec.dict.a: Invalid value: "string": spec.dict.a in body must be of type integer: "string""#, SKIPPED])]
#[case::too_few_entries(json!({"name": "aa", "dict2": {}}), &["Invalid spec.dict2: Invalid value: 0: spec.dict2 in body should have at least 1 properties"])]
#[case::below_an_entry(json!({"name": "aa", "dict2": {"a": {"a": 1}}}), &[r#"TypeInvalid spec.dict2.a.a: Invalid value: "integer": spec.dict2.a.a in body must be of type string: "integer""#, SKIPPED])]
#[case::resource_without_type(json!({"name": "aa", "emb": {}}), &["Required spec.emb.apiVersion: Required value", "Required spec.emb.kind: Required value", SKIPPED])]
#[case::resource_with_bad_type(json!({"name": "aa", "emb": {"apiVersion": "a/b/c", "kind": "-p"}}), &[r#"Invalid spec.emb.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c"#, r#"Invalid spec.emb.kind: Invalid value: "-p": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"#])]
#[case::resource_in_a_list(json!({"name": "aa", "emblist": [{"apiVersion": "v1", "kind": "Pod", "spec": {"a": 1}}, {}]}), &[r#"TypeInvalid spec.emblist[0].spec.a: Invalid value: "integer": spec.emblist[0].spec.a in body must be of type string: "integer""#, "Required spec.emblist[1].apiVersion: Required value", "Required spec.emblist[1].kind: Required value", SKIPPED])]
#[case::none_of_one(json!({"name": "aa", "one": {}}), &[r#"Invalid <nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid"#, "Required spec.one.a: Required value", SKIPPED])]
#[case::both_of_one(json!({"name": "aa", "one": {"a": "x", "b": "x"}}), &[r#"Invalid <nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives"#])]
#[case::none_of_any(json!({"name": "aa", "any": {"b": "y"}}), &[r#"Invalid <nil>: Invalid value: "": "spec.any" must validate at least one schema (anyOf)"#, r#"Invalid spec.any.b: Invalid value: "y": spec.any.b in body should match '^x'"#])]
#[case::wrong_type_in_any(json!({"name": "aa", "any": {"b": 1}}), &[r#"TypeInvalid spec.any.b: Invalid value: "integer": spec.any.b in body must be of type string: "integer""#, SKIPPED])]
#[case::some_of_all(json!({"name": "aa", "all": {"a": "x"}}), &["Required spec.all.b: Required value", r#"Invalid <nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf)"#, SKIPPED])]
#[case::none_of_all(json!({"name": "aa", "all": {}}), &["Required spec.all.a: Required value", "Required spec.all.b: Required value", r#"Invalid <nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf). None validated"#, SKIPPED])]
#[case::not(json!({"name": "aa", "not": {"a": "x"}}), &[r#"Invalid <nil>: Invalid value: "": "spec.not" must not validate the schema (not)"#])]
#[case::rules(json!({"name": "aa", "cel": {"a": 500, "b": 7, "c": "q"}}), &[r#"Invalid spec.cel: Invalid value: "object": a must be less"#, r#"Invalid spec.cel: Invalid value: "object": failed rule: self.a < 100"#, r#"Invalid spec.cel: Invalid value: "object": q!"#, r#"Invalid spec.cel: Invalid value: "object": no such key: d evaluating rule: long d"#, r#"Invalid spec.cel: Invalid value: "object": no such key: e evaluating rule: dup"#])]
#[case::rule_with_reason(json!({"name": "aa", "cel": {"a": 1, "b": 2, "d": "long"}}), &["Required spec.cel: Required value: long d", r#"Invalid spec.cel: Invalid value: "object": no such key: e evaluating rule: dup"#])]
#[case::rule_duplicate(json!({"name": "aa", "cel": {"a": 1, "b": 2, "d": "x", "e": [2]}}), &[r#"Duplicate spec.cel: Duplicate value: "object""#])]
#[case::rule_out_of_bounds(json!({"name": "aa", "cel": {"a": 1, "b": 2, "d": "x", "e": []}}), &[r#"Invalid spec.cel: Invalid value: "object": index out of bounds: 0 evaluating rule: dup"#])]
#[case::rules_wait_for_types(json!({"name": "aa", "cel": {"a": "x", "b": "y"}}), &[r#"TypeInvalid spec.cel.a: Invalid value: "string": spec.cel.a in body must be of type integer: "string""#, r#"TypeInvalid spec.cel.b: Invalid value: "string": spec.cel.b in body must be of type integer: "string""#, SKIPPED])]
#[case::optional_old_value(json!({"name": "aa", "cel": {"a": 9, "b": 10}}), &[r#"Invalid spec.cel: Invalid value: "object": nine"#, r#"Invalid spec.cel: Invalid value: "object": no such key: d evaluating rule: long d"#, r#"Invalid spec.cel: Invalid value: "object": no such key: e evaluating rule: dup"#])]
fn a_new_object_is_told_what_is_wrong_with_it(#[case] spec: Value, #[case] expected: &[&str]) {
    assert_eq!(
        told(&check(
            every_feature(),
            &object(spec),
            None,
            Beside::default()
        )),
        expected
    );
}

#[rstest]
#[case::unchanged(json!({"name": "bb"}), json!({"name": "bb", "size": 2}), &[])]
#[case::changed(json!({"name": "bb"}), json!({"name": "cc"}), &["Invalid spec.name: Invalid value: \"cc\": spec.name in body should match '^a+$'"])]
#[case::moved_in_a_map_list(
    json!({"name": "aa", "map": [{"name": "a", "v": 9}, {"name": "b"}]}),
    json!({"name": "aa", "map": [{"name": "b"}, {"name": "a", "v": 9}]}),
    &[]
)]
#[case::another_element_of_a_map_list(
    json!({"name": "aa", "map": [{"name": "a", "v": 9}]}),
    json!({"name": "aa", "map": [{"name": "a", "v": 9}, {"name": "b", "v": 8}]}),
    &["Invalid spec.map[1].v: Invalid value: 8: spec.map[1].v in body should be less than or equal to 5"]
)]
#[case::old_duplicates(json!({"name": "aa", "set": ["a", "a"]}), json!({"name": "aa", "set": ["b", "b"]}), &[])]
#[case::immutable(
    json!({"name": "aa", "cel": {"a": 1, "b": 2, "c": "x", "d": "", "e": [1]}}),
    json!({"name": "aa", "cel": {"a": 1, "b": 2, "c": "y", "d": "", "e": [1]}}),
    &["Forbidden spec.cel.c: Forbidden: c immutable"]
)]
#[case::rule_about_an_unchanged_part(
    json!({"name": "aa", "cel": {"a": 5, "b": 2, "c": "x", "d": "", "e": [1]}}),
    json!({"name": "aa", "size": 2, "cel": {"a": 5, "b": 2, "c": "x", "d": "", "e": [1]}}),
    &[]
)]
fn an_update_is_told_what_it_made_wrong(
    #[case] old: Value,
    #[case] new: Value,
    #[case] expected: &[&str],
) {
    let old = object(old);
    for fits in [false, true] {
        let mut new = object(new.clone());
        share(&mut new, &old);
        let before = Before { value: &old, fits };
        let causes = check(every_feature(), &new, Some(before), Beside::default());
        assert_eq!(told(&causes), expected);
    }
}

#[rstest]
#[case::good(json!({"phase": "A"}), &[])]
#[case::enumeration(json!({"phase": "C"}), &["NotSupported status.phase: Unsupported value: \"C\": supported values: \"A\", \"B\"", SKIPPED])]
#[case::wrong_type(json!({"phase": 5}), &["TypeInvalid status.phase: Invalid value: \"integer\": phase in body must be of type string: \"integer\"", "NotSupported status.phase: Unsupported value: 5: supported values: \"A\", \"B\"", SKIPPED])]
fn an_update_of_the_status_names_fields_from_there(
    #[case] status: Value,
    #[case] expected: &[&str],
) {
    let old = object(json!({"name": "bb"}));
    let mut new = old.clone();
    new["status"] = status;
    for fits in [false, true] {
        let before = Before { value: &old, fits };
        let causes = check_status(every_feature(), &new, before, Beside::default());
        assert_eq!(told(&causes), expected);
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}});
    let mut node = parse(&schema, "").unwrap();
    for _ in 0..120 {
        let mut outer = Node {
            kind: crate::store::schema::node::Type::Object,
            ..Node::default()
        };
        outer.properties.insert("a".to_owned(), Arc::new(node));
        node = outer;
    }
    let mut value = json!({});
    for _ in 0..120 {
        value = json!({"a": value});
    }
    let causes = crate::store::schema::validate::validate(&node, &value, None, Vec::new());
    assert_eq!(causes.len(), 1);
    assert!(
        causes[0]
            .message
            .ends_with("must not nest more than 100 levels")
    );
}
