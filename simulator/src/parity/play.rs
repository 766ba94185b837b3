//! Plays a case on one server.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::body::Stream;
use super::case::{Ask, Body, Case, Step, Until};
use super::hooks::{Hooks, HooksOf};
use super::peer::{self, Peer, TOKEN, head};
use super::template::Values;
use crate::clock::{Clock, WallClock};

/// How long a real server may take for what it does after it has answered.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// How often it is asked.
const READY_PAUSE: Duration = Duration::from_millis(20);
/// The most events that are read in search of one.
const EVENTS_MAX: usize = 2_000;

/// Why a case cannot be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A server gives no answer.
    #[error("{request}")]
    Ask {
        /// Method and path.
        request: String,
        /// Why not.
        #[source]
        source: peer::Error,
    },
    /// Something does not come about.
    #[error("{path} does not answer 200 within {} s: {last}", READY_LIMIT.as_secs())]
    Ready {
        /// What was asked for.
        path: String,
        /// What was answered last.
        last: Value,
    },
    /// The case reads a watch that it has not opened.
    #[error("there is no watch {0:?}")]
    Watch(String),
}

/// What one step came to on one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place among the steps of the case, from 0.
    pub step_index: usize,
    /// The request, or what was read.
    pub what: String,
    /// Status code, content type, warnings and body, or events.
    pub answer: Value,
}

/// What became of the steps of a case, and when each of them took place.
pub struct Played {
    /// Those that are compared.
    pub records: Vec<Recorded>,
    /// One for each step: when it began, or the later second that its answer names.
    pub times: Vec<Timestamp>,
}

/// The time at which steps are played.
pub enum Pace<'a> {
    /// What a clock shows.
    Running(&'a WallClock),
    /// When they took place on another server, step by step: the clock is put forward to that.
    Repeated(&'a Clock, &'a [Timestamp]),
}

impl Pace<'_> {
    fn begin(&self, step_index: usize) {
        if let Self::Repeated(clock, times) = self
            && let Some(time) = times.get(step_index)
        {
            clock.advance_to(*time);
        }
    }

    fn now(&self) -> Timestamp {
        match self {
            Self::Running(wall) => wall(),
            Self::Repeated(clock, _) => clock.now(),
        }
    }
}

/// Plays `case` in `namespace`, which is made first.
///
/// # Errors
/// The case cannot go on.
pub async fn play(
    case: &Case,
    (peer, hooks): (&Peer, &Hooks),
    namespace: &str,
    pace: Pace<'_>,
) -> Result<Played, Error> {
    let mut player = Player {
        peer,
        hooks: hooks.of(namespace),
        values: values(case, namespace, hooks),
        streams: BTreeMap::new(),
    };
    let body = json!({"metadata": {"name": namespace}});
    let body = Bytes::from(body.to_string());
    let headers = headers(&[(
        "content-type".to_owned(),
        Some("application/json".to_owned()),
    )]);
    let made = peer.ask("POST", "/api/v1/namespaces", &headers, body).await;
    made.map_err(|source| Error::Ask {
        request: format!("make namespace {namespace}"),
        source,
    })?;
    let mut records = Vec::new();
    let mut times = Vec::new();
    for (step_index, step) in case.steps.iter().enumerate() {
        pace.begin(step_index);
        let begun = pace.now();
        let recorded = match step {
            Step::Ask(ask) => Some(player.ask(ask).await?),
            Step::Events { watch, until } => Some(player.events(watch, until).await?),
            Step::Ensure(ask) => {
                player.ask(ask).await?;
                None
            }
            Step::Hook(name, answer) => {
                player.hooks.set(name, player.values.value(answer));
                None
            }
            Step::Heard(name) => Some((
                format!("reviews of {name}"),
                json!({"heard": player.hooks.heard(name)}),
            )),
            Step::Ready(path) => {
                player.ready(path).await?;
                None
            }
        };
        let answer = recorded.as_ref().map(|(_, answer)| answer);
        times.push(time_of(answer, begun, pace.now()));
        records.extend(recorded.map(|(what, answer)| Recorded {
            step_index,
            what,
            answer,
        }));
    }
    Ok(Played { records, times })
}

