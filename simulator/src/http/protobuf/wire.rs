//! The fields of one message, as they lie in its bytes.

use super::Error;

/// Goes through the fields of a message.
pub(crate) struct Reader<'b>(&'b [u8]);

/// The value of a field, by wire type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire<'b> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'b [u8]),
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self
                .0
                .split_first()
                .ok_or(Error::Malformed("unexpected EOF"))?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Error::Malformed("integer overflow"))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, n_bytes: u64) -> Result<&'b [u8], Error> {
        let n_bytes = usize::try_from(n_bytes).map_err(|_| Error::Malformed("invalid length"))?;
        let (taken, rest) = self
            .0
            .split_at_checked(n_bytes)
            .ok_or(Error::Malformed("unexpected EOF"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed(&mut self, n_bytes: u64) -> Result<Wire<'b>, Error> {
        let bytes = self.take(n_bytes)?.iter().rev();
        Ok(Wire::Fixed(
            bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)),
        ))
    }

    fn field(&mut self) -> Result<(u64, Wire<'b>), Error> {
        let tag = self.varint()?;
        let value = match tag & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => self.fixed(8)?,
            2 => {
                let n_bytes = self.varint()?;
                Wire::Bytes(self.take(n_bytes)?)
            }
            5 => self.fixed(4)?,
            _ => return Err(Error::Malformed("illegal wire type")),
        };
        Ok((tag >> 3, value))
    }
}

impl<'b> Iterator for Reader<'b> {
    type Item = Result<(u64, Wire<'b>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'b> Wire<'b> {
    pub(crate) fn bytes(self) -> Result<&'b [u8], Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Varint(_) | Self::Fixed(_) => Err(Error::Malformed("wrong wire type")),
        }
    }

    pub(crate) fn text(self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| Error::Malformed("invalid UTF-8"))
    }

    /// An integer; negative ones are sent as their two's complement.
    pub(crate) fn integer(self) -> Result<i64, Error> {
        match self {
            Self::Varint(number) => Ok(number.cast_signed()),
            Self::Fixed(_) | Self::Bytes(_) => Err(Error::Malformed("wrong wire type")),
        }
    }

    pub(crate) fn float(self) -> Result<f64, Error> {
        match self {
            Self::Fixed(bits) => Ok(f64::from_bits(bits)),
            Self::Varint(_) | Self::Bytes(_) => Err(Error::Malformed("wrong wire type")),
        }
    }
}
