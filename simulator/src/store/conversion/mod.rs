//! Custom resources whose versions a webhook turns into each other.
//!
//! Objects lie in one version, that of the storage when they were written. Who asks for another one is shown what the
//! webhook makes of them; what he writes is turned back before it is stored. Collections and watches are shown what was
//! once made of a state, as from the watch cache of a real server; whoever gets one object has it made afresh.
//!
//! ```text
//! stored state ─▶ Converter ─▶ Inquiry ─▶ (the shell asks) ─▶ Heard ─▶ checked ─▶ state in the version asked for
//! ```
//!
//! Source: `spec/kube-api.md` §1.18; apiextensions-apiserver v0.34.3, pkg/apiserver/conversion and
//! customresource_handler.go.

mod conversions;
mod converter;
mod restored;
mod shown;
mod writes;

pub(super) use conversions::{Conversions, is_by_webhook};
pub(super) use writes::deleted_as_shown;
