//! What moves in a cluster: controllers that watch the API and write to it, and know nothing else.

mod data;
mod lazy;
mod object;
mod seam;

pub use data::Data;
pub use lazy::Lazy;
pub use object::LazyObject;
pub use seam::{Cache, Caches, Change, ChangeKind, Failure, Key, Part, Wake, Watch};
