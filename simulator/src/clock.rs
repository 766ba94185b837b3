//! The time of a cluster: virtual, so that it jumps, or real, or real and scaled.

use std::sync::{Arc, Mutex};

use jiff::fmt::temporal::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// The instant at which every virtual cluster begins: 2030-01-01T00:00:00Z.
///
/// Fixed, so that the same seed gives the same event log on any day.
pub const EPOCH: Timestamp = Timestamp::constant(1_893_456_000, 0);

/// Reads the wall clock. The only one outside a `main.rs` is handed in by a `main.rs`.
pub type WallClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The time of one cluster, shared by its API server and all its parts.
#[derive(Clone)]
pub struct Clock(Arc<Source>);

/// The instant that lies `wait` after another, or the last or first one that there is.
#[must_use]
pub fn after(instant: Timestamp, wait: SignedDuration) -> Timestamp {
    let exact = instant.checked_add(wait);
    exact.unwrap_or(if wait.is_negative() {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// RFC 3339 in UTC with whole seconds, as `metav1.Time` is written.
#[must_use]
pub fn in_seconds(instant: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    PRINTER.timestamp_to_string(&instant)
}

enum Source {
    Virtual(Mutex<Timestamp>),
    Scaled {
        wall: WallClock,
        /// The wall's time at the start.
        started: Timestamp,
        /// The cluster's time at the start.
        origin: Timestamp,
        factor: f64,
    },
    /// Wrong by as much.
    Ahead(Clock, Lead),
}

/// How far a clock is ahead of another, negative if behind; clones share it.
#[derive(Clone, Debug, Default)]
pub struct Lead(Arc<Mutex<SignedDuration>>);

impl Lead {
    /// From now on the clock is ahead by `lead`.
    pub fn set(&self, lead: SignedDuration) {
        *self.0.lock().expect("no holder of the lead panics") = lead;
    }

    fn get(&self) -> SignedDuration {
        *self.0.lock().expect("no holder of the lead panics")
    }
}

impl Clock {
    /// A clock that stands still until [`Clock::advance_to`] moves it.
    #[must_use]
    pub fn virtual_from(start: Timestamp) -> Self {
        Self(Arc::new(Source::Virtual(Mutex::new(start))))
    }

    /// A clock that runs `factor` times as fast as `wall`, from the moment of this call.
    #[must_use]
    pub fn scaled(wall: WallClock, factor: f64) -> Self {
        Self::scaled_from(wall, factor, Timestamp::MIN)
    }

    /// The same, but it does not begin before `earliest`.
    #[must_use]
    pub fn scaled_from(wall: WallClock, factor: f64, earliest: Timestamp) -> Self {
        let started = wall();
        Self(Arc::new(Source::Scaled {
            wall,
            started,
            origin: started.max(earliest),
            factor,
        }))
    }

    /// A clock that is ahead of this one by `lead`.
    #[must_use]
    pub fn ahead(&self, lead: Lead) -> Self {
        Self(Arc::new(Source::Ahead(self.clone(), lead)))
    }

    /// The present instant of the cluster.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &*self.0 {
            Source::Virtual(now) => *now.lock().expect("no holder of the clock panics"),
            Source::Scaled {
                wall,
                started,
                origin,
                factor,
            } => {
                let elapsed = wall().duration_since(*started);
                *origin
                    + match *factor {
                        1.0 => elapsed,
                        factor => SignedDuration::from_secs_f64(elapsed.as_secs_f64() * factor),
                    }
            }
            Source::Ahead(clock, lead) => clock.now() + lead.get(),
        }
    }

    /// Moves a virtual clock forward to `instant`; a clock that runs or goes with another, and an instant in the past, change
    /// nothing.
    pub fn advance_to(&self, instant: Timestamp) {
        if let Source::Virtual(now) = &*self.0 {
            let mut now = now.lock().expect("no holder of the clock panics");
            *now = (*now).max(instant);
        }
    }

    /// How long a wait of `duration` in this cluster lasts on the wall; `None` where time is virtual.
    #[must_use]
    pub fn wall_duration(&self, duration: SignedDuration) -> Option<SignedDuration> {
        match &*self.0 {
            Source::Virtual(_) => None,
            Source::Ahead(clock, _) => clock.wall_duration(duration),
            Source::Scaled { factor, .. } => {
                let wall = SignedDuration::try_from_secs_f64(duration.as_secs_f64() / factor);
                Some(wall.unwrap_or(SignedDuration::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_beyond_all_time_ends_with_it() {
        assert_eq!(after(EPOCH, SignedDuration::MAX), Timestamp::MAX);
        assert_eq!(after(EPOCH, SignedDuration::MIN), Timestamp::MIN);
        let clock = Clock::scaled(Arc::new(|| EPOCH), 0.5);
        let wall = clock.wall_duration(SignedDuration::MAX);
        assert_eq!(wall, Some(SignedDuration::MAX));
    }

    #[test]
    fn virtual_time_moves_only_forward() {
        let clock = Clock::virtual_from(EPOCH);
        clock.advance_to(EPOCH + SignedDuration::from_secs(5));
        clock.advance_to(EPOCH);
        assert_eq!(clock.now().to_string(), "2030-01-01T00:00:05Z");
    }

    #[test]
    fn a_clock_that_is_ahead_goes_with_the_other() {
        let (clock, lead) = (Clock::virtual_from(EPOCH), Lead::default());
        let wrong = clock.ahead(lead.clone());
        clock.advance_to(EPOCH + SignedDuration::from_secs(5));
        assert_eq!(wrong.now(), clock.now());
        lead.set(SignedDuration::from_secs(-6));
        assert_eq!(wrong.now().to_string(), "2029-12-31T23:59:59Z");
    }
}
