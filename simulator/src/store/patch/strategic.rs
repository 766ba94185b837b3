//! Strategic merge patch: a merge patch that knows which lists are maps in disguise.

use super::refusal::{go_text, unexplained, unprocessable};
use crate::json::{Map, Text, Value};
use crate::store::schema::node::{Node, PatchStrategy};
use crate::store::status::Status;

const DIRECTIVE: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM_LIST: &str = "$deleteFromPrimitiveList";
pub(super) const ELEMENT_ORDER: &str = "$setElementOrder";

type Fields = Map;

/// What `live` becomes under `patch`, where `node` says by which key a list is merged; other lists are replaced.
///
/// # Errors
/// 400 for a directive of the wrong form, 422 for lists of lists, 500 for everything else, such as a list
/// element without its merge key or an unknown `$patch`.
///
/// Source: `spec/kube-api.md` §1.13; kubernetes v1.34 `apimachinery/pkg/util/strategicpatch/patch.go`.
pub fn strategic_merge(live: Value, patch: Value, node: &Node) -> Result<Value, Status> {
    let (Value::Object(live), Value::Object(patch)) = (live, patch) else {
        return Err(Status::bad_request("invalid JSON document"));
    };
    let mut merged = merge_objects(live, patch, Some(node)).map(Value::Object)?;
    drop_directives(&mut merged);
    Ok(merged)
}

fn merge_objects(
    mut live: Fields,
    mut patch: Fields,
    node: Option<&Node>,
) -> Result<Fields, Status> {
    if let Some(directive) = patch.get(DIRECTIVE) {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Fields::new()),
            _ => Err(unknown_directive(directive, &patch)),
        };
    }
    retain_keys(&mut live, &mut patch)?;
    merge_ordered_lists(&mut live, &mut patch, node)?;
    for (name, value) in patch {
        if name.starts_with(DELETE_FROM_LIST) {
            let name = directed_field(&name, DELETE_FROM_LIST, "primitive")?;
            if let (Some(Value::Array(items)), Value::Array(unwanted)) = (live.get_mut(name), value)
            {
                items.retain(|item| !unwanted.contains(item));
            }
        } else if value.is_null() {
            live.remove(&name);
        } else {
            let merged = merge_field(live.remove(&name), value, field(node, &name))?;
            if let Some(merged) = merged {
                live.insert(name, merged);
            }
        }
    }
    Ok(live)
}

/// `None` if the field vanishes.
fn merge_field(
    live: Option<Value>,
    patch: Value,
    node: Option<&Node>,
) -> Result<Option<Value>, Status> {
    match (live, patch) {
        (Some(Value::Object(live)), Value::Object(patch)) => {
            merge_objects(live, patch, node).map(|merged| Some(Value::Object(merged)))
        }
        (Some(Value::Array(live)), Value::Array(patch)) => match node {
            Some(node) if node.patch.merge => {
                let merged = merge_lists(live.into(), patch.into(), node)?;
                Ok(Some(Value::Array(merged.into())))
            }
            _ => Ok(Some(Value::Array(patch))),
        },
        (_, mut patch) => {
            drop_nulls(&mut patch);
            Ok(without_directives(patch))
        }
    }
}

pub(super) fn field<'a>(node: Option<&'a Node>, name: &str) -> Option<&'a Node> {
    let node = node?;
    node.properties
        .get(name)
        .or(node.additional.as_ref())
        .map(AsRef::as_ref)
}

fn unknown_directive(directive: &Value, patch: &Fields) -> Status {
    unexplained(format!(
        "unknown patch type: {} in map: {}",
        go_text(directive),
        go_text(&Value::Object(patch.clone()))
    ))
}

/// The field that a directive such as `$setElementOrder/containers` is about.
fn directed_field<'a>(name: &'a str, prefix: &str, what: &str) -> Result<&'a str, Status> {
    name.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or_else(|| Status::bad_request(format!("invalid patch format of {what} list")))
}

