//! Courses: the ways through a walk that the bits of a row decide alone, as most do. Rows of one course are gone through column by column,
//! and nothing is decided row by row.

use super::rows::{Choice, Operand, Plan, Step};

/// Where rows with the same bits end, and what they demand.
#[derive(Clone)]
pub(super) struct Course {
    pub leaf: u32,
    /// They demand exactly what they apply.
    pub exact: bool,
    pub demands: Vec<Demand>,
}

/// The amount of a parameter, demanded of a key; the side is 0 for down, 1 for up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    pub key: usize,
    pub side: usize,
    pub param: usize,
}

impl Course {
    /// The course of rows with these bits; `None` where cells decide as well, or where what is demanded is more than a parameter.
    pub fn new(plan: &Plan, bits: u32) -> Option<Self> {
        let mut demands = Vec::new();
        let (leaf, exact) = follow(&plan.root, bits, &mut demands)?;
        Some(Self { leaf, exact, demands })
    }
}

/// Where the walk ends; what it demands on all its ways goes into `demands`.
fn follow(mut step: &Step, bits: u32, demands: &mut Vec<Demand>) -> Option<(u32, bool)> {
    loop {
        let asks = match step {
            Step::Choose { choice: Choice::Bit(bit), yes, no } => {
                step = if bits >> bit & 1 == 1 { yes } else { no };
                continue;
            }
            Step::Choose { .. } | Step::Sentinel { .. } => return None,
            Step::Guard { asks, .. } => asks,
            Step::End(end) => &end.asks,
        };
        for ask in asks {
            let [Operand::Param(param)] = ask.terms[..] else { return None };
            let demand = Demand { key: ask.key, side: ask.side, param };
            // Of several amounts the most counts, which only the row knows.
            if demands.iter().any(|known| (known.key, known.side) == (demand.key, demand.side) && *known != demand) {
                return None;
            }
            if !demands.contains(&demand) {
                demands.push(demand);
            }
        }
        step = match step {
            Step::Guard { pass, fail, .. } => {
                if let Some(fail) = fail {
                    follow(fail, bits, demands)?;
                }
                pass
            }
            Step::End(end) => return Some((end.leaf, end.exact)),
            Step::Choose { .. } | Step::Sentinel { .. } => return None,
        };
    }
}
