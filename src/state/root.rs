//! The state root: one hash for all cells, keys and contracts. It is clearwave's own commitment and not Ethereum's: no Merkle-Patricia trie
//! has this root, and no Ethereum client can check it. Anybody with the exported arenas can:
//!
//! ```text
//! root = BLAKE3(version ‖ BLAKE3(cells arena) ‖ BLAKE3(keys arena) ‖ BLAKE3(accounts arena))
//!        bytes: 4, little-endian    32                    32                     32
//! ```
//!
//! Each of the three is what `b3sum` prints for the export. The root covers the order of the arenas, so it is the same only for states that
//! came to their cells in the same order; it never depends on what is cached or on how much was hashed again.

use super::State;
use alloy_primitives::B256;
use blake3::Hasher;

/// The version of everything that decides a root: the arenas' layout, the order in which cells get their places, and how they are hashed.
pub const FORMAT: u32 = 1;

impl State {
    /// The state root. Hashes only the pages that changed since the last call, and what is above them.
    pub fn root(&mut self) -> B256 {
        let mut hasher = Hasher::new();
        hasher.update(&FORMAT.to_le_bytes());
        for arena in [self.cells.root(), self.keys.root(), self.contracts.root()] {
            hasher.update(arena.as_bytes());
        }
        B256::new(*hasher.finalize().as_bytes())
    }
}
