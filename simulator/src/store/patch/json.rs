//! JSON patch, RFC 6902, with the liberties of the library that kube-apiserver uses.

use json_patch::jsonptr::PointerBuf;
use json_patch::{
    AddOperation, CopyOperation, MoveOperation, PatchOperation, RemoveOperation, ReplaceOperation,
    TestOperation,
};
use serde_json::Value as Plain;

use super::refusal::{too_many_operations, unprocessable};
use crate::json::{DEPTH_MAX, Map, Value, depth, parsed};
use crate::store::json_type::json_type;
use crate::store::status::Status;

/// Source: kubernetes v1.34 `apiserver/pkg/endpoints/handlers/patch.go`, `maxJSONPatchOperations`.
const MAX_OPERATIONS: usize = 10_000;

/// How much the operations of one patch may copy, in bytes of JSON: each copy may double what there is.
///
/// Source: kubernetes v1.34 `apiserver/pkg/server/config.go`, `JSONPatchMaxCopyBytes`.
const COPIED_BYTES_MAX: usize = 3 * 1024 * 1024;

/// What `live` becomes under the operations in `body`, all or none.
///
/// Beyond the RFC, as on a real server: `replace` adds an absent field of an object, `test` takes an absent
/// field for `null`, an absent `value` is `null`, and negative indices count from the end of a list.
///
/// # Errors
/// 400 for a body that is not a list of operations, 413 for more than 10 000 of them, 422 without any
/// explanation for an operation that is unknown or does not fit `live`, for copies of more than 3 MiB and for a result
/// that is nested deeper than a body may be.
///
/// Source: `spec/kube-api.md` §1.13; gopkg.in/evanphx/json-patch.v4 4.12.0.
pub fn json_patch(live: &Value, body: &[u8]) -> Result<Value, Status> {
    let body = parsed(body).map_err(|why| undecodable(&why))?;
    let operations = match &body {
        Value::Array(operations) => operations.as_slice(),
        Value::Null => &[],
        other => {
            return Err(undecodable(&format!(
                "json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
                json_type(other)
            )));
        }
    };
    let operations = operations
        .iter()
        .map(Operation::decode)
        .collect::<Result<Vec<_>, _>>()?;
    if operations.len() > MAX_OPERATIONS {
        return Err(too_many_operations(operations.len(), MAX_OPERATIONS));
    }
    let mut patched = Plain::from(live);
    let mut growth = Growth::of(live);
    for operation in &operations {
        growth
            .allows(operation, &patched)
            .then(|| operation.carry_out(&mut patched))
            .flatten()
            .ok_or_else(unprocessable)?;
    }
    Ok(patched.into())
}

fn undecodable(why: &str) -> Status {
    Status::bad_request(format!("error decoding patch: {why}"))
}

/// One element of the body, with its strings checked and nothing else.
struct Operation<'a> {
    op: &'a str,
    path: &'a str,
    from: &'a str,
    value: &'a Value,
}

impl<'a> Operation<'a> {
    fn decode(element: &'a Value) -> Result<Self, Status> {
        static EMPTY: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);
        let fields = match element {
            Value::Object(fields) => fields,
            Value::Null => &EMPTY,
            other => {
                return Err(undecodable(&format!(
                    "json: cannot unmarshal {} into Go value of type handlers.jsonPatchOp",
                    json_type(other)
                )));
            }
        };
        let text = |name: &str| match fields.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            None | Some(Value::Null) => Ok(""),
            Some(other) => Err(undecodable(&format!(
                "json: cannot unmarshal {} into Go struct field jsonPatchOp.{name} of type string",
                json_type(other)
            ))),
        };
        Ok(Self {
            op: text("op")?,
            path: text("path")?,
            from: text("from")?,
            value: fields.get("value").unwrap_or(&Value::Null),
        })
    }

    /// `None` if the operation is unknown or does not fit `document`, which may then be half changed.
    fn carry_out(&self, document: &mut Plain) -> Option<()> {
        let value = || Plain::from(self.value);
        let operation = match self.op {
            "add" => PatchOperation::Add(AddOperation {
                path: place(document, self.path, 1)?,
                value: value(),
            }),
            "replace" if self.path.is_empty() => {
                // What is neither an object nor a list is passed over.
                if self.value.is_object() || self.value.is_array() {
                    *document = value();
                }
                return Some(());
            }
            "replace" if absent_field(document, self.path) => PatchOperation::Add(AddOperation {
                path: place(document, self.path, 0)?,
                value: value(),
            }),
            "replace" => PatchOperation::Replace(ReplaceOperation {
                path: place(document, self.path, 0)?,
                value: value(),
            }),
            "remove" => PatchOperation::Remove(RemoveOperation {
                path: place(document, self.path, 0)?,
            }),
            "move" => PatchOperation::Move(MoveOperation {
                from: place(document, self.from, 0)?,
                path: place(document, self.path, 1)?,
            }),
            "copy" => PatchOperation::Copy(CopyOperation {
                from: place(document, self.from, 0)?,
                path: place(document, self.path, 1)?,
            }),
            "test" if self.path.is_empty() => return (*self.value == *document).then_some(()),
            "test" if absent_field(document, self.path) => {
                return self.value.is_null().then_some(());
            }
            "test" => PatchOperation::Test(TestOperation {
                path: place(document, self.path, 0)?,
                value: value(),
            }),
            _ => return None,
        };
        json_patch::patch_unsafe(document, &[operation]).ok()
    }
}

