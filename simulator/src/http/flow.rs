//! Which flow a request is part of, and with which priority it is served: what answers say of it. Nothing waits here.
//!
//! Source: `spec/kube-api.md` §1.1; apiserver v0.34.3, pkg/server/filters/priority-and-fairness.go.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::access::{FlowRules, Question, User};
use crate::store::kernel::Kernel;
use crate::store::log::TableId;
use crate::store::object::{Key, Object};

const GROUP: &str = "flowcontrol.apiserver.k8s.io";
const SCHEMA: HeaderName = HeaderName::from_static("x-kubernetes-pf-flowschema-uid");
const LEVEL: HeaderName = HeaderName::from_static("x-kubernetes-pf-prioritylevel-uid");

/// The FlowSchemas of a cluster in the order in which they are asked, as they were at a revision.
#[derive(Debug)]
pub(crate) struct Flows {
    /// The tables of FlowSchemas and priority levels.
    tables: [TableId; 2],
    revisions: [u64; 2],
    flows: Vec<Flow>,
}

#[derive(Debug)]
struct Flow {
    rules: FlowRules,
    uids: [HeaderValue; 2],
}

impl Flows {
    /// Those of now, which are `known` if nothing has changed.
    pub(super) fn of(kernel: &Kernel, known: Option<Arc<Self>>) -> Arc<Self> {
        let registry = kernel.registry();
        let table = |plural: &str| registry.get(GROUP, "v1", plural).table;
        let tables = match &known {
            Some(known) => known.tables,
            None => ["flowschemas", "prioritylevelconfigurations"].map(table),
        };
        let revisions = revisions(kernel, tables);
        match known {
            Some(known) if known.revisions == revisions => known,
            _ => Arc::new(Self {
                tables,
                revisions,
                flows: flows(kernel, tables),
            }),
        }
    }

    /// Whether nothing has changed since.
    pub(super) fn are_of(&self, kernel: &Kernel) -> bool {
        self.revisions == revisions(kernel, self.tables)
    }

    /// Says in the headers of an answer what the request of a user was part of.
    pub(super) fn tell(
        &self,
        headers: &mut HeaderMap,
        user: &User,
        question: &impl Fn() -> Question,
    ) {
        let mut flows = self.flows.iter();
        let flow = flows.find(|flow| flow.rules.are_about(user, question));
        if let Some(Flow {
            uids: [schema, level],
            ..
        }) = flow.or(self.flows.last())
        {
            headers.insert(SCHEMA, schema.clone());
            headers.insert(LEVEL, level.clone());
        }
    }
}

fn revisions(kernel: &Kernel, tables: [TableId; 2]) -> [u64; 2] {
    tables.map(|table| kernel.log().revision_of(table))
}

/// The FlowSchemas whose priority level there is; the one that all matches is the last.
fn flows(kernel: &Kernel, [schemas, levels]: [TableId; 2]) -> Vec<Flow> {
    let uid = |object: &Object| HeaderValue::try_from(object.uid()).ok();
    let flow = |schema: &&Arc<Object>| {
        let level = &schema.value()["spec"]["priorityLevelConfiguration"]["name"];
        let level = kernel.log().get(levels, &Key::new("", level.as_str()?))?;
        Some(Flow {
            rules: FlowRules::of(schema.value()),
            uids: [uid(schema)?, uid(level)?],
        })
    };
    let mut all: Vec<_> = kernel.log().objects(schemas).values().collect();
    all.sort_by_key(|schema| schema.value()["spec"]["matchingPrecedence"].as_i64());
    all.iter().filter_map(flow).collect()
}
