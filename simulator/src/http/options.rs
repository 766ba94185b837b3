//! The parameters of a call as options of a request.
//!
//! Source: `spec/kube-api.md` §1.10, §1.11, §1.13, §1.14, §1.15.

use std::num::{IntErrorKind, ParseIntError};
use std::sync::LazyLock;

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine};
use bytes::Bytes;
use http::header::USER_AGENT;
use jiff::Timestamp;
use regex::Regex;

use super::call::Call;
use super::query::Query;
use crate::json::{Value, parsed};
use crate::store::json_type::json_type;
use crate::store::registry::Served;
use crate::store::request::{
    At, Continue, FieldValidation, ListOptions, PatchKind, Start, WatchOptions, WriteOptions,
};
use crate::store::selector::Selectors;
use crate::store::status::{Cause, Qualified, Status};

/// The longest `fieldManager`, in bytes.
const MAX_MANAGER_BYTES: usize = 128;
/// How a revision is meant.
const MATCH: &str = "resourceVersionMatch";

/// Options of a list.
pub(crate) fn list(served: &Served, query: &Query) -> Result<ListOptions, Status> {
    integer(query, "timeoutSeconds")?;
    let limit = integer(query, "limit")?.unwrap_or(0);
    let selectors = selectors(served, query)?;
    check_list_match(query)?;
    let token = query.get("continue").map(token).transpose()?;
    let revision = revision(query)
        .map_err(|why| Status::bad_request(format!("invalid resource version: {why}")))?;
    if token.is_some() && revision.is_some_and(|r| r > 0) {
        return Err(Status::bad_request(
            "specifying resource version is not allowed when using continue",
        ));
    }
    let at = match (revision, query.text("resourceVersionMatch")) {
        (None, _) => At::Newest,
        (Some(0), _) => At::Any,
        (Some(revision), "Exact") => At::Exactly(revision),
        (Some(revision), "") if limit > 0 => At::Exactly(revision),
        (Some(revision), _) => At::NotOlderThan(revision),
    };
    Ok(ListOptions {
        selectors,
        limit: usize::try_from(limit).unwrap_or(0),
        token,
        at,
    })
}

/// Options of a watch of a collection, or through the old prefix of the one object of a name.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/get.go, `ListResource`.
pub(crate) fn watch(served: &Served, query: &Query, name: &str) -> Result<WatchOptions, Status> {
    let timeout_seconds = integer(query, "timeoutSeconds")?.unwrap_or(0);
    integer(query, "limit")?;
    let mut selectors = selectors(served, query)?;
    // The old prefix alone does not make what is asked for a watch in the eyes of validation.
    match query.flag("watch") {
        true => check_watch_match(query)?,
        false => check_list_match(query)?,
    }
    if !name.is_empty() && !selectors.narrow(name) {
        return Err(Status::bad_request(
            "fieldSelector metadata.name doesn't match requested name",
        ));
    }
    let revision = revision(query).map_err(|why| Status {
        reason: "".into(),
        ..Status::internal(why)
    })?;
    let revision = revision.unwrap_or(0);
    let initial = query.given("sendInitialEvents");
    let start = match (initial.map(|_| query.flag("sendInitialEvents")), revision) {
        (Some(true), revision) => Start::StateThenBookmark(revision),
        (Some(false), 0) => Start::Now,
        // Who may be sent bookmarks is told where the state ends, without having asked for it.
        (None, 0) if query.flag("watch") => Start::StateThenBookmark(0),
        (None, 0) => Start::State,
        (_, revision) => Start::After(revision),
    };
    Ok(WatchOptions {
        selectors,
        start,
        bookmarks: query.flag("allowWatchBookmarks"),
        timeout_seconds: u64::try_from(timeout_seconds).unwrap_or(0),
        as_of: None,
    })
}

/// The oldest revision at which an object may be read.
pub(crate) fn get(query: &Query) -> Result<Option<u64>, Status> {
    revision(query).map_err(|why| Status {
        reason: "".into(),
        ..Status::internal(why)
    })
}

