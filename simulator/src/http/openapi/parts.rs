//! The parts of objects that have paths of their own.

use crate::store::kind::Kind;

/// A part of the objects of some kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// As the path has it.
    pub(super) name: &'static str,
    /// As ids of operations have it.
    pub(super) suffix: &'static str,
    pub(super) use_of: Use,
    /// What is written and answered, if that is not the whole object.
    pub(super) thing: Option<Thing>,
}

/// What may be done with a part.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    /// It is read, replaced and patched.
    Change,
    Replace,
    Create,
}

/// A kind that a part has for itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thing {
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    /// Its name among the components.
    pub(super) component: &'static str,
}

const PLAIN: Part = Part {
    name: "status",
    suffix: "Status",
    use_of: Use::Change,
    thing: None,
};
const PARTS: [Part; 9] = [
    PLAIN,
    Part {
        name: "scale",
        suffix: "Scale",
        thing: Some(Thing {
            group: "autoscaling",
            kind: "Scale",
            component: "io.k8s.api.autoscaling.v1.Scale",
        }),
        ..PLAIN
    },
    Part {
        name: "approval",
        suffix: "Approval",
        ..PLAIN
    },
    Part {
        name: "ephemeralcontainers",
        suffix: "Ephemeralcontainers",
        ..PLAIN
    },
    Part {
        name: "resize",
        suffix: "Resize",
        ..PLAIN
    },
    Part {
        name: "finalize",
        suffix: "Finalize",
        use_of: Use::Replace,
        ..PLAIN
    },
    Part {
        name: "binding",
        suffix: "Binding",
        use_of: Use::Create,
        thing: Some(Thing {
            group: "",
            kind: "Binding",
            component: "io.k8s.api.core.v1.Binding",
        }),
    },
    Part {
        name: "eviction",
        suffix: "Eviction",
        use_of: Use::Create,
        thing: Some(Thing {
            group: "policy",
            kind: "Eviction",
            component: "io.k8s.api.policy.v1.Eviction",
        }),
    },
    Part {
        name: "token",
        suffix: "Token",
        use_of: Use::Create,
        thing: Some(Thing {
            group: "authentication.k8s.io",
            kind: "TokenRequest",
            component: "io.k8s.api.authentication.v1.TokenRequest",
        }),
    },
];

/// The parts that objects of a kind have.
pub(super) fn parts(kind: &Kind) -> impl Iterator<Item = Part> {
    let has = |part: &Part| kind.subresources.iter().any(|known| known == part.name);
    PARTS.into_iter().filter(has)
}
