//! Attempts: a template with a retry strategy runs as a Retry node. Source: `spec/argo.md` §16.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::arguments::Substituted;
use super::duration;
use super::execute::{Execution, Surroundings};
use super::naming;
use super::pass::{Halt, Pass};
use super::resolution::Home;
use super::spec::{
    Arguments, Backoff, NodeFlag, NodePhase, NodeStatus, NodeType, RetryStrategy, Template,
};
use super::tag::{self, Scope};
use crate::clock::after;

/// Which phases are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    OnFailure,
    OnError,
    Always,
    OnTransientError,
}

impl Policy {
    fn of(strategy: &RetryStrategy) -> Result<Self, Halt> {
        match strategy.retry_policy.as_str() {
            "" if strategy.expression.is_empty() => Ok(Self::OnFailure),
            "" | "Always" => Ok(Self::Always),
            "OnFailure" => Ok(Self::OnFailure),
            "OnError" => Ok(Self::OnError),
            "OnTransientError" => Ok(Self::OnTransientError),
            other => Err(Halt::error(format!("{other} is not a valid RetryPolicy"))),
        }
    }

    fn covers(self, last: &NodeStatus) -> bool {
        match self {
            Self::Always => true,
            Self::OnFailure => last.phase != NodePhase::Error,
            Self::OnError => last.phase != NodePhase::Failed,
            Self::OnTransientError => is_transient(&last.message),
        }
    }

    /// Whether an attempt that could not even start is tried again.
    fn covers_errors(self) -> bool {
        self != Self::OnFailure
    }
}

/// Whether a message tells of something that passes by itself. Source: `spec/argo.md` §35.
pub(crate) fn is_transient(message: &str) -> bool {
    const PARTS: [&str; 11] = [
        "exceeded quota",
        "object has been modified",
        "TLS handshake timeout",
        "connection refused",
        "connection reset",
        "i/o timeout",
        "no such host",
        "EOF",
        "http2: client connection lost",
        "http2: server sent GOAWAY",
        "net/http: request canceled",
    ];
    PARTS.iter().any(|part| message.contains(part))
}

/// What the last attempt means for the Retry node.
enum Verdict {
    /// The node is in a final phase, or waits.
    Settled,
    /// The running attempt goes on, or a new one starts; attempts must have ended by then.
    Attempt(Option<Timestamp>),
}