/// Refuses what could once be asked of a get.
///
/// Source: apiserver v0.34.3, pkg/endpoints/handlers/get.go, `GetResource`.
pub(crate) fn check_export(query: &Query) -> Result<(), Status> {
    let is_off = |text: &str| text == "0" || text.eq_ignore_ascii_case("false");
    match query.given("export") {
        Some(text) if !is_off(text) => Err(Status::bad_request(
            "the export parameter, deprecated since v1.14, is no longer supported",
        )),
        _ => Ok(()),
    }
}

/// Options of a write; `kind` names them in refusals, such as `CreateOptions`.
pub(crate) fn write(
    call: &Call,
    query: &Query,
    kind: &str,
    patch: Option<PatchKind>,
) -> Result<WriteOptions, Status> {
    let mut causes = Vec::new();
    let is_apply = patch == Some(PatchKind::Apply);
    if query.given("force").is_some() && patch.is_some() && !is_apply {
        causes.push(forbidden(
            "force",
            "may not be specified for non-apply patch",
        ));
    }
    let manager = query.text("fieldManager");
    if is_apply && manager.is_empty() {
        causes.push(Cause {
            reason: "FieldValueRequired",
            message: "Required value: is required for apply patch".to_owned(),
            field: "fieldManager".to_owned(),
        });
    }
    if manager.len() > MAX_MANAGER_BYTES {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            message: format!("Too long: may not be more than {MAX_MANAGER_BYTES} bytes"),
            field: "fieldManager".to_owned(),
        });
    }
    if let Some((at, letter)) = manager.chars().enumerate().find(|(_, c)| !is_printed(*c)) {
        causes.push(Cause {
            reason: "FieldValueInvalid",
            message: format!(
                "Invalid value: {}: invalid character U+{:04X} (at position {at})",
                go_quoted(manager),
                u32::from(letter)
            ),
            field: "fieldManager".to_owned(),
        });
    }
    let dry_run = dry_run(query.all("dryRun"), &mut causes);
    let field_validation = match query.text("fieldValidation") {
        "" | "Warn" => FieldValidation::Warn,
        "Ignore" => FieldValidation::Ignore,
        "Strict" => FieldValidation::Strict,
        other => {
            let known = "\"\", \"Ignore\", \"Strict\", \"Warn\"";
            causes.push(unsupported("fieldValidation", &format!("{other:?}"), known));
            FieldValidation::Warn
        }
    };
    refuse(kind, &causes)?;
    Ok(WriteOptions {
        dry_run,
        field_manager: manager_of(call, manager),
        field_validation,
        duplicates: Vec::new(),
        text: Bytes::new(),
        force: query.flag("force"),
        told: ["fieldManager", "fieldValidation"]
            .into_iter()
            .map(|name| (name, query.text(name)))
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), Value::from(text)))
            .collect(),
    })
}

/// Whether Go prints a letter as it is.
///
/// Source: Go 1.24 `unicode`, `IsPrint`.
fn is_printed(letter: char) -> bool {
    static PRINTED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S} ]")
            .expect("the pattern is a literal that compiles")
    });
    PRINTED.is_match(letter.encode_utf8(&mut [0; 4]))
}

/// A text as Go quotes it.
fn go_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '"' | '\\' | '\n' | '\r' | '\t' => quoted.extend(letter.escape_default()),
            control if control.is_ascii_control() => {
                quoted.push_str(&format!("\\x{:02x}", u32::from(control)));
            }
            hidden if !is_printed(hidden) => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(hidden)));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// The manager of a write that names none is the program, as its user agent or else its actor calls it.
fn manager_of(call: &Call, named: &str) -> String {
    if !named.is_empty() {
        return named.to_owned();
    }
    match call
        .header(USER_AGENT)
        .split('/')
        .next()
        .unwrap_or_default()
    {
        "" if call.own_token.is_some() => "unknown".to_owned(),
        "" => call.actor.to_string(),
        program => program.to_owned(),
    }
}

