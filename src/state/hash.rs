//! The hash of the in-memory indices: ahash with fixed seeds, so that a run costs the same each time. Nothing may depend on its values
//! or on the order of a table: they differ between machines, and no result, root or export ever sees them.

use ahash::{AHasher, RandomState};
use std::hash::{BuildHasher, Hasher};

static SEEDED: RandomState = RandomState::with_seeds(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344);

/// For hash maps.
#[derive(Clone, Copy, Default)]
pub(super) struct Fixed;

impl BuildHasher for Fixed {
    type Hasher = AHasher;

    fn build_hasher(&self) -> AHasher {
        SEEDED.build_hasher()
    }
}

/// Two by two: 128 bits are ahash's fast way, and the pairs do not wait for each other.
#[inline]
pub(super) fn limbs(limbs: &[u64]) -> u64 {
    let mut hasher = SEEDED.build_hasher();
    limbs.chunks(2).for_each(|pair| hasher.write_u128(u128::from(pair[0]) | pair.get(1).map_or(0, |high| u128::from(*high) << 64)));
    hasher.finish()
}
