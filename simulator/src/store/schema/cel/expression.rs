//! One expression about values without a schema, as admission policies hold them.
//!
//! Source: apiserver v0.34.3, pkg/admission/plugin/cel/compile.go and activation.go.

use std::sync::Arc;

use kube_cel::cel::common::ast::{EntryExpr, Expr};
use kube_cel::cel::objects::{Key, Map};
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value as Cel};

use super::authorizer::{self, Decisions, Judge};
use super::stack::with_room;
use super::{FUNCTIONS, constant, dialect, extent, meter, pair, parsing, value, words};
use crate::access::{ResourceQuestion, User};
use crate::json::Value;

pub(in crate::store) use super::authorizer::{AUTHORIZER, REQUEST_RESOURCE};
pub(in crate::store) use super::cel_type::CelType;
pub(in crate::store) use super::checker::Variable;
pub(in crate::store) use super::refusal::Refusal;

/// A compiled expression.
#[derive(Debug)]
pub(in crate::store) struct Expression {
    program: IdedExpr,
    /// The same with its costs counted, if there is a loop or a question to the authorizer in it: without one it costs
    /// little.
    metered: Option<IdedExpr>,
    depth: usize,
    source: String,
    kind: CelType,
}

impl Expression {
    /// Compiles `source`, which may name `variables`, and whose value is of one of `kinds`; of any, if none is given.
    ///
    /// # Errors
    /// It does not parse, names what is not there, gives a function what that does not take, or is of another type.
    pub(in crate::store) fn compile(
        source: &str,
        variables: &[Variable],
        kinds: &[&str],
    ) -> Result<Self, Refusal> {
        let depth = extent::depth(source)?;
        with_room(depth, || {
            let (mut program, checked) = parsing::checked(source, variables)?;
            let kind = checked.kind(&program).clone();
            check_kind(&kind, kinds)?;
            constant::check(&mut program, &checked).map_err(Refusal::Instantiation)?;
            dialect::turn_sums(&mut program, &checked);
            let is_metered = is_costly(&program);
            let mut metered = is_metered.then(|| meter::metered(&program, &checked));
            for said in metered.iter_mut().chain([&mut program]) {
                pair::lower(said);
                dialect::translate_parts(said);
                dialect::translate(said);
            }
            Ok(Self {
                program,
                metered,
                depth,
                source: source.to_owned(),
                kind,
            })
        })
    }

    /// As it is written.
    pub(in crate::store) fn source(&self) -> &str {
        &self.source
    }

    /// The type of its value.
    pub(in crate::store) fn kind(&self) -> &CelType {
        &self.kind
    }

    /// Its value.
    ///
    /// # Errors
    /// It cannot be evaluated; without the expression in the text.
    pub(in crate::store) fn evaluate(&self, bindings: &Bindings) -> Result<Evaluated, String> {
        loop {
            let result = self.attempt(bindings);
            if !bindings.decisions.decide(bindings.judge) {
                return result;
            }
        }
    }

    /// Its value, if it asks nothing that is yet to be decided.
    fn attempt(&self, bindings: &Bindings) -> Result<Evaluated, String> {
        let resolve = |program, room| with_room(room, || bindings.scope.resolve(program));
        let result = match &self.metered {
            None => resolve(&self.program, self.depth),
            Some(metered) => {
                let (result, cost) = meter::measured(|| resolve(metered, 2 * self.depth));
                if cost > meter::CALL_MAX {
                    return Err("operation cancelled: actual cost limit exceeded".to_owned());
                }
                result
            }
        };
        result.map(Evaluated).map_err(|error| {
            let shown = || dialect::shown(&self.program, &bindings.scope, error);
            let error = with_room(self.depth, shown);
            bindings.broken(&error).unwrap_or_else(|| words::of(&error))
        })
    }
}

