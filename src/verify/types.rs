//! The types of a function's parameters, and arguments encoded by them. Whatever a signature says, what comes out is short: types that
//! would take more than a kernel's calldata are not known here.

use crate::limits;
use alloy_primitives::U256;

const WORD: usize = 32;
/// Tuples and lists within each other: the parser recurses.
const NESTING: usize = 16;

/// What a parameter holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Word(Word),
    /// `bytes` and `string`.
    Bytes,
    List(Box<Type>),
    Array(Box<Type>, usize),
    Tuple(Vec<Type>),
}

/// A type that takes one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Address,
    Bool,
    /// Of so many bits.
    Uint(usize),
    Int(usize),
    /// Of so many bytes, left-aligned.
    FixedBytes(usize),
    /// Not known.
    Any,
}

impl Word {
    /// The bits that a well-formed word of the type may have set.
    pub(super) fn mask(self) -> U256 {
        let low = |bits: usize| U256::MAX >> (256 - bits);
        match self {
            Self::Address => low(160),
            Self::Bool => U256::ONE,
            Self::Uint(bits) => low(bits),
            Self::FixedBytes(bytes) => U256::MAX << (256 - 8 * bytes),
            Self::Int(_) | Self::Any => U256::MAX,
        }
    }
}

/// The parameters of a signature: `name(address,(uint256,bytes)[])`. None where a type is not known, or they are too many or too large.
pub(super) fn parameters(signature: &str) -> Option<Vec<Type>> {
    let mut rest = &signature[signature.find('(')?..];
    match member(&mut rest, NESTING)? {
        Type::Tuple(members) if rest.is_empty() && size(&members)? <= limits::CALLDATA_BYTES / 2 => Some(members),
        _ => None,
    }
}

fn member(rest: &mut &str, nesting: usize) -> Option<Type> {
    let nesting = nesting.checked_sub(1)?;
    let mut of = match rest.strip_prefix('(') {
        Some(members) => {
            *rest = members;
            Type::Tuple(tuple(rest, nesting)?)
        }
        None => elementary(take(rest, |c| c.is_ascii_alphanumeric()))?,
    };
    let mut lists = 0;
    while let Some(count) = rest.strip_prefix('[') {
        *rest = count;
        lists += 1;
        let count = take(rest, |c| c.is_ascii_digit());
        *rest = rest.strip_prefix(']').filter(|_| lists < nesting)?;
        of = if count.is_empty() { Type::List(of.into()) } else { Type::Array(of.into(), count.parse().ok().filter(|count| *count > 0)?) };
    }
    Some(of)
}

fn tuple(rest: &mut &str, nesting: usize) -> Option<Vec<Type>> {
    let mut members = Vec::new();
    while !rest.starts_with(')') {
        if !members.is_empty() {
            *rest = rest.strip_prefix(',')?;
        }
        members.push(member(rest, nesting)?);
    }
    *rest = &rest[1..];
    Some(members)
}

fn elementary(name: &str) -> Option<Type> {
    let start = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let (kind, size) = name.split_at(start);
    let bits = || size.parse().ok().filter(|bits: &usize| (8..=256).contains(bits) && bits.is_multiple_of(8));
    Some(Type::Word(match (kind, size) {
        ("bytes" | "string", "") => return Some(Type::Bytes),
        ("address", "") => Word::Address,
        ("bool", "") => Word::Bool,
        ("function", "") => Word::FixedBytes(24),
        ("uint", _) => Word::Uint(bits()?),
        ("int", _) => Word::Int(bits()?),
        ("bytes", _) => Word::FixedBytes(size.parse().ok().filter(|bytes| (1..=WORD).contains(bytes))?),
        ("fixed" | "ufixed", _) => Word::Any,
        _ => return None,
    }))
}

fn take<'a>(rest: &mut &'a str, accept: fn(char) -> bool) -> &'a str {
    let (taken, after) = rest.split_at(rest.find(|c| !accept(c)).unwrap_or(rest.len()));
    *rest = after;
    taken
}

/// Bytes that members take at their own place. None beyond any bound.
fn size(members: &[Type]) -> Option<usize> {
    members.iter().try_fold(0, |sum: usize, of| sum.checked_add(of.size()?))
}

