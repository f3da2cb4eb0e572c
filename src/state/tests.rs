//! The whole state against a plain model of it, over random courses of appends, changes, marks, undos and releases.

use super::*;
use alloy_primitives::B256;
use std::{collections::BTreeMap, time::Instant};

/// A small generator with one word of state, for courses that a seed repeats.
pub(super) struct SplitMix64(pub(super) u64);

impl SplitMix64 {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, or 0 if that is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() as usize).checked_rem(bound).unwrap_or(0)
    }

    fn few_or_many(&mut self) -> usize {
        let bound = [3, 40, 700][self.below(3)];
        self.below(bound)
    }

    fn address(&mut self) -> Address {
        Address::left_padding_from(&self.next().to_be_bytes())
    }

    fn value(&mut self) -> U256 {
        U256::from_limbs([self.next(), self.next(), self.next(), self.next()]) >> self.below(256)
    }

    /// One of few accounts, so that native cells and storage of one account meet.
    fn key(&mut self) -> CellKey {
        let address = Address::with_last_byte(self.below(40) as u8);
        match self.below(10) {
            0 => CellKey::native(address),
            _ => CellKey::storage(address, B256::left_padding_from(&self.next().to_be_bytes())),
        }
    }
}

/// What the documentation says the root is, from the exports alone.
fn plain_root(state: &State) -> B256 {
    let mut bytes = FORMAT.to_le_bytes().to_vec();
    for export in [state.export_cells(), state.export_keys(), state.export_contracts()] {
        bytes.extend_from_slice(blake3::hash(export).as_bytes());
    }
    B256::new(*blake3::hash(&bytes).as_bytes())
}

fn code_of(n: u64) -> Bytes {
    Bytes::from(vec![n as u8; 1 + n as usize % 9])
}

fn key_of(n: u64) -> CellKey {
    CellKey::storage(Address::with_last_byte(7), B256::left_padding_from(&n.to_be_bytes()))
}

/// The same content as a state's, kept the plain way.
#[derive(Clone, Default)]
struct Model {
    cells: Vec<(CellKey, U256)>,
    contracts: Vec<(Address, u64, Bytes)>,
}

impl Model {
    fn check(&self, state: &State, what: &str) {
        assert_eq!(state.len(), self.cells.len(), "{what}");
        for (id, (key, value)) in self.cells.iter().enumerate() {
            assert_eq!(state.find(key), Some(id as CellId), "{what}: {key}");
            assert_eq!((state.key(id as CellId), state.value(id as CellId)), (*key, *value), "{what}");
        }
        let contracts: Vec<_> = state.contracts().map(|c| (c.address, c.nonce, c.code.clone())).collect();
        assert_eq!(contracts, self.contracts, "{what}");
        for (id, (address, _, code)) in self.contracts.iter().enumerate() {
            assert_eq!(state.contract_id(address), Some(id as u32), "{what}");
            assert_eq!(state.contract(address).map(|c| c.code_hash), Some(alloy_primitives::keccak256(code)), "{what}");
        }
    }
}

#[test]
fn any_course_ends_as_the_model_and_at_the_plain_root() {
    for seed in 0..40 {
        let mut random = SplitMix64(seed);
        let (mut state, mut model) = (State::default(), Model::default());
        let mut marks: Vec<(Mark, Model, B256)> = Vec::new();
        let mut dead: Vec<Mark> = Vec::new();
        for step in 0..120 {
            let what = format!("seed {seed}, step {step}");
            match random.below(12) {
                0..=3 => {
                    for _ in 0..random.few_or_many() {
                        let (key, value) = (random.key(), random.value());
                        if state.find(&key).is_none() {
                            assert_eq!(state.append(key, value) as usize, model.cells.len(), "{what}");
                            model.cells.push((key, value));
                        }
                    }
                }
                4..=6 => {
                    for _ in 0..random.few_or_many() * model.cells.len().min(1) {
                        let (id, value) = (random.below(model.cells.len()), random.value());
                        state.set(id as CellId, value);
                        model.cells[id].1 = value;
                    }
                }
                7 => {
                    let (address, nonce, code) = (Address::with_last_byte(random.below(200) as u8), random.next(), code_of(random.next()));
                    state.set_contract(address, nonce, code.clone());
                    match model.contracts.iter_mut().find(|(other, ..)| *other == address) {
                        Some(contract) => *contract = (address, nonce, code),
                        None => model.contracts.push((address, nonce, code)),
                    }
                }
                8 | 9 => marks.push((state.mark(), model.clone(), plain_root(&state))),
                10 if !marks.is_empty() => {
                    let place = random.below(marks.len());
                    dead.extend(marks.drain(place + 1..).map(|(mark, ..)| mark));
                    let (mark, then, root) = &marks[place];
                    state.undo(*mark).unwrap();
                    model = then.clone();
                    assert_eq!(state.root(), *root, "{what}: the root after an undo");
                }
                11 if !marks.is_empty() => {
                    let (mark, ..) = marks.remove(random.below(marks.len()));
                    state.release(mark).unwrap();
                    dead.push(mark);
                }
                _ => {}
            }
            for mark in &dead {
                assert!(state.undo(*mark).is_err_and(|e| e.is_input()), "{what}: a dead mark");
                assert!(state.release(*mark).is_err_and(|e| e.is_input()), "{what}: a dead mark");
            }
            if random.below(2) == 0 {
                assert_eq!(state.root(), plain_root(&state), "{what}");
            }
            if random.below(10) == 0 {
                model.check(&state, &what);
            }
        }
        model.check(&state, &format!("seed {seed}, end"));
        assert_eq!(state.root(), plain_root(&state), "seed {seed}, end");
    }
}

