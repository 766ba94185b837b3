//! Addresses and names of the net.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::LazyLock;

use regex::Regex;

/// What Go's `url.ParseRequestURI` accepts: an absolute path, or a scheme with something after it.
pub(super) fn is_uri(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let rest = if text.starts_with('/') {
        text
    } else {
        let Some((scheme, rest)) = text.split_once(':') else {
            return false;
        };
        let mut letters = scheme.chars();
        let starts_well = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
        if !starts_well || !letters.all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            return false;
        }
        rest
    };
    let authority = rest.strip_prefix("//").map_or("", |rest| {
        rest.split(['/', '?', '#']).next().unwrap_or_default()
    });
    !text.chars().any(|c| c.is_ascii_control())
        && !authority.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}'])
        && has_valid_escapes(rest.split('?').next().unwrap_or_default())
}

fn has_valid_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|after| {
        let mut bytes = after.bytes();
        matches!((bytes.next(), bytes.next()), (Some(a), Some(b)) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
    })
}

/// `local@domain`, or a name before that in angle brackets.
pub(super) fn is_email(text: &str) -> bool {
    static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        let atom = r"[^\x00-\x20()<>\[\]:;@\\,.\x22\x7f]+";
        let local = format!(r#"({atom}(\.{atom})*|"([^"\\\r\n]|\\.)*")"#);
        let domain = format!(r"({atom}(\.{atom})*|\[[^\[\]\\]*\])");
        Regex::new(&format!(r"^{local}@{domain}$")).expect("a literal pattern compiles")
    });
    let text = text.trim();
    let address = match text.strip_suffix('>') {
        Some(before) => match before.rsplit_once('<') {
            Some((_, address)) => address,
            None => return false,
        },
        None => text,
    };
    ADDRESS.is_match(address)
}

pub(super) fn is_hostname(text: &str) -> bool {
    static HOSTNAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$",
        )
        .expect("a literal pattern compiles")
    });
    text.len() <= 255 && text.split('.').all(|label| label.len() <= 63) && HOSTNAME.is_match(text)
}

/// Leading zeros are decimal, as in old Go versions.
pub(super) fn is_ip(text: &str) -> bool {
    if text.contains(':') {
        return Ipv6Addr::from_str(text).is_ok();
    }
    let stripped: Vec<&str> = text
        .split('.')
        .map(|part| match part.trim_start_matches('0') {
            "" if !part.is_empty() => "0",
            digits => digits,
        })
        .collect();
    Ipv4Addr::from_str(&stripped.join(".")).is_ok()
}

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((ip, length)) = text.split_once('/') else {
        return false;
    };
    let limit = if ip.contains(':') { 128 } else { 32 };
    is_ip(ip)
        && length.bytes().all(|byte| byte.is_ascii_digit())
        && length.parse::<u8>().is_ok_and(|length| length <= limit)
}

/// 6, 8 or 20 bytes in hexadecimal, in groups of one byte (`:`, `-`) or two (`.`).
pub(super) fn is_mac(text: &str) -> bool {
    let (groups, digits): (Vec<&str>, usize) = match text.chars().find(|c| ":-.".contains(*c)) {
        Some('.') => (text.split('.').collect(), 4),
        Some(separator) => (text.split(separator).collect(), 2),
        None => return false,
    };
    let is_group = |group: &&str| group.len() == digits && super::is_hex(group);
    groups.iter().all(is_group) && matches!(groups.len() * digits, 12 | 16 | 40)
}
