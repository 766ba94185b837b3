//! What moves in a cluster: controllers that watch the API and write to it, and know nothing else.

mod client;
mod object;
mod read;
mod seam;
mod send;

pub use client::PartClient;
pub use object::PartObject;
pub use read::{Listed, News, get, list, watch};
pub use seam::{Cache, Caches, Change, ChangeKind, Failure, Key, Part, Wake, Watch};
pub use send::{Written, delete, send};
