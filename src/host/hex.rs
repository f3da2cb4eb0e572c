//! Hex text to values. A failure is the words for what was found; the caller knows the place and says what was expected.

use alloy_primitives::{Address, Bytes, U256, hex};

/// Text longer than this many characters is shortened where it is shown: slots and hashes (66) are shown whole.
const SHOWN_WHOLE: usize = 72;
const SHOWN_OF_LONGER: usize = 32;

pub(super) const WORD: &str = "a number of at most 256 bits (0x and hex digits)";
pub(super) const NUMBER: &str = "a number of at most 64 bits (0x and hex digits)";
pub(super) const ADDRESS: &str = "an address (0x and 40 hex digits)";
pub(super) const BYTES: &str = "bytes (0x and pairs of hex digits)";

/// What was found in place of a value, in words.
pub(super) type Found = String;

/// A number, minimal or padded with zeros to any length.
pub(super) fn word(text: &str) -> Result<U256, Found> {
    let digits = digits(text)?.trim_start_matches('0');
    let mut padded = [b'0'; 64];
    let start = padded.len().checked_sub(digits.len()).filter(|_| text.len() > 2).ok_or_else(|| quote(text))?;
    padded[start..].copy_from_slice(digits.as_bytes());
    hex::decode_to_array(padded).map(U256::from_be_bytes::<32>).map_err(|_| quote(text))
}

/// An address in any mix of cases; its checksum is not looked at.
pub(super) fn address(text: &str) -> Result<Address, Found> {
    hex::decode_to_array(digits(text)?).map(Address::new).map_err(|_| quote(text))
}

pub(super) fn bytes(text: &str) -> Result<Bytes, Found> {
    bare_bytes(digits(text)?)
}

/// Bytes without 0x in front.
pub(super) fn bare_bytes(digits: &str) -> Result<Bytes, Found> {
    check_digits(digits)?;
    hex::decode(digits).map(Bytes::from).map_err(|_| format!("an odd number of digits ({})", digits.len()))
}

/// The four bytes of a selector, with or without 0x.
pub(super) fn selector(text: &str) -> Result<[u8; 4], Found> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    check_digits(digits).and_then(|()| hex::decode_to_array(digits).map_err(|_| quote(text)))
}

fn digits(text: &str) -> Result<&str, Found> {
    let digits = text.strip_prefix("0x").ok_or_else(|| quote(text))?;
    check_digits(digits).map(|()| digits)
}

fn check_digits(digits: &str) -> Result<(), Found> {
    match digits.char_indices().find(|(_, digit)| !digit.is_ascii_hexdigit()) {
        Some((index, digit)) => Err(format!("{digit:?} as digit {} of {}", index + 1, quote(digits))),
        None => Ok(()),
    }
}

/// `text` in quotes, escaped, and shortened if it is long.
pub(super) fn quote(text: &str) -> String {
    let length = text.chars().count();
    if length <= SHOWN_WHOLE {
        return format!("{text:?}");
    }
    let start: String = text.chars().take(SHOWN_OF_LONGER).chain(['…']).collect();
    format!("{start:?} ({length} characters)")
}