/// Carries out `$retainKeys`: what it does not list goes, and the patch may set nothing else.
fn retain_keys(live: &mut Fields, patch: &mut Fields) -> Result<(), Status> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else {
        return Ok(());
    };
    let malformed = || Status::bad_request("invalid patch format of retainKeys");
    let retained = retained.as_array().ok_or_else(malformed)?;
    let is_retained = |name: &str| retained.iter().any(|key| key == name);
    let stray = patch
        .iter()
        .any(|(name, value)| !value.is_null() && !is_directive(name) && !is_retained(name));
    if stray {
        return Err(malformed());
    }
    live.retain(|name, _| is_retained(name));
    Ok(())
}

/// Carries out every `$setElementOrder/…`, together with the list it orders, and takes both out of `patch`.
fn merge_ordered_lists(
    live: &mut Fields,
    patch: &mut Fields,
    node: Option<&Node>,
) -> Result<(), Status> {
    let directives: Vec<Text> = patch
        .keys()
        .filter(|name| name.starts_with(ELEMENT_ORDER))
        .cloned()
        .collect();
    for directive in directives {
        let name = directed_field(&directive, ELEMENT_ORDER, "setElementOrder")?;
        let order = as_list(patch.remove(&directive))?.unwrap_or_default();
        let Some(node) = field(node, name) else {
            return Err(unexplained(format!(
                "unable to find api field for the json field \"{name}\""
            )));
        };
        let live_list = as_list(live.remove(name))?;
        let patch_list = as_list(patch.remove(name))?;
        check_order(
            patch_list.as_deref().unwrap_or_default(),
            &order,
            &node.patch,
        )?;
        let live_order = live_list.clone().unwrap_or_default();
        let nothing = live_order.is_empty() && patch_list.as_ref().is_none_or(Vec::is_empty);
        let merged = match (live_list, patch_list) {
            (None, None) => continue,
            _ if nothing => return Err(unexplained("no elements in any of the given slices")),
            (Some(live_list), None) => live_list,
            (None, Some(patch_list)) => patch_list
                .into_iter()
                .filter_map(without_directives)
                .collect(),
            (Some(live_list), Some(patch_list)) if node.patch.merge => {
                merge_lists(live_list, patch_list, node)?
            }
            (Some(_), Some(patch_list)) => patch_list,
        };
        let ordered = in_order(merged, &order, &live_order, &node.patch)?;
        live.insert(name.to_owned(), Value::Array(ordered.into()));
    }
    Ok(())
}

fn as_list(value: Option<Value>) -> Result<Option<Vec<Value>>, Status> {
    match value {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items.into())),
        Some(other) => Err(unexplained(format!(
            "expected a []interface {{}}, but received a {}",
            go_type(&other)
        ))),
    }
}

/// The elements that a patch sets must stand in the order that it asks for.
fn check_order(patch: &[Value], order: &[Value], strategy: &PatchStrategy) -> Result<(), Status> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut set = patch
        .iter()
        .filter(|item| item.get(DIRECTIVE).is_none())
        .peekable();
    for wanted in order {
        let Some(next) = set.peek() else { break };
        if identity(next, strategy)? == identity(wanted, strategy)? {
            set.next();
        }
    }
    if set.peek().is_none() {
        return Ok(());
    }
    Err(unexplained(format!(
        "The order in patch list:\n{}\n doesn't match {ELEMENT_ORDER} list:\n{}\n",
        go_text(&Value::from(patch.to_vec())),
        go_text(&Value::from(order.to_vec()))
    )))
}

/// Merges two lists whose elements are told apart by a merge key, or two sets of scalars.
fn merge_lists(live: Vec<Value>, patch: Vec<Value>, node: &Node) -> Result<Vec<Value>, Status> {
    check_elements(&live, &patch)?;
    let strategy = &node.patch;
    let scalars = live.iter().chain(&patch).all(|item| !item.is_object());
    if scalars {
        let mut merged: Vec<Value> = Vec::new();
        for item in live.iter().chain(&patch) {
            if !merged.contains(item) {
                merged.push(item.clone());
            }
        }
        return in_order(merged, &patch, &live, &PatchStrategy::default());
    }
    let Some(key) = &strategy.merge_key else {
        return Err(unexplained(
            "cannot merge lists without merge key for struct",
        ));
    };
    let (live, patch) = carry_out_list_directives(live, patch, key)?;
    let mut merged = live.clone();
    for item in &patch {
        let wanted = identity(item, strategy)?;
        let place = merged
            .iter()
            .position(|other| other.get(key) == Some(wanted));
        match (place, item) {
            (Some(index), Value::Object(item)) => {
                let old = merged[index].as_object().cloned().unwrap_or_default();
                merged[index] =
                    Value::Object(merge_objects(old, item.clone(), node.items.as_deref())?);
            }
            _ => {
                let mut item = item.clone();
                drop_nulls(&mut item);
                merged.push(item);
            }
        }
    }
    in_order(merged, &patch, &live, strategy)
}

