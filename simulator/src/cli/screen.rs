//! Standard output and standard error, as a terminal or as a pipe that may break.

use std::io::{self, IsTerminal, Write};

use terminal_size::{Height, Width, terminal_size_of};

use super::Failed;
use super::tree::Tree;

/// Writes a result to standard output. Who stops reading has read enough: that is no error.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn print(text: &str) -> Result<(), Failed> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Failed::Print),
    }
}

/// Writes to standard error; where nobody reads, nobody misses it.
pub(super) fn print_aside(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// The tree while it grows, on standard error if a person looks at it.
pub(super) struct Screen {
    is_watched: bool,
    n_lines: usize,
}

impl Screen {
    /// The terminal that standard error is, if it is one that can take lines back.
    pub(super) fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            is_watched: std::io::stderr().is_terminal() && !is_dumb,
            n_lines: 0,
        }
    }

    /// Shows `tree` in place of the one before, as much of it as the terminal can hold.
    pub(super) fn draw(&mut self, tree: impl FnOnce() -> Tree) {
        if !self.is_watched {
            return;
        }
        let (width, height) = terminal_size_of(io::stderr())
            .map_or((80, 24), |(Width(width), Height(height))| (width, height));
        let text = tree().view(width.into(), height.into());
        self.clear();
        print_aside(&text);
        self.n_lines = text.lines().count();
    }

    /// Takes back what was drawn, so that the final tree stands alone.
    pub(super) fn clear(&mut self) {
        if self.n_lines > 0 {
            let _ = write!(io::stderr(), "\x1b[{}A\x1b[J", self.n_lines);
            self.n_lines = 0;
        }
    }
}
