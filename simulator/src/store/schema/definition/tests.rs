use rstest::rstest;

use super::*;

fn definition(schema: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.ex.io"},
        "spec": {
            "group": "ex.io",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["w"], "categories": ["all"]},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 1}],
                "selectableFields": [{"jsonPath": ".spec.color"}],
                "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}

fn spec(schema: Value) -> Value {
    definition(json!({"type": "object", "properties": {"spec": schema}}))
}

fn told(mut crd: Value) -> Vec<String> {
    set_defaults(&mut crd);
    let causes = define(&crd, None).err().unwrap_or_default();
    causes.iter().map(Cause::to_string).collect()
}

fn good() -> Value {
    spec(
        json!({"type": "object", "properties": {"size": {"type": "integer"}, "color": {"type": "string"}}, "x-kubernetes-validations": [{"rule": "self.size > 0"}]}),
    )
}

#[test]
fn a_definition_becomes_one_kind_for_each_served_version() {
    let mut crd = good();
    let mut second = crd["spec"]["versions"][0].clone();
    second["name"] = json!("v2");
    second["storage"] = json!(false);
    let mut third = second.clone();
    third["name"] = json!("v3");
    third["served"] = json!(false);
    crd["spec"]["versions"] = json!([crd["spec"]["versions"][0], second, third]);
    set_defaults(&mut crd);
    let kinds = define(&crd, None).unwrap();
    let names: Vec<_> = kinds.iter().map(Kind::api_version).collect();
    assert_eq!(names, ["ex.io/v1", "ex.io/v2"]);
    let kind = &kinds[0];
    assert_eq!(kind.list_kind, "WidgetList");
    assert_eq!(kind.singular, "widget");
    assert_eq!(kind.short_names, ["w"]);
    assert_eq!(kind.categories, ["all"]);
    assert!(kind.namespaced);
    assert_eq!(kind.subresources, ["status"]);
    assert_eq!(kind.selectable_fields, [".spec.color"]);
    assert_eq!(kind.columns[0].json_path, ".spec.size");
    assert_eq!(kind.columns[0].priority, 1);
    let roots: Vec<_> = kind.schema.properties.keys().collect();
    assert_eq!(roots, ["apiVersion", "kind", "metadata", "spec"]);
    assert!(!kind.rules.is_empty());
}

#[test]
fn defaults_are_filled_in() {
    let mut crd = good();
    set_defaults(&mut crd);
    assert_eq!(crd["spec"]["names"]["singular"], "widget");
    assert_eq!(crd["spec"]["names"]["listKind"], "WidgetList");
    assert_eq!(crd["spec"]["conversion"], json!({"strategy": "None"}));
    assert_eq!(crd["status"]["storedVersions"], json!(["v1"]));
}

#[rstest]
#[case::name("/metadata/name", json!("foo"), &["metadata.name: Invalid value: \"foo\": must be spec.names.plural+\".\"+spec.group"])]
#[case::group("/spec/group", json!("ex"), &[
    "metadata.name: Invalid value: \"widgets.ex.io\": must be spec.names.plural+\".\"+spec.group",
    "spec.group: Invalid value: \"ex\": should be a domain with at least one dot",
])]
#[case::scope("/spec/scope", json!("Foo"), &["spec.scope: Unsupported value: \"Foo\": supported values: \"Cluster\", \"Namespaced\""])]
#[case::list_kind("/spec/names", json!({"plural": "widgets", "kind": "Widget", "listKind": "Widget"}), &["spec.names.listKind: Invalid value: \"Widget\": kind and listKind may not be the same"])]
#[case::column("/spec/versions/0/additionalPrinterColumns", json!([{"name": "a", "type": "foo", "jsonPath": "x"}]), &[
    "spec.additionalPrinterColumns[0].type: Invalid value: \"foo\": must be one of boolean,date,integer,number,string",
    "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"x\": must be a simple json path starting with .",
])]
#[case::selectable("/spec/versions/0/selectableFields", json!([{"jsonPath": ".spec.zz"}, {"jsonPath": ".spec"}]), &[
    "spec.selectableFields[0].jsonPath: Invalid value: \".spec.zz\": is an invalid path: does not refer to a valid field",
    "spec.selectableFields[1].jsonPath: Invalid value: \".spec\": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.",
])]
#[case::scale("/spec/versions/0/subresources", json!({"scale": {"specReplicasPath": ".status.a"}}), &[
    "spec.subresources.scale.specReplicasPath: Invalid value: \".status.a\": should be a json path under .spec",
    "spec.subresources.scale.statusReplicasPath: Required value",
])]
#[case::schema("/spec/versions/0/schema", Value::Null, &["spec.versions[0].schema.openAPIV3Schema: Required value"])]
#[case::webhook("/spec/conversion", json!({"strategy": "Webhook"}), &["spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook", "spec.conversion.conversionReviewVersions: Required value"])]
fn a_bad_part_is_named(#[case] pointer: &str, #[case] value: Value, #[case] expected: &[&str]) {
    let mut crd = good();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    crd.pointer_mut(parent).unwrap()[name] = value.clone();
    if let (Ok(i), Some(list)) = (
        name.parse::<usize>(),
        crd.pointer_mut(parent).and_then(Value::as_array_mut),
    ) {
        list[i] = value;
    }
    assert_eq!(told(crd), expected);
}