/// Whether an expression has a macro in it that goes through a list or a map, or asks the authorizer.
fn is_costly(expression: &IdedExpr) -> bool {
    match &expression.expr {
        Expr::Comprehension(_) => true,
        Expr::Select(select) => is_costly(&select.operand),
        Expr::Call(call) => {
            let target = call.target.as_deref().into_iter();
            call.func_name == "check" || target.chain(&call.args).any(is_costly)
        }
        Expr::List(list) => list.elements.iter().any(is_costly),
        Expr::Map(map) => map.entries.iter().any(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => is_costly(&entry.key) || is_costly(&entry.value),
            EntryExpr::StructField(field) => is_costly(&field.value),
        }),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => false,
    }
}

/// Whether expressions can name something so.
pub(in crate::store) fn is_identifier(name: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    !name.is_empty()
        && name.chars().all(is_word)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !value::RESERVED.contains(&name)
}

fn check_kind(kind: &CelType, kinds: &[&str]) -> Result<(), String> {
    let found = match kind {
        kind if *kind == CelType::NULL => "null_type".to_owned(),
        kind => kind.to_string(),
    };
    match kinds {
        kinds if kinds.is_empty() || kinds.contains(&found.as_str()) => Ok(()),
        [one] => Err(format!("must evaluate to {one} but got {found}")),
        all => Err(format!(
            "must evaluate to one of [{}] but got {found}",
            all.join(" ")
        )),
    }
}

/// The value of an expression.
#[derive(Clone, Debug)]
pub(in crate::store) struct Evaluated(Cel);

impl Evaluated {
    /// Whether it is `true`.
    pub(in crate::store) fn is_true(&self) -> bool {
        self.0 == Cel::Bool(true)
    }

    /// Whether it is `false`.
    pub(in crate::store) fn is_false(&self) -> bool {
        self.0 == Cel::Bool(false)
    }

    /// The text that it is, if it is one.
    pub(in crate::store) fn text(&self) -> Option<&str> {
        match &self.0 {
            Cel::String(text) => Some(text),
            _ => None,
        }
    }
}

/// What the names in expressions stand for.
pub(in crate::store) struct Bindings<'a> {
    scope: Context<'a>,
    judge: Judge<'a>,
    decisions: Arc<Decisions>,
    variables: Vec<(String, Result<Cel, String>)>,
}

