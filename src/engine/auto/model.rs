//! What a backend takes to clear a segment, foreseen from what is known before it runs: so much for each thing that there is to do. The
//! weights are learned from every segment that the backend clears, by a Kalman filter: what they are is uncertain, more so with every segment
//! that goes by, and a measurement moves those that it tells something of. No weight falls below 0. No time passes here.

/// What there is to do for a segment, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Features {
    /// Dispatches of a device, for kernels and levels.
    pub dispatches: usize,
    /// Rows that are cleared.
    pub clear_rows: usize,
    /// Rows of waves.
    pub wave_rows: usize,
    /// Calls that are left to the line.
    pub line_calls: usize,
    /// Cells that are touched.
    pub cells: usize,
    /// Rows that use the most used cell.
    pub hottest: usize,
}

/// One for the submission, and one a feature.
const TERMS: usize = 7;

/// What a submission and one of each feature takes, in nanoseconds, as far as anybody knows before the first segment.
const GUESSES_NS: [f64; TERMS] = [5_000., 500., 5., 50., 5., 2., 1.];

/// How far from a guess a weight may well be, as a share of it.
const UNKNOWN: f64 = 2.;

/// How much a weight may change from one segment to the next, as a share of it.
const DRIFT: f64 = 0.03;

/// By how much times of the same work differ, as a share of them.
const NOISE: f64 = 0.1;

/// Beyond so many times the deviation that is to be expected, something has happened.
const SURPRISE: f64 = 4.;

impl Features {
    /// In nanoseconds, if all were as guessed.
    fn terms(&self) -> [f64; TERMS] {
        let Self { dispatches, clear_rows, wave_rows, line_calls, cells, hottest } = *self;
        let counts = [1, dispatches, clear_rows, wave_rows, line_calls, cells, hottest];
        std::array::from_fn(|term| counts[term] as f64 * GUESSES_NS[term])
    }
}

/// What a backend is expected to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    pub time_ns: f64,
    /// The standard deviation that comes of not knowing the weights.
    pub spread_ns: f64,
}

/// The weights of one backend, as shares of the guesses.
#[derive(Debug, Clone)]
pub struct Model {
    weights: [f64; TERMS],
    covariance: [[f64; TERMS]; TERMS],
    /// The last time was far off, this way or that.
    surprised: Option<bool>,
}

impl Default for Model {
    fn default() -> Self {
        let mut model = Self { weights: [1.; TERMS], covariance: [[0.; TERMS]; TERMS], surprised: None };
        model.doubt();
        model
    }
}

impl Model {
    pub fn predict(&self, features: &Features) -> Prediction {
        let terms = features.terms();
        let time_ns = dot(&self.weights, &terms);
        Prediction { time_ns, spread_ns: dot(&terms, &self.covary(&terms)).max(0.).sqrt() }
    }

    /// The last time was far from what was expected.
    pub fn is_surprised(&self) -> bool {
        self.surprised.is_some()
    }

    /// A segment has gone by, whoever cleared it.
    pub fn age(&mut self) {
        for (term, weight) in self.weights.iter().enumerate() {
            let (variance, weight) = (&mut self.covariance[term][term], weight.max(DRIFT));
            if *variance < (UNKNOWN * weight.max(1.)).powi(2) {
                *variance += (DRIFT * weight).powi(2);
            }
        }
    }

    /// The backend has taken so long. One time that is far off may be an accident, and counts as what was just to be expected; two running
    /// say that the backend is no longer what it was.
    pub fn learn(&mut self, features: &Features, measured_ns: f64) {
        let terms = features.terms();
        let expected_ns = dot(&self.weights, &terms);
        // Half of it is what was expected: a single long time must not pass for noise.
        let noise_ns = (NOISE * (measured_ns + expected_ns) / 2.).max(1.);
        let most_ns = SURPRISE * (dot(&terms, &self.covary(&terms)).max(0.) + noise_ns * noise_ns).sqrt();
        let off_ns = measured_ns - expected_ns;
        let surprised = (off_ns.abs() > most_ns).then_some(off_ns > 0.);
        if surprised.is_some() && surprised == self.surprised {
            self.doubt();
            self.correct(&terms, measured_ns, noise_ns);
        } else {
            self.correct(&terms, expected_ns + off_ns.clamp(-most_ns, most_ns), noise_ns);
        }
        self.surprised = surprised;
    }

    /// Moves the weights towards a time. Those that would fall below 0 are held there, and the others have to account for it without them.
    fn correct(&mut self, terms: &[f64; TERMS], time_ns: f64, noise_ns: f64) {
        let mut free = *terms;
        loop {
            let covaried = self.covary(&free);
            let variance = dot(&free, &covaried) + noise_ns * noise_ns;
            let off_ns = time_ns - dot(&self.weights, terms);
            let moved: [f64; TERMS] = std::array::from_fn(|term| self.weights[term] + covaried[term] / variance * off_ns);
            if moved.iter().all(|weight| *weight >= 0.) {
                self.weights = moved;
                for (row, covariance) in self.covariance.iter_mut().enumerate() {
                    covariance.iter_mut().zip(&covaried).for_each(|(cell, column)| *cell -= covaried[row] * column / variance);
                }
                return;
            }
            for term in (0..TERMS).filter(|term| moved[*term] < 0.) {
                (self.weights[term], free[term]) = (0., 0.);
                self.part(term);
            }
        }
    }

    /// What is learned of other weights says nothing of this one any more.
    fn part(&mut self, term: usize) {
        for other in (0..TERMS).filter(|other| *other != term) {
            self.covariance[term][other] = 0.;
            self.covariance[other][term] = 0.;
        }
    }

    /// Nothing is sure but the weights' magnitude.
    fn doubt(&mut self) {
        self.covariance = [[0.; TERMS]; TERMS];
        for (term, weight) in self.weights.iter().enumerate() {
            self.covariance[term][term] = (UNKNOWN * weight.max(DRIFT)).powi(2);
        }
    }

    fn covary(&self, terms: &[f64; TERMS]) -> [f64; TERMS] {
        self.covariance.map(|row| dot(&row, terms))
    }
}

fn dot(a: &[f64; TERMS], b: &[f64; TERMS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
