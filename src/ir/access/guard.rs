//! Recognises conditions that hold in every order as long as their cell covers what calls ask of it: guards, and tests of a sentinel. What a
//! guard asks that its call also takes adds up over calls; the rest is a bound, which counts once a cell however many calls have it.

use super::linear::{Change, Linear, View};
use crate::ir::expr::{Binary, Expr, ExprId, Input};
use crate::ir::kernel::{Kernel, KeyId, Node, NodeId};
use alloy_primitives::U256;
use std::collections::HashMap;

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term {
    Word(ExprId),
    Const(U256),
}

impl Term {
    pub fn word(&self) -> Option<ExprId> {
        match self {
            Self::Word(word) => Some(*word),
            Self::Const(_) => None,
        }
    }
}

/// A condition that holds in every order as long as the cell's value covers `down`, leaves room for `up`, and keeps to `bound` all along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    pub key: KeyId,
    /// What the guard asks to be there, and what the call had itself taken by then.
    pub down: Vec<Term>,
    /// What the guard asks room for, and what the call had itself added by then.
    pub up: Vec<Term>,
    pub bound: Option<Bound>,
    /// The condition's truth where the guard passes.
    pub pass: bool,
    /// The call had itself debited or credited the cell by then.
    pub taken: bool,
}

impl Guard {
    /// The amount that the cell itself has to hold for the guard to pass, where that is all it asks.
    pub fn floor(&self) -> Option<Term> {
        let bound = self.bound.is_none_or(|bound| bound.side == Side::Floor && bound.limit == Term::Const(U256::ZERO));
        match self.down[..] {
            [amount] if bound && !self.taken && self.up.is_empty() => Some(amount),
            _ => None,
        }
    }

    /// The words that say what it asks.
    pub fn words(&self) -> impl Iterator<Item = ExprId> + '_ {
        let limit = self.bound.iter().map(|bound| &bound.limit);
        self.down.iter().chain(&self.up).chain(limit).filter_map(Term::word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Floor,
    Ceiling,
}

/// What a cell's value must not go below, or not above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bound {
    pub side: Side,
    pub limit: Term,
    /// The value must not reach the limit either.
    pub strict: bool,
}

impl Bound {
    /// The limit, where it is the same for all calls.
    pub fn fixed(&self, kernel: &Kernel) -> Option<U256> {
        match self.limit {
            Term::Word(word) => kernel.exprs.as_const(word),
            Term::Const(value) => Some(value),
        }
    }

    /// What has to stay in the cell under a floor, or free above it under a ceiling; `None` where no value keeps to the bound.
    pub fn held(&self, limit: U256) -> Option<U256> {
        let held = if self.side == Side::Floor { limit } else { !limit };
        held.checked_add(U256::from(self.strict))
    }
}

/// A condition on a netted cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    Guard(Guard),
    /// Whether the cell is MAX.
    Sentinel(KeyId),
}

/// For each condition whether its two sides, yes and no, come to leaves that store anything.
pub(super) fn leads(kernel: &Kernel) -> HashMap<ExprId, [bool; 2]> {
    let mut stores = vec![false; kernel.nodes.len()];
    let mut leads: HashMap<ExprId, [bool; 2]> = HashMap::new();
    // Children come first.
    for index in 0..kernel.nodes.len() {
        stores[index] = match kernel.node(NodeId::from_index(index)) {
            Node::Leaf(leaf) => !kernel.leaf(leaf).stores.is_empty(),
            Node::Branch { condition, yes, no } => {
                let sides = [stores[yes.index()], stores[no.index()]];
                let known = leads.entry(condition).or_default();
                *known = [known[0] || sides[0], known[1] || sides[1]];
                sides[0] || sides[1]
            }
        };
    }
    leads
}

