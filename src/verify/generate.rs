//! Batches on one contract, each with the state it starts from, made so that every function succeeds about as often as it fails, and every
//! leaf of its kernel is reached. Nothing is known of the contract but its code: a call is aimed at a leaf, and the state it needs is put
//! where no call before it has looked. Each call is executed as it is made, so that the next is made for the state as it will be.
//!
//! A seed gives the same batches whichever backends they are for. What is executed here is compared with nothing.

use super::calls::{self, Form};
use super::case::Case;
use super::ground::{Ground, Sight};
use super::signers::Signers;
use super::solve::{Draft, Solver};
use super::trees::{Tree, Trees};
use super::words::{Mood, Words};
use super::{CONTRACTS, Options, Subject};
use crate::error::Result;
use crate::evm::Entry;
use crate::exec::fallback::{Contract, Fallback, Recovery};
use crate::ir::eval::{Call, Run};
use crate::ir::{LeafId, Outcome};
use crate::state::{CellKey, Slot};
use crate::tx::{Block, Status, Transaction};
use crate::workload::random::{Purpose, Random, addresses};
use alloy_primitives::{Address, U256, keccak256};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Calls made for one that ends as it is wanted to.
const ATTEMPTS: usize = 6;
/// Functions that may leave their turn to another.
const FUNCTIONS: usize = 4;
/// Changes tried at most on a call that no kernel guides.
const CLIMBS: usize = 16;
/// Gas beyond which a call does not come further, but only takes longer: it goes through a list or a string of any length.
const FAR: u64 = 1_000_000;
/// How many such calls are dropped for one that is taken.
const DROPPED: usize = 128;
/// Accounts that can sign.
const SIGNERS: usize = 64;
/// How many times as often a function that changes state is called as one that does not.
const WRITERS: usize = 3;

/// How often something came about, and how often it did not though it was meant to.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    yes: usize,
    no: usize,
}

pub(super) struct Generator<'a> {
    subject: &'a Subject,
    pub options: &'a Options,
    pub trees: Trees,
    pub forms: Vec<Form>,
    /// Those that can sign come first.
    accounts: Vec<Address>,
    signers: Signers,
    contract: Contract,
    /// Successes and failures, by function.
    functions: Vec<Tally>,
    /// Calls that ended at a leaf, and calls that did not though they were aimed at it.
    leaves: HashMap<(Entry, LeafId), Tally>,
    /// By function a call that succeeded on revm's word, with the state that it found: the next may start from it.
    known: Vec<Option<Draft>>,
}

/// A batch, and whose calls are in it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub case: Case,
    /// By transaction; `None` where it is no function's.
    pub functions: Vec<Option<usize>>,
}

/// What a call came to.
struct Executed {
    succeeds: bool,
    /// No leaf of a kernel says how it ended.
    by_revm: bool,
    /// What revm's ECRECOVER was asked.
    recovery: Option<Recovery>,
    met: BTreeSet<CellKey>,
    stores: Vec<(CellKey, U256)>,
    /// Where revm says it.
    gas: u64,
}

impl<'a> Generator<'a> {
    pub(super) fn new(subject: &'a Subject, options: &'a Options) -> Self {
        let signers = Signers::new(options.seed, options.accounts.min(SIGNERS));
        let mut accounts = addresses(options.seed, options.accounts);
        accounts[..signers.addresses().len()].copy_from_slice(signers.addresses());
        let random = Random::new(options.seed, Purpose::Batch, usize::MAX);
        let mut words = Words { random, mood: Mood::Tight, accounts: accounts.clone(), contracts: CONTRACTS.to_vec() };
        Self {
            subject,
            options,
            trees: Trees::new(subject.code.clone()),
            forms: subject.functions.iter().map(|function| Form::of(function, &mut words)).collect(),
            accounts,
            signers,
            contract: Contract { nonce: 1, code_hash: keccak256(&subject.code), code: subject.code.clone() },
            functions: vec![Tally::default(); subject.functions.len()],
            leaves: HashMap::new(),
            known: vec![None; subject.functions.len()],
        }
    }