impl Pass<'_> {
    /// Executes a template with a retry strategy.
    pub(crate) fn execute_retried(
        &mut self,
        execution: &Execution,
        Substituted { template, open }: Substituted,
        strategy: &RetryStrategy,
        origin: (&Home, &Arguments),
    ) -> Result<(), Halt> {
        let retry = execution.node;
        if self.node(retry).is_none() {
            let new = execution.new_node(NodeType::Retry, NodePhase::Running);
            self.create_executable(new, &template, false);
        }
        let execution_deadline = match self.judge(retry, strategy) {
            Ok(Verdict::Settled) => return Ok(()),
            Ok(Verdict::Attempt(deadline)) => deadline,
            Err(halt) => {
                self.mark_error(retry, &halt.message());
                return Err(halt);
            }
        };
        let (attempt, locals) = self.next_attempt(retry, &template);
        let surroundings = Surroundings {
            execution_deadline: execution_deadline.or(execution.surroundings.execution_deadline),
            flag: Some(NodeFlag {
                retried: true,
                ..execution.surroundings.flag.clone().unwrap_or_default()
            }),
            ..execution.surroundings.clone()
        };
        let inner = Execution {
            node: &attempt,
            call: execution.call,
            scope: execution.scope.clone(),
            inner: execution.inner.clone(),
            surroundings: &surroundings,
        };
        let template = match open {
            Some(value) => self.substitute(value, &locals)?.template,
            None => template,
        };
        match self.dispatch(&inner, &template) {
            Ok(()) => {}
            Err(Halt::Template(_)) if Policy::of(strategy)?.covers_errors() => {}
            Err(halt) => return Err(halt),
        }
        let ended = self.node(&attempt).is_some_and(NodeStatus::ended);
        let open = self.node(retry).is_some_and(|node| !node.ended());
        if ended && open {
            return self.execute(retry, execution.call, origin, execution.surroundings);
        }
        Ok(())
    }

    /// The attempt to execute now, with its local names.
    fn next_attempt(
        &mut self,
        retry: &str,
        template: &Template,
    ) -> (String, BTreeMap<String, String>) {
        let node = self.node(retry).cloned().unwrap_or_default();
        let attempts = self.attempts(&node);
        let last = attempts.last().map(|last| (*last).clone());
        let n_attempts = attempts.len();
        let running = last
            .as_ref()
            .filter(|last| !last.ended())
            .map(|last| last.name.clone());
        let (name, number) = match running {
            Some(name) => (name, n_attempts - 1),
            None => {
                let name = format!("{retry}({n_attempts})");
                self.add_child(retry, &name);
                (name, n_attempts)
            }
        };
        let mut locals = last_attempt(last.as_ref());
        locals.insert("retries".to_owned(), number.to_string());
        if template.container.is_some() || template.script.is_some() {
            let pod = naming::pod_name(&self.identity.name, &name, &template.name);
            locals.insert("pod.name".to_owned(), pod);
        }
        (name, locals)
    }

    fn judge(&mut self, retry: &str, strategy: &RetryStrategy) -> Result<Verdict, Halt> {
        let Some(node) = self.node(retry).cloned() else {
            return Ok(Verdict::Attempt(None));
        };
        if node.ended() {
            return Ok(Verdict::Settled);
        }
        let attempts: Vec<NodeStatus> = self.attempts(&node).into_iter().cloned().collect();
        let Some(last) = attempts.last().filter(|last| last.ended()) else {
            return Ok(Verdict::Attempt(None));
        };
        if !last.phase.failed_or_error() {
            self.settle(retry, last, NodePhase::Succeeded, None);
            return Ok(Verdict::Settled);
        }
        if let Some(message) = self.stopped() {
            self.settle(retry, last, last.phase, Some(&message));
            return Ok(Verdict::Settled);
        }
        let mut deadline = None;
        if let Some(backoff) = &strategy.backoff {
            match self.back_off(retry, strategy, backoff, &attempts)? {
                Verdict::Settled => return Ok(Verdict::Settled),
                Verdict::Attempt(until) => deadline = until,
            }
        }
        match self.refusal(strategy, &attempts, last)? {
            Some(message) => {
                self.settle(retry, last, last.phase, Some(&message));
                Ok(Verdict::Settled)
            }
            None => Ok(Verdict::Attempt(deadline)),
        }
    }

    fn settle(&mut self, retry: &str, last: &NodeStatus, phase: NodePhase, message: Option<&str>) {
        if let Some(node) = self.node_mut(retry) {
            node.outputs.clone_from(&last.outputs);
        }
        self.mark(retry, phase, message);
    }

    fn stopped(&self) -> Option<String> {
        match (self.shutdown(), self.deadline) {
            (Some(shutdown), _) => Some(format!("Stopped with strategy '{}'", shutdown.name())),
            (None, Some(deadline)) if self.past_deadline() => Some(format!(
                "retry exceeded workflow deadline {}",
                deadline.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
            )),
            (None, _) => None,
        }
    }

    /// Why there is no further attempt, if there is none.
    fn refusal(
        &self,
        strategy: &RetryStrategy,
        attempts: &[NodeStatus],
        last: &NodeStatus,
    ) -> Result<Option<String>, Halt> {
        if !Policy::of(strategy)?.covers(last) {
            return Ok(Some(last.message.clone()));
        }
        if let Some(limit) = &strategy.limit
            && attempts.len() as i64 > number(limit)?
        {
            return Ok(Some("No more retries left".to_owned()));
        }
        if !strategy.expression.is_empty() {
            let mut names = last_attempt(Some(last));
            let code = last
                .outputs
                .as_ref()
                .and_then(|outputs| outputs.exit_code.clone());
            names.insert(
                "lastRetry.exitCode".to_owned(),
                code.unwrap_or_else(|| "-1".to_owned()),
            );
            names.insert("retries".to_owned(), (attempts.len() - 1).to_string());
            let goes_on =
                tag::boolean(&strategy.expression, &Scope(&[&names])).map_err(Halt::Template)?;
            if !goes_on {
                return Ok(Some(
                    "retryStrategy.expression evaluated to false".to_owned(),
                ));
            }
        }
        Ok(None)
    }

    fn back_off(
        &mut self,
        retry: &str,
        strategy: &RetryStrategy,
        backoff: &Backoff,
        attempts: &[NodeStatus],
    ) -> Result<Verdict, Halt> {
        let (Some(first), Some(last)) = (attempts.first(), attempts.last()) else {
            return Ok(Verdict::Attempt(None));
        };
        let now = self.input.now;
        let until = match backoff.max_duration.as_str() {
            "" => None,
            text => first
                .started_at
                .as_ref()
                .map(|t| read(text).map(|d| after(t.0, d)))
                .transpose()?,
        };
        if until.is_some_and(|until| now > until) {
            self.settle(retry, last, last.phase, Some("Max duration limit exceeded"));
            return Ok(Verdict::Settled);
        }
        let wait = wait(backoff, attempts.len())?;
        let resume = after(last.finished_at.as_ref().map_or(now, |t| t.0), wait);
        if until.is_some_and(|until| resume > until) {
            self.settle(
                retry,
                last,
                last.phase,
                Some("Backoff would exceed max duration limit"),
            );
            return Ok(Verdict::Settled);
        }
        let limit = strategy.limit.as_ref().map(number).transpose()?;
        if now < resume && limit.is_some_and(|limit| attempts.len() as i64 <= limit) {
            self.requeue_after(resume.duration_since(now));
            self.mark(
                retry,
                NodePhase::Running,
                Some(&format!("Backoff for {}", duration::told(wait))),
            );
            return Ok(Verdict::Settled);
        }
        self.mark(retry, NodePhase::Running, Some(""));
        Ok(Verdict::Attempt(until))
    }
}