/// How far the operations of a patch have blown up the document.
struct Growth {
    /// How deep it is at most: what is moved or copied counts as the deepest. Who owns its fields does not count, which is
    /// nested deeper than they are.
    depth_max: usize,
    copied_bytes: usize,
}

impl Growth {
    fn of(live: &Value) -> Self {
        let mut live = live.clone();
        if let Some(metadata) = live.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
        Self {
            depth_max: depth(&live),
            copied_bytes: 0,
        }
    }

    /// Whether `operation` on `document` stays within the limits.
    fn allows(&mut self, operation: &Operation, document: &Plain) -> bool {
        let n_steps = |path: &str| path.matches('/').count();
        let n_steps_to = n_steps(operation.path);
        match operation.op {
            "add" | "replace" => {
                self.depth_max = self.depth_max.max(n_steps_to + depth(operation.value));
            }
            "move" => self.depth_max += n_steps_to.saturating_sub(n_steps(operation.from)),
            "copy" => {
                self.depth_max += n_steps_to.saturating_sub(n_steps(operation.from));
                let copied = document.pointer(operation.from);
                self.copied_bytes += copied.map_or(0, |copied| copied.to_string().len());
            }
            _ => {}
        }
        self.depth_max <= DEPTH_MAX && self.copied_bytes <= COPIED_BYTES_MAX
    }
}

fn parent<'d, 'p>(document: &'d Plain, path: &'p str) -> Option<(&'d Plain, &'p str, &'p str)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((document.pointer(parent)?, parent, last))
}

/// Whether `path` names a field of an object that has no such field.
fn absent_field(document: &Plain, path: &str) -> bool {
    parent(document, path)
        .is_some_and(|(parent, _, _)| parent.is_object() && document.pointer(path).is_none())
}