/// When a step took place that began at `begun` and was over at `over`.
///
/// A second may end in between; in which of them the server wrote, the answered object tells.
fn time_of(answer: Option<&Value>, begun: Timestamp, over: Timestamp) -> Timestamp {
    let metadata = answer.map_or(&Value::Null, |answer| &answer["body"]["metadata"]);
    let owners = metadata["managedFields"].as_array().into_iter().flatten();
    let named = owners.map(|owner| &owner["time"]);
    let named = named.chain([&metadata["creationTimestamp"]]);
    let times = named.filter_map(|time| time.as_str()?.parse().ok());
    let times = times.filter(|time| *time <= over);
    times.fold(begun, Timestamp::max)
}

fn values(case: &Case, namespace: &str, hooks: &Hooks) -> Values {
    let mut values = Values::default();
    values.set("ns", namespace.into());
    values.set("hooks", hooks.of(namespace).url().into());
    values.set("ca", hooks.authority().into());
    for (name, text) in &case.texts {
        let text = values.text(text);
        values.set(name, text.into());
    }
    values
}

/// The headers of a request, with the usual ones where they are neither given nor left out.
fn headers(written: &[(String, Option<String>)]) -> Vec<(String, String)> {
    let usual = [
        ("authorization", format!("Bearer {TOKEN}")),
        ("user-agent", "parity/1".to_owned()),
    ];
    let is_written = |name: &str| written.iter().any(|(written, _)| written == name);
    let usual = usual.into_iter().filter(|(name, _)| !is_written(name));
    let usual = usual.map(|(name, value)| (name.to_owned(), value));
    let written = written
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    usual.chain(written).collect()
}

/// A path with what a URL cannot hold written in hex.
fn encoded(path: &str) -> String {
    let mut encoded = String::new();
    for letter in path.chars() {
        match letter {
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                encoded.push_str(&format!("%{:02X}", u32::from(letter)));
            }
            _ => encoded.push(letter),
        }
    }
    encoded
}

struct Player<'a> {
    peer: &'a Peer,
    hooks: HooksOf<'a>,
    values: Values,
    streams: BTreeMap<String, Stream>,
}

