//! The fields of one message, as they lie in its bytes.
//!
//! Source: what gogo/protobuf generates for `Unmarshal`, such as apimachinery v0.34.3 `pkg/runtime/generated.pb.go`.

use crate::json::repaired;

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// They end too early.
    #[error("unexpected EOF")]
    Eof,
    /// A number has more than 64 bits.
    #[error("proto: integer overflow")]
    Overflow,
    /// A length is too large for Go.
    #[error("proto: negative length found during unmarshaling")]
    Length,
    /// A group ends that did not begin.
    #[error("proto: {0}: wiretype end group for non-group")]
    EndOfGroup(&'static str),
    /// A field has no number.
    #[error("proto: {message}: illegal tag {number} (wire type {tag})")]
    Tag {
        /// The message with the field.
        message: &'static str,
        /// What stands for its number.
        number: i32,
        /// The number with the type.
        tag: u64,
    },
    /// A field that nobody knows is of no type.
    #[error("proto: illegal wireType {0}")]
    WireType(u8),
    /// A field is of another type.
    #[error("proto: wrong wireType = {wire_type} for field {field}")]
    Field {
        /// The type.
        wire_type: u8,
        /// What Go calls the field.
        field: String,
    },
    /// What only we refuse.
    #[error("unable to decode protobuf: {0}")]
    Other(&'static str),
}

/// Goes through the fields of a message.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    /// What the message is called in refusals.
    name: &'static str,
}

/// The value of a field, by wire type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire<'b> {
    Varint(u64),
    Fixed(u64),
    ShortFixed,
    Bytes(&'b [u8]),
    Group,
    /// None of those that there are.
    Illegal(u8),
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8], name: &'static str) -> Self {
        Self { rest: bytes, name }
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Fault> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Fault::Eof)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Fault::Overflow)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, n_bytes: u64) -> Result<&'b [u8], Fault> {
        let n_bytes = i64::try_from(n_bytes).map_err(|_| Fault::Length)?;
        let n_bytes = usize::try_from(n_bytes).map_err(|_| Fault::Eof)?;
        let (taken, rest) = self.rest.split_at_checked(n_bytes).ok_or(Fault::Eof)?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Wire<'b>), Fault> {
        let tag = self.varint()?;
        let message = self.name;
        // Go keeps 32 bits of it.
        let number = (tag >> 3) as i32;
        if tag & 7 == 4 {
            return Err(Fault::EndOfGroup(message));
        }
        let number = match u64::try_from(number) {
            Ok(number) if number > 0 => number,
            _ => {
                return Err(Fault::Tag {
                    message,
                    number,
                    tag,
                });
            }
        };
        Ok((number, self.value(tag)?))
    }

    fn value(&mut self, tag: u64) -> Result<Wire<'b>, Fault> {
        Ok(match (tag & 7) as u8 {
            0 => Wire::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8)?.iter().rev();
                Wire::Fixed(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
            }
            2 => {
                let n_bytes = self.varint()?;
                Wire::Bytes(self.take(n_bytes)?)
            }
            3 => {
                self.skip_group()?;
                Wire::Group
            }
            5 => {
                self.take(4)?;
                Wire::ShortFixed
            }
            wire_type => {
                // Nobody knows where it ends.
                self.rest = &[];
                Wire::Illegal(wire_type)
            }
        })
    }

    /// Skips to the end of a group, over those that begin in it.
    fn skip_group(&mut self) -> Result<(), Fault> {
        let mut depth = 1;
        while depth > 0 {
            let tag = self.varint()?;
            match tag & 7 {
                3 => depth += 1,
                4 => depth -= 1,
                _ => self.value(tag)?.skipped()?,
            }
        }
        Ok(())
    }
}

impl<'b> Iterator for Reader<'b> {
    type Item = Result<(u64, Wire<'b>), Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

impl<'b> Wire<'b> {
    /// The value of a field that nobody knows.
    pub(crate) fn skipped(self) -> Result<(), Fault> {
        match self {
            Self::Illegal(wire_type) => Err(Fault::WireType(wire_type)),
            _ => Ok(()),
        }
    }

    fn wrong(self, field: &str) -> Fault {
        let wire_type = match self {
            Self::Varint(_) => 0,
            Self::Fixed(_) => 1,
            Self::Bytes(_) => 2,
            Self::Group => 3,
            Self::ShortFixed => 5,
            Self::Illegal(wire_type) => wire_type,
        };
        Fault::Field {
            wire_type,
            field: go_name(field),
        }
    }

    pub(crate) fn bytes(self, field: &str) -> Result<&'b [u8], Fault> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(self.wrong(field)),
        }
    }

    /// A text, which Go takes as it is: what is no UTF-8 in it shows when it is written.
    pub(crate) fn text(self, field: &str) -> Result<String, Fault> {
        self.bytes(field).map(|text| repaired(text).into_owned())
    }

    /// An integer; negative ones are sent as their two's complement.
    pub(crate) fn integer(self, field: &str) -> Result<i64, Fault> {
        match self {
            Self::Varint(number) => Ok(number.cast_signed()),
            _ => Err(self.wrong(field)),
        }
    }

    pub(crate) fn float(self, field: &str) -> Result<f64, Fault> {
        match self {
            Self::Fixed(bits) => Ok(f64::from_bits(bits)),
            _ => Err(self.wrong(field)),
        }
    }
}

/// What Go calls the field that JSON calls `name`.
fn go_name(name: &str) -> String {
    match name {
        "metadata" => "ObjectMeta".to_owned(),
        "uid" | "url" => name.to_uppercase(),
        _ => {
            let (first, rest) = name.split_at(name.len().min(1));
            let whole = first.to_uppercase() + rest;
            match whole.strip_prefix("Api") {
                Some(rest) if rest.starts_with(char::is_uppercase) => format!("API{rest}"),
                _ => whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Seen on kube-apiserver v1.34.3.
    #[rstest]
    #[case::a_group_is_skipped(b"\x9b\x06\x08\x01\x0b\x0c\x9c\x06", "")]
    #[case::a_group_ends(b"\x9c\x06", "proto: Pod: wiretype end group for non-group")]
    #[case::a_group_never_ends(b"\x9b\x06", "unexpected EOF")]
    #[case::no_number(b"\0\0", "proto: Pod: illegal tag 0 (wire type 0)")]
    #[case::no_type(b"\x9e\x06\0", "proto: illegal wireType 6")]
    #[case::the_end(b"\x0a\x04", "unexpected EOF")]
    #[case::a_length(
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "proto: negative length found during unmarshaling"
    )]
    #[case::another_type(b"\x08\x01", "proto: wrong wireType = 0 for field APIVersion")]
    fn bytes_that_are_no_message_are_refused(#[case] bytes: &[u8], #[case] expected: &str) {
        let fields = Reader::new(bytes, "Pod").map(|field| match field? {
            (1, wire) => wire.text("apiVersion").map(drop),
            (_, wire) => wire.skipped(),
        });
        let found = fields.collect::<Result<(), Fault>>().err();
        assert_eq!(
            found.map(|why| why.to_string()).unwrap_or_default(),
            expected
        );
    }
}
