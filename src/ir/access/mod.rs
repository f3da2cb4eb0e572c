//! Access analysis: how a kernel uses each of its cells, and so what commutes. A debit and a credit commute as long as no guard on the
//! cell can fail; a read commutes with reads; anything else is a write and keeps its order.
//!
//! Modes are found leaf by leaf (`linear` recognises debits and credits, `guard` what guards them) and joined over the leaves that are still
//! open.
//! Which keys name one cell is given by the caller, since it is decided call by call.

mod alike;
mod guard;
mod linear;
mod uses;
mod walk;
mod wave;

pub use alike::Alike;
pub use guard::{Bound, Guard, Side, Term};
pub use walk::{Effect, NO_CELL, STORED_COST, Walk, Walker};
pub use wave::{DEVICE_COST, TOTAL_COST, Waver, device_cost};

use super::expr::ExprId;
use super::kernel::{Kernel, KeyId, LeafId, Node, NodeId, Outcome};
use alloy_primitives::U256;
use std::collections::BTreeSet;
use std::fmt;
use uses::{Uses, Views};

/// The mode of a key on one leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Stores its load plus an amount; other uses are guards against overflow.
    Credit,
    /// Stores its load less an amount; other uses are guards that the amount is there.
    Debit,
    /// Loaded and used in any other way.
    Read,
    /// Any other store.
    Write,
}

/// The lane that a kernel's calls can take at best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Best {
    /// Only reads, debits and credits.
    Clear,
    /// Writes, of keys that the call itself names: without an order where nobody else uses them.
    Wave,
    /// Keys that hang on words which the same kernel changes.
    Line,
    /// No success lowers.
    Fallback,
}

/// How a call may use a cell: the bits that are joined over its open leaves, and over the calls of a segment. The device reads the same bits.
pub mod flags {
    pub const READ: u32 = 1;
    pub const WRITE: u32 = 2;
    pub const DEBIT: u32 = 4;
    pub const CREDIT: u32 = 8;
    /// Some guard tests it.
    pub const GUARD: u32 = 16;
    /// Compared with MAX, which never decreases.
    pub const SENTINEL: u32 = 32;
    /// Debited other than where a sentinel test has failed.
    pub const PLAIN_DEBIT: u32 = 64;
    /// Shown in output or logs, which are made from the values in batch order when somebody asks: no order is needed for that.
    pub const SHOWN: u32 = 128;
    /// Stores to it, and a constant in the end: a read where the cell holds that constant before, else a write. Never reaches a device.
    pub const RESTORE: u32 = 256;
    /// Debited, and no guard has seen to it that the amount is there. Never reaches a device.
    pub const UNGUARDED: u32 = 512;
    /// Cleared, it would be counted wrong, whoever else uses it. Never reaches a device.
    pub const MISCOUNTED: u32 = 1_024;
    /// Of a cell: more than one call uses it, or one by several keys. Never reaches a device.
    pub const SHARED: u32 = 2_048;
    /// Of a cell: one call alone uses it, by one key, so that what is written to it orders nobody.
    pub const OWN: u32 = 4_096;

    /// Whoever has one of these may change it.
    pub const CHANGES: u32 = WRITE | DEBIT | CREDIT | RESTORE;

    /// Whoever has one of these counts in the totals.
    pub const NETTED: u32 = DEBIT | CREDIT | GUARD | SENTINEL;

    /// Whether calls that use a cell so need an order among them.
    pub const fn ordered(flags: u32) -> bool {
        flags & WRITE != 0 || (flags & (READ | RESTORE) != 0 && flags & NETTED != 0) || (flags & SENTINEL != 0 && flags & CREDIT != 0)
    }

    /// What a cell that is written comes to where nobody but one call uses it: one of that call's own. Whether that call's guards hold must
    /// not hang on it: an own cell is never short, so that whoever comes to it unforeseen is noticed.
    pub const fn alone(flags: u32) -> u32 {
        match flags & WRITE != 0 && flags & (NETTED | MISCOUNTED | RESTORE) == 0 {
            true => (flags & !(READ | WRITE)) | OWN,
            false => flags,
        }
    }
}

