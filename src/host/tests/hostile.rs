//! Damaged files end in data or in an error of one line, never in a panic.

use super::artifacts::shapes;
use super::{NUMBERS, assets};
use crate::error::Result;
use crate::host::{Artifact, Prestate, RpcBlock, Tokens};
use std::fs;

/// xorshift64: the same damage in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Cuts, flips, repeats or removes a little of `bytes`.
fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const TOKENS: &[&str] =
        &["{", "}", "[", "]", ":", ",", "\"", "null", "-1", "1e99", "0x", "__", "tuple", "[9]", "é", "\0", "\\u0000", "\n"];
    let at = dice.below(bytes.len() + 1);
    let end = (at + 1 + dice.below(8)).min(bytes.len());
    match dice.below(5) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
        2 => drop(bytes.drain(at..end)),
        3 => drop(bytes.splice(at..end, TOKENS[dice.below(TOKENS.len())].bytes())),
        _ => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
    }
}

fn survive<T>(original: &[u8], rounds: usize, parse: impl Fn(&[u8]) -> Result<T>) {
    assert!(parse(original).is_ok());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        let mut bytes = original.to_vec();
        for _ in 0..=dice.below(3) {
            damage(&mut bytes, &mut dice);
        }
        if let Err(error) = parse(&bytes) {
            let message = error.to_string();
            assert!(error.is_input() && !message.contains(['\n', '\r', '\u{1b}', '\0']) && message.len() < 1000, "{message}");
        }
    }
}

#[test]
fn blocks_and_prestates() {
    for number in NUMBERS {
        let read = |folder: &str| fs::read(assets().join(format!("{folder}/{number}.json"))).unwrap();
        survive(&read("blocks"), 100, RpcBlock::parse);
        survive(&read("prestate"), 200, Prestate::parse);
    }
    survive(&fs::read(assets().join("tokens.json")).unwrap(), 500, Tokens::parse);
}

#[test]
fn artifacts() {
    for (_, document) in shapes() {
        survive(document.to_string().as_bytes(), 5000, |text| Artifact::parse(text, "Token", None));
        survive(document.to_string().as_bytes(), 1000, |text| Artifact::parse(text, "Token", Some("Token")));
    }
    survive(b"0x600160016001", 2000, |text| Artifact::parse(text, "Token", None));
}
