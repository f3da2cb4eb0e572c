//! Words that have to be known while code is explored: offsets, lengths, the address of an implementation. Where one hangs on calldata or on
//! fixed slots, the site is asked, the word is pinned, and the exploration starts over with it known.

use super::memory::{self, Byte};
use super::path::Path;
use super::site::Pin;
use super::symbolic::{Executor, Run, Stop, escape};
use crate::ir::{Expr, ExprId, Input, Kernel, Key, Leaf, Load, Node, NodeId, Outcome};
use crate::limits;
use alloy_primitives::U256;

/// What can be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    Calldata(u32),
    Storage(U256),
}

impl Executor<'_> {
    /// A word that has to be constant; what it hangs on is pinned for it.
    pub(super) fn concrete(&mut self, word: ExprId, what: &str) -> Run<U256> {
        if let Some(value) = self.kernel.exprs.as_const(word) {
            return Ok(value);
        }
        match self.sources(word).and_then(|sources| self.pin(*sources.first()?, limits::CALLDATA_BYTES)) {
            Some(pin) => Err(Stop::Pin(pin)),
            None => escape(&format!("{what} is not constant")),
        }
    }

    /// As `concrete`, where the call itself must not choose the word.
    pub(super) fn settled(&mut self, word: ExprId, what: &str) -> Run<U256> {
        let chosen = |source: &Source| matches!(source, Source::Calldata(_));
        match self.sources(word) {
            Some(sources) if !sources.iter().any(chosen) => self.concrete(word, what),
            _ => escape(&format!("{what} is not constant")),
        }
    }

    /// Asked where a branch is open: a loop that one word bounds is unrolled for its value.
    pub(super) fn loop_bound(&mut self, path: &mut Path, atom: ExprId) -> Option<Pin> {
        let [source] = self.sources(atom)?[..] else { return None };
        let enough = match source {
            Source::Calldata(_) => limits::LOOP_TURNS,
            // Other loops may test a slot each turn, and what many change is not worth a kernel a value.
            Source::Storage(_) => limits::LIST + 1,
        };
        if path.turn(source) >= enough { self.pin(source, limits::LIST) } else { None }
    }

    /// All that a word hangs on; `None` where something of it cannot be pinned.
    fn sources(&self, word: ExprId) -> Option<Vec<Source>> {
        let mut sources = Vec::new();
        collect(&self.kernel, word, &mut sources).then_some(sources)
    }

    /// The pin of a source as the site has it; `None` where it is not known, or looked at already.
    fn pin(&self, source: Source, most: usize) -> Option<Pin> {
        let pin = match source {
            Source::Calldata(offset) => Pin::calldata(offset, self.site.calldata(offset)?, most),
            Source::Storage(slot) => Pin::Storage { slot, value: self.site.storage(slot)? },
        };
        (self.pins.len() < limits::PINS && !self.pins.contains(&pin)).then_some(pin)
    }

    /// The calldata of the call, its pinned words known.
    pub(super) fn calldata(&mut self) -> Vec<Byte> {
        let mut bytes: Vec<Byte> = self.entry.selector.iter().flatten().copied().map(Byte::Known).collect();
        for offset in (bytes.len()..self.entry.calldata_bytes).step_by(32) {
            let pinned = self.pins.iter().find_map(|pin| match pin {
                Pin::Calldata { offset: at, value } if *at as usize == offset => Some(*value),
                _ => None,
            });
            let word = match pinned {
                Some(value) => self.kernel.exprs.constant(value),
                None => self.kernel.exprs.input(Input::Calldata(offset as u32)),
            };
            bytes.extend(memory::split(&self.kernel.exprs, word));
        }
        bytes.truncate(self.entry.calldata_bytes);
        bytes
    }

    /// A loaded word, or its value where it is pinned.
    pub(super) fn known(&mut self, word: ExprId) -> ExprId {
        let Some(Source::Storage(slot)) = source(&self.kernel, word) else { return word };
        let pinned = self.pins.iter().find_map(|pin| match pin {
            Pin::Storage { slot: at, value } if *at == slot => Some(*value),
            _ => None,
        });
        pinned.map_or(word, |value| self.kernel.exprs.constant(value))
    }

    /// Puts above the tree the questions whether the pinned words are as they were.
    pub(super) fn ask_pins(&mut self, tree: NodeId) {
        let kernel = &mut self.kernel;
        let mut node = tree;
        for pin in self.pins.iter().rev() {
            let (word, value) = match *pin {
                Pin::Calldata { offset, value } => (kernel.exprs.input(Input::Calldata(offset)), value),
                Pin::Storage { slot, value } => {
                    let slot = kernel.exprs.constant(slot);
                    let key = kernel.intern_key(Key::Storage(slot));
                    (kernel.intern_load(Load { key, shadows: vec![] }), value)
                }
                Pin::Beyond { .. } | Pin::Code { .. } => continue,
            };
            let value = kernel.exprs.constant(value);
            let condition = kernel.exprs.eq(value, word);
            let no = kernel.push_leaf(Leaf::new(Outcome::Escape { reason: format!("the kernel is for calls where {pin}"), at: 0 }));
            node = kernel.push_node(Node::Branch { condition, yes: node, no });
        }
    }
}

/// Adds what `word` hangs on to `sources`; `false` where something of it cannot be pinned.
fn collect(kernel: &Kernel, word: ExprId, sources: &mut Vec<Source>) -> bool {
    match kernel.exprs.get(word) {
        Expr::Const(_) => true,
        Expr::Input(_) | Expr::Load(_) => source(kernel, word).is_some_and(|source| {
            if !sources.contains(&source) {
                sources.push(source);
            }
            true
        }),
        _ => kernel.exprs.children(word).into_iter().all(|child| collect(kernel, child, sources)),
    }
}

fn source(kernel: &Kernel, word: ExprId) -> Option<Source> {
    match kernel.exprs.get(word) {
        Expr::Input(Input::Calldata(offset)) => Some(Source::Calldata(*offset)),
        Expr::Load(load) => {
            let load = kernel.load(*load);
            match kernel.key(load.key) {
                Key::Storage(slot) if load.shadows.is_empty() => kernel.exprs.as_const(slot).map(Source::Storage),
                _ => None,
            }
        }
        _ => None,
    }
}
