//! The heading of a column, and those that many kinds have.

use crate::json::{Value, json};
use crate::store::schema::node::Node;

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
pub(super) const CREATED: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// Where the description of a column comes from.
#[derive(Clone, Copy)]
enum About {
    Text(&'static str),
    /// The description of this field in the schema of the kind.
    Field(&'static str),
}

/// A column of a built-in kind.
#[derive(Clone, Copy)]
pub(super) struct Heading {
    name: &'static str,
    kind: &'static str,
    format: &'static str,
    priority: u8,
    about: About,
}

pub(super) const fn text(name: &'static str, about: &'static str) -> Heading {
    heading(name, "string", About::Text(about))
}

pub(super) const fn field(name: &'static str, path: &'static str) -> Heading {
    heading(name, "string", About::Field(path))
}

const fn heading(name: &'static str, kind: &'static str, about: About) -> Heading {
    Heading {
        name,
        kind,
        format: "",
        priority: 0,
        about,
    }
}

impl Heading {
    /// The same column, shown by `-o wide` only.
    pub(super) const fn wide(mut self) -> Self {
        self.priority = 1;
        self
    }

    /// The same column, always shown.
    pub(super) const fn narrow(mut self) -> Self {
        self.priority = 0;
        self
    }

    pub(super) const fn of(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(super) const fn in_form(mut self, format: &'static str) -> Self {
        self.format = format;
        self
    }

    pub(super) fn definition(&self, schema: &Node) -> Value {
        let description = match self.about {
            About::Text(text) => text,
            About::Field(path) => described(schema, path).unwrap_or_default(),
        };
        definition(
            self.name,
            self.kind,
            self.format,
            description,
            self.priority.into(),
        )
    }
}

pub(super) const NAME_COLUMN: Heading = Heading {
    name: "Name",
    kind: "string",
    format: "name",
    priority: 0,
    about: About::Text(NAME),
};
pub(super) const AGE: Heading = text("Age", CREATED);
const CREATED_AT: Heading = text("Created At", CREATED).of("date");
pub(super) const CONTAINERS: Heading =
    text("Containers", "Names of each container in the template.").wide();
pub(super) const IMAGES: Heading = text(
    "Images",
    "Images referenced by each container in the template.",
)
.wide();

/// Columns of a kind whose columns nobody wrote down: Name and Age.
pub(super) const PLAIN: &[Heading] = &[NAME_COLUMN, AGE];
pub(super) const NAMED_AND_DATED: &[Heading] = &[NAME_COLUMN, CREATED_AT];

pub(super) fn definition(
    name: &str,
    kind: &str,
    format: &str,
    description: &str,
    priority: i64,
) -> Value {
    json!({"name": name, "type": kind, "format": format, "description": description, "priority": priority})
}

/// The description of the field at a dotted path.
fn described<'n>(schema: &'n Node, path: &str) -> Option<&'n str> {
    let node = path.split('.').try_fold(schema, |node, name| {
        node.properties.get(name).map(AsRef::as_ref)
    })?;
    Some(&node.description)
}