#[test]
fn words_set_together_are_as_those_set_one_by_one() {
    let mut random = SplitMix64(5);
    let mut together = State::default();
    // More than a block of marks, and a part of another.
    let count = 40_000;
    (0..count).for_each(|n| _ = together.append(key_of(n), U256::from(n)));
    let mut one_by_one = together.clone();
    let (mut roots, mut marks) = (vec![], vec![]);
    for round in 0..8 {
        roots.push(together.root());
        marks.push([together.mark(), one_by_one.mark()]);
        let bound = [2, 50, 10_000][round % 3];
        let ids: Vec<CellId> = (0..count as CellId).filter(|_| random.below(bound) == 0).collect();
        let mut words: Vec<Word> = ids.iter().map(|id| to_word(if id % 3 == 0 { one_by_one.value(*id) } else { random.value() })).collect();
        if round % 2 == 0 {
            together.set_words(&ids, &words);
            ids.iter().zip(&words).for_each(|(id, word)| one_by_one.set_word(*id, *word));
        } else {
            words.extend_from_slice(&one_by_one.words()[words.len()..]);
            together.replace_words(words.clone());
            words.iter().enumerate().for_each(|(id, word)| one_by_one.set_word(id as CellId, *word));
        }
        assert_eq!(together.words(), one_by_one.words(), "round {round}");
        assert_eq!(together.root(), one_by_one.root(), "round {round}");
        // What comes after a mark is not below it.
        for state in [&mut together, &mut one_by_one] {
            (0..3).for_each(|n| _ = state.append(key_of(state.len() as u64 + n * 1_000_000), U256::ONE));
        }
    }
    for (root, mark) in roots.into_iter().zip(marks).rev() {
        together.undo(mark[0]).unwrap();
        one_by_one.undo(mark[1]).unwrap();
        assert_eq!((together.root(), one_by_one.root()), (root, root));
    }
}

#[test]
fn every_number_of_cells_has_the_plain_root() {
    let mut state = State::default();
    assert_eq!(state.root(), plain_root(&state));
    // 512 cells fill a group of 16 pages; their keys, two.
    for n in 0..2_200 {
        state.append(key_of(n), U256::from(n));
        if n < 70 || n % 256 < 4 || n % 256 > 250 {
            assert_eq!(state.root(), plain_root(&state), "{} cells", n + 1);
        }
    }
}

#[test]
fn an_import_does_not_depend_on_its_order() {
    let mut random = SplitMix64(5);
    let mut cells: BTreeMap<CellKey, U256> = (0..3_000).map(|_| (random.key(), random.value())).collect();
    cells.retain(|key, _| key.slot != Slot::Native);
    cells.insert(CellKey::native(Address::ZERO), U256::MAX);
    let contracts: Vec<_> = (0..20).map(|n| (Address::with_last_byte(n), u64::from(n), code_of(u64::from(n % 3)))).collect();
    let mut sorted = State::import(cells.clone(), contracts.clone()).unwrap();
    let mut reversed = State::import(cells.clone().into_iter().rev(), contracts.into_iter().rev()).unwrap();
    assert_eq!(sorted.root(), reversed.root());
    assert_eq!(sorted.root(), plain_root(&sorted));
    assert!((0..sorted.len()).map(|id| sorted.key(id as CellId)).eq(cells.into_keys()), "cells lie in the order of their keys");
}