impl Bindings<'_> {
    /// Lets `evaluate` do its work with bindings that are empty at first; what expressions ask is decided by `judge`.
    pub(in crate::store) fn with<T>(judge: Judge, evaluate: impl FnOnce(&mut Bindings) -> T) -> T {
        FUNCTIONS.with(|functions| {
            evaluate(&mut Bindings {
                scope: functions.new_inner_scope(),
                judge,
                decisions: Arc::default(),
                variables: Vec::new(),
            })
        })
    }

    /// Makes `name` stand for a value.
    pub(in crate::store) fn bind(&mut self, name: &str, bound: &Value) {
        let bound = value::untyped(bound);
        self.scope.add_variable_from_value(name, bound);
    }

    /// Makes `authorizer` stand for what a user may do, whose request is about `resource`.
    pub(in crate::store) fn bind_authorizer(
        &mut self,
        user: &Arc<User>,
        resource: &ResourceQuestion,
    ) {
        let anything = authorizer::authorizer(user, &self.decisions);
        let resource = authorizer::request_resource(user, &self.decisions, resource);
        self.scope.add_variable_from_value(AUTHORIZER, anything);
        self.scope
            .add_variable_from_value(REQUEST_RESOURCE, resource);
    }

    /// Makes a field of `variables` stand for the value of an expression; who looks at it learns why it has none.
    pub(in crate::store) fn bind_variable(&mut self, name: &str, expression: &Expression) {
        let value = expression.evaluate(self);
        let value = value.map(|value| value.0);
        self.variables.push((name.to_owned(), value));
        let known = self.variables.iter().filter_map(|(name, value)| {
            let value = value.as_ref().ok()?;
            Some((Key::String(Arc::new(name.clone())), value.clone()))
        });
        let variables = Cel::Map(Map {
            map: Arc::new(known.collect()),
        });
        self.scope.add_variable_from_value("variables", variables);
    }

    /// What is said of an expression that looks at a variable without a value.
    fn broken(&self, error: &ExecutionError) -> Option<String> {
        let ExecutionError::NoSuchKey(key) = error else {
            return None;
        };
        let mut broken = self.variables.iter().filter(|(name, _)| name == &**key);
        let why = broken.find_map(|(_, value)| value.as_ref().err())?;
        Some(format!(
            "composited variable {:?} fails to evaluate: {why}",
            key.as_str()
        ))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::access::{Question, Verdict};
    use crate::json::json;

    /// Everybody may get, and who it is, is the reason.
    fn decided(user: &User, question: &Question) -> Verdict {
        let (verb, on) = match question {
            Question::Path { verb, path } => (verb, path.clone()),
            Question::Resource(resource) => (&resource.verb, resource.combined()),
        };
        let reason = format!("{} on {on}", user.name);
        match verb.as_str() {
            "get" => Verdict::Allowed(reason),
            _ => Verdict::Denied(reason),
        }
    }

    fn declared() -> Vec<Variable> {
        let request = CelType::object("Request", [("namespace", CelType::STRING)]);
        let variables = CelType::object("Variables", [("v", CelType::Dyn)]);
        let authorizer = CelType::Named("kubernetes.authorization.Authorizer");
        let all = [
            ("object", CelType::Dyn),
            ("request", request),
            ("variables", variables),
            (AUTHORIZER, authorizer),
            (
                REQUEST_RESOURCE,
                CelType::Named("kubernetes.authorization.ResourceCheck"),
            ),
        ];
        all.map(|(name, kind)| (name.to_owned(), kind)).into()
    }

    #[rstest]
    #[case::field("object.a == 1", Ok(true))]
    #[case::reserved_word("request.namespace == 'ns'", Ok(true))]
    #[case::missing_field("object.b == 1", Err("no such key: b"))]
    #[case::field_of_nothing("object.none.c.d == 1", Err("no such key: c"))]
    #[case::field_of_a_number("object.a.b == 1", Err("no such key: b"))]
    #[case::presence("has(object.a) && !has(object.b)", Ok(true))]
    #[case::short_cut("object.none == null || object.none.b == 1", Ok(true))]
    #[case::other_type("object.a < 'x'", Err("no such overload"))]
    #[case::argument("size(object.b) == 1", Err("no such key: b"))]
    #[case::first_of_two("object.b == 1 && object.c == 1", Err("no such key: b"))]
    #[case::first_of_either("object.b == 1 || object.c == 1", Err("no such key: b"))]
    #[case::first_of_many(
        "!(object.a != object.a || object.b == 1 || object.c == 1)",
        Err("no such key: b")
    )]
    #[case::what_was_chosen(
        "true ? object.c == 1 && object.b == 1 : object.d == 1",
        Err("no such key: c")
    )]
    #[case::text_of_a_bool("string(has(object.a)) == 'true' && string(1) == '1'", Ok(true))]
    #[case::in_a_macro("object.list.all(x, x.y > 0)", Ok(true))]
    #[case::two_variables("object.list.all(i, x, x.y == i + 1)", Ok(true))]
    #[case::two_variables_in_each_other(
        "object.list.exists(i, i2, object.list.all(j, i, i2.y <= i.y && j < 2))",
        Ok(true)
    )]
    #[case::a_name_for_something_else(
        "object.list.all(i, x, [7].all(x, x == 7 && i < 2))",
        Ok(true)
    )]
    #[case::keys("object.transformList(k, v, k == 'a', v) == [1]", Ok(true))]
    #[case::one_of_a_map("{'a': 1, 'b': 2}.existsOne(k, v, v > 1 && k == 'b')", Ok(true))]
    #[case::a_map_made("object.list.transformMap(i, x, i > 0, x.y) == {1: 2}", Ok(true))]
    #[case::entries(
        "object.list.transformMapEntry(i, x, {string(x.y): i}) == {'1': 0, '2': 1}",
        Ok(true)
    )]
    #[case::a_key_twice(
        "object.list.transformMapEntry(i, x, {'k': i}) == {}",
        Err("insert failed: key k already exists")
    )]
    #[case::pairs_of_nothing(
        "object.a.all(i, x, true)",
        Err("unsupported comprehension range type: types.Int")
    )]
    #[case::a_value_named("object.?a.optMap(x, x + 1).orValue(0) == 2", Ok(true))]
    #[case::no_value_named("object.?b.optMap(x, x + 1).hasValue()", Ok(false))]
    #[case::an_optional_of_a_value("object.?list.optFlatMap(x, x[?7]).hasValue()", Ok(false))]
    #[case::an_error_behind_a_value("object.?a.optMap(x, x.y).hasValue()", Err("no such key: y"))]
    #[case::path(
        "authorizer.path('/x').check('get').allowed() && !authorizer.path('/x').check('post').allowed()",
        Ok(true)
    )]
    #[case::reason(
        "authorizer.group('').resource('pods').subresource('log').namespace('n').name('p').labelSelector('a=b').check('get').reason() == 'alice on pods/log'",
        Ok(true)
    )]
    #[case::own_resource(
        "authorizer.requestResource.check('get').reason() == 'alice on pods'",
        Ok(true)
    )]
    #[case::account(
        "authorizer.serviceAccount('n', 'a').path('/').check('get').reason() == 'system:serviceaccount:n:a on /'",
        Ok(true)
    )]
    #[case::no_error(
        "authorizer.path('/').check('get').errored() || authorizer.path('/').check('get').error() != ''",
        Ok(false)
    )]
    #[case::no_path(
        "authorizer.path(' ').check('get').allowed()",
        Err("path must not be empty")
    )]
    #[case::three_questions(
        "['a', 'b', 'c'].all(p, authorizer.path(p).check('get').allowed())",
        Err("operation cancelled: actual cost limit exceeded")
    )]
    #[case::variable_without_a_value(
        "variables.v == 1",
        Err("composited variable \"v\" fails to evaluate: no such key: x")
    )]
    fn an_expression_has_a_value(#[case] source: &str, #[case] expected: Result<bool, &str>) {
        let declared = declared();
        let expression = Expression::compile(source, &declared, &["bool"]).unwrap();
        let variable = Expression::compile("object.x", &declared, &[]).unwrap();
        let judge = |user: &User, question: &Question| decided(user, question);
        let value = Bindings::with(&judge, |bindings| {
            let resource = ResourceQuestion {
                resource: "pods".to_owned(),
                ..ResourceQuestion::default()
            };
            let user = User {
                name: "alice".to_owned(),
                ..User::default()
            };
            bindings.bind_authorizer(&Arc::new(user), &resource);
            let object = json!({"a": 1, "none": null, "list": [{"y": 1}, {"y": 2}]});
            bindings.bind("object", &object);
            bindings.bind("request", &json!({"namespace": "ns"}));
            bindings.bind_variable("v", &variable);
            expression.evaluate(bindings)
        });
        let value = value.map(|value| value.is_true());
        assert_eq!(value, expected.map_err(str::to_owned));
    }

    #[rstest]
    #[case::type_of_a_field("object.a", "must evaluate to bool but got dyn")]
    #[case::type_of_a_literal("1", "must evaluate to bool but got int")]
    #[case::no_variable(
        "none",
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'none' (in container '')\n | none\n | ^"
    )]
    #[case::no_field(
        "request.nope == 1",
        "compilation failed: ERROR: <input>:1:8: undefined field 'nope'\n | request.nope == 1\n | .......^"
    )]
    #[case::no_decision(
        "authorizer.path('/').check('get')",
        "must evaluate to bool but got kubernetes.authorization.Decision"
    )]
    fn an_expression_that_cannot_be_right_is_refused(#[case] source: &str, #[case] why: &str) {
        let compiled = Expression::compile(source, &declared(), &["bool"]);
        let told = compiled.map(drop).map_err(|refusal| refusal.to_string());
        assert_eq!(told, Err(why.to_owned()));
    }
}