/// The wait after so many attempts.
fn wait(backoff: &Backoff, n_attempts: usize) -> Result<SignedDuration, Halt> {
    if backoff.duration.is_empty() {
        return Err(Halt::error("no base duration specified for retryStrategy"));
    }
    let base = read(&backoff.duration)?;
    let factor = backoff
        .factor
        .as_ref()
        .map(number)
        .transpose()?
        .unwrap_or(0);
    let grown = if factor > 0 {
        let exponent = i32::try_from(n_attempts - 1).unwrap_or(i32::MAX);
        SignedDuration::try_from_secs_f64(base.as_secs_f64() * (factor as f64).powi(exponent))
            .unwrap_or(SignedDuration::MAX)
    } else {
        base
    };
    match backoff.cap.as_str() {
        "" => Ok(grown),
        cap => Ok(grown.min(read(cap)?)),
    }
}

fn read(text: &str) -> Result<SignedDuration, Halt> {
    duration::parse(text).map_err(|error| Halt::error(error.to_string()))
}

/// A number that may have been written as text.
pub(crate) fn number(value: &IntOrString) -> Result<i64, Halt> {
    match value {
        IntOrString::Int(number) => Ok(i64::from(*number)),
        IntOrString::String(text) => text.parse().map_err(|_| {
            Halt::error(format!(
                "strconv.ParseInt: parsing \"{text}\": invalid syntax"
            ))
        }),
    }
}

/// The names that describe the attempt before; before the first one they are empty.
fn last_attempt(last: Option<&NodeStatus>) -> BTreeMap<String, String> {
    let code = last.and_then(|last| last.outputs.as_ref()?.exit_code.clone());
    let seconds = last.map_or(0.0, |last| match (&last.started_at, &last.finished_at) {
        (Some(from), Some(to)) => to.0.duration_since(from.0).as_secs_f64(),
        _ => 0.0,
    });
    [
        ("lastRetry.exitCode", code.unwrap_or_else(|| "0".to_owned())),
        (
            "lastRetry.status",
            last.map_or("", |last| last.phase.name()).to_owned(),
        ),
        ("lastRetry.duration", seconds.to_string()),
        (
            "lastRetry.message",
            last.map_or("", |last| &last.message).to_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