impl Type {
    pub(super) fn is_dynamic(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Bytes | Self::List(_) => true,
            Self::Array(of, _) => of.is_dynamic(),
            Self::Tuple(members) => members.iter().any(Self::is_dynamic),
        }
    }

    /// An array's members count even where only an offset to them stands here: they are written somewhere.
    fn size(&self) -> Option<usize> {
        match self {
            Self::Word(_) | Self::Bytes | Self::List(_) => Some(WORD),
            Self::Array(of, count) => of.size()?.checked_mul(*count),
            Self::Tuple(members) => size(members),
        }
    }
}

/// The encoding of arguments. Lists have `count` members, and bytes as many words.
pub(super) fn encode(members: &[Type], count: usize, draw: &mut dyn FnMut(Word) -> U256) -> Vec<u8> {
    let heads = members.iter().map(|of| if of.is_dynamic() { WORD } else { of.size().unwrap_or_default() }).sum::<usize>();
    let (mut head, mut tail) = (Vec::new(), Vec::new());
    for of in members {
        let body = body(of, count, draw);
        if of.is_dynamic() {
            head.extend(word(heads + tail.len()));
            tail.extend(body);
        } else {
            head.extend(body);
        }
    }
    head.extend(tail);
    head
}

fn body(of: &Type, count: usize, draw: &mut dyn FnMut(Word) -> U256) -> Vec<u8> {
    match of {
        Type::Word(of) => draw(*of).to_be_bytes_vec(),
        Type::Bytes => {
            // The last word is not full.
            let length = (WORD * count).saturating_sub(27);
            let mut bytes: Vec<u8> = (0..count).flat_map(|_| draw(Word::Any).to_be_bytes::<WORD>()).collect();
            bytes[length..].fill(0);
            [&word(length)[..], &bytes].concat()
        }
        Type::List(of) => [&word(count)[..], &encode(&vec![(**of).clone(); count], count, draw)].concat(),
        Type::Array(of, length) => encode(&vec![(**of).clone(); *length], count, draw),
        Type::Tuple(members) => encode(members, count, draw),
    }
}

fn word(number: usize) -> [u8; WORD] {
    U256::from(number).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(signature: &str, count: usize) -> Vec<usize> {
        let mut next = 99;
        let mut draw = |_| {
            next += 1;
            U256::from(next)
        };
        let bytes = encode(&parameters(signature).expect(signature), count, &mut draw);
        bytes.chunks(WORD).map(|word| U256::from_be_slice(word).to()).collect()
    }

    #[test]
    fn arguments_are_encoded_as_the_abi_has_it() {
        assert_eq!(words("f()", 1), Vec::<usize>::new());
        assert_eq!(words("f(address,uint256)", 1), [100, 101]);
        assert_eq!(words("f(uint8[2],(bool,int8))", 1), [100, 101, 102, 103]);
        assert_eq!(words("f(uint256[],bool)", 2), [64, 102, 2, 100, 101]);
        assert_eq!(words("f(bytes)", 0), [32, 0]);
        assert_eq!(words("f((uint256,address[]),bool)", 1), [64, 102, 100, 64, 1, 101]);
        assert_eq!(words("f(uint256[][2])", 1), [32, 64, 128, 1, 100, 1, 101]);
        let (bytes, short) = (words("f(string)", 0), encode(&[Type::Bytes], 1, &mut |_| U256::MAX));
        assert_eq!((bytes, short.len(), &short[63..70]), (vec![32, 0], 96, &[5, 255, 255, 255, 255, 255, 0][..]));
    }

    #[test]
    fn what_is_not_known_has_no_parameters() {
        let nested = format!("f{}{}", "(".repeat(1 << 20), ")".repeat(1 << 20));
        let lists = format!("f(uint8{})", "[]".repeat(1 << 20));
        let odd =
            ["f", "f(", "f(uint)", "f(uint7)", "f(Roles.Role)", "f(uint256,)", "f(,)", "f(uint8[0])", "f(uint256[4294967296])", "f(é)"];
        for signature in odd.into_iter().chain([nested.as_str(), &lists, "f(uint8[99][99])", "f(bytes[99999])"]) {
            assert_eq!(parameters(signature), None, "{signature:.60}");
        }
    }
}
