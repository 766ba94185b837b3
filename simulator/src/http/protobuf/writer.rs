//! The fields of one message, as they are put into bytes.

/// Writes messages from their last byte to their first, since the length of whatever a message holds stands before it.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

/// Wire types.
const VARINT: u64 = 0;
const FIXED: u64 = 1;
const BYTES: u64 = 2;

impl Writer {
    /// With room for so many bytes.
    pub(crate) fn with_capacity(n_bytes: usize) -> Self {
        Self(Vec::with_capacity(n_bytes))
    }

    /// Puts `bytes` before all that has been written.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes.iter().rev());
    }

    /// Puts a field that holds a text or bytes before them.
    pub(crate) fn text(&mut self, number: u64, content: impl AsRef<[u8]>) {
        self.nested(number, |writer| writer.bytes(content.as_ref()));
    }

    /// The same for an integer; negative ones are sent as their two's complement.
    pub(crate) fn integer(&mut self, number: u64, content: i64) {
        self.varint(content.cast_unsigned());
        self.tag(number, VARINT);
    }

    /// The same for a truth.
    pub(crate) fn truth(&mut self, number: u64, content: bool) {
        self.integer(number, content.into());
    }

    /// The same for a fraction.
    pub(crate) fn double(&mut self, number: u64, content: f64) {
        self.bytes(&content.to_le_bytes());
        self.tag(number, FIXED);
    }

    /// The same for whatever `content` writes.
    pub(crate) fn nested<T>(&mut self, number: u64, content: impl FnOnce(&mut Self) -> T) -> T {
        let n_before = self.0.len();
        let written = content(self);
        self.varint((self.0.len() - n_before) as u64);
        self.tag(number, BYTES);
        written
    }

    /// How many bytes have been written.
    ///
    /// # Panics
    /// After four gigabytes, which no answer has.
    pub(crate) fn n_bytes(&self) -> u32 {
        u32::try_from(self.0.len()).expect("an answer has less than four gigabytes")
    }

    /// The bytes, from first to last.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.0.reverse();
        self.0
    }

    fn tag(&mut self, number: u64, wire_type: u64) {
        self.varint(number << 3 | wire_type);
    }

    fn varint(&mut self, mut number: u64) {
        let start = self.0.len();
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
        self.0[start..].reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::Reader;
    use super::*;

    #[test]
    fn what_is_written_last_stands_first() {
        let mut writer = Writer::default();
        writer.double(4, 0.5);
        writer.nested(3, |writer| {
            writer.text(2, "ab");
            writer.truth(1, true);
        });
        writer.integer(2, 300);
        writer.integer(1, -1);
        let bytes = writer.finish();
        let expected = b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\xac\x02\x1a\x06\x08\x01\x12\x02ab\x21\0\0\0\0\0\0\xe0\x3f";
        assert_eq!(bytes, expected);
        let numbers: Vec<u64> = Reader::new(&bytes, "")
            .map(|field| field.unwrap().0)
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
