//! The kernels of every code seen so far: lowered once, kept by code hash, entry and what they were made for: lengths of lists, the address
//! and code of a proxy's implementation. What does not lower is kept too.

use super::asking::Asking;
use super::reserve;
use super::segment::Program;
use super::shapes::Shapes;
use super::tape::{Origin, Register, Tape, Writer};
use crate::error::Result;
use crate::evm::{self, Entry, Lowered, Pin, Site, Unlowered};
use crate::ir::access::{Walk, Walker, Waver};
use crate::ir::eval::calldata_word;
use crate::ir::{Expr, ExprId, Exprs, Input, Kernel, Key, KeyId, Node, Structure};
use crate::state::{CellKey, State};
use crate::tx::TransactionRef;
use crate::{limits, lower};
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// How a key finds its cell while a call is resolved.
#[derive(Debug, Clone)]
pub enum Finder {
    /// By the words that fill a template, without hashing; where they lead nowhere yet, by its slot.
    Path { template: u32, holes: Vec<Register>, slot: SlotTape },
    /// By the account's address.
    Native { address: Register },
    /// By the words that fill a template too, but these hang on loads.
    State { template: u32, holes: Vec<ExprId> },
    /// Not at all: its cell is only shown, and which one it is hangs on loads.
    Shown,
}

/// A kernel with all that resolving a call needs.
#[derive(Debug)]
pub struct Compiled {
    pub program: Arc<Program>,
    pub finders: Vec<Finder>,
    pub tape: Tape<Input>,
    /// The registers of the walker's bits and params.
    pub bits: Vec<Register>,
    pub params: Vec<Register>,
    pub wave: Option<WaveTape>,
    /// Whether a device can clear it; its calls go to the line otherwise.
    pub on_device: bool,
    /// By condition on cells that a walk reads, the keys of all the cells that it hangs on.
    pub read_keys: HashMap<ExprId, Vec<KeyId>, ahash::RandomState>,
    /// What its calls ask, many at once.
    pub asking: Option<Asking>,
    pub shapes: Shapes,
}

/// The slot of a key that inputs decide.
#[derive(Debug, Clone)]
pub struct SlotTape {
    pub tape: Tape<Input>,
    pub slot: Register,
}

impl SlotTape {
    fn new(exprs: &Exprs, slot: ExprId) -> Self {
        let mut writer = Writer::new(exprs, from_inputs(exprs));
        writer.need(slot);
        let (tape, registers) = writer.finish();
        Self { tape, slot: registers.of(slot) }
    }
}

/// What a row of a wave brings, beside its cells.
#[derive(Debug)]
pub struct WaveTape {
    pub tape: Tape<Input>,
    pub bits: Vec<Register>,
    pub params: Vec<Register>,
}

impl WaveTape {
    fn new(kernel: &Kernel, walker: &Walker, waver: &Waver) -> Self {
        let mut writer = Writer::new(&kernel.exprs, from_inputs(&kernel.exprs));
        walker.bits.iter().chain(&waver.params).for_each(|id| writer.need(*id));
        let (tape, registers) = writer.finish();
        let all = |ids: &[ExprId]| ids.iter().map(|id| registers.of(*id)).collect();
        let (bits, params) = (all(&walker.bits), all(&waver.params));
        Self { tape, bits, params }
    }
}

