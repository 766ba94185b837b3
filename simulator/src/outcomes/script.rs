//! The outcome book that is in force, which may change while a cluster runs.

use std::sync::{Arc, Mutex};

use super::book::Book;

/// A book that can be replaced; clones share one place.
#[derive(Clone, Debug, Default)]
pub struct Script(Arc<Mutex<Arc<Book>>>);

impl Script {
    /// Begins with `book`.
    #[must_use]
    pub fn new(book: Book) -> Self {
        Self(Arc::new(Mutex::new(Arc::new(book))))
    }

    /// The book that is in force now.
    #[must_use]
    pub fn book(&self) -> Arc<Book> {
        self.0.lock().expect("no holder of the book panics").clone()
    }

    /// Puts `book` in force for every container that has not ended.
    pub fn replace(&self, book: Book) {
        *self.0.lock().expect("no holder of the book panics") = Arc::new(book);
    }
}
