//! A tree of decisions, as it is written: one half of a branch inside it, the other after it.

use crate::ir::{ExprId, KeyId};

/// What a row decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Test {
    /// A bit of the row.
    Bit(usize),
    /// Whether a word that hangs on cells is not zero.
    Word(ExprId),
    /// Whether the key's cell is MAX.
    Sentinel(KeyId),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree<E> {
    Decide { test: Test, yes: Box<Tree<E>>, no: Box<Tree<E>> },
    End(E),
}

impl<E: PartialEq> Tree<E> {
    /// A decision that makes no difference is none.
    pub fn decide(test: Test, yes: Self, no: Self) -> Self {
        if yes == no { yes } else { Self::Decide { test, yes: Box::new(yes), no: Box::new(no) } }
    }

    /// The same decisions with other ends.
    pub fn map<F: PartialEq>(&self, end: &impl Fn(&E) -> F) -> Tree<F> {
        match self {
            Self::Decide { test, yes, no } => Tree::decide(*test, yes.map(end), no.map(end)),
            Self::End(e) => Tree::End(end(e)),
        }
    }

    pub fn ends(&self) -> usize {
        match self {
            Self::Decide { yes, no, .. } => yes.ends() + no.ends(),
            Self::End(_) => 1,
        }
    }
}
