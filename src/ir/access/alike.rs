//! Words that are one in a call that is cleared: they differ only in what their loads may see of the call's own stores, and there no store
//! hits a load. Compilers ask such things again on every path, so a walk is full of them.

use super::Walk;
use crate::ir::expr::{Expr, ExprId, Preimage};
use crate::ir::kernel::{Kernel, KeyId};
use std::collections::{BTreeSet, HashMap};

/// Finds for each word of a walk the first that is alike.
pub struct Alike(HashMap<ExprId, ExprId>);

/// A word as it looks to a call that is cleared.
#[derive(PartialEq, Eq, Hash)]
enum Look {
    Value(KeyId),
    Of(Expr),
}

impl Alike {
    pub fn new(kernel: &Kernel, walk: &Walk) -> Self {
        let mut words = BTreeSet::new();
        collect(walk, &mut |word| reach(kernel, word, &mut words));
        let mut alike = Self(HashMap::new());
        let mut looks = HashMap::new();
        // Children have smaller ids than parents.
        for word in words {
            let first = *looks.entry(alike.look(kernel, word)).or_insert(word);
            alike.0.insert(word, first);
        }
        alike
    }

    pub fn first(&self, word: ExprId) -> ExprId {
        self.0.get(&word).copied().unwrap_or(word)
    }

    fn look(&self, kernel: &Kernel, word: ExprId) -> Look {
        Look::Of(match kernel.exprs.get(word) {
            Expr::Load(load) => return Look::Value(kernel.load(*load).key),
            Expr::Unary(op, a) => Expr::Unary(*op, self.first(*a)),
            Expr::Binary(op, a, b) => Expr::Binary(*op, self.first(*a), self.first(*b)),
            Expr::Ternary(op, operands) => Expr::Ternary(*op, operands.map(|operand| self.first(operand))),
            Expr::Keccak(preimage) => {
                Expr::Keccak(Preimage { words: preimage.words.iter().map(|word| self.first(*word)).collect(), ..*preimage })
            }
            other => other.clone(),
        })
    }
}

/// Every word that a walk names.
fn collect(walk: &Walk, visit: &mut impl FnMut(ExprId)) {
    walk.words().into_iter().for_each(&mut *visit);
    walk.below().into_iter().for_each(|walk| collect(walk, visit));
}

/// Adds what hangs on loads of `word` and below it.
fn reach(kernel: &Kernel, word: ExprId, words: &mut BTreeSet<ExprId>) {
    let mut pending = vec![word];
    while let Some(word) = pending.pop() {
        if kernel.exprs.has_loads(word) && words.insert(word) {
            pending.extend(kernel.exprs.children(word));
        }
    }
}
