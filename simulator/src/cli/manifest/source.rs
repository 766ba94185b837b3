//! Where manifests come from.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::document::{Document, parse};
use crate::input_error::InputError;

/// The most that is read of one file, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads every manifest of `paths` in order: files, the `.yaml`, `.yml` and `.json` files of folders by name
/// (folders in folders are left alone, as `kubectl apply -f` leaves them), and `-` for standard input.
///
/// # Errors
/// The first file that cannot be read or parsed, or nothing to read at all.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Document>, InputError> {
    let mut documents = Vec::new();
    for path in paths {
        for file in files(path)? {
            documents.extend(parse(&name(&file), &text(&file)?)?);
        }
    }
    match (documents.is_empty(), paths.first()) {
        (true, Some(path)) => Err(InputError::whole(
            &name(path),
            "no manifest found; expected YAML or JSON objects",
        )),
        _ => Ok(documents),
    }
}

fn name(file: &Path) -> String {
    file.display().to_string()
}

fn files(path: &Path) -> Result<Vec<PathBuf>, InputError> {
    if path == Path::new("-") || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| {
        InputError::whole(&name(path), format!("cannot read the folder: {error}"))
    };
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let known = file
            .extension()
            .is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
        if known && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads a file, or standard input for `-`, up to a limit and as UTF-8.
///
/// # Errors
/// The file cannot be read, is too large, or is not text.
pub(crate) fn text(file: &Path) -> Result<String, InputError> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file)
            .and_then(|open| open.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| InputError::whole(&name(file), format!("cannot read it: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(InputError::whole(
            &name(file),
            format!("larger than {} MiB", MAX_FILE_BYTES >> 20),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        InputError::whole(
            &name(file),
            format!(
                "not UTF-8 text: byte {} cannot be read",
                error.utf8_error().valid_up_to() + 1
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_exist_is_named() {
        let error = read(&[PathBuf::from("no/such.yaml")])
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("no/such.yaml: cannot read it: "),
            "{error}"
        );
    }
}