impl Compiled {
    fn new(kernel: Kernel, entry: Entry, pins: &[Pin], templates: &mut Templates) -> Result<Self> {
        // Lengths of lists are the caller's choice too.
        let for_device = is_canonical(&kernel, entry) && !pins.iter().any(Pin::is_of_call);
        let text = |walker: &Walker| match for_device && walker.params.len() <= limits::PARAMS {
            true => device_text(&kernel, walker),
            false => Ok(None),
        };
        let mut walker = Walker::new(&kernel);
        let mut wgsl = text(&walker)?;
        if wgsl.is_none() && walker.root.stores() {
            walker = Walker::without_stores(&kernel);
            wgsl = text(&walker)?;
        }
        let mut writer = Writer::new(&kernel.exprs, from_inputs(&kernel.exprs));
        let keys: Vec<(Key, (u32, Vec<ExprId>))> = kernel.keys.iter().map(|key| (*key, templates.of(&kernel.exprs, *key))).collect();
        let holes = keys.iter().flat_map(|(_, (_, holes))| holes).filter(|hole| !kernel.exprs.has_loads(**hole));
        walker.bits.iter().chain(&walker.params).chain(holes).for_each(|id| writer.need(*id));
        let (tape, registers) = writer.finish();
        let finders = keys.iter().zip(&walker.live).map(|((key, (template, holes)), live)| match key {
            _ if !live && kernel.exprs.has_loads(key.word()) => Finder::Shown,
            _ if kernel.exprs.has_loads(key.word()) => Finder::State { template: *template, holes: holes.clone() },
            Key::Storage(slot) => {
                let (holes, slot) = (holes.iter().map(|id| registers.of(*id)).collect(), SlotTape::new(&kernel.exprs, *slot));
                Finder::Path { template: *template, holes, slot }
            }
            Key::Native(word) => Finder::Native { address: registers.of(*word) },
        });
        let finders = finders.collect();
        let (bits, params) =
            (walker.bits.iter().map(|id| registers.of(*id)).collect(), walker.params.iter().map(|id| registers.of(*id)).collect());
        let on_device = wgsl.is_some();
        let wgsl = wgsl.unwrap_or_default();
        let waver = if on_device { Waver::new(&kernel, &walker) } else { None };
        let wave = waver.as_ref().map(|waver| WaveTape::new(&kernel, &walker, waver));
        let shapes = Shapes::new(&kernel, &walker, &pinned(&kernel, pins));
        let mut read_keys = HashMap::default();
        keys_read(&kernel, &walker.root, &mut read_keys);
        let asking = Asking::new(&kernel, &walker, &read_keys);
        let program = Arc::new(Program { kernel, walker, waver, wgsl });
        Ok(Self { program, finders, tape, bits, params, wave, on_device, read_keys, asking, shapes })
    }

    fn reserve(kernel: Kernel, walker: Walker) -> Result<Self> {
        let wgsl = lower::own_text(&kernel, &walker)?;
        let program = Arc::new(Program { kernel, walker, waver: None, wgsl });
        let (finders, tape, bits, params) = Default::default();
        let (read_keys, shapes) = Default::default();
        let (wave, asking) = (None, None);
        Ok(Self { program, finders, tape, bits, params, wave, on_device: true, read_keys, asking, shapes })
    }
}

/// The origins of words that inputs decide.
fn from_inputs(exprs: &Exprs) -> impl Fn(ExprId) -> Origin<Input> {
    |id| match exprs.get(id) {
        Expr::Input(input) => Origin::Source(*input),
        _ => Origin::Operation,
    }
}

/// The conditions on cells among those that a kernel's tree begins with, one for each pin that it asks for.
fn pinned(kernel: &Kernel, pins: &[Pin]) -> Vec<ExprId> {
    let mut node = kernel.root();
    let conditions = pins.iter().filter(|pin| pin.is_asked()).filter_map(|_| {
        let Node::Branch { condition, yes, .. } = kernel.node(node) else { return None };
        node = yes;
        Some(condition)
    });
    conditions.filter(|condition| kernel.exprs.has_loads(*condition)).collect()
}

/// By condition that a walk reads, the keys of all the cells that it hangs on.
fn keys_read(kernel: &Kernel, walk: &Walk, keys: &mut HashMap<ExprId, Vec<KeyId>, ahash::RandomState>) {
    if let Walk::Read { condition, .. } = walk {
        keys.entry(*condition).or_insert_with(|| kernel.deep_loads(*condition).into_iter().map(|load| kernel.load(load).key).collect());
    }
    walk.below().into_iter().for_each(|walk| keys_read(kernel, walk, keys));
}

