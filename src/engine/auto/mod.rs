//! Which of several backends clears a segment: the one that is foreseen to take the least. Now and then it is another, of which too little is
//! known by then to be sure that it would not be faster. What that may cost is bounded: a few segments to begin with, and from then on a small share
//! of all the time spent. Nothing is cleared here and no clock is read.

mod features;
mod model;
#[cfg(test)]
mod tests;

pub use model::Features;

use model::{Model, Prediction};
use std::fmt;

/// Segments that each backend is tried with to begin with: the first of a device goes by while it gets ready.
const TRIES: usize = 2;

/// What trying may cost, as a share of all the time spent.
const SHARE: f64 = 0.03;

/// Segments from one try to the next: most are to run where they are fast, however little a try would cost.
const PAUSE: usize = 8;

/// A prediction is in doubt if it may well be off by this share of it.
const DOUBT: f64 = 0.1;

/// A backend may be the best one if it would be with so many standard deviations less.
const HOPE: f64 = 8.;

/// What a try may always cost, as a share of what the best takes.
const TRIFLE: f64 = 0.2;

/// Why a backend was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// No other answers, or no other could hold the segment.
    Only,
    /// It was foreseen to be the fastest.
    Fastest,
    /// It was tried, since it might be the fastest.
    Tried,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Asked => "asked for",
            Self::Only => "the only one",
            Self::Fastest => "the fastest, as foreseen",
            Self::Tried => "tried",
        })
    }
}

/// Who is to clear a segment.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub backend: usize,
    pub reason: Reason,
    /// What each backend is foreseen to take.
    pub predicted_ns: Vec<f64>,
    /// What the best of those that can is.
    best_ns: f64,
}

/// Chooses, and learns from what comes of it.
#[derive(Debug)]
pub struct Auto {
    backends: Vec<Known>,
    /// What trying may cost by now.
    credit_ns: f64,
    /// Segments since something was tried.
    since_try: usize,
}

/// What is known of a backend.
#[derive(Debug, Default)]
struct Known {
    model: Model,
    runs: usize,
}

impl Auto {
    pub fn new(backends: usize) -> Self {
        Self { backends: (0..backends).map(|_| Known::default()).collect(), credit_ns: 0., since_try: 0 }
    }

    /// Of those that are `able`, by number; the first where none is.
    pub fn choose(&self, features: &Features, able: &[bool]) -> Decision {
        let predictions: Vec<Prediction> = self.backends.iter().map(|known| known.model.predict(features)).collect();
        let time_ns = |backend: &usize| predictions[*backend].time_ns;
        let able: Vec<usize> = (0..predictions.len()).filter(|backend| able[*backend]).collect();
        let least = |a: &usize, b: &usize| time_ns(a).total_cmp(&time_ns(b));
        let best = able.iter().copied().min_by(least).unwrap_or(0);
        let tried = if able.len() > 1 { self.to_try(&predictions, &able, best) } else { None };
        let reason = match tried {
            _ if able.len() <= 1 => Reason::Only,
            Some(_) => Reason::Tried,
            None => Reason::Fastest,
        };
        let predicted_ns = (0..predictions.len()).map(|backend| time_ns(&backend)).collect();
        Decision { backend: tried.unwrap_or(best), reason, predicted_ns, best_ns: time_ns(&best) }
    }

    /// Who has hardly been tried; or of whom too little is known by now, and who can be tried for what that may cost.
    fn to_try(&self, predictions: &[Prediction], able: &[usize], best: usize) -> Option<usize> {
        let fresh = able.iter().copied().filter(|backend| self.backends[*backend].runs < TRIES);
        if let Some(fresh) = fresh.min_by_key(|backend| self.backends[*backend].runs) {
            return Some(fresh);
        }
        if self.since_try < PAUSE {
            return None;
        }
        let best_ns = predictions[best].time_ns;
        let is_doubtful = |backend: &usize| {
            let Prediction { time_ns, spread_ns } = predictions[*backend];
            let may_be_best = time_ns - HOPE * spread_ns < best_ns;
            spread_ns > DOUBT * time_ns && may_be_best || self.backends[*backend].model.is_surprised()
        };
        let price_ns = |backend: &usize| predictions[*backend].time_ns - best_ns;
        let others = able.iter().copied().filter(|backend| *backend != best && is_doubtful(backend));
        let most_ns = self.credit_ns.max(TRIFLE * best_ns);
        others.filter(|backend| price_ns(backend) <= most_ns).min_by(|a, b| price_ns(a).total_cmp(&price_ns(b)))
    }

    /// The segment was cleared as decided, and took so long; `ready_ns` went by before, to get ready.
    pub fn learn(&mut self, features: &Features, decision: &Decision, measured_ns: f64, ready_ns: f64) {
        self.backends.iter_mut().for_each(|known| known.model.age());
        let known = &mut self.backends[decision.backend];
        known.model.learn(features, measured_ns);
        known.runs += 1;
        self.credit_ns += SHARE * measured_ns;
        self.since_try = if decision.reason == Reason::Tried { 0 } else { self.since_try + 1 };
        if decision.reason == Reason::Tried && known.runs > TRIES {
            self.credit_ns -= (ready_ns + measured_ns - decision.best_ns).max(0.);
        }
    }
}