impl View<'_> {
    /// What `condition` tests, where it is a guard or a sentinel test of a cell that is debited or credited somewhere.
    pub fn test(&self, condition: ExprId) -> Option<Test> {
        let loads = self.kernel.exprs.loads(condition).into_iter();
        let mut keys: Vec<KeyId> = loads.map(|load| self.kernel.load(load).key).collect();
        keys.dedup_by_key(|key| self.class(*key));
        keys.into_iter().find_map(|key| (!self.netted(key).is_empty()).then(|| self.test_of(key, condition)).flatten())
    }

    fn test_of(&self, key: KeyId, condition: ExprId) -> Option<Test> {
        let class = self.class(key);
        let exprs = &self.kernel.exprs;
        match *exprs.get(condition) {
            Expr::Binary(Binary::Lt, a, b) => self
                .sum_guard(key, a, b)
                .or_else(|| self.order_guard(key, condition, a, b))
                .or_else(|| self.room_guard(key, condition, a, b)),
            Expr::Binary(Binary::Eq, a, b) => {
                let linear = self.linear(b, class).filter(|_| exprs.as_const(a) == Some(U256::MAX))?;
                match (self.debited(key), linear == Linear::default()) {
                    (true, true) => Some(Test::Sentinel(key)),
                    (true, false) => None,
                    // `MAX` cannot be incremented.
                    (false, _) => Some(self.ceiling(key, linear, vec![], Term::Const(U256::MAX), true, false)),
                }
            }
            // Some bit from this one on.
            Expr::Binary(Binary::Shr, by, word) => {
                let bits = exprs.as_const(by).filter(|by| *by < U256::from(256))?;
                let limit = (U256::ONE << bits.to::<usize>()) - U256::ONE;
                Some(self.ceiling(key, self.linear(word, class)?, vec![], Term::Const(limit), false, false))
            }
            // Not zero.
            _ if self.debited(key) => Some(self.floor(key, self.linear(condition, class)?, Term::Const(U256::ZERO), true, true)),
            _ => None,
        }
    }

    /// `value + amount < value`: it wrapped.
    fn sum_guard(&self, key: KeyId, sum: ExprId, term: ExprId) -> Option<Test> {
        let class = self.class(key);
        let Expr::Binary(Binary::Add, p, q) = *self.kernel.exprs.get(sum) else {
            return None;
        };
        if term != p && term != q {
            return None;
        }
        [(p, q), (q, p)].into_iter().find_map(|(value, amount)| {
            let taken = self.linear(value, class).filter(|_| self.independent(amount, class))?;
            Some(self.guard(key, taken, (vec![], vec![Term::Word(amount)]), None, false))
        })
    }

    /// `value < limit`, or `limit < value`. Which side passes says whether it is a floor: the one that stores something.
    fn order_guard(&self, key: KeyId, condition: ExprId, a: ExprId, b: ExprId) -> Option<Test> {
        let class = self.class(key);
        let passes = self.passes(condition);
        if let Some(taken) = self.linear(a, class).filter(|_| self.independent(b, class)) {
            return Some(match passes.unwrap_or(!self.debited(key)) {
                false => self.floor(key, taken, Term::Word(b), false, false),
                true => self.ceiling(key, taken, vec![], Term::Word(b), true, true),
            });
        }
        let taken = self.linear(b, class).filter(|_| self.independent(a, class))?;
        Some(match passes.unwrap_or(self.debited(key)) {
            true => self.floor(key, taken, Term::Word(a), true, true),
            false => self.ceiling(key, taken, vec![], Term::Word(a), false, false),
        })
    }

    /// `limit - value < amount`: no room for it below the limit.
    fn room_guard(&self, key: KeyId, condition: ExprId, rest: ExprId, amount: ExprId) -> Option<Test> {
        let class = self.class(key);
        let Expr::Binary(Binary::Sub, limit, value) = *self.kernel.exprs.get(rest) else {
            return None;
        };
        let fits = self.passes(condition) != Some(true) && self.independent(limit, class) && self.independent(amount, class);
        let taken = self.linear(value, class).filter(|_| fits)?;
        Some(self.ceiling(key, taken, vec![Term::Word(amount)], Term::Word(limit), false, false))
    }

    /// The truth of a condition on the way to stores, where only one is.
    fn passes(&self, condition: ExprId) -> Option<bool> {
        match self.leads(condition) {
            [true, false] => Some(true),
            [false, true] => Some(false),
            _ => None,
        }
    }

    /// The value must not go below `limit`, of which the call may take a part itself.
    fn floor(&self, key: KeyId, taken: Linear, limit: Term, strict: bool, pass: bool) -> Test {
        let exprs = &self.kernel.exprs;
        let takes = |words: &[ExprId]| self.applies(key, |change| &change.debits, &taken.debits, words);
        let floor = |limit: Term, strict: bool| Bound { side: Side::Floor, limit, strict };
        let above = strict.then(|| floor(Term::Const(U256::ZERO), true));
        let (asked, bound): (Vec<ExprId>, Option<Bound>) = match limit {
            Term::Word(word) if takes(&[word]) => (vec![word], above),
            Term::Word(word) => match *exprs.get(word) {
                Expr::Binary(Binary::Add, a, b) if takes(&[a, b]) => (vec![a, b], above),
                Expr::Binary(Binary::Add, a, b) if takes(&[a]) => (vec![a], Some(floor(Term::Word(b), strict))),
                Expr::Binary(Binary::Add, a, b) if takes(&[b]) => (vec![b], Some(floor(Term::Word(a), strict))),
                // An amount that is taken in another spelling.
                _ if self.is_given(word) => (vec![word], above),
                _ => (vec![], Some(floor(limit, strict))),
            },
            Term::Const(U256::ZERO) => match self.one(key, |change| &change.debits, &taken.debits) {
                Some(one) if strict => (vec![one], None),
                _ => (vec![], above),
            },
            Term::Const(_) => (vec![], Some(floor(limit, strict))),
        };
        self.guard(key, taken, (asked.into_iter().map(Term::Word).collect(), vec![]), bound, pass)
    }

    /// The value and what is `asked` must not go above `limit`.
    fn ceiling(&self, key: KeyId, taken: Linear, mut asked: Vec<Term>, limit: Term, strict: bool, pass: bool) -> Test {
        let one = self.one(key, |change| &change.credits, &taken.credits).filter(|_| strict);
        asked.extend(one.map(Term::Word));
        let bound = Bound { side: Side::Ceiling, limit, strict: strict && one.is_none() };
        let bound = (bound.strict || limit != Term::Const(U256::MAX)).then_some(bound);
        self.guard(key, taken, (vec![], asked), bound, pass)
    }

    /// `asked` are down and up.
    fn guard(&self, key: KeyId, taken: Linear, asked: (Vec<Term>, Vec<Term>), bound: Option<Bound>, pass: bool) -> Test {
        let some = !(taken.debits.is_empty() && taken.credits.is_empty());
        let terms = |taken: Vec<ExprId>, asked| taken.into_iter().map(Term::Word).chain(asked).collect();
        Test::Guard(Guard { key, down: terms(taken.debits, asked.0), up: terms(taken.credits, asked.1), bound, pass, taken: some })
    }

    /// Whether some leaf applies `words` to the cell beside what has been `taken` before.
    fn applies(&self, key: KeyId, side: impl Fn(&Change) -> &Vec<ExprId>, taken: &[ExprId], words: &[ExprId]) -> bool {
        self.netted(key).iter().any(|change| {
            let mut open = side(change).clone();
            taken.iter().chain(words).all(|word| super::uses::remove(&mut open, word))
        })
    }

    /// A constant 1 that some leaf applies beside what has been `taken` before.
    fn one(&self, key: KeyId, side: impl Fn(&Change) -> &Vec<ExprId> + Copy, taken: &[ExprId]) -> Option<ExprId> {
        let words = self.netted(key).iter().flat_map(side);
        let mut ones = words.filter(|word| self.kernel.exprs.as_const(**word) == Some(U256::ONE));
        ones.find(|one| self.applies(key, side, taken, &[**one])).copied()
    }

    /// Whether `word` is computed from what the call brings for itself: more of an amount than a limit.
    fn is_given(&self, word: ExprId) -> bool {
        let exprs = &self.kernel.exprs;
        matches!(exprs.get(word), Expr::Input(Input::Calldata(_) | Input::Value))
            || exprs.children(word).into_iter().any(|child| self.is_given(child))
    }

    fn debited(&self, key: KeyId) -> bool {
        self.netted(key).iter().any(|change| !change.debits.is_empty())
    }
}
