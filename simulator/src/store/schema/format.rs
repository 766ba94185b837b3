//! The `format` of strings.

mod calendar;
mod network;
mod number;

use std::sync::LazyLock;

use regex::Regex;

/// A format by its name, and how to check it if Kubernetes does.
///
/// Source: apiextensions-apiserver v0.34.3, pkg/apiserver/validation/formats.go, for what is checked in custom resources
/// (`k8s-short-name` and `k8s-long-name` wait for compatibility version 1.34); kube-openapi pkg/validation/strfmt for
/// how.
#[derive(Clone, Debug)]
pub struct Format {
    name: String,
    check: Option<fn(&str) -> bool>,
}

impl Format {
    /// The format called `name`; unknown ones accept anything.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            check: check(&name.replace('-', "")),
        }
    }

    /// The format called `name` in a built-in kind, whose Go types take empty text for no bytes.
    #[must_use]
    pub fn built_in(name: &str) -> Self {
        if name == "byte" {
            let check: fn(&str) -> bool = |text| text.is_empty() || is_base64(text);
            Self {
                name: name.to_owned(),
                check: Some(check),
            }
        } else {
            Self::new(name)
        }
    }

    /// The name as written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether any text can be wrong.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.check.is_some()
    }

    /// Whether `text` has this format.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.check.is_none_or(|check| check(text))
    }
}

fn check(normalized: &str) -> Option<fn(&str) -> bool> {
    let check: fn(&str) -> bool = match normalized {
        "bsonobjectid" => |text| text.len() == 24 && is_hex(text),
        "uri" => network::is_uri,
        "email" => network::is_email,
        "hostname" => network::is_hostname,
        "ipv4" => |text| network::is_ip(text) && text.contains('.'),
        "ipv6" => |text| network::is_ip(text) && text.contains(':'),
        "cidr" => network::is_cidr,
        "mac" => network::is_mac,
        "uuid" => |text| is_uuid(text, None),
        "uuid3" => |text| is_uuid(text, Some('3')),
        "uuid4" => |text| is_uuid(text, Some('4')),
        "uuid5" => |text| is_uuid(text, Some('5')),
        "isbn" => |text| number::is_isbn10(text) || number::is_isbn13(text),
        "isbn10" => number::is_isbn10,
        "isbn13" => number::is_isbn13,
        "creditcard" => number::is_credit_card,
        "ssn" => number::is_social_security,
        "hexcolor" => is_hex_color,
        "rgbcolor" => is_rgb_color,
        "byte" => is_base64,
        "password" => |_| true,
        "date" => calendar::is_date,
        "datetime" => calendar::is_date_time,
        "duration" => calendar::is_duration,
        _ => return None,
    };
    Some(check)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_uuid(text: &str, version: Option<char>) -> bool {
    let mut groups = [8, 4, 4, 4, 12].into_iter();
    let mut rest = text;
    let mut parts = Vec::new();
    while let Some(length) = groups.next() {
        if !rest.is_char_boundary(length) || rest.len() < length {
            return false;
        }
        let (part, after) = rest.split_at(length);
        parts.push(part);
        rest = if groups.len() > 0 {
            after.strip_prefix('-').unwrap_or(after)
        } else {
            after
        };
    }
    let marks_variant = |part: &str| part.starts_with(['8', '9', 'a', 'b', 'A', 'B']);
    rest.is_empty()
        && parts.iter().all(|part| is_hex(part))
        && version.is_none_or(|version| {
            parts[2].starts_with(version) && (version == '3' || marks_variant(parts[3]))
        })
}

fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && is_hex(digits)
}

fn is_rgb_color(text: &str) -> bool {
    static RGB: LazyLock<Regex> = LazyLock::new(|| {
        let part = r"\s*(0|[1-9][0-9]?|1[0-9]{1,2}|2[0-4][0-9]|25[0-5])\s*";
        Regex::new(&format!(r"^rgb\({part},{part},{part}\)$")).expect("a literal pattern compiles")
    });
    RGB.is_match(text)
}

fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    !text.is_empty()
        && text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bsonobjectid", "507f1f77bcf86cd799439011", "507f")]
    #[case("uri", "https://example.com/a?b=c", "example.com")]
    #[case("uri", "/absolute/path", "")]
    #[case("email", "a@b.io", "a@")]
    #[case("email", "Ann <a@b.io>", "a b@c")]
    #[case("hostname", "a-b.example", "-a.example")]
    #[case("ipv4", "10.0.0.1", "10.0.0.256")]
    #[case("ipv6", "::1", "10.0.0.1")]
    #[case("cidr", "10.0.0.0/8", "10.0.0.0/33")]
    #[case("mac", "01:23:45:67:89:ab", "01:23:45:67:89")]
    #[case("uuid", "123E4567-e89b-12d3-a456-426614174000", "123e4567")]
    #[case(
        "uuid4",
        "123e4567-e89b-42d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-426614174000"
    )]
    #[case("isbn", "978-0321751041", "978-0321751042")]
    #[case("isbn10", "0321751043", "0321751044")]
    #[case("creditcard", "4111 1111 1111 1111", "4111111111111112")]
    #[case("ssn", "123-45-6789", "123-456-789")]
    #[case("hexcolor", "#FFaa00", "#ggg")]
    #[case("rgbcolor", "rgb(255, 0,12)", "rgb(256,0,0)")]
    #[case("byte", "aGk=", "aGk")]
    #[case("date", "2024-02-29", "2023-02-29")]
    #[case("date-time", "2024-02-29T23:59:59.5Z", "2024-02-29 23:59:59Z")]
    #[case("date-time", "2024-02-29t01:02:03+02:00", "2024-02-29T24:00:00Z")]
    #[case("duration", "1h30m", "1x")]
    #[case("duration", "3 days", "days")]
    #[case("duration", "-1.5s", ".s")]
    fn a_format_tells_good_text_from_bad(
        #[case] name: &str,
        #[case] good: &str,
        #[case] bad: &str,
    ) {
        let format = Format::new(name);
        assert!(format.matches(good), "{good}");
        assert!(!format.matches(bad), "{bad}");
    }

    #[rstest]
    #[case("int32")]
    #[case("k8s-short-name")]
    #[case("made-up")]
    fn other_formats_accept_anything(#[case] name: &str) {
        assert!(!Format::new(name).is_checked());
        assert!(Format::new(name).matches("?"));
    }
}
