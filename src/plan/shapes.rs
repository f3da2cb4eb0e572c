//! The shapes of a kernel's calls. Each is found once and then remembered; callers choose what shapes there are, so both the time that
//! finding them takes and the room that they take are bounded.

use super::segment::Program;
use crate::ir::access::{Shape, Walker, shape};
use crate::ir::{ExprId, Kernel, KeyId, Node};
use crate::limits;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

/// What a shape is found by: the bits of a row, and for each key the first key that names the same cell (empty: all differ).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pattern {
    pub bits: Vec<u32>,
    pub class: Vec<usize>,
}

/// What decides a branch, for all that analysing a call knows.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Bit(usize),
    /// It holds at the start of a segment, or another kernel would have been found.
    Pinned,
}

#[derive(Debug, Default)]
pub struct Shapes {
    /// By condition; the others are open.
    choices: HashMap<ExprId, Choice, ahash::RandomState>,
    /// The nodes that finding one goes through.
    pub size: usize,
    /// The keys of the cells that pinned conditions hang on.
    pub pinned_keys: Vec<KeyId>,
    known: RwLock<Known>,
}

type Table = HashMap<Pattern, Arc<Shape>, ahash::RandomState>;

/// What was used since a table was last full, and what was before.
#[derive(Debug, Default)]
struct Known {
    recent: Table,
    older: Table,
}

impl Known {
    fn keep(&mut self, pattern: Pattern, shape: Arc<Shape>) {
        if self.recent.len() >= limits::SHAPES {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(pattern, shape);
    }
}

impl Shapes {
    /// `pinned` are conditions on cells that hold wherever the kernel is found.
    pub fn new(kernel: &Kernel, walker: &Walker, pinned: &[ExprId]) -> Self {
        let mut choices: HashMap<_, _, _> = walker.bits.iter().enumerate().map(|(bit, condition)| (*condition, Choice::Bit(bit))).collect();
        choices.extend(pinned.iter().map(|condition| (*condition, Choice::Pinned)));
        let loads = pinned.iter().flat_map(|condition| kernel.exprs.loads(*condition));
        Self {
            choices,
            size: kernel.written_out() + kernel.leaves.len(),
            pinned_keys: loads.map(|load| kernel.load(load).key).collect(),
            known: RwLock::default(),
        }
    }

    /// The pattern with only those bits that the call comes by on some way that is open to it: the others have no say in its shape.
    pub fn asked(&self, program: &Program, pattern: &Pattern) -> Pattern {
        let mut asked = Pattern { bits: vec![0; pattern.bits.len()], class: pattern.class.clone() };
        let kernel = &program.kernel;
        let mut open = vec![kernel.root()];
        while let Some(id) = open.pop() {
            let Node::Branch { condition, yes, no } = kernel.node(id) else { continue };
            match self.choices.get(&condition) {
                Some(Choice::Bit(bit)) => {
                    let (column, mask) = (program.walker.bit_column(*bit), 1 << (bit % 32));
                    asked.bits[column] |= pattern.bits[column] & mask;
                    open.push(if pattern.bits[column] & mask == 0 { no } else { yes });
                }
                Some(Choice::Pinned) => open.push(yes),
                None => open.extend([yes, no]),
            }
        }
        asked
    }

    /// By key, whether a call with these bits may touch its cell on some way that is open to it, whichever of its keys name one cell.
    pub fn touched(&self, program: &Program, bits: &[u32]) -> Vec<bool> {
        let Program { kernel, walker, .. } = program;
        let (mut touched, mut words, mut open) = (vec![false; kernel.keys.len()], vec![], vec![kernel.root()]);
        let mut touch = |key: KeyId| {
            touched[key.index()] = true;
            kernel.key(key).word()
        };
        while let Some(id) = open.pop() {
            match (walker.ends[id.index()], kernel.node(id)) {
                (Some(leaf), _) | (None, Node::Leaf(leaf)) => {
                    words.extend(kernel.leaf(leaf).stores.iter().flat_map(|store| [store.value, touch(store.key)]));
                }
                (None, Node::Branch { condition, yes, no }) => match self.choices.get(&condition) {
                    Some(Choice::Bit(bit)) => open.push(if bits[walker.bit_column(*bit)] >> (bit % 32) & 1 == 1 { yes } else { no }),
                    Some(Choice::Pinned) => {
                        words.push(condition);
                        open.push(yes);
                    }
                    None => {
                        words.push(condition);
                        open.extend([yes, no]);
                    }
                },
            }
        }
        words.sort_unstable();
        words.dedup();
        for load in words.into_iter().flat_map(|word| kernel.deep_loads(word)).collect::<BTreeSet<_>>() {
            let load = kernel.load(load);
            load.shadows.iter().map(|store| store.key).chain([load.key]).for_each(|key| _ = touch(key));
        }
        touched
    }

    /// The shape of calls with this pattern, of which `asked` has made what it is; `None` where it is not known, and finding it takes more
    /// than is left of `budget`, the nodes that may still be analysed.
    pub fn shape(&self, program: &Program, pattern: &Pattern, budget: &mut usize) -> Option<Arc<Shape>> {
        let known = {
            let known = self.known.read().expect("no holder panics");
            if let Some(shape) = known.recent.get(pattern) {
                return Some(shape.clone());
            }
            known.older.get(pattern).cloned()
        };
        let shape = match known {
            Some(shape) => shape,
            None => {
                *budget = budget.checked_sub(self.size)?;
                Arc::new(self.find(program, pattern))
            }
        };
        self.known.write().expect("no holder panics").keep(pattern.clone(), shape.clone());
        Some(shape)
    }

    fn find(&self, program: &Program, pattern: &Pattern) -> Shape {
        let Program { kernel, walker, .. } = program;
        let class: Vec<usize> = if pattern.class.is_empty() { (0..kernel.keys.len()).collect() } else { pattern.class.clone() };
        let mut shape = shape(kernel, &class, &|condition| match self.choices.get(&condition)? {
            Choice::Bit(bit) => Some(pattern.bits[walker.bit_column(*bit)] >> (bit % 32) & 1 == 1),
            Choice::Pinned => Some(true),
        });
        // Where a pinned cell changes, the call escapes.
        self.pinned_keys.iter().for_each(|key| shape.feeds[key.index()] = true);
        shape
    }
}
