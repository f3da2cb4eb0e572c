//! Calldata for any signature: words of its types, lists and bytes of a few lengths; mostly well formed.

use super::Random;
use alloy_primitives::{Address, Bytes, U256};

/// A call of a function, sometimes cut, longer or with a bit turned.
pub fn call(random: &mut Random, accounts: &[Address], signature: &str, selector: [u8; 4]) -> Bytes {
    let types = &signature[signature.find('(').unwrap_or(0)..];
    let mut data = selector.to_vec();
    data.extend(Words { random: &mut *random, accounts }.value(types).bytes);
    match random.below(40) {
        0 => data.truncate(random.below(data.len() + 1)),
        1 => data.extend([0; 32]),
        2 if data.len() > 5 => {
            let at = 4 + random.below(data.len() - 4);
            data[at] ^= 0x80;
        }
        _ => {}
    }
    data.into()
}

/// No calldata, or such as no function knows.
pub fn unknown(random: &mut Random) -> Bytes {
    match random.below(2) {
        0 => Bytes::new(),
        _ => vec![0xfe; random.below(70)].into(),
    }
}

struct Words<'a> {
    random: &'a mut Random,
    accounts: &'a [Address],
}

/// A value of some type. A dynamic one is reached through an offset.
struct Value {
    bytes: Vec<u8>,
    dynamic: bool,
}

impl Words<'_> {
    fn value(&mut self, kind: &str) -> Value {
        if let Some(list) = kind.strip_suffix(']') {
            let (element, length) = list.rsplit_once('[').expect("a list's bracket opens");
            return self.list(element, length);
        }
        match kind {
            "bytes" | "string" => {
                let length = *self.random.pick(&[0, 1, 31, 32, 33, 70]);
                let mut bytes = length_word(length);
                bytes.extend(vec![b'a' + self.random.below(3) as u8; length]);
                bytes.resize(bytes.len().next_multiple_of(32), 0);
                Value { bytes, dynamic: true }
            }
            _ if kind.starts_with('(') => self.tuple(&members(kind)),
            _ => Value { bytes: self.word(kind).to_be_bytes::<32>().to_vec(), dynamic: false },
        }
    }

    fn list(&mut self, element: &str, length: &str) -> Value {
        let fixed = length.parse().ok();
        let count = fixed.unwrap_or_else(|| self.random.below(4));
        let elements = self.tuple(&vec![element; count]);
        match fixed {
            Some(_) => elements,
            None => Value { bytes: [length_word(count), elements.bytes].concat(), dynamic: true },
        }
    }

    fn tuple(&mut self, kinds: &[&str]) -> Value {
        let values: Vec<Value> = kinds.iter().map(|kind| self.value(kind)).collect();
        let mut end: usize = values.iter().map(|value| if value.dynamic { 32 } else { value.bytes.len() }).sum();
        let (mut heads, mut tails) = (vec![], vec![]);
        let dynamic = values.iter().any(|value| value.dynamic);
        for value in values {
            if value.dynamic {
                heads.extend(length_word(end));
                end += value.bytes.len();
                tails.extend(value.bytes);
            } else {
                heads.extend(value.bytes);
            }
        }
        Value { bytes: [heads, tails].concat(), dynamic }
    }

    fn word(&mut self, kind: &str) -> U256 {
        let bits = |prefix: &str| kind.strip_prefix(prefix).and_then(|bits| bits.parse::<usize>().ok());
        match kind {
            "address" if self.random.below(12) == 0 => return U256::ZERO,
            "address" => return self.random.pick(self.accounts).into_word().into(),
            "bool" => return U256::from(self.random.below(2)),
            _ => {}
        }
        // Few ids, so that calls meet.
        let word = if self.random.below(2) == 0 { U256::from(self.random.below(4)) } else { self.random.amount() };
        match (bits("bytes"), bits("uint")) {
            (Some(bytes), _) => word << (256 - 8 * bytes),
            // Some are too wide for their type, which the code must notice.
            (_, Some(bits)) if bits < 256 && self.random.below(12) != 0 => word & (U256::MAX >> (256 - bits)),
            _ => word,
        }
    }
}

fn length_word(length: usize) -> Vec<u8> {
    U256::from(length).to_be_bytes::<32>().to_vec()
}

/// `(a,(b,c)[])` is of `a` and `(b,c)[]`.
fn members(tuple: &str) -> Vec<&str> {
    let inner = &tuple[1..tuple.len() - 1];
    let mut depth = 0;
    let at_top = move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    };
    inner.split(at_top).filter(|kind| !kind.is_empty()).collect()
}
