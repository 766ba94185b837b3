//! What moves in a cluster: controllers that watch the API and write to it, and know nothing else.

mod bytes;
mod data;
mod event;
mod lazy;
mod object;
mod scan;
mod seam;
mod send;

pub use data::Data;
pub(crate) use event::event;
pub use lazy::Lazy;
pub use object::LazyObject;
pub use seam::{Cache, Caches, Change, ChangeKind, Failure, Key, Part, Wake, Watch};
pub use send::{Written, send};
