//! Which outcome book a run goes by.

use std::path::{Path, PathBuf};

use super::manifest::text;
use crate::input_error::InputError;
use crate::outcomes::Book;

/// Where a folder of manifests keeps the book that holds unless another is named.
const BOOK_OF_FOLDER: &str = "outcomes/default.yaml";

/// The book that `named` holds; without it, those of the folders among `paths`, in order.
///
/// # Errors
/// A book cannot be read or is not one.
pub(super) fn find(named: Option<&Path>, paths: &[PathBuf]) -> Result<Book, InputError> {
    if let Some(file) = named {
        return read(file);
    }
    let mut book = Book::default();
    for file in paths
        .iter()
        .map(|path| path.join(BOOK_OF_FOLDER))
        .filter(|file| file.is_file())
    {
        book.append(read(&file)?);
    }
    Ok(book)
}

fn read(file: &Path) -> Result<Book, InputError> {
    Book::parse(&file.display().to_string(), &text(file)?)
}