    /// The batch with this index; those before it have been made.
    pub(super) fn batch(&mut self, index: usize) -> Result<Made> {
        let mut words = self.words(index);
        let block = block(&mut words);
        let weights = self.weights(&mut words);
        let (mut fallback, mut ground) = (Fallback::new(&block), Ground::default());
        let (mut transactions, mut functions) = (Vec::new(), Vec::new());
        let mut patience = vec![CLIMBS; self.forms.len()];
        for _ in 0..self.options.transactions {
            let (fallback, ground, patience) = (&mut fallback, &mut ground, &mut patience[..]);
            let mut making = Making { of: self, words: &mut words, block: &block, fallback, ground, patience };
            let (transaction, function) = making.next(&weights)?;
            transactions.push(transaction);
            functions.push(function);
        }
        let piece = 1 + words.below(transactions.len());
        let case = Case { block, transactions, cells: ground.start, code: self.subject.code.clone(), piece };
        Ok(Made { case, functions })
    }

    /// Few accounts, so that all calls meet, or many, so that most do not.
    fn words(&self, index: usize) -> Words {
        let mut random = Random::new(self.options.seed, Purpose::Batch, index);
        let most = self.accounts.len();
        let accounts = if random.coin() { most } else { (2 + random.below(8) as usize).min(most) };
        let mood = if random.coin() { Mood::Rich } else { Mood::Tight };
        let contracts = CONTRACTS[..[1, 4, 32, 64][random.below(4) as usize]].to_vec();
        Words { random, mood, accounts: self.accounts[..accounts].to_vec(), contracts }
    }

    /// How often each function is called; in one batch of four only one or two of them, once all have been.
    fn weights(&self, words: &mut Words) -> Vec<usize> {
        let of = |form: &Form| if form.view { 1 } else { WRITERS };
        let least = |tally: &Tally| tally.yes.min(tally.no);
        let mean = self.functions.iter().map(least).sum::<usize>() / self.functions.len().max(1);
        let behind = |at: usize| if 2 * least(&self.functions[at]) < mean { 4 } else { 1 };
        let fresh = |at: usize| self.functions[at].yes + self.functions[at].no == 0;
        let share = |(at, form), words: &mut Words| of(form) * if fresh(at) { 1 } else { behind(at) * words.pick(&[0, 1, 1, 4]) };
        let mut weights: Vec<usize> = self.forms.iter().enumerate().map(|form| share(form, words)).collect();
        let writers: Vec<usize> = (0..self.forms.len()).filter(|at| !self.forms[*at].view).collect();
        if !writers.is_empty() && !(0..self.forms.len()).any(fresh) && words.once_in(4) {
            weights.fill(0);
            (0..2).for_each(|_| weights[words.pick(&writers)] = 1);
        }
        if weights.iter().all(|weight| *weight == 0) {
            weights = self.forms.iter().map(of).collect();
        }
        weights
    }
}

fn weighted(weights: &[usize], words: &mut Words) -> Option<usize> {
    let mut at = words.below(weights.iter().sum::<usize>().max(1));
    weights.iter().position(|weight| {
        let here = at < *weight;
        at = at.wrapping_sub(*weight);
        here
    })
}

fn block(words: &mut Words) -> Block {
    Block {
        number: 1 + words.random.below(1 << 24),
        timestamp: 1_500_000_000 + words.random.below(1 << 28),
        coinbase: words.address(),
        prevrandao: words.random.next().to_be_bytes().repeat(4).as_slice().try_into().unwrap_or_default(),
        chain_id: 1,
    }
}

/// One batch on the way.
struct Making<'m, 'a> {
    of: &'m mut Generator<'a>,
    words: &'m mut Words,
    block: &'m Block,
    fallback: &'m mut Fallback,
    ground: &'m mut Ground,
    /// By function, the changes to be tried: fewer where they were in vain. A proxy that leads to itself fails whatever it is asked.
    patience: &'m mut [usize],
}

impl Making<'_, '_> {
    /// A call, and whose it is. A function that does not do what is wanted, for nothing brings it about any more, mostly leaves its turn
    /// to any other.
    fn next(&mut self, weights: &[usize]) -> Result<(Transaction, Option<usize>)> {
        for turn in (0..FUNCTIONS).rev() {
            let function = match self.words.below(32) {
                0 => None,
                _ if turn == FUNCTIONS - 1 => weighted(weights, self.words),
                _ => weighted(&vec![1; weights.len()], self.words),
            };
            let Some(function) = function else { break };
            if let Some(transaction) = self.call(function, turn == 0)? {
                return Ok((transaction, Some(function)));
            }
        }
        Ok((self.stray()?, None))
    }

