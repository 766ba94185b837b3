//! The form of an answer with what is needed to make it.
//!
//! Source: `spec/kube-api.md` §1.12.

use jiff::Timestamp;

use super::negotiate::Form;
use super::table::{Headings, IncludeObject};
use crate::json::Value;
use crate::store::status::Status;

/// The form of an answer with what it needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Objects as they are.
    Full,
    /// Only their metadata.
    Metadata(MetaVersion),
    /// Rows for people.
    Table(Timestamp, IncludeObject, Headings, MetaVersion),
}

/// The version of the form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetaVersion {
    /// `meta.k8s.io/v1`.
    V1,
    /// `meta.k8s.io/v1beta1`.
    V1Beta1,
}

impl MetaVersion {
    /// The `apiVersion` of the form.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "meta.k8s.io/v1",
            Self::V1Beta1 => "meta.k8s.io/v1beta1",
        }
    }

    /// A table of version 1 in this one.
    pub(super) fn of(self, mut table: Value) -> Value {
        if self == Self::V1 {
            return table;
        }
        let rows = table["rows"].as_array_mut().into_iter().flatten();
        let objects = rows.map(|row| &mut row["object"]);
        for object in objects.filter(|object| object["kind"] == "PartialObjectMetadata") {
            object["apiVersion"] = self.name().into();
        }
        table["apiVersion"] = self.name().into();
        table
    }
}

impl Shape {
    fn table(now: Timestamp, include: &str, version: MetaVersion) -> Result<Self, Status> {
        let include = IncludeObject::parse(include)?;
        Ok(Self::Table(now, include, Headings::Shown, version))
    }

    /// The shape of an answer at `now`; `include` is the parameter `includeObject`.
    ///
    /// # Errors
    /// 400 for an unknown `include` of a Table.
    pub(crate) fn new(form: Form, include: &str, now: Timestamp) -> Result<Self, Status> {
        Ok(match form {
            Form::Full => Self::Full,
            Form::Metadata | Form::MetadataList => Self::Metadata(MetaVersion::V1),
            Form::BetaMetadata | Form::BetaMetadataList => Self::Metadata(MetaVersion::V1Beta1),
            Form::Table => Self::table(now, include, MetaVersion::V1)?,
            Form::BetaTable => Self::table(now, include, MetaVersion::V1Beta1)?,
        })
    }
}

impl Shape {
    /// Ages in rows are told as of `now`.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        if let Self::Table(at, ..) = self {
            *at = now;
        }
    }

    /// Only the first Table of a watch has headings.
    pub(super) fn omit_headings(&mut self) {
        if let Self::Table(_, _, headings, _) = self {
            *headings = Headings::Omitted;
        }
    }
}
