//! Calls as their makers write them: a function's own, well formed or spoilt, and those that are no function's. What they come to is not
//! looked at.

use super::types::{self, Type, Word};
use super::words::Words;
use super::{CONTRACTS, Function, Subject};
use crate::tx::Transaction;
use alloy_primitives::{Address, Bytes, U256};

/// Lengths that the lists of a call may have: each is another calldata length, and so another kernel.
const COUNTS: usize = 3;

/// How a function is called.
#[derive(Debug)]
pub(super) struct Form {
    selector: Vec<u8>,
    parameters: Vec<Type>,
    pub payable: bool,
    pub view: bool,
    /// Bytes that a spoilt call lacks, and that it has too many: one each, so that there are few kernels.
    short: usize,
    long: usize,
}

impl Form {
    pub(super) fn of(function: &Function, words: &mut Words) -> Self {
        let selector: Vec<u8> = function.called.iter().flatten().copied().collect();
        let unknown = || {
            let bytes = function.calldata.unwrap_or(4 + 64).saturating_sub(4);
            vec![Type::Word(Word::Any); bytes / 32]
        };
        Self {
            parameters: if selector.is_empty() { vec![] } else { types::parameters(&function.name).unwrap_or_else(unknown) },
            selector,
            payable: function.payable,
            view: function.view,
            short: words.pick(&[1, 12, 31, 32]),
            long: words.pick(&[1, 32]),
        }
    }

    /// Whether well-formed calls have this many bytes of calldata.
    pub(super) fn has_length(&self, bytes: usize) -> bool {
        (0..self.counts()).any(|count| self.calldata(count, &mut |_| U256::ZERO).len() == bytes)
    }

    fn counts(&self) -> usize {
        if self.parameters.iter().any(Type::is_dynamic) { COUNTS } else { 1 }
    }

    fn calldata(&self, count: usize, draw: &mut dyn FnMut(Word) -> U256) -> Bytes {
        [self.selector.clone(), types::encode(&self.parameters, count, draw)].concat().into()
    }

    /// A well-formed call.
    pub(super) fn call(&self, words: &mut Words) -> Transaction {
        let count = words.below(self.counts());
        let data = self.calldata(count, &mut |kind| words.of(kind));
        let value = if self.payable && !words.once_in(3) { some_value(words) } else { U256::ZERO };
        let from = caller(words);
        Transaction { from, to: words.contract(), value, data: self.repeated(data, from, words) }
    }

    /// Now and then an account stands for two: a payer is the payee, a spender the owner.
    fn repeated(&self, data: Bytes, from: Address, words: &mut Words) -> Bytes {
        let places: Vec<usize> = self.heads().filter(|(_, kind)| *kind == Word::Address).map(|(at, _)| at).collect();
        if places.is_empty() || !words.once_in(6) {
            return data;
        }
        let mut data = data.to_vec();
        let (to, of) = (words.pick(&places), words.pick(&places));
        let word = if to == of { from.into_word().to_vec() } else { data[of..of + 32].to_vec() };
        data[to..to + 32].copy_from_slice(&word);
        data.into()
    }

    /// The words in front that are of a simple type, each at its byte.
    fn heads(&self) -> impl Iterator<Item = (usize, Word)> {
        let start = self.selector.len();
        // Behind an array or a tuple places are not told.
        let simple = self.parameters.iter().take_while(|of| matches!(of, Type::Word(_) | Type::Bytes | Type::List(_)));
        simple.enumerate().filter_map(move |(i, of)| match of {
            Type::Word(kind) => Some((start + 32 * i, *kind)),
            _ => None,
        })
    }

    /// Makes a call such that it ought to fail, though not every contract minds.
    pub(super) fn spoil(&self, call: &mut Transaction, words: &mut Words) {
        let mut data = call.data.to_vec();
        let narrow: Vec<_> = self.heads().filter(|(_, kind)| kind.mask() != U256::MAX).collect();
        match words.below(8) {
            0 | 1 if data.len() > 4 => data.truncate(data.len() - self.short.min(data.len() - 4)),
            2 => data.extend(vec![0; self.long]),
            3 | 4 if !narrow.is_empty() => {
                let (at, kind) = words.pick(&narrow);
                let dirt = !kind.mask() & (U256::MAX << words.below(256) | U256::ONE << words.pick(&[0, 8, 160, 255]));
                let word: U256 = U256::from_be_slice(&data[at..at + 32]) | dirt;
                data[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
            }
            5 if data.len() >= 36 => {
                let at = 4 + 32 * words.below((data.len() - 4) / 32);
                data[at..at + 32].copy_from_slice(&words.stored().to_be_bytes::<32>());
            }
            _ if self.payable => call.value = U256::MAX - U256::from(words.below(2)),
            _ => call.value = some_value(words),
        }
        call.data = data.into();
    }
}

fn caller(words: &mut Words) -> Address {
    match words.below(64) {
        0 => words.contract(),
        1 => Address::ZERO,
        _ => words.account(),
    }
}

/// More than nothing; mostly what people have.
fn some_value(words: &mut Words) -> U256 {
    words.amount().max(U256::ONE)
}

/// A call that is no function's: a plain transfer, no calldata, too little of it, or a selector of nobody.
pub(super) fn stray(subject: &Subject, words: &mut Words) -> Transaction {
    let (from, to) = (caller(words), if words.random.coin() { words.contract() } else { words.address() });
    let value = if words.random.coin() { U256::ZERO } else { some_value(words) };
    let unknown: [&[u8]; 3] = [&[], &[0xc1, 0xea], &[0xc1, 0xea, 0x4a, 0x7e]];
    let known = |data: &[u8]| subject.functions.iter().any(|function| function.called.is_some_and(|called| called == data));
    let data = if CONTRACTS.contains(&to) { words.pick(&unknown) } else { &[] };
    Transaction { from, to, value, data: if known(data) { Bytes::new() } else { Bytes::copy_from_slice(data) } }
}
