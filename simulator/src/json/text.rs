//! The strings of values.

/// A string of a value, or the name of a field; short ones lie in place.
pub type Text = compact_str::CompactString;