/// The module for the device; `None` where it is too much for one.
fn device_text(kernel: &Kernel, walker: &Walker) -> Result<Option<String>> {
    match lower::own_text(kernel, walker) {
        Ok(wgsl) => Ok(Some(wgsl)),
        Err(error) if error.is_input() => {
            log::debug!("a kernel stays with the line: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether the calldata is as long as what the kernel reads of it. Lengths are the caller's choice: the others are not worth a pipeline,
/// and nobody can have them compiled without end.
fn is_canonical(kernel: &Kernel, entry: Entry) -> bool {
    let ends = (0..kernel.exprs.len()).filter_map(|index| match kernel.exprs.get(ExprId::from_index(index)) {
        Expr::Input(Input::Calldata(offset)) => Some(*offset as usize + 32),
        _ => None,
    });
    entry.calldata_bytes == ends.max().unwrap_or(if entry.selector.is_some() { 4 } else { 0 })
}

/// What became of one function at the sites where its pins hold: a kernel, or `None` where it stays with revm.
#[derive(Debug, Clone, Default)]
struct Variant {
    pins: Arc<[Pin]>,
    compiled: Option<Arc<Compiled>>,
}

/// The kernels of one code.
type OfCode = HashMap<Entry, Vec<Variant>>;

/// Kernels by code and entry.
#[derive(Debug, Default)]
pub struct Library {
    kernels: RwLock<HashMap<B256, OfCode>>,
    templates: Mutex<Templates>,
    transfer: RwLock<Option<Arc<Compiled>>>,
    reserve: RwLock<Option<Arc<Compiled>>>,
}

/// What executes a transaction.
#[derive(Debug, Clone)]
pub enum Target {
    Kernel(Arc<Compiled>),
    /// revm.
    Fallback,
    /// Nothing: no value moves and there is no code. It succeeds.
    Empty,
}

/// A call as a site: what it brings, and the state that it meets.
#[derive(Debug, Clone, Copy)]
pub struct Meets<'a> {
    pub state: &'a State,
    pub transaction: TransactionRef<'a>,
}

impl Site for Meets<'_> {
    fn calldata(&self, offset: u32) -> Option<U256> {
        Some(calldata_word(self.transaction.data(), offset as usize))
    }

    fn storage(&self, slot: U256) -> Option<U256> {
        Some(self.state.read(&CellKey::storage(*self.transaction.to(), slot.into())))
    }

    fn code(&self, address: Address) -> Option<(B256, Bytes)> {
        let contract = self.state.contract(&address).map(|contract| (contract.code_hash, contract.code.clone()));
        (!is_precompile(&address)).then(|| contract.unwrap_or((KECCAK256_EMPTY, Bytes::new())))
    }
}

impl Library {
    pub fn target(&self, state: &State, transaction: TransactionRef<'_>) -> Result<Target> {
        self.target_with_pins(state, transaction).map(|(target, _)| target)
    }

    /// What executes a transaction, and what it hangs on beside the callee's code and the call's entry.
    pub fn target_with_pins(&self, state: &State, transaction: TransactionRef<'_>) -> Result<(Target, Arc<[Pin]>)> {
        let always = |target| Ok((target, Arc::default()));
        // Calldata that costs more than the gas limit makes a transaction invalid, which revm knows.
        if is_precompile(transaction.to()) || transaction.data().len() > limits::CALLDATA_BYTES {
            return always(Target::Fallback);
        }
        let with_value = !transaction.value().is_zero();
        match state.contract(transaction.to()).filter(|contract| !contract.code.is_empty()) {
            Some(contract) => {
                let entry = Entry::of(transaction.data(), with_value);
                let Variant { pins, compiled } = self.kernel(contract.code_hash, &contract.code, entry, &Meets { state, transaction })?;
                Ok((compiled.map_or(Target::Fallback, Target::Kernel), pins))
            }
            None if with_value => always(Target::Kernel(self.transfer()?)),
            None => always(Target::Empty),
        }
    }

    /// Whether an account has no code of any kind.
    pub fn is_plain(&self, state: &State, address: &Address) -> bool {
        !is_precompile(address) && state.contract(address).is_none_or(|contract| contract.code.is_empty())
    }

    /// What becomes of calls of `entry` on a code at `site`.
    fn kernel(&self, code_hash: B256, code: &[u8], entry: Entry, site: &dyn Site) -> Result<Variant> {
        if let Some(known) = find(&self.kernels.read().expect("no holder panics"), code_hash, entry, site) {
            return Ok(known);
        }
        let mut kernels = self.kernels.write().expect("no holder panics");
        if let Some(known) = find(&kernels, code_hash, entry, site) {
            return Ok(known);
        }
        let Lowered { kernel, pins } = evm::lower_at(code, entry, site);
        let compiled = match kernel {
            Ok(kernel) => Some(self.compile(kernel, entry, &pins)?),
            Err(Unlowered { reason, at }) => {
                log::debug!("{entry:?} of code {code_hash} falls back: {reason} at byte {at}");
                None
            }
        };
        let variant = Variant { pins: pins.into(), compiled };
        kernels.entry(code_hash).or_default().entry(entry).or_default().push(variant.clone());
        Ok(variant)
    }

    /// The kernel of a call with value to an account without code.
    pub fn transfer(&self) -> Result<Arc<Compiled>> {
        if let Some(known) = &*self.transfer.read().expect("no holder panics") {
            return Ok(known.clone());
        }
        let compiled = self.compile(Kernel::transfer(), Entry::of(&[], true), &[])?;
        *self.transfer.write().expect("no holder panics") = Some(compiled.clone());
        Ok(compiled)
    }

    /// The kernel of what is held back; no call is one of it.
    pub fn reserve(&self) -> Result<Arc<Compiled>> {
        if let Some(known) = &*self.reserve.read().expect("no holder panics") {
            return Ok(known.clone());
        }
        let (kernel, walker) = reserve::kernel();
        let compiled = Arc::new(Compiled::reserve(kernel, walker)?);
        *self.reserve.write().expect("no holder panics") = Some(compiled.clone());
        Ok(compiled)
    }

    fn compile(&self, kernel: Kernel, entry: Entry, pins: &[Pin]) -> Result<Arc<Compiled>> {
        let mut templates = self.templates.lock().expect("no holder panics");
        Compiled::new(kernel, entry, pins, &mut templates).map(Arc::new)
    }
}

/// What is known of a function at `site`; nothing and no pins where the contract has as many kernels as it may have.
fn find(kernels: &HashMap<B256, OfCode>, code_hash: B256, entry: Entry, site: &dyn Site) -> Option<Variant> {
    let of_code = kernels.get(&code_hash)?;
    let holds = |variant: &&Variant| variant.pins.iter().all(|pin| pin.holds(site));
    if let Some(variant) = of_code.get(&entry).and_then(|variants| variants.iter().find(holds)) {
        return Some(variant.clone());
    }
    // Proxies share their code: kernels that were made for another implementation are not this contract's.
    let here = |variant: &&Variant| variant.pins.iter().all(|pin| pin.is_of_call() || pin.holds(site));
    // Selectors and lengths are the caller's choice: beyond the bound nothing more is lowered.
    let full = of_code.values().flatten().count() >= limits::KERNELS_PER_CODE
        && of_code.values().flatten().filter(here).count() >= limits::KERNELS_PER_CODE;
    full.then(Variant::default)
}

/// Keys by their structure: equal structures of different kernels find their cells by the same paths.
#[derive(Debug, Default)]
struct Templates {
    ids: HashMap<String, u32>,
}

impl Templates {
    /// The template of a key and the words that fill it.
    fn of(&mut self, exprs: &Exprs, key: Key) -> (u32, Vec<ExprId>) {
        let Structure { text, holes } = Structure::of(exprs, key);
        let next = self.ids.len() as u32;
        (*self.ids.entry(text).or_insert(next), holes)
    }
}

/// Precompiles of Osaka: revm runs them.
fn is_precompile(address: &Address) -> bool {
    let (high, low) = address.split_at(18);
    let low = u16::from_be_bytes([low[0], low[1]]);
    high.iter().all(|byte| *byte == 0) && (low == 0x100 || (1..=0x11).contains(&low))
}
