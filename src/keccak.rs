//! Keccak-256 of many short messages side by side, which is how the slots of mappings are found that nothing led to before. One message after
//! another a processor is bound by the latency of a round; eight of them fill its vectors. It never gives another hash than
//! `alloy_primitives::keccak256`.

use alloy_primitives::{U256, keccak256};

/// Messages side by side.
const LANES: usize = 8;

/// Bytes that one permutation takes in, one of them for padding.
const RATE_BYTES: usize = 136;

/// The words of eight states, word by word.
type States = [[u64; LANES]; 25];

/// Hashes a message for each of `hashes`: as many bytes of the words that `word` gives by their place and the message's.
pub fn keccak256_each(len_bytes: usize, word: impl Fn(usize, usize) -> U256, hashes: &mut [U256]) {
    let permute = permutation().filter(|_| len_bytes < RATE_BYTES);
    let words = len_bytes.div_ceil(32);
    for (group, hashes) in hashes.chunks_mut(LANES).enumerate() {
        let word = |at: usize, lane: usize| word(at, group * LANES + lane);
        match permute {
            // For fewer, lanes that hash nothing cost more than they save.
            Some(permute) if hashes.len() > LANES / 2 => side_by_side(permute, len_bytes, word, hashes),
            _ => hashes.iter_mut().enumerate().for_each(|(lane, hash)| {
                let bytes: Vec<u8> = (0..words).flat_map(|at| word(at, lane).to_be_bytes::<32>()).collect();
                *hash = keccak256(&bytes[..len_bytes]).into();
            }),
        }
    }
}

fn side_by_side(permute: fn(&mut States), len_bytes: usize, word: impl Fn(usize, usize) -> U256, hashes: &mut [U256]) {
    let mut states: States = [[0; LANES]; 25];
    for lane in 0..hashes.len() {
        let mut block = [0; RATE_BYTES.next_multiple_of(32)];
        for (at, bytes) in block.chunks_mut(32).enumerate().take(len_bytes.div_ceil(32)) {
            bytes.copy_from_slice(&word(at, lane).to_be_bytes::<32>());
        }
        block[len_bytes..].fill(0);
        block[len_bytes] = 1;
        block[RATE_BYTES - 1] |= 0x80;
        for (state, bytes) in states.iter_mut().zip(block[..RATE_BYTES].as_chunks().0) {
            state[lane] = u64::from_le_bytes(*bytes);
        }
    }
    permute(&mut states);
    for (lane, hash) in hashes.iter_mut().enumerate() {
        *hash = U256::from_limbs([3, 2, 1, 0].map(|at: usize| states[at][lane].swap_bytes()));
    }
}

/// The permutation of eight states, where that is faster than one of each.
#[cfg(target_arch = "x86_64")]
fn permutation() -> Option<fn(&mut States)> {
    #[target_feature(enable = "avx512f")]
    fn with_avx512(states: &mut States) {
        keccak_f(states);
    }
    #[target_feature(enable = "avx2")]
    fn with_avx2(states: &mut States) {
        keccak_f(states);
    }
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has what the function was compiled for.
        Some(|states| unsafe { with_avx512(states) })
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        Some(|states| unsafe { with_avx2(states) })
    } else {
        None
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn permutation() -> Option<fn(&mut States)> {
    None
}

/// Repeats what is done with each word of a state, or with each of five: written out, since a loop in it keeps the lanes from becoming a vector.
macro_rules! each {
    (25, |$at:ident| $do:expr) => { each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24, $at, $do) };
    (5, |$at:ident| $do:expr) => { each!(0 1 2 3 4, $at, $do) };
    ($($number:literal)*, $at:ident, $do:expr) => { $({ const $at: usize = $number; $do; })* };
}

/// Keccak-f\[1600\] of eight states ([FIPS 202](https://doi.org/10.6028/NIST.FIPS.202), section 3).
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "a lane goes through all words")]
fn keccak_f(states: &mut States) {
    for constant in ROUNDS {
        for lane in 0..LANES {
            let (mut a, mut b, mut c, mut d) = ([0; 25], [0; 25], [0; 5], [0; 5]);
            each!(25, |AT| a[AT] = states[AT][lane]);
            each!(5, |X| c[X] = a[X] ^ a[X + 5] ^ a[X + 10] ^ a[X + 15] ^ a[X + 20]);
            each!(5, |X| d[X] = c[(X + 4) % 5] ^ u64::rotate_left(c[(X + 1) % 5], 1));
            each!(25, |AT| b[AT] = u64::rotate_left(a[MOVES[AT].0] ^ d[MOVES[AT].0 % 5], MOVES[AT].1));
            each!(25, |AT| states[AT][lane] = b[AT] ^ (!b[AT / 5 * 5 + (AT + 1) % 5] & b[AT / 5 * 5 + (AT + 2) % 5]));
            states[0][lane] ^= constant;
        }
    }
}

/// By word of a state where ρ and π take it from, and by how many bits they turn it.
const MOVES: [(usize, u32); 25] = {
    let mut moves = [(0, 0); 25];
    let (mut x, mut y, mut step) = (1, 0, 0);
    while step < 24 {
        let to = (y, (2 * x + 3 * y) % 5);
        moves[to.0 + 5 * to.1] = (x + 5 * y, (step + 1) * (step + 2) / 2 % 64);
        (x, y) = to;
        step += 1;
    }
    moves
};

/// The constants of ι.
const ROUNDS: [u64; 24] = {
    let (mut rounds, mut register, mut round) = ([0; 24], 1_u8, 0);
    while round < 24 {
        let mut power = 0;
        while power < 7 {
            rounds[round] |= ((register & 1) as u64) << ((1_u32 << power) - 1);
            register = register << 1 ^ if register >> 7 == 1 { 0x71 } else { 0 };
            power += 1;
        }
        round += 1;
    }
    rounds
};

#[cfg(test)]
mod tests {
    use super::*;

    fn word(at: usize, message: usize) -> U256 {
        keccak256([at as u8, message as u8]).into()
    }

    fn hash(len_bytes: usize, message: usize) -> U256 {
        let bytes: Vec<u8> = (0..6).flat_map(|at| word(at, message).to_be_bytes::<32>()).collect();
        keccak256(&bytes[..len_bytes]).into()
    }

    #[test]
    fn it_is_the_hash_of_each() {
        for (len_bytes, count) in (0..=192).flat_map(|len_bytes| [0, 1, 5, 8, 9, 31].map(|count| (len_bytes, count))) {
            let mut hashes = vec![U256::ZERO; count];
            keccak256_each(len_bytes, word, &mut hashes);
            let each: Vec<U256> = (0..count).map(|message| hash(len_bytes, message)).collect();
            assert_eq!(hashes, each, "{len_bytes} bytes, {count} messages");
        }
    }

    /// Whatever this processor has.
    #[test]
    fn eight_at_once_are_as_one_by_one() {
        for (len_bytes, count) in (0..RATE_BYTES).flat_map(|len_bytes| (1..=LANES).map(move |count| (len_bytes, count))) {
            let mut hashes = vec![U256::ZERO; count];
            side_by_side(keccak_f, len_bytes, word, &mut hashes);
            let each: Vec<U256> = (0..count).map(|message| hash(len_bytes, message)).collect();
            assert_eq!(hashes, each, "{len_bytes} bytes, {count} messages");
        }
    }
}
