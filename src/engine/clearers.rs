//! The backends that an engine may clear with: one that was asked for, or all that there are, of which one is chosen a clearing. What levels
//! and calls cost on each is kept beside it.

use super::auto::{Auto, Features, Reason};
use super::backend::Backend;
use crate::error::Result;
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{self, Capacity, Device};
use crate::exec::segment::{Cleared, Clearing, Segment, Stages};
use crate::lower;
use crate::plan::classes::Plan;
use crate::plan::waves::Costs;

/// The stage that makes what is needed for the first time, such as pipelines.
const READY: &str = "prepare";

/// Who cleared, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub backend: Backend,
    pub reason: Reason,
    /// What each backend that there is was foreseen to take, in nanoseconds; empty where one was asked for.
    pub predicted_ns: Vec<(Backend, f64)>,
    /// What it took, in nanoseconds; without checks, and without what is made when it is first needed, such as pipelines.
    pub measured_ns: u64,
}

/// A backend that clears.
pub(super) struct Clearer {
    backend: Backend,
    name: String,
    clearing: Box<dyn Clearing + Send>,
    /// That of a device.
    capacity: Option<Capacity>,
    /// It has failed where another could go on.
    lost: bool,
    costs: Costs,
}

impl Clearer {
    pub(super) fn cpu() -> Self {
        Self::new(Backend::Cpu, "cpu".to_string(), Box::new(Cpu::default()), None)
    }

    pub(super) fn gpu(adapter: Option<&str>) -> Result<Self> {
        let choice = adapter.map_or(gpu::Choice::Auto, gpu::Choice::from);
        let device = Device::new(&choice, lower::JUDGE, lower::SETTLE)?;
        let name = format!("gpu ({}, {})", device.adapter().name, device.adapter().kind);
        let capacity = device.capacity();
        Ok(Self::new(Backend::Gpu, name, Box::new(device), Some(capacity)))
    }

    pub(super) fn new(backend: Backend, name: String, clearing: Box<dyn Clearing + Send>, capacity: Option<Capacity>) -> Self {
        Self { backend, name, clearing, capacity, lost: false, costs: Costs::default() }
    }

    fn is_able(&self, segment: &Segment) -> bool {
        !self.lost && self.capacity.is_none_or(|capacity| capacity.holds(segment))
    }

    fn clear(&mut self, plan: &Plan) -> Result<(Cleared, Stages)> {
        let cleared = self.clearing.clear(&plan.segment)?;
        let stages = self.clearing.stages();
        if !(plan.ordered.is_empty() && plan.segment.waves.levels.is_empty()) {
            if !self.costs.knows_levels() {
                self.costs.learn_level(self.clearing.level_ns()?);
            }
            self.costs.learn_waves(plan, &stages);
        }
        Ok((cleared, stages))
    }
}

/// One backend, or several to choose from.
pub(super) struct Clearers {
    list: Vec<Clearer>,
    auto: Auto,
    asked: bool,
    /// Who cleared last.
    last: usize,
}

impl Clearers {
    /// The one that was asked for.
    pub(super) fn one(clearer: Clearer) -> Self {
        Self { list: vec![clearer], auto: Auto::new(1), asked: true, last: 0 }
    }

    /// Those that there are.
    pub(super) fn of(list: Vec<Clearer>) -> Self {
        Self { auto: Auto::new(list.len()), list, asked: false, last: 0 }
    }

    pub(super) fn name(&self) -> String {
        let names: Vec<&str> = self.list.iter().map(|clearer| clearer.name.as_str()).collect();
        names.join(" or ")
    }

    /// Those who cleared, by name.
    pub(super) fn names(&self, choices: &[Choice]) -> String {
        let ran = |clearer: &&Clearer| choices.iter().any(|choice| choice.backend == clearer.backend);
        let names: Vec<&str> = self.list.iter().filter(ran).map(|clearer| clearer.name.as_str()).collect();
        if names.is_empty() { self.name() } else { names.join(" and ") }
    }

    /// Whether anybody can clear the segment at once.
    pub(super) fn hold(&self, segment: &Segment) -> bool {
        self.list.iter().any(|clearer| clearer.is_able(segment))
    }

    /// Gives back what came of the last clearing.
    pub(super) fn recycle(&mut self, cleared: Cleared) {
        self.list[self.last].clearing.recycle(cleared);
    }

    /// What levels and calls cost. Calls that keep an order are shared out before anybody is chosen, as for who cleared last.
    pub(super) fn costs(&self) -> &Costs {
        &self.list[self.last].costs
    }

    /// So many kernels took so long in the line, which is the same whoever clears.
    pub(super) fn learn_line(&mut self, calls: usize, spent_ns: u64) {
        self.list.iter_mut().for_each(|clearer| clearer.costs.learn_line(calls, spent_ns));
    }

    /// Clears on the backend that is foreseen to be the fastest. One that fails is not asked again where another can go on.
    pub(super) fn clear(&mut self, plan: &Plan) -> Result<(Cleared, Stages, Choice)> {
        // One alone is not worth counting for.
        let features = if self.list.len() > 1 { Features::of(plan) } else { Features::default() };
        loop {
            let able: Vec<bool> = self.list.iter().map(|clearer| clearer.is_able(&plan.segment)).collect();
            let decision = self.auto.choose(&features, &able);
            let clearer = &mut self.list[decision.backend];
            let (cleared, stages) = match clearer.clear(plan) {
                Err(error) if error.is_device() && able.iter().filter(|able| **able).count() > 1 => {
                    log::warn!("auto does without {}: {error}", clearer.name);
                    clearer.lost = true;
                    continue;
                }
                result => result?,
            };
            let (ready, work): (Vec<_>, Vec<_>) = stages.iter().partition(|(stage, _)| *stage == READY);
            let sum = |stages: &[&(&str, u64)]| stages.iter().map(|(_, spent_ns)| spent_ns).sum::<u64>();
            let measured_ns = sum(&work);
            self.auto.learn(&features, &decision, measured_ns as f64, sum(&ready) as f64);
            self.last = decision.backend;
            let backends = self.list.iter().map(|clearer| clearer.backend);
            let (reason, predicted_ns) = match self.asked {
                true => (Reason::Asked, vec![]),
                false => (decision.reason, backends.zip(decision.predicted_ns).collect()),
            };
            return Ok((cleared, stages, Choice { backend: self.list[self.last].backend, reason, predicted_ns, measured_ns }));
        }
    }
}