#[rstest]
#[case::no_type(json!({}), &["properties[spec].type: Required value: must not be empty for specified object fields"])]
#[case::no_items(json!({"type": "array"}), &["properties[spec].items: Required value: must be specified"])]
#[case::unknown_type(json!({"type": "foo"}), &["properties[spec].type: Unsupported value: \"foo\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\""])]
#[case::reference(json!({"$ref": "#/x"}), &["properties[spec].$ref: Forbidden: $ref is not supported"])]
#[case::fields_and_map(json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}), &["properties[spec].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"])]
#[case::type_in_a_branch(json!({"type": "object", "anyOf": [{"type": "string"}]}), &["properties[spec].anyOf[0].type: Forbidden: must be empty to be structural"])]
#[case::undeclared_in_a_branch_below_the_root(json!({"type": "object", "anyOf": [{"properties": {"b": {"pattern": "x"}}}]}), &[])]
#[case::resource_without_fields(json!({"type": "object", "x-kubernetes-embedded-resource": true}), &["properties[spec].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"])]
#[case::set_of_objects(json!({"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"}), &["properties[spec].items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set"])]
#[case::optional_key(json!({"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]}), &["properties[spec].items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"])]
#[case::default_of_another_type(json!({"type": "string", "default": 5}), &["properties[spec].default: Invalid value: \"integer\": <field> in body must be of type string: \"integer\""])]
#[case::default_with_unknown_fields(json!({"type": "object", "default": {"z": 1}}), &["properties[spec].default: Invalid value: {\"z\":1}: must not have unknown fields"])]
#[case::rule_that_does_not_parse(json!({"type": "boolean", "x-kubernetes-validations": [{"rule": "self &&"}]}), &["properties[spec].x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"self \\u0026\\u0026\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:8: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | self &&\n | .......^"])]
#[case::rule_about_an_undeclared_field(json!({"type": "object", "x-kubernetes-validations": [{"rule": "self.zz > 1"}]}), &["properties[spec].x-kubernetes-validations[0].rule: Invalid value: {\"Rule\":\"self.zz \\u003e 1\",\"Message\":\"\",\"MessageExpression\":\"\",\"Reason\":null,\"FieldPath\":\"\",\"OptionalOldSelf\":null}: compilation failed: ERROR: <input>:1:5: undefined field 'zz'\n | self.zz > 1\n | ....^"])]
#[case::old_value_without_identity(json!({"type": "array", "items": {"type": "integer", "x-kubernetes-validations": [{"rule": "self > oldSelf"}]}}), &["properties[spec].items.x-kubernetes-validations[0].rule: Invalid value: \"self > oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec]"])]
fn a_bad_schema_is_told_where(#[case] schema: Value, #[case] expected: &[&str]) {
    let mut crd = spec(schema);
    crd["spec"]["versions"][0]["selectableFields"] = json!([]);
    let expected: Vec<String> = expected
        .iter()
        .map(|text| format!("spec.validation.openAPIV3Schema.{text}").replace("<field>", ""))
        .collect();
    assert_eq!(told(crd), expected);
}

#[test]
fn branches_at_the_root_check_only_what_is_declared() {
    let mut crd = definition(
        json!({"type": "object", "properties": {"spec": {"type": "object"}}, "allOf": [{"required": ["b"], "properties": {"b": {"minLength": 1}}}]}),
    );
    let version = &mut crd["spec"]["versions"][0];
    version["subresources"] = json!({});
    version["selectableFields"] = json!([]);
    assert_eq!(
        told(crd),
        [
            "spec.validation.openAPIV3Schema.properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.allOf[0].properties[b]"
        ]
    );
}

#[test]
fn what_instances_depend_on_stays_as_it_is() {
    let mut old = good();
    set_defaults(&mut old);
    old["status"]["conditions"] = json!([{"type": "Established", "status": "True"}]);
    let mut new = old.clone();
    new["spec"]["scope"] = json!("Cluster");
    new["spec"]["versions"][0]["name"] = json!("v2");
    set_defaults(&mut new);
    let causes = define(&new, Some(&old)).err().unwrap_or_default();
    let fields: Vec<_> = causes.iter().map(|cause| cause.field.as_str()).collect();
    assert_eq!(fields, ["spec.scope", "status.storedVersions[0]"]);
}