/// Whether nothing is to happen.
fn dry_run<T: AsRef<str>>(values: &[T], causes: &mut Vec<Cause>) -> bool {
    if values.iter().any(|value| value.as_ref() != "All") {
        let values = values.iter().map(|value| Value::from(value.as_ref()));
        let values = values.collect::<Value>().to_string();
        causes.push(unsupported("dryRun", &values, "\"All\""));
    }
    !values.is_empty()
}

fn selectors(served: &Served, query: &Query) -> Result<Selectors, Status> {
    Selectors::parse(
        &served.kind,
        query.text("labelSelector"),
        query.text("fieldSelector"),
    )
}

/// A parameter that is a number.
pub(crate) fn integer(query: &Query, key: &str) -> Result<Option<i64>, Status> {
    let Some(text) = query.given(key) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error: ParseIntError| {
        let why = why_no_number(&error);
        Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: {why}"))
    })
}

/// What Go says of a text that is no number.
fn why_no_number(error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    }
}

/// A parameter that is an instant; the API keeps whole seconds.
pub(crate) fn time(query: &Query, key: &str) -> Result<Option<Timestamp>, Status> {
    let Some(text) = query.get(key) else {
        return Ok(None);
    };
    let time: Timestamp = text.parse().map_err(|_| {
        Status::bad_request(format!(
            "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?}"
        ))
    })?;
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    Ok(Some(whole))
}

fn revision(query: &Query) -> Result<Option<u64>, String> {
    let Some(text) = query.get("resourceVersion") else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error| {
        let why = why_no_number(&error);
        format!(
            "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: {why}"
        )
    })
}

/// Source: apimachinery v0.34 `pkg/apis/meta/internalversion/validation/validation.go`, `ValidateListOptions`.
fn check_list_match(query: &Query) -> Result<(), Status> {
    let mut causes = Vec::new();
    let revision = query.text("resourceVersion");
    let asked = query.text(MATCH);
    if !asked.is_empty() {
        if revision.is_empty() {
            let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            causes.push(forbidden(MATCH, detail));
        }
        causes.extend(no_match_of_a_page(query));
        if !matches!(asked, "Exact" | "NotOlderThan") {
            let known = "\"Exact\", \"NotOlderThan\", \"\"";
            causes.push(unsupported(MATCH, &format!("{asked:?}"), known));
        }
        if asked == "Exact" && revision == "0" {
            let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            causes.push(forbidden(MATCH, detail));
        }
    }
    if query.given("sendInitialEvents").is_some() {
        causes.push(forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for list",
        ));
    }
    refuse("ListOptions", &causes)
}

/// What a page token forbids.
fn no_match_of_a_page(query: &Query) -> Option<Cause> {
    query.get("continue")?;
    let detail = "resourceVersionMatch is forbidden when continue is provided";
    Some(forbidden(MATCH, detail))
}

/// Source: as [`check_list_match`], `validateWatchOptions`; `defaults.go` beside it.
fn check_watch_match(query: &Query) -> Result<(), Status> {
    let mut causes = Vec::new();
    let is_asked = query.given("sendInitialEvents").is_some();
    let asked = query.text(MATCH);
    if is_asked && asked != "NotOlderThan" {
        let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(forbidden(MATCH, detail));
    }
    // Who asks for neither begins with the state, as if both had been asked for.
    let begins_with_state = !is_asked && matches!(query.text("resourceVersion"), "" | "0");
    match asked {
        "" if begins_with_state => causes.extend(no_match_of_a_page(query)),
        "" => {}
        _ => {
            if !is_asked {
                let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                causes.push(forbidden(MATCH, detail));
            }
            if asked != "NotOlderThan" {
                let known = "\"NotOlderThan\"";
                causes.push(unsupported(MATCH, &format!("{asked:?}"), known));
            }
            causes.extend(no_match_of_a_page(query));
        }
    }
    refuse("ListOptions", &causes)
}

