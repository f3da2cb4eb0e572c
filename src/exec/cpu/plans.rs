//! The plans of kernels that have been cleared before. Making one takes longer than clearing a few rows with it.

use super::rows::Plan;
use crate::exec::segment::Segment;
use crate::plan::segment::Program;
use std::collections::HashMap;
use std::sync::Arc;

/// Kernels whose plans are kept.
const KEPT: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Plans {
    /// By the place of the program, which stays there as long as it is held.
    kept: HashMap<usize, (Arc<Program>, Arc<Plan>), ahash::RandomState>,
}

impl Plans {
    /// How the rows of each stream are walked.
    pub fn of(&mut self, segment: &Segment) -> Vec<Arc<Plan>> {
        if self.kept.len() > KEPT {
            self.kept.clear();
        }
        let plan = |program: &Arc<Program>| {
            let made = || (program.clone(), Arc::new(Plan::new(&program.kernel, &program.walker)));
            self.kept.entry(Arc::as_ptr(program).addr()).or_insert_with(made).1.clone()
        };
        segment.streams.iter().map(|stream| &stream.program).map(plan).collect()
    }
}
