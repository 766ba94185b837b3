//! A sequence of requests that both servers get.

use serde_json::Value;

/// The cases of one file, which is one area of the API.
#[derive(Clone, Debug, PartialEq)]
pub struct Suite {
    /// The name of the file, without its ending.
    pub area: String,
    /// Its cases, in the order of the file.
    pub cases: Vec<Case>,
}

/// Requests that belong together, in a namespace of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// What it shows, as a sentence.
    pub name: String,
    /// The section of `spec/kube-api.md` that it covers.
    pub covers: String,
    /// Texts that its steps name as `<name>`, in the order in which they may refer to each other.
    pub texts: Vec<(String, String)>,
    /// What is done, in order.
    pub steps: Vec<Step>,
}

/// One thing that is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A request whose answer is compared.
    Ask(Ask),
    /// A request whose answer does not count, for what other cases may have made already.
    Ensure(Ask),
    /// Waits until a GET of this path answers 200, for what a real server does after it has answered.
    Ready(String),
    /// Says what a webhook answers from now on.
    Hook(String, Value),
    /// The reviews that a webhook has got so far, which are compared.
    Heard(String),
    /// Reads events of an open watch, which are compared.
    Events {
        /// The watch.
        watch: String,
        /// Where to stop.
        until: Until,
    },
}

/// Where to stop reading a watch.
#[derive(Clone, Debug, PartialEq)]
pub enum Until {
    /// After so many events.
    Count(usize),
    /// After the first event of the object of this name.
    Name(String),
}

/// A request; every text in it may name texts and saved values as `<name>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers by name; `None` leaves a usual one out.
    pub headers: Vec<(String, Option<String>)>,
    /// The body.
    pub body: Body,
    /// What later steps may name: name → JSON pointer into the body of the answer.
    pub saved: Vec<(String, String)>,
    /// The name under which the answer stays open as a watch.
    pub watch: Option<String>,
    /// Asked again until the answer has this status code, for what a real server notices after a moment.
    pub until: Option<u16>,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// None.
    None,
    /// A value, sent as JSON.
    Json(Value),
    /// A text, sent as it is.
    Text(String),
}