    /// A call of a function that ends as is wanted, or, where any will do, the last of several that do not.
    fn call(&mut self, function: usize, any: bool) -> Result<Option<Transaction>> {
        let wanted = self.wanted(function);
        let any = any || self.words.once_in(16);
        let attempts = ATTEMPTS.min(1 + self.patience[function]);
        for attempt in 1..=attempts {
            let recalled = wanted.then(|| self.recall(function)).flatten();
            let mut draft = recalled.unwrap_or_else(|| self.draft(function, wanted));
            let mut executed = if wanted { self.attempt(&mut draft)? } else { self.execute(&mut draft)? };
            if wanted && executed.by_revm && !executed.succeeds {
                executed = self.climb(function, &mut draft, executed)?;
            }
            let far = executed.gas > FAR;
            if far && !self.words.once_in(DROPPED) {
                return Ok(None);
            }
            if executed.succeeds == wanted || far || (any && attempt == attempts) {
                let tally = &mut self.of.functions[function];
                if executed.succeeds {
                    tally.yes += 1
                } else {
                    tally.no += 1
                }
                if executed.succeeds && executed.by_revm {
                    self.of.known[function] = Some(draft.clone());
                }
                return Ok(Some(self.take(draft, executed)));
            }
        }
        Ok(None)
    }

    /// Changes a call by chance until it succeeds. What looks at more cells has come further.
    fn climb(&mut self, function: usize, draft: &mut Draft, mut best: Executed) -> Result<Executed> {
        for _ in 0..self.patience[function] {
            let mut changed = draft.clone();
            self.change(&mut changed, &best.met);
            let executed = self.attempt(&mut changed)?;
            let far = executed.gas > FAR;
            if executed.succeeds || (executed.met.len() >= best.met.len() && !far) {
                (*draft, best) = (changed, executed);
            }
            if best.succeeds || far {
                break;
            }
        }
        let patience = &mut self.patience[function];
        *patience = if best.succeeds { CLIMBS.min(2 * *patience) } else { 1.max(*patience / 2) };
        Ok(best)
    }

    /// Executes a call that is to succeed; where that hangs on a signature, once more with one that holds.
    fn attempt(&mut self, draft: &mut Draft) -> Result<Executed> {
        let executed = self.execute(draft)?;
        let Some(asked) = executed.recovery.filter(|_| !executed.succeeds) else { return Ok(executed) };
        let Transaction { data, from, .. } = &draft.transaction;
        let Some(signed) = self.of.signers.sign(data, from, &asked) else { return Ok(executed) };
        draft.transaction.data = signed;
        self.execute(draft)
    }

    /// A call that has succeeded before, as it was or with something changed; there are things that a contract does only once.
    fn recall(&mut self, function: usize) -> Option<Draft> {
        let mut draft = self.of.known[function].clone().filter(|_| !self.words.once_in(4))?;
        let contract = self.words.contract();
        let elsewhere = |(key, word): (CellKey, U256)| {
            let address = if key.address == draft.transaction.to { contract } else { key.address };
            (CellKey { address, ..key }, word)
        };
        draft.drawn = std::mem::take(&mut draft.drawn).into_iter().map(elsewhere).collect();
        draft.transaction.to = contract;
        if self.words.random.coin() {
            self.change(&mut draft, &BTreeSet::new());
        }
        Some(draft)
    }

