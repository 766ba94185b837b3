//! What the messages of Kubernetes hold, and how their fields read in JSON.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Every known message.
static MESSAGES: LazyLock<Messages> = LazyLock::new(|| parse(include_str!("messages.txt")));

/// Messages by place, and their places by name.
#[derive(Debug)]
struct Messages {
    places: BTreeMap<&'static str, usize>,
    all: Vec<Message>,
}

/// The fields of a message by number.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// What Go calls it, without its package.
    pub(super) name: &'static str,
    pub(super) fields: BTreeMap<u64, Field>,
}

/// One field of a message.
#[derive(Debug)]
pub(super) struct Field {
    /// `None` where the fields of the inner message belong to the outer object.
    pub(super) name: Option<&'static str>,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
}

/// How often a field may occur, and whether its zero counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Always sent; its zero means that it is absent.
    Plain,
    /// Sent if it is present, whatever its value.
    Optional,
    Repeated,
    /// Entries of a map from texts.
    Map,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Bool,
    /// Of so many bits.
    Integer(u8),
    Double,
    /// Base64 in JSON.
    Bytes,
    Time,
    MicroTime,
    Quantity,
    IntOrString,
    /// Embedded JSON.
    Raw,
    /// A list of texts in a message of its own.
    Texts,
    /// A schema or something else, as `JSONSchemaPropsOr…` hold it.
    SchemaOr(Other),
    Message(Place),
}

/// What may stand in place of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    Bool,
    Schemas,
    Texts,
}

/// Where a message lies among all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(usize);

impl Message {
    /// The message of this name, such as `core/v1.Pod`.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        let place = MESSAGES.places.get(name)?;
        Some(&MESSAGES.all[*place])
    }

    /// The message of a schema.
    pub(super) fn schema() -> &'static Self {
        Self::named("apiextensions.k8s.io/v1.JSONSchemaProps").expect("the table holds schemas")
    }
}

impl Place {
    /// The message that lies there.
    pub(super) fn message(self) -> &'static Message {
        &MESSAGES.all[self.0]
    }
}

fn parse(table: &'static str) -> Messages {
    let lines = || table.lines().filter(|line| !line.starts_with('#'));
    let names = lines().filter(|line| !line.is_empty() && !line.contains(' '));
    let places: BTreeMap<&str, usize> = names.zip(0..).collect();
    let mut all: Vec<Message> = Vec::new();
    for line in lines() {
        let words: Vec<&'static str> = line.split(' ').collect();
        match words.as_slice() {
            [number, name, kind] => {
                let number = number.parse().expect("the table numbers each field");
                let message = all.last_mut().expect("the table names each message");
                message.fields.insert(number, field(name, kind, &places));
            }
            [""] => {}
            _ => all.push(Message {
                name: line.rsplit_once('.').map_or(line, |(_, name)| name),
                fields: BTreeMap::new(),
            }),
        }
    }
    Messages { places, all }
}

fn field(name: &'static str, kind: &'static str, places: &BTreeMap<&str, usize>) -> Field {
    let prefixes = [
        ("*", Shape::Optional),
        ("[]", Shape::Repeated),
        ("{}", Shape::Map),
    ];
    let (shape, kind) = prefixes
        .into_iter()
        .find_map(|(prefix, shape)| Some((shape, kind.strip_prefix(prefix)?)))
        .unwrap_or((Shape::Plain, kind));
    let kind = match kind {
        "string" => Kind::Text,
        "bool" => Kind::Bool,
        "int" => Kind::Integer(64),
        "int32" => Kind::Integer(32),
        "double" => Kind::Double,
        "bytes" => Kind::Bytes,
        "time" => Kind::Time,
        "microtime" => Kind::MicroTime,
        "quantity" => Kind::Quantity,
        "intorstring" => Kind::IntOrString,
        "raw" => Kind::Raw,
        "wrapped[]string" => Kind::Texts,
        "schemaorbool" => Kind::SchemaOr(Other::Bool),
        "schemaorarray" => Kind::SchemaOr(Other::Schemas),
        "schemaorstrings" => Kind::SchemaOr(Other::Texts),
        message => {
            let place = places.get(message);
            Kind::Message(Place(
                *place.expect("every type that the table names is in it"),
            ))
        }
    };
    let name = (name != "...").then_some(name);
    Field { name, shape, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_that_the_table_names_is_in_it() {
        assert_eq!(MESSAGES.places.len(), MESSAGES.all.len());
        assert!(Message::named("core/v1.Pod").is_some());
    }
}
