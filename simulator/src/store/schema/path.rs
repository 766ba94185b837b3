//! Where in an object a walk is: a chain of steps on the stack, rendered only when something is wrong there.

use std::fmt::Write;

/// Objects nested deeper than this are refused, so that no input exhausts the stack.
pub(crate) const MAX_DEPTH: usize = 100;

/// A place in an object, linked to the place around it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
    depth: usize,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

/// How a step into a map of free keys is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    Dotted,
    Bracketed,
}

impl<'a> Path<'a> {
    pub(crate) const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
        depth: 0,
    };

    pub(crate) fn field(&'a self, name: &'a str) -> Path<'a> {
        self.then(Step::Field(name))
    }

    pub(crate) fn key(&'a self, name: &'a str) -> Path<'a> {
        self.then(Step::Key(name))
    }

    pub(crate) fn index(&'a self, index: usize) -> Path<'a> {
        self.then(Step::Index(index))
    }

    fn then(&'a self, step: Step<'a>) -> Path<'a> {
        Path {
            parent: Some(self),
            step,
            depth: self.depth + 1,
        }
    }

    /// Whether this is somewhere below a field of the whole object.
    pub(crate) fn is_below(&self, name: &str) -> bool {
        match self.parent {
            Some(parent) if parent.is_root() => {
                matches!(self.step, Step::Field(own) if own == name)
            }
            Some(parent) => parent.is_below(name),
            None => false,
        }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    pub(crate) fn is_too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }

    /// `spec.labels.app[0]`; empty at the root.
    pub(crate) fn dotted(&self) -> String {
        self.rendered(Keys::Dotted)
    }

    /// `spec.labels[app][0]`; empty at the root.
    pub(crate) fn bracketed(&self) -> String {
        self.rendered(Keys::Bracketed)
    }

    fn rendered(&self, keys: Keys) -> String {
        let mut out = String::new();
        self.render(keys, &mut out);
        out
    }

    fn render(&self, keys: Keys, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.render(keys, out);
        }
        match self.step {
            Step::Root => {}
            Step::Key(name) if keys == Keys::Bracketed => {
                out.push('[');
                out.push_str(name);
                out.push(']');
            }
            Step::Field(name) | Step::Key(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(name);
            }
            Step::Index(index) => {
                let _infallible = write!(out, "[{index}]");
            }
        }
    }
}

/// As [`Path::bracketed`].
impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.bracketed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_dotted_or_bracketed() {
        let spec = Path::ROOT.field("spec");
        let (labels, key);
        labels = spec.field("labels");
        key = labels.key("app");
        let path = key.index(2);
        assert_eq!(path.dotted(), "spec.labels.app[2]");
        assert_eq!(path.bracketed(), "spec.labels[app][2]");
        assert_eq!(Path::ROOT.dotted(), "");
    }
}