/// `path` as a pointer, a final negative index counted from the end plus `n_beyond` elements; `None` for the whole document.
fn place(document: &Plain, path: &str, n_beyond: usize) -> Option<PointerBuf> {
    let (parent, parent_path, last) = parent(document, path)?;
    let from_end = last
        .strip_prefix('-')
        .and_then(|digits| digits.parse::<usize>().ok());
    let path = match (parent, from_end) {
        (Plain::Array(items), Some(n_back)) => {
            let index = (items.len() + n_beyond).checked_sub(n_back)?;
            format!("{parent_path}/{index}")
        }
        _ => path.to_owned(),
    };
    PointerBuf::parse(path).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::json::json;

    fn patched(live: &Value, patch: &Value) -> Result<Value, Status> {
        json_patch(live, patch.to_string().as_bytes())
    }

    #[rstest]
    #[case::add_a_field(json!([{"op": "add", "path": "/a/c", "value": 2}]), json!({"a": {"b": 1, "c": 2}, "l": [1, 2, 3]}))]
    #[case::add_appends(json!([{"op": "add", "path": "/l/-", "value": 4}]), json!({"a": {"b": 1}, "l": [1, 2, 3, 4]}))]
    #[case::add_without_value_adds_null(json!([{"op": "add", "path": "/n"}]), json!({"a": {"b": 1}, "l": [1, 2, 3], "n": null}))]
    #[case::add_at_a_negative_index(json!([{"op": "add", "path": "/l/-1", "value": 4}]), json!({"a": {"b": 1}, "l": [1, 2, 3, 4]}))]
    #[case::replace_may_add_a_field(json!([{"op": "replace", "path": "/n", "value": 1}]), json!({"a": {"b": 1}, "l": [1, 2, 3], "n": 1}))]
    #[case::remove_at_a_negative_index(json!([{"op": "remove", "path": "/l/-1"}]), json!({"a": {"b": 1}, "l": [1, 2]}))]
    #[case::move_takes_from_the_old_place(json!([{"op": "move", "from": "/a/b", "path": "/b"}]), json!({"a": {}, "b": 1, "l": [1, 2, 3]}))]
    #[case::copy_leaves_the_old_place(json!([{"op": "copy", "from": "/a", "path": "/b"}]), json!({"a": {"b": 1}, "b": {"b": 1}, "l": [1, 2, 3]}))]
    #[case::test_of_an_absent_field_finds_null(json!([{"op": "test", "path": "/n", "value": null}]), json!({"a": {"b": 1}, "l": [1, 2, 3]}))]
    #[case::later_operations_see_earlier_ones(json!([{"op": "add", "path": "/n", "value": {}}, {"op": "add", "path": "/n/m", "value": 1}]), json!({"a": {"b": 1}, "l": [1, 2, 3], "n": {"m": 1}}))]
    fn an_operation_changes_the_object(#[case] patch: Value, #[case] expected: Value) {
        let live = json!({"a": {"b": 1}, "l": [1, 2, 3]});
        assert_eq!(patched(&live, &patch), Ok(expected));
    }

    #[rstest]
    #[case::failed_test(json!([{"op": "test", "path": "/a", "value": 2}]))]
    #[case::remove_of_nothing(json!([{"op": "remove", "path": "/z"}]))]
    #[case::add_below_nothing(json!([{"op": "add", "path": "/z/z", "value": 1}]))]
    #[case::add_at_the_root(json!([{"op": "add", "path": "", "value": {}}]))]
    #[case::index_out_of_range(json!([{"op": "replace", "path": "/l/3", "value": 1}]))]
    #[case::unknown_operation(json!([{"op": "foo", "path": "/a"}]))]
    #[case::no_operation(json!([{"path": "/a"}]))]
    fn an_operation_that_does_not_fit_is_unprocessable(#[case] patch: Value) {
        let live = json!({"a": 1, "l": [1, 2, 3]});
        let refusal = patched(&live, &patch).unwrap_err();
        assert_eq!(
            refusal.body(),
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "Invalid", "details": {}, "code": 422,
                "message": "the server rejected our request due to an error in our request"})
        );
    }

    /// Objects in objects, `n` levels of them.
    fn nested(n: usize) -> Value {
        (1..n).fold(json!({}), |inner, _| json!({"a": inner}))
    }

    #[rstest]
    #[case::as_deep_as_a_body_may_hold(json!([{"op": "add", "path": "/a/a", "value": nested(125)}]), true)]
    #[case::below_another(json!([{"op": "add", "path": "/a/a/a", "value": nested(125)}]), false)]
    #[case::replaced(json!([{"op": "replace", "path": "/a/a/a", "value": nested(125)}]), false)]
    #[case::one_after_the_other(json!([{"op": "add", "path": "/a", "value": nested(64)}, {"op": "add", "path": "/a".repeat(65), "value": nested(63)}]), false)]
    #[case::copied_into_itself(json!(vec![json!({"op": "copy", "from": "/a", "path": "/a/c"}); 127]), false)]
    #[case::moved_down(json!([{"op": "add", "path": "/b", "value": nested(125)}, {"op": "move", "from": "/b", "path": "/a/b/c"}]), false)]
    fn a_patch_makes_nothing_deeper_than_a_body_may_be(
        #[case] patch: Value,
        #[case] is_fine: bool,
    ) {
        let live = json!({"a": {"a": {}, "b": {}}});
        let refusal = patched(&live, &patch).err();
        assert_eq!(refusal, (!is_fine).then(unprocessable));
    }

    #[rstest]
    #[case::half_a_mebibyte(5, true)]
    #[case::much_more(40, false)]
    fn a_patch_may_not_copy_without_end(#[case] n_copies: usize, #[case] is_fine: bool) {
        let live = json!({"a": {"text": "x".repeat(20_000)}});
        let copy = |n: usize| json!({"op": "copy", "from": "/a", "path": format!("/a/{n}")});
        let patch = (0..n_copies).map(copy).collect();
        let refusal = patched(&live, &patch).err();
        assert_eq!(refusal, (!is_fine).then(unprocessable));
    }

    #[test]
    fn an_object_may_be_patched_though_its_owners_are_told_deeper_than_a_body_may_be() {
        let managed = json!([{"fieldsV1": nested(126)}]);
        let live = json!({"a": nested(126), "metadata": {"managedFields": managed}});
        let patch = json!([{"op": "add", "path": "/b", "value": 1}]);
        assert!(patched(&live, &patch).is_ok());
    }

    #[rstest]
    #[case::an_object(
        "{}",
        400,
        "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
    )]
    #[case::a_list_of_numbers(
        "[1]",
        400,
        "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"
    )]
    #[case::a_number_for_an_operation(
        r#"[{"op":1}]"#,
        400,
        "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string"
    )]
    #[case::nothing("", 400, "error decoding patch: unexpected end of JSON input")]
    #[case::too_much(&format!("[{}null]", "null,".repeat(10_000)), 413, "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001")]
    fn a_body_that_is_no_patch_is_refused(
        #[case] body: &str,
        #[case] code: u16,
        #[case] message: &str,
    ) {
        let refusal = json_patch(&json!({}), body.as_bytes()).unwrap_err();
        assert_eq!((refusal.code, refusal.message.as_str()), (code, message));
    }
}
