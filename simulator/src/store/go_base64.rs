//! Base64 as Go reads it: over the ends of lines, with padding, and with the place of the first fault.
//!
//! Source: Go 1.24, encoding/base64, `Encoding.Decode`.

use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

/// Bits that no byte needs are overlooked.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);
/// How many letters stand for three bytes.
const GROUP: usize = 4;

/// The bytes that `text` stands for.
///
/// # Errors
/// Where it is corrupt.
pub(super) fn decoded(text: &str) -> Result<Vec<u8>, usize> {
    if let Ok(bytes) = LENIENT.decode(text) {
        return Ok(bytes);
    }
    if let Some(at) = corrupt_at(text.as_bytes()) {
        return Err(at);
    }
    let letters: String = text.chars().filter(|letter| !is_end(*letter)).collect();
    LENIENT.decode(letters).map_err(|_| text.len())
}

fn is_end(letter: char) -> bool {
    matches!(letter, '\n' | '\r')
}

fn corrupt_at(text: &[u8]) -> Option<usize> {
    let mut letters = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| !is_end(char::from(**byte)));
    loop {
        for place in 0..GROUP {
            match letters.next() {
                None if place == 0 => return None,
                None => return Some(text.len() - place),
                Some((_, byte)) if byte.is_ascii_alphanumeric() || b"+/".contains(byte) => {}
                Some((at, b'=')) if place < 2 => return Some(at),
                Some((_, b'=')) => {
                    let second = (place == 2).then(|| letters.next());
                    return match second {
                        Some(None) => Some(text.len()),
                        Some(Some((at, byte))) if *byte != b'=' => Some(at),
                        Some(Some(_)) | None => letters.next().map(|(at, _)| at),
                    };
                }
                Some((at, _)) => return Some(at),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::empty("", Ok(""))]
    #[case::good("YWI=", Ok("ab"))]
    #[case::over_lines("YW\nI=\n", Ok("ab"))]
    #[case::too_short("b", Err(0))]
    #[case::idle_bits("YR==", Ok("a"))]
    #[case::no_padding("YWJjYQ", Err(4))]
    #[case::half_padding("YQ=", Err(3))]
    #[case::early_padding("Y===", Err(1))]
    #[case::no_letter("YW!=", Err(2))]
    #[case::more_after_it("YQ==YQ==", Err(4))]
    #[case::other_after_padding("YQ=a", Err(3))]
    fn a_text_is_decoded_or_corrupt_somewhere(
        #[case] text: &str,
        #[case] expected: Result<&str, usize>,
    ) {
        assert_eq!(
            decoded(text),
            expected.map(|bytes| bytes.as_bytes().to_vec())
        );
    }
}