/// Decodes a page token.
pub(crate) fn token(text: &str) -> Result<Continue, Status> {
    let refused = |why: &str| {
        Status::bad_request(format!(
            "invalid continue token: continue key is not valid{why}"
        ))
    };
    // As Go does, without a look at the bits that are left over.
    let lenient = GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    let bytes = GeneralPurpose::new(&URL_SAFE, lenient)
        .decode(text)
        .map_err(|error| {
            let at = corrupt_at(text, &error);
            refused(&format!(": illegal base64 data at input byte {at}"))
        })?;
    let token = parsed(&bytes).map_err(|why| refused(&format!(": {why}")))?;
    if let Some(why) = no_token(&token) {
        return Err(refused(&format!(": {why}")));
    }
    if token["v"] != "meta.k8s.io/v1" {
        let version = token["v"].as_str().unwrap_or_default();
        let why = format!(": server does not recognize this encoded version {version}");
        return Err(refused(&why));
    }
    let version = "(version meta.k8s.io/v1)";
    let revision = token["rv"].as_i64().unwrap_or_default();
    if revision == 0 {
        return Err(refused(&format!(
            ": incorrect encoded start resourceVersion {version}"
        )));
    }
    let start = token["start"].as_str().unwrap_or_default();
    if start.is_empty() {
        return Err(refused(&format!(": encoded start key empty {version}")));
    }
    // Nobody may climb out of what is listed.
    if start
        .split('/')
        .skip(1)
        .any(|part| matches!(part, "" | "." | ".."))
        || matches!(start.split('/').next(), Some("." | ".."))
    {
        return Err(refused(&format!(": {start}")));
    }
    Ok(Continue {
        revision: u64::try_from(revision).ok(),
        from: start.to_owned(),
    })
}

/// What Go says of a page token of other types.
fn no_token(token: &Value) -> Option<String> {
    if !token.is_object() && !token.is_null() {
        let found = json_type(token);
        return Some(format!(
            "json: cannot unmarshal {found} into Go value of type storage.continueToken"
        ));
    }
    let fields = [("v", "string"), ("rv", "int64"), ("start", "string")];
    let misfits = fields.into_iter().filter_map(|(field, wanted)| {
        let found = &token[field];
        let is_fitting = match wanted {
            "int64" => found.is_i64(),
            _ => found.is_string(),
        };
        (!is_fitting && !found.is_null()).then(|| {
            let found = json_type(found);
            format!("json: cannot unmarshal {found} into Go struct field continueToken.{field} of type {wanted}")
        })
    });
    misfits.into_iter().next()
}

/// The byte at which Go finds that a text is no base64.
///
/// Source: Go 1.24 `encoding/base64`, `CorruptInputError`.
fn corrupt_at(text: &str, error: &DecodeError) -> usize {
    match error {
        DecodeError::InvalidByte(at, _) => *at,
        DecodeError::InvalidLastSymbol { offset, .. } => *offset,
        DecodeError::InvalidLength(length) => length.saturating_sub(1),
        DecodeError::InvalidPadding => text.find('=').unwrap_or(text.len()),
    }
}

/// 422, if there is a cause for it.
fn refuse(kind: &str, causes: &[Cause]) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    let qualified = Qualified {
        group: "meta.k8s.io",
        name: kind,
    };
    Err(Status::invalid(&qualified, "", causes))
}

fn forbidden(field: &str, detail: &str) -> Cause {
    Cause {
        reason: "FieldValueForbidden",
        message: format!("Forbidden: {detail}"),
        field: field.to_owned(),
    }
}

/// A cause for a value that is none of those known.
fn unsupported(field: &str, value: &str, known: &str) -> Cause {
    Cause {
        reason: "FieldValueNotSupported",
        message: format!("Unsupported value: {value}: supported values: {known}"),
        field: field.to_owned(),
    }
}
