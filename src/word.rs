//! The 256-bit word as the device sees it: eight 32-bit limbs, the lowest first. Arithmetic on single words is `U256`'s; what is here
//! is the layout, and the totals that clearing keeps, which are one limb longer. `shaders/word.wgsl` has the same names.

use alloy_primitives::U256;

/// Limbs of a word.
pub const LIMBS: usize = 8;
/// Limbs of a total: one more, so that no sum of 2^32 words wraps.
pub const TOTAL_LIMBS: usize = LIMBS + 1;

/// A word in memory shared with the device: little-endian limbs, 32 bytes.
pub type Word = [u32; LIMBS];
/// A sum of words: little-endian limbs, 36 bytes.
pub type Total = [u32; TOTAL_LIMBS];

const _: () = assert!(cfg!(target_endian = "little"), "arenas are hashed and uploaded as they lie in memory, little-endian");

#[inline]
pub fn to_word(value: U256) -> Word {
    let mut word = [0; LIMBS];
    for (pair, limb) in word.chunks_exact_mut(2).zip(value.as_limbs()) {
        pair[0] = *limb as u32;
        pair[1] = (*limb >> 32) as u32;
    }
    word
}

#[inline]
pub fn from_word(word: &Word) -> U256 {
    let mut limbs = [0; LIMBS / 2];
    for (limb, pair) in limbs.iter_mut().zip(word.chunks_exact(2)) {
        *limb = u64::from(pair[0]) | u64::from(pair[1]) << 32;
    }
    U256::from_limbs(limbs)
}

/// The sum of `terms`, with the limb that a word lacks. Fewer than 2^32 terms.
pub fn total(terms: impl IntoIterator<Item = U256>) -> Total {
    terms.into_iter().fold([0; TOTAL_LIMBS], |sum, term| add(sum, widen(term)))
}

pub fn widen(value: U256) -> Total {
    let mut total = [0; TOTAL_LIMBS];
    total[..LIMBS].copy_from_slice(&to_word(value));
    total
}

pub fn add(mut a: Total, b: Total) -> Total {
    let mut carry = 0;
    for (x, y) in a.iter_mut().zip(b) {
        let sum = u64::from(*x) + u64::from(y) + carry;
        *x = sum as u32;
        carry = sum >> 32;
    }
    a
}

/// `a - b` modulo 2^288.
pub fn sub(mut a: Total, b: Total) -> Total {
    let mut borrow = 0;
    for (x, y) in a.iter_mut().zip(b) {
        let difference = i64::from(*x) - i64::from(y) - borrow;
        *x = difference as u32;
        borrow = i64::from(difference < 0);
    }
    a
}

pub fn less(a: &Total, b: &Total) -> bool {
    a.iter().rev().lt(b.iter().rev())
}

/// The low 256 bits.
pub fn narrow(total: &Total) -> U256 {
    let mut word = [0; LIMBS];
    word.copy_from_slice(&total[..LIMBS]);
    from_word(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_round_trip() {
        for value in [U256::ZERO, U256::from(1), U256::MAX, U256::from(0x1234_5678_9abc_def0_u64) << 77] {
            assert_eq!(from_word(&to_word(value)), value);
            assert_eq!(narrow(&widen(value)), value);
        }
    }

    #[test]
    fn a_total_does_not_wrap_where_a_word_does() {
        let sum = total([U256::MAX, U256::from(1)]);
        assert_eq!(sum, [0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!(less(&widen(U256::MAX), &sum) && !less(&sum, &sum));
        assert_eq!(sub(sum, widen(U256::from(1))), widen(U256::MAX));
    }
}