/// What a call may do, given what its inputs decide and which of its keys name one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// A key's flags, 0 where no open leaf touches it.
    pub flags: Vec<u32>,
    /// An open leaf escapes. Whether the call comes to it hangs on cells.
    pub escapes: bool,
    /// What guards ask of a key's cell, whoever else asks.
    pub bounds: Vec<(KeyId, Bound)>,
    /// The constants of keys with `flags::RESTORE`.
    pub restores: Vec<(KeyId, U256)>,
    /// The leaf, where no cell has a say in it and none is touched.
    pub leaf: Option<LeafId>,
    /// Whether some amount, or whether the call escapes, hangs on the key's cell.
    pub feeds: Vec<bool>,
    /// Whether the word of a key hangs on the key's cell.
    pub names: Vec<bool>,
    /// By key the first that names the same cell.
    pub class: Vec<usize>,
    /// Some keys name one cell, and the call may store to it.
    pub aliases: bool,
}

impl Shape {
    /// Whether the call can be cleared as far as it alone decides, unless it escapes.
    pub fn clears(&self) -> bool {
        self.flags.iter().all(|flags| !flags::ordered(*flags))
    }

    /// The same where nobody else uses the cells that it needs in order. `stored` says by key whether a walk stores what leaves write.
    pub fn clears_alone(&self, stored: &[bool]) -> bool {
        let mut uses = self.flags.iter().zip(stored);
        uses.all(|(flags, stored)| !flags::ordered(*flags) || (*stored && !flags::ordered(flags::alone(*flags))))
    }
}

/// The shape of calls for which `decided` answers conditions (`None`: open) on inputs, or on cells where they hold whenever the shape is used,
/// and where keys of equal `class` name one cell.
pub fn shape(kernel: &Kernel, class: &[usize], decided: &dyn Fn(ExprId) -> Option<bool>) -> Shape {
    let views = Views::new(kernel, class);
    let mut by_class = vec![0; kernel.keys.len()];
    let (mut touched, mut stored) = (vec![false; kernel.keys.len()], vec![false; kernel.keys.len()]);
    let (mut feeding, mut naming) = (vec![false; kernel.keys.len()], vec![false; kernel.keys.len()]);
    let (mut escapes, mut open) = (false, vec![]);
    let (mut bounds, mut restores) = (vec![], vec![]);
    each_leaf(kernel, decided, &mut |way, leaf| {
        open.push(leaf);
        escapes |= matches!(kernel.leaf(leaf).outcome, Outcome::Escape { .. });
        kernel.leaf(leaf).stores.iter().for_each(|store| stored[class[store.key.index()]] = true);
        let uses = Uses::of(&views, way, leaf);
        for (class, flags) in uses.flags {
            by_class[class] |= flags;
        }
        uses.keys.into_iter().for_each(|key| touched[key.index()] = true);
        uses.feeding.into_iter().for_each(|class| feeding[class] = true);
        uses.naming.into_iter().for_each(|class| naming[class] = true);
        bounds.extend(uses.bounds);
        restores.extend(uses.restores);
    });
    bounds.sort_unstable();
    bounds.dedup();
    restores.sort_unstable();
    restores.dedup();
    let flags = kernel.key_ids().map(|key| if touched[key.index()] { by_class[class[key.index()]] } else { 0 }).collect();
    let untouched = open.len() == 1 && !escapes && !touched.contains(&true);
    let feeds = class.iter().map(|class| feeding[*class] || (escapes && by_class[*class] & flags::READ != 0)).collect();
    let names = class.iter().map(|class| naming[*class]).collect();
    // What a load sees of an own store counts too, though the call reverts in the end.
    let seen = kernel.loads.iter().flat_map(|load| &load.shadows);
    seen.for_each(|store| stored[class[store.key.index()]] = true);
    let aliases = class.iter().enumerate().any(|(key, class)| key != *class && stored[*class]);
    Shape {
        flags,
        escapes,
        bounds,
        restores,
        leaf: open.first().copied().filter(|_| untouched),
        feeds,
        names,
        class: class.to_vec(),
        aliases,
    }
}

/// Calls `visit` for each leaf that is open, with the conditions on the way to it.
fn each_leaf(kernel: &Kernel, decided: &dyn Fn(ExprId) -> Option<bool>, visit: Visit<'_>) {
    descend(kernel, kernel.root(), &kernel.ends(), decided, &mut Way::default(), visit);
}

type Visit<'a> = &'a mut dyn FnMut(&Way, LeafId);

/// The way to a leaf.
#[derive(Debug, Default)]
struct Way {
    /// Conditions, and whether they hold.
    conditions: Vec<(ExprId, bool)>,
    /// Conditions after which all leaves end alike: what they decide is only shown.
    shown: Vec<ExprId>,
}

impl Way {
    fn push(&mut self, condition: ExprId, holds: bool, shown: bool) {
        match shown {
            true => self.shown.push(condition),
            false => self.conditions.push((condition, holds)),
        }
    }