#[test]
fn an_import_refuses_what_cannot_be() {
    let [a, b] = [1, 2].map(Address::with_last_byte);
    let refusal = |cells: &[(CellKey, U256)], contracts: &[(Address, u64, Bytes)]| {
        let error = State::import(cells.to_vec(), contracts.to_vec()).unwrap_err();
        assert!(error.is_input());
        error.to_string()
    };
    let slot = CellKey::storage(a, B256::with_last_byte(3));
    assert_eq!(refusal(&[(slot, U256::ZERO), (slot, U256::ONE)], &[]), format!("{slot}: the cell is given twice"));
    assert_eq!(refusal(&[], &[(b, 1, Bytes::new()), (b, 2, Bytes::new())]), format!("{b}: the contract is given twice"));
    let most = (CellKey::native(a), U256::MAX);
    assert_eq!(
        refusal(&[(CellKey::native(b), U256::ONE), most], &[]),
        format!("{b} native balance: up to here the native balances sum to 2^256 wei or more")
    );
    // Storage is no balance, and the largest sum that fits does.
    let state = State::import([most, (CellKey::native(b), U256::ZERO), (slot, U256::MAX)], []).unwrap();
    assert_eq!((state.read(&most.0), state.read(&CellKey::storage(b, B256::ZERO))), (U256::MAX, U256::ZERO));
}

#[test]
fn accounts_with_neither_nonce_nor_code_are_in_no_list() {
    let mut state = State::import([], [(Address::ZERO, 0, Bytes::new())]).unwrap();
    let empty = state.root();
    state.set_contract(Address::ZERO, 0, Bytes::new());
    assert_eq!((state.contracts().len(), state.root()), (0, empty));
    state.set_contract(Address::ZERO, 1, Bytes::new());
    assert_eq!(state.contract(&Address::ZERO).map(|c| c.code_hash), Some(alloy_primitives::KECCAK256_EMPTY));
    assert_ne!(state.root(), empty);
}

#[test]
fn equal_codes_are_shared_and_undone_ones_dropped() {
    let mut state = State::default();
    state.set_contract(Address::with_last_byte(1), 1, code_of(5));
    state.set_contract(Address::with_last_byte(2), 1, code_of(5));
    let codes: Vec<_> = state.contracts().map(|c| c.code.as_ptr()).collect();
    assert_eq!(codes[0], codes[1]);
    let mark = state.mark();
    state.set_contract(Address::with_last_byte(2), 2, code_of(6));
    state.set_contract(Address::with_last_byte(3), 1, code_of(7));
    state.undo(mark).unwrap();
    assert_eq!(state.contracts.codes(), 1);
    assert_eq!(state.contracts().map(|c| c.code.as_ptr()).collect::<Vec<_>>(), codes);
}

#[test]
fn an_undo_forgets_the_paths_to_what_came_after_its_mark() {
    let mut state = State::default();
    let space = Paths::space(u32::MAX, 1);
    let word = |n: u64| [U256::from(n)];
    let add = |state: &mut State, n: u64| {
        let id = state.append(key_of(n), U256::ZERO);
        state.paths_mut().insert(space, &word(n), id);
    };
    (0..10).for_each(|n| add(&mut state, n));
    let mark = state.mark();
    (10..2_000).for_each(|n| add(&mut state, n));
    state.undo(mark).unwrap();
    // The same ids, other cells.
    (5_000..6_000).for_each(|n| add(&mut state, n));
    for n in (0..10).chain(5_000..6_000) {
        assert_eq!(state.paths().find(space, &word(n)), state.find(&key_of(n)));
    }
    assert!((10..2_000).all(|n| state.paths().find(space, &word(n)).is_none()));
}