    /// Gives a word of the arguments, or an open word of storage, a value that may be what the other is compared with. `met` are the cells
    /// that the call looked at.
    fn change(&mut self, draft: &mut Draft, met: &BTreeSet<CellKey>) {
        let held: Vec<U256> = met.iter().filter_map(|key| self.ground.held(key)).collect();
        let storage: Vec<CellKey> = draft.drawn.keys().filter(|key| key.slot != Slot::Native).copied().collect();
        let mut data = draft.transaction.data.to_vec();
        let arguments: Vec<usize> = (4..data.len().saturating_sub(31)).step_by(32).collect();
        let word: U256 = match self.words.below(5) {
            0 => draft.transaction.from.into_word().into(),
            1 if !arguments.is_empty() => {
                let at = self.words.pick(&arguments);
                U256::from_be_slice(&data[at..at + 32])
            }
            2 if !storage.is_empty() => draft.drawn[&self.words.pick(&storage)],
            3 if !held.is_empty() => self.words.pick(&held),
            _ => self.words.stored(),
        };
        if !storage.is_empty() && (arguments.is_empty() || !self.words.once_in(3)) {
            draft.drawn.insert(self.words.pick(&storage), word);
        } else if !arguments.is_empty() {
            let at = self.words.pick(&arguments);
            data[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
            draft.transaction.data = data.into();
        }
    }

    fn stray(&mut self) -> Result<Transaction> {
        let transaction = calls::stray(self.of.subject, self.words);
        let mut draft = Draft { transaction, ..Draft::default() };
        let executed = self.execute(&mut draft)?;
        Ok(self.take(draft, executed))
    }

    fn take(&mut self, draft: Draft, executed: Executed) -> Transaction {
        self.ground.take(&executed.met, &draft.drawn, &executed.stores, self.words);
        draft.transaction
    }

    /// Whether the next call of a function is to succeed.
    fn wanted(&mut self, function: usize) -> bool {
        let Tally { yes, no } = self.of.functions[function];
        match self.words.mood {
            Mood::Rich if yes <= 2 * no => !self.words.once_in(16),
            _ => self.words.once_in(6) != (yes <= no),
        }
    }

    /// A call aimed at a leaf, or spoilt.
    fn draft(&mut self, function: usize, wanted: bool) -> Draft {
        let mut draft = Draft { transaction: self.of.forms[function].call(self.words), ..Draft::default() };
        let entry = entry(&draft.transaction);
        let tree = self.of.trees.of(entry);
        let target = tree.as_ref().and_then(|tree| self.target(entry, tree, wanted));
        match (tree, target) {
            (Some(tree), Some(leaf)) if wanted || !self.words.once_in(3) => self.aim(&mut draft, entry, &tree, leaf),
            (_, _) if !wanted => self.of.forms[function].spoil(&mut draft.transaction, self.words),
            _ => {}
        }
        draft
    }

    /// A leaf that ends as is wanted; of three the one that has come about least.
    fn target(&mut self, entry: Entry, tree: &Tree, wanted: bool) -> Option<LeafId> {
        let fits = |leaf: &LeafId| match tree.kernel.leaf(*leaf).outcome {
            Outcome::Escape { .. } => true,
            ref outcome => (*outcome == Outcome::Return) == wanted,
        };
        let leaves: Vec<LeafId> = tree.leaves.iter().copied().filter(fits).collect();
        if leaves.is_empty() {
            return None;
        }
        let drawn = [(); 3].map(|()| self.words.pick(&leaves));
        let tallies = &self.of.leaves;
        // What cannot be reached is tried ever less.
        let score = |leaf: &LeafId| tallies.get(&(entry, *leaf)).map_or(0, |tally| tally.yes + 4 * tally.no);
        drawn.into_iter().min_by_key(score)
    }

    fn aim(&mut self, draft: &mut Draft, entry: Entry, tree: &Tree, leaf: LeafId) {
        let way = &tree.ways[leaf.index()];
        let mut solver = Solver::new(&tree.kernel, self.block, self.ground, &self.of.contract, self.words, draft);
        if !solver.reach(way) {
            self.of.leaves.entry((entry, leaf)).or_default().no += 1;
        }
    }

    fn execute(&mut self, draft: &mut Draft) -> Result<Executed> {
        let Draft { transaction, drawn } = draft;
        let (ground, contract) = (&*self.ground, &self.of.contract);
        let mut sight = Sight { ground, contract, drawn, words: self.words, met: BTreeSet::new() };
        if CONTRACTS.contains(&transaction.to) {
            let entry = entry(transaction);
            let tree: Option<Rc<Tree>> = self.of.trees.of(entry);
            if let Some(tree) = tree {
                let mut run = Run::new(&tree.kernel, Call { transaction: (&*transaction).into(), block: self.block });
                let leaf = run.leaf(&mut sight);
                self.of.leaves.entry((entry, leaf)).or_default().yes += 1;
                if let Some(status) = tree.kernel.leaf(leaf).outcome.status() {
                    let stores = run.stores(leaf, &mut sight);
                    return Ok(Executed {
                        succeeds: status == Status::Success,
                        by_revm: false,
                        recovery: None,
                        met: sight.met,
                        stores,
                        gas: 0,
                    });
                }
            }
        }
        let outcome = self.fallback.execute(&mut sight, (&*transaction).into())?;
        let succeeds = outcome.status == Status::Success;
        let (recovery, stores, gas) = (outcome.recovery, outcome.stores, outcome.gas);
        Ok(Executed { succeeds, by_revm: true, recovery, met: sight.met, stores, gas })
    }
}

fn entry(transaction: &Transaction) -> Entry {
    Entry::of(&transaction.data, !transaction.value.is_zero())
}