    fn pop(&mut self, shown: bool) {
        match shown {
            true => drop(self.shown.pop()),
            false => drop(self.conditions.pop()),
        }
    }
}

fn descend(
    kernel: &Kernel,
    node: NodeId,
    ends: &[Option<LeafId>],
    decided: &dyn Fn(ExprId) -> Option<bool>,
    way: &mut Way,
    visit: Visit<'_>,
) {
    match kernel.node(node) {
        Node::Leaf(leaf) => visit(way, leaf),
        Node::Branch { condition, yes, no } => {
            let (known, shown) = (decided(condition), ends[node.index()].is_some());
            for (holds, next) in [(true, yes), (false, no)] {
                if known.is_none_or(|known| known == holds) {
                    way.push(condition, holds, shown);
                    descend(kernel, next, ends, decided, way, visit);
                    way.pop(shown);
                }
            }
        }
    }
}

/// The analysis of a kernel by itself, as `inspect` shows it.
pub struct Access<'k> {
    kernel: &'k Kernel,
    views: Views<'k>,
}

impl<'k> Access<'k> {
    pub fn of(kernel: &'k Kernel) -> Self {
        let class: Vec<usize> = (0..kernel.keys.len()).collect();
        Self { kernel, views: Views::new(kernel, &class) }
    }

    /// The modes of a key over the leaves that succeed.
    pub fn modes(&self, key: KeyId) -> BTreeSet<Mode> {
        let mut modes = BTreeSet::new();
        self.each_success(&mut |way, leaf| {
            let flags = Uses::of(&self.views, way, leaf).flags.get(&key.index()).copied().unwrap_or(0);
            modes.extend(leaf_modes(flags));
        });
        modes
    }

    /// The best lane over the successes that change something, or over all where none does.
    pub fn lane(&self) -> Best {
        let mut best = (false, Best::Fallback);
        self.each_success(&mut |way, leaf| {
            let changes = !self.kernel.leaf(leaf).stores.is_empty();
            let lane = self.success_lane(way, leaf);
            if (changes && !best.0) || (changes == best.0 && lane < best.1) {
                best = (changes, lane);
            }
        });
        best.1
    }

    fn success_lane(&self, way: &Way, leaf: LeafId) -> Best {
        let uses = Uses::of(&self.views, way, leaf);
        if self.hangs_on_own_changes(&uses) {
            return Best::Line;
        }
        let inputs = || way.conditions.iter().filter(|(condition, _)| !self.kernel.exprs.has_loads(*condition));
        let decided = |atom: ExprId| inputs().find(|(condition, _)| *condition == atom).map(|(_, holds)| *holds);
        let class: Vec<usize> = (0..self.kernel.keys.len()).collect();
        let shape = shape(self.kernel, &class, &decided);
        if shape.flags.iter().any(|flags| flags::ordered(*flags)) { Best::Wave } else { Best::Clear }
    }

    /// Whether a key that this leaf touches hangs on a cell that the kernel itself changes.
    fn hangs_on_own_changes(&self, uses: &Uses<'_, '_>) -> bool {
        let changed = |key: KeyId| self.kernel.leaves.iter().flat_map(|leaf| &leaf.stores).any(|store| store.key == key);
        let words = uses.keys.iter().map(|key| self.kernel.key(*key).word());
        words.flat_map(|word| self.kernel.deep_loads(word)).any(|load| changed(self.kernel.load(load).key))
    }

    fn each_success(&self, visit: Visit<'_>) {
        each_leaf(self.kernel, &|_| None, &mut |way, leaf| {
            if self.kernel.leaf(leaf).succeeds() {
                visit(way, leaf);
            }
        });
    }
}

fn leaf_modes(flags: u32) -> Vec<Mode> {
    let netted = flags & (flags::DEBIT | flags::CREDIT) != 0;
    if flags & flags::WRITE != 0 || (netted && flags & (flags::READ | flags::RESTORE) != 0) {
        return vec![Mode::Write];
    }
    let mut modes = Vec::new();
    if flags & flags::CREDIT != 0 {
        modes.push(Mode::Credit);
    }
    if flags & flags::DEBIT != 0 {
        modes.push(Mode::Debit);
    }
    if !netted && flags & (flags::READ | flags::RESTORE | flags::GUARD | flags::SENTINEL | flags::SHOWN) != 0 {
        modes.push(Mode::Read);
    }
    modes
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Credit => "credit",
            Self::Debit => "debit",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

impl fmt::Display for Best {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Clear => "clear",
            Self::Wave => "wave",
            Self::Line => "line",
            Self::Fallback => "fallback",
        })
    }
}