impl Player<'_> {
    /// Asks, again where the case waits for another answer; whatever was answered last is the answer.
    async fn ask(&mut self, ask: &Ask) -> Result<(String, Value), Error> {
        let mut answer = self.ask_once(ask).await?;
        let Some(status) = ask.until else {
            return Ok(answer);
        };
        let waited = timeout(READY_LIMIT, async {
            while answer.1["status"] != status {
                // A real server says nothing when it has come so far: it can only be asked again.
                sleep(READY_PAUSE).await;
                answer = self.ask_once(ask).await?;
            }
            Ok(())
        });
        if let Ok(asked) = waited.await {
            asked?;
        }
        Ok(answer)
    }

    async fn ask_once(&mut self, ask: &Ask) -> Result<(String, Value), Error> {
        let path = encoded(&self.values.text(&ask.path));
        let request = format!("{} {path}", ask.method);
        let body = match &ask.body {
            Body::None => Bytes::new(),
            Body::Json(value) => Bytes::from(self.values.value(value).to_string()),
            Body::Text(text) => Bytes::from(self.values.text(text)),
        };
        let failed = |source| Error::Ask {
            request: request.clone(),
            source,
        };
        let written = ask.headers.iter().map(|(name, value)| {
            let value = value.as_ref().map(|value| self.values.text(value));
            (name.clone(), value)
        });
        let written: Vec<_> = written.collect();
        let headers = headers(&written);
        let answer = self.peer.ask(&ask.method, &path, &headers, body).await;
        let answer = answer.map_err(failed)?;
        let record = match &ask.watch {
            Some(name) if answer.status == 200 => {
                let record = head(answer.status, &answer.headers);
                self.streams.insert(name.clone(), Stream::new(answer));
                record
            }
            _ => answer.record().await.map_err(failed)?,
        };
        for (name, pointer) in &ask.saved {
            if let Some(value) = record["body"].pointer(pointer) {
                self.values.set(name, value.clone());
            }
        }
        Ok((request, record))
    }

    async fn events(&mut self, watch: &str, until: &Until) -> Result<(String, Value), Error> {
        let stream = self.streams.get_mut(watch);
        let stream = stream.ok_or_else(|| Error::Watch(watch.to_owned()))?;
        let n_max = match until {
            Until::Count(n) => *n,
            Until::Name(_) => EVENTS_MAX,
        };
        let mut events = Vec::new();
        while events.len() < n_max {
            match stream.next().await {
                Ok(event) => {
                    let is_last = matches!(until, Until::Name(name)
                        if event["object"]["metadata"]["name"] == name.as_str());
                    events.push(event);
                    if is_last {
                        break;
                    }
                }
                Err(why) => {
                    events.push(why.into());
                    break;
                }
            }
        }
        Ok((
            format!("events of watch {watch}"),
            json!({ "events": events }),
        ))
    }

    async fn ready(&self, path: &str) -> Result<(), Error> {
        let path = self.values.text(path);
        let mut last = Value::Null;
        let asked = timeout(READY_LIMIT, async {
            loop {
                let answer = self
                    .peer
                    .ask("GET", &path, &headers(&[]), Bytes::new())
                    .await;
                let answer = match answer {
                    Ok(answer) if answer.status == 200 => return,
                    Ok(answer) => answer.record().await,
                    Err(error) => Err(error),
                };
                last = answer.unwrap_or_else(|error| error.to_string().into());
                // A real server says nothing when it has come so far: it can only be asked again.
                sleep(READY_PAUSE).await;
            }
        });
        let is_ready = asked.await.is_ok();
        if is_ready {
            Ok(())
        } else {
            Err(Error::Ready { path, last })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::parse::suite;
    use super::*;
    use crate::clock::EPOCH;

    const SUITE: &str = "
covers: §1.11
let: {cms: /api/v1/namespaces/<ns>/configmaps}
cases:
- name: a watch
  steps:
  - {do: GET <cms>?watch=1, watch: w}
  - {do: POST <cms>, body: {metadata: {name: a}}, save: {uid: /metadata/uid}}
  - {do: DELETE <cms>/a, body: {preconditions: {uid: <uid>}}}
  - {events: w, n: 2}
";

    #[tokio::test]
    async fn steps_are_asked_in_order_and_later_ones_know_what_earlier_ones_saved() {
        let case = suite("a.yaml", "a", SUITE).unwrap().cases.remove(0);
        let peer = Peer::simulated(Clock::virtual_from(EPOCH), 1);
        let wall: WallClock = Arc::new(|| EPOCH);
        let hooks = Hooks::pair().await.unwrap();
        let played = play(&case, (&peer, &hooks[1]), "p1", Pace::Running(&wall))
            .await
            .unwrap();
        let records = played.records;
        let seen: Vec<_> = records.iter().map(|record| record.what.as_str()).collect();
        let expected = [
            "GET /api/v1/namespaces/p1/configmaps?watch=1",
            "POST /api/v1/namespaces/p1/configmaps",
            "DELETE /api/v1/namespaces/p1/configmaps/a",
            "events of watch w",
        ];
        assert_eq!(seen, expected);
        let codes: Vec<_> = records
            .iter()
            .map(|record| &record.answer["status"])
            .collect();
        assert_eq!(codes, [&json!(200), &json!(201), &json!(200), &Value::Null]);
        let events = &records[3].answer["events"];
        assert_eq!(
            (&events[0]["type"], &events[1]["type"]),
            (&json!("ADDED"), &json!("DELETED"))
        );
    }

    #[test]
    fn a_step_took_place_in_the_second_that_its_answer_names() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (begun, over) = (
            time("2026-01-01T00:00:00.999Z"),
            time("2026-01-01T00:00:01.002Z"),
        );
        let answer = |time: &str| {
            let owners = json!([{"time": "2026-01-01T00:00:00Z"}, {"time": time}]);
            json!({"body": {"metadata": {"managedFields": owners}}})
        };
        let cases = [
            ("2026-01-01T00:00:01Z", "2026-01-01T00:00:01Z"),
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.999Z"),
            ("2026-01-01T00:00:09Z", "2026-01-01T00:00:00.999Z"),
        ];
        for (owned, expected) in cases {
            let answer = answer(owned);
            assert_eq!(time_of(Some(&answer), begun, over), time(expected));
        }
        assert_eq!(time_of(None, begun, over), begun);
    }

    #[test]
    fn what_a_url_cannot_hold_is_written_in_hex() {
        assert_eq!(
            encoded("/a?labelSelector=n<5 x"),
            "/a?labelSelector=n%3C5%20x"
        );
    }
}
