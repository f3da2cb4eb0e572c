//! What a call may ask of its cells whatever these hold: over all leaves that its inputs leave open.

use super::guard::Term;
use super::walk::{Walk, Walker};
use crate::ir::expr::ExprId;
use crate::ir::kernel::{Kernel, KeyId};
use alloy_primitives::U256;

/// Amounts that are added up.
pub type Sum = Vec<Term>;

/// What is asked of a key's cell: the most of some sums, down and up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    pub key: KeyId,
    pub down: Vec<Sum>,
    pub up: Vec<Sum>,
}

impl Walker {
    /// `None` where an amount hangs on cells. `bit` says how the inputs decide.
    pub fn asks(&self, kernel: &Kernel, bit: &dyn Fn(usize) -> bool) -> Option<Vec<Ask>> {
        let mut asks = Vec::new();
        let mut open = vec![&self.root];
        while let Some(walk) = open.pop() {
            match walk {
                Walk::Bit { bit: at, yes, no } => {
                    open.push(if bit(*at) { yes } else { no });
                    continue;
                }
                Walk::Guard { guard, .. } => add(kernel, &mut asks, guard.key, guard.down.clone(), guard.up.clone())?,
                Walk::Leaf { effects, .. } => {
                    let sum = |words: &[ExprId]| words.iter().map(|word| Term::Word(*word)).collect();
                    effects.iter().try_for_each(|effect| add(kernel, &mut asks, effect.key, sum(&effect.debits), sum(&effect.credits)))?;
                }
                Walk::Read { .. } | Walk::Sentinel { .. } => {}
            }
            open.extend(walk.below());
        }
        Some(asks)
    }
}

fn add(kernel: &Kernel, asks: &mut Vec<Ask>, key: KeyId, down: Sum, up: Sum) -> Option<()> {
    let at = asks.iter().position(|ask| ask.key == key).unwrap_or_else(|| {
        asks.push(Ask { key, down: vec![], up: vec![] });
        asks.len() - 1
    });
    let ask = &mut asks[at];
    for (sums, sum) in [(&mut ask.down, down), (&mut ask.up, up)] {
        let mut sum = folded(kernel, sum)?;
        sum.sort_unstable();
        if !sum.is_empty() && !sums.contains(&sum) {
            sums.push(sum);
        }
    }
    Some(())
}

/// The constants of a sum as one, as far as they fit a word.
fn folded(kernel: &Kernel, sum: Sum) -> Option<Sum> {
    let (mut folded, mut constant) = (Vec::new(), U256::ZERO);
    for term in sum {
        let value = match term {
            Term::Word(word) if kernel.exprs.has_loads(word) => return None,
            Term::Word(word) => kernel.exprs.as_const(word),
            Term::Const(value) => Some(value),
        };
        match value.and_then(|value| constant.checked_add(value)) {
            Some(sum) => constant = sum,
            None => folded.push(term),
        }
    }
    folded.extend((!constant.is_zero()).then_some(Term::Const(constant)));
    Some(folded)
}