/// Carries out elements such as `{$patch: delete, name: a}`; returns what is left of both lists.
fn carry_out_list_directives(
    mut live: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), Status> {
    let mut rest = Vec::new();
    let mut replace = false;
    for item in patch {
        let Value::Object(fields) = &item else {
            continue;
        };
        let Some(directive) = fields.get(DIRECTIVE) else {
            rest.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let unwanted = fields.get(key).ok_or_else(|| no_merge_key(&item, key))?;
                live.retain(|item| item.get(key) != Some(unwanted));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return Err(unexplained(
                    "merging lists cannot yet be specified in the patch",
                ));
            }
            _ => return Err(unknown_directive(directive, fields)),
        }
    }
    Ok(if replace {
        (rest, Vec::new())
    } else {
        (live, rest)
    })
}

/// `merged` with the elements of `patch_order` in that order, the others in that of `live_order`, and each of
/// the others before the first one of the former that stands behind it in `live_order`.
fn in_order(
    merged: Vec<Value>,
    patch_order: &[Value],
    live_order: &[Value],
    strategy: &PatchStrategy,
) -> Result<Vec<Value>, Status> {
    let places = |order: &[Value]| {
        order
            .iter()
            .map(|item| identity(item, strategy).cloned())
            .collect::<Result<Vec<_>, _>>()
    };
    let (patch_places, live_places) = (places(patch_order)?, places(live_order)?);
    let (mut patched, mut others) = (Vec::new(), Vec::new());
    for item in merged {
        let id = identity(&item, strategy)?;
        let in_live = live_places.iter().position(|place| place == id);
        match patch_places.iter().position(|place| place == id) {
            Some(index) => patched.push((index, in_live, item)),
            None => others.push((in_live, item)),
        }
    }
    patched.sort_by_key(|(index, _, _)| *index);
    others.sort_by_key(|(in_live, _)| *in_live);
    let mut ordered = Vec::with_capacity(patched.len() + others.len());
    let mut others = others.into_iter().peekable();
    let mut patched = patched.into_iter().peekable();
    while let Some((_, patched_at, _)) = patched.peek() {
        let other_first = others
            .next_if(|(other_at, _)| matches!((other_at, patched_at), (Some(o), Some(p)) if o < p));
        match other_first {
            Some((_, item)) => ordered.push(item),
            None => ordered.extend(patched.next().map(|(_, _, item)| item)),
        }
    }
    ordered.extend(others.map(|(_, item)| item));
    Ok(ordered)
}

/// What tells `item` from the other elements: the value of its merge key, or itself.
fn identity<'a>(item: &'a Value, strategy: &PatchStrategy) -> Result<&'a Value, Status> {
    match &strategy.merge_key {
        None => Ok(item),
        Some(key) => item.get(key).ok_or_else(|| no_merge_key(item, key)),
    }
}

fn no_merge_key(item: &Value, key: &str) -> Status {
    match item {
        Value::Object(_) => unexplained(format!(
            "map: {} does not contain declared merge key: {key}",
            go_text(item)
        )),
        other => unexplained(format!(
            "expected a map[string]interface {{}}, but received a {}",
            go_type(other)
        )),
    }
}

/// All elements of both lists must be of one type, and not lists.
fn check_elements(live: &[Value], patch: &[Value]) -> Result<(), Status> {
    let mut types = live.iter().chain(patch).map(go_type);
    let Some(first) = types.next() else {
        return Ok(());
    };
    if first == "[]interface {}" {
        return Err(unprocessable());
    }
    if types.all(|other| other == first) {
        return Ok(());
    }
    Err(unexplained(format!(
        "list element types are not identical: [{} {}]",
        go_text(&Value::from(live.to_vec())),
        go_text(&Value::from(patch.to_vec()))
    )))
}