#[test]
fn without_marks_nothing_is_journaled() {
    let mut state = State::default();
    (0..100).for_each(|n| _ = state.append(key_of(n), U256::ZERO));
    let change = |state: &mut State, value: u64| (0..100).for_each(|id| state.set(id, U256::from(value)));
    change(&mut state, 1);
    assert_eq!(state.journal.len(), 0);
    let [older, newer] = [state.mark(), state.mark()];
    change(&mut state, 2);
    change(&mut state, 2);
    assert_eq!(state.journal.len(), 100, "the same word again is no change");
    let id = state.append(key_of(1_000), U256::ZERO);
    state.set(id, U256::ONE);
    assert_eq!(state.journal.len(), 100, "what came after the mark needs no undo");
    state.release(older).unwrap();
    assert_eq!(state.journal.len(), 100);
    state.undo(newer).unwrap();
    assert!((0..100).all(|id| state.value(id) == U256::ONE) && state.len() == 100);
    state.release(newer).unwrap();
    change(&mut state, 3);
    assert_eq!(state.journal.len(), 0);
}

#[test]
fn marks_of_another_state_are_refused() {
    let (mut one, mut other) = (State::default(), State::default());
    let mark = one.mark();
    other.mark();
    assert!(other.undo(mark).is_err());
    let mut clone = one.clone();
    clone.append(key_of(1), U256::ONE);
    clone.undo(mark).unwrap();
    assert_eq!((clone.len(), clone.root()), (0, one.root()));
    assert_eq!(format!("{one:?}"), "State { cells: 0, contracts: 0, paths: 0, .. }");
}

/// Prints times: `cargo test --release --lib state::tests::speeds -- --ignored --nocapture`. 2^24 cells take 2 GB.
#[test]
#[ignore = "prints times"]
fn speeds() {
    let cells: usize = std::env::var("CELLS").map_or(1 << 24, |cells| cells.parse().unwrap());
    let mut random = SplitMix64(1);
    let time = |what: &str, count: usize, work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        let took = start.elapsed();
        println!("{what:48} {:>9.2} ms, {:>8.1} ns each", took.as_secs_f64() * 1e3, took.as_nanos() as f64 / count as f64);
    };
    let input: Vec<_> = (0..cells as u64).map(|n| (CellKey::storage(random.address(), B256::ZERO), U256::from(n))).collect();
    let keys: Vec<CellKey> = input.iter().map(|(key, _)| *key).collect();
    let mut state = State::default();
    time("import", cells, &mut || state = State::import(input.iter().copied(), []).unwrap());
    time("first root, cells and keys", cells, &mut || _ = state.root());
    time("update_rayon of the cells", cells, &mut || {
        blake3::Hasher::new().update_rayon(state.export_cells()).finalize();
    });
    let picks: Vec<usize> = (0..1 << 20).map(|_| random.below(cells)).collect();
    let picked: Vec<CellKey> = picks.iter().map(|pick| keys[*pick]).collect();
    time("find, random", picks.len(), &mut || {
        assert!(picked.iter().all(|key| state.find(key).is_some()));
    });
    let mut sparse = |state: &mut State| {
        for touched in [1_000, 1_000, 1_000, 1 << 14, 1 << 14, 1 << 17, 1 << 17] {
            let ids: Vec<_> = (0..touched).map(|_| random.below(cells) as CellId).collect();
            let value = random.value();
            time(&format!("set, {touched} cells"), touched, &mut || ids.iter().for_each(|id| state.set(*id, value)));
            time(&format!("root, {touched} cells changed"), touched, &mut || _ = state.root());
        }
    };
    sparse(&mut state);
    for round in 0..3_u64 {
        time("set, every cell", cells, &mut || (0..cells as CellId).for_each(|id| state.set(id, U256::from(round + 1_000_000_007))));
        time("root, every cell changed", cells, &mut || _ = state.root());
    }
    sparse(&mut state);
    let mark = state.mark();
    let value = random.value();
    time("set under a mark, random", picks.len(), &mut || picks.iter().for_each(|id| state.set(*id as CellId, value)));
    time("undo of these", picks.len(), &mut || state.undo(mark).unwrap());
    state.release(mark).unwrap();
    assert_eq!(state.root(), plain_root(&state));

    let words: Vec<[U256; 1]> = (0..cells).map(|_| [U256::from_limbs([random.next(), random.next(), random.next() >> 32, 0])]).collect();
    let mut paths = Paths::default();
    time("paths, insert", cells, &mut || words.iter().enumerate().for_each(|(id, words)| paths.insert(1, words, id as CellId)));
    time("paths, find, random", picks.len(), &mut || {
        assert!(picks.iter().all(|pick| paths.find(1, &words[*pick]) == Some(*pick as CellId)));
    });
}