/// The Go type that holds `value`, as its reflection prints it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// Removes the fields that are null, in objects and in lists.
pub(super) fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whether `name`, besides [`DIRECTIVE`], directs the merge.
fn is_directive(name: &str) -> bool {
    name == RETAIN_KEYS || name.starts_with(DELETE_FROM_LIST) || name.starts_with(ELEMENT_ORDER)
}

/// Removes the directives that were taken over with new content, which the real server loses as unknown fields.
fn drop_directives(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != DIRECTIVE && !is_directive(name));
            fields.values_mut().for_each(drop_directives);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_directives),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `value` without the objects that are directives; `None` if it is one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => None,
        Value::Object(fields) => Some(Value::Object(
            fields
                .into_iter()
                .filter_map(|(name, value)| Some((name, without_directives(value)?)))
                .collect(),
        )),
        Value::Array(items) => Some(Value::Array(
            items.into_iter().filter_map(without_directives).collect(),
        )),
        scalar => Some(scalar),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn list(merge_key: Option<&str>, items: Node) -> Arc<Node> {
        Arc::new(Node {
            items: Some(Arc::new(items)),
            patch: PatchStrategy {
                merge_key: merge_key.map(str::to_owned),
                merge: true,
                retain_keys: false,
            },
            ..Node::default()
        })
    }

    /// `c` merges by `name` (and so does `c.e`), `f` is a set of scalars, `t` is replaced.
    fn node() -> Node {
        let container = Node {
            properties: Map::from_iter([("e", list(Some("name"), Node::default()))]),
            ..Node::default()
        };
        Node {
            properties: Map::from_iter([
                ("c", list(Some("name"), container)),
                ("f", list(None, Node::default())),
                ("t", Arc::new(Node::default())),
            ]),
            ..Node::default()
        }
    }

    #[rstest]
    #[case::an_element_merges_by_its_key(
        json!({"c": [{"name": "a", "x": 1}, {"name": "b"}]}), json!({"c": [{"name": "a", "y": 2}]}),
        json!({"c": [{"name": "a", "x": 1, "y": 2}, {"name": "b"}]}))]
    #[case::a_new_element_goes_in_front(
        json!({"c": [{"name": "a"}]}), json!({"c": [{"name": "z"}]}),
        json!({"c": [{"name": "z"}, {"name": "a"}]}))]
    #[case::new_elements_go_before_the_known_one_that_follows_them(
        json!({"c": [{"name": "a"}, {"name": "b"}]}), json!({"c": [{"name": "z"}, {"name": "b"}]}),
        json!({"c": [{"name": "z"}, {"name": "a"}, {"name": "b"}]}))]
    #[case::lists_merge_at_any_depth(
        json!({"c": [{"name": "a", "e": [{"name": "E", "v": 1}]}]}), json!({"c": [{"name": "a", "e": [{"name": "F"}]}]}),
        json!({"c": [{"name": "a", "e": [{"name": "F"}, {"name": "E", "v": 1}]}]}))]
    #[case::an_element_is_deleted(
        json!({"c": [{"name": "a"}, {"name": "b"}]}), json!({"c": [{"$patch": "delete", "name": "a"}]}),
        json!({"c": [{"name": "b"}]}))]
    #[case::a_directive_in_a_new_element_is_no_more_than_a_stray_field(
        json!({"c": [{"name": "a"}]}), json!({"c": [{"name": "z", "e": [{"$patch": "delete", "name": "E"}]}]}),
        json!({"c": [{"name": "z", "e": [{"name": "E"}]}, {"name": "a"}]}))]
    #[case::a_list_is_replaced_on_request(
        json!({"c": [{"name": "a"}, {"name": "b"}]}), json!({"c": [{"name": "z"}, {"$patch": "replace"}]}),
        json!({"c": [{"name": "z"}]}))]
    #[case::the_order_is_set(
        json!({"c": [{"name": "a"}, {"name": "b"}, {"name": "s"}]}),
        json!({"$setElementOrder/c": [{"name": "b"}, {"name": "n"}, {"name": "a"}], "c": [{"name": "n"}]}),
        json!({"c": [{"name": "b"}, {"name": "n"}, {"name": "a"}, {"name": "s"}]}))]
    #[case::the_order_is_set_without_a_change(
        json!({"c": [{"name": "a"}, {"name": "b"}]}), json!({"$setElementOrder/c": [{"name": "b"}, {"name": "a"}]}),
        json!({"c": [{"name": "b"}, {"name": "a"}]}))]
    #[case::scalars_are_a_set(json!({"f": ["a", "b"]}), json!({"f": ["c", "b"]}), json!({"f": ["c", "a", "b"]}))]
    #[case::scalars_are_deleted(json!({"f": ["a", "b"]}), json!({"$deleteFromPrimitiveList/f": ["a"]}), json!({"f": ["b"]}))]
    #[case::deleting_from_nothing_is_nothing(json!({}), json!({"$deleteFromPrimitiveList/f": ["a"]}), json!({}))]
    #[case::a_list_without_strategy_is_replaced(json!({"t": [1]}), json!({"t": [2]}), json!({"t": [2]}))]
    #[case::null_deletes(json!({"a": 1, "b": 2}), json!({"a": null, "z": null}), json!({"b": 2}))]
    #[case::nulls_of_a_new_object_are_dropped(json!({}), json!({"a": {"b": null, "c": 1}}), json!({"a": {"c": 1}}))]
    #[case::an_object_is_replaced_on_request(json!({"a": {"b": 1}}), json!({"a": {"$patch": "replace", "c": 2}}), json!({"a": {"c": 2}}))]
    #[case::an_object_is_emptied_on_request(json!({"a": {"b": 1}}), json!({"a": {"$patch": "delete"}}), json!({"a": {}}))]
    #[case::a_directive_for_an_absent_field_leaves_nothing(json!({}), json!({"a": {"$patch": "replace", "c": 2}}), json!({}))]
    #[case::directives_do_not_stay_in_a_new_object(json!({}), json!({"a": {"$retainKeys": ["b"], "$setElementOrder/l": [], "b": 1}}), json!({"a": {"b": 1}}))]
    #[case::only_retained_keys_stay(json!({"a": {"b": 1, "c": 2}}), json!({"a": {"$retainKeys": ["b", "d"], "d": 3}}), json!({"a": {"b": 1, "d": 3}}))]
    fn a_patch_merges(#[case] live: Value, #[case] patch: Value, #[case] expected: Value) {
        assert_eq!(strategic_merge(live, patch, &node()), Ok(expected));
    }

    #[rstest]
    #[case::element_without_key(json!({"c": [{"x": 1}]}), 500, "map: map[x:1] does not contain declared merge key: name")]
    #[case::unknown_directive_in_a_list(json!({"c": [{"$patch": "foo", "name": "c"}]}), 500, "unknown patch type: foo in map: map[$patch:foo name:c]")]
    #[case::unknown_directive(json!({"$patch": "foo", "l": [1, "a"], "n": null}), 500, "unknown patch type: foo in map: map[$patch:foo l:[1 a] n:<nil>]")]
    #[case::merge_of_a_list(json!({"c": [{"$patch": "merge"}]}), 500, "merging lists cannot yet be specified in the patch")]
    #[case::mixed_elements(json!({"c": [1]}), 500, "list element types are not identical: [[map[name:a]] [1]]")]
    #[case::stray_key(json!({"$retainKeys": ["zz"], "t": []}), 400, "invalid patch format of retainKeys")]
    #[case::keys_not_listed(json!({"$retainKeys": 1}), 400, "invalid patch format of retainKeys")]
    #[case::contradicting_order(json!({"$setElementOrder/c": [{"name": "d"}], "c": [{"name": "c"}]}), 500,
        "The order in patch list:\n[map[name:c]]\n doesn't match $setElementOrder list:\n[map[name:d]]\n")]
    #[case::order_not_a_list(json!({"$setElementOrder/c": 1}), 500, "expected a []interface {}, but received a int64")]
    #[case::order_of_nothing(json!({"$setElementOrder/f": ["a"], "f": []}), 500, "no elements in any of the given slices")]
    #[case::deletion_without_field(json!({"$deleteFromPrimitiveList": ["a"]}), 400, "invalid patch format of primitive list")]
    fn a_malformed_patch_is_refused(
        #[case] patch: Value,
        #[case] code: u16,
        #[case] message: &str,
    ) {
        let refusal = strategic_merge(json!({"c": [{"name": "a"}]}), patch, &node()).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code, message));
    }
}
