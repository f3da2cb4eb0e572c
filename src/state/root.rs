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

use super::{State, tree::Tree};
use alloy_primitives::B256;
use blake3::Hasher;

/// The version of everything that decides a root: the arenas' layout, the order in which cells get their places, and how they are hashed.
pub const FORMAT: u32 = 1;

impl State {
    /// The state root. Hashes only the pages that changed since the last call, and what is above them.
    pub fn root(&mut self) -> B256 {
        self.root_beside(|_| ()).0
    }

    /// The state root, hashed while `work` reads the state.
    pub fn root_beside<R: Send>(&mut self, work: impl FnOnce(&Self) -> R + Send) -> (B256, R) {
        let mut trees = [self.cells.take_tree(), self.keys.take_tree(), self.contracts.take_tree()];
        let state = &*self;
        let (done, root) = rayon::join(|| work(state), || state.hash(&mut trees));
        let [cells, keys, contracts] = trees;
        self.cells.put_tree(cells);
        self.keys.put_tree(keys);
        self.contracts.put_tree(contracts);
        (root, done)
    }

    fn hash(&self, trees: &mut [Tree; 3]) -> B256 {
        let mut hasher = Hasher::new();
        hasher.update(&FORMAT.to_le_bytes());
        for (tree, arena) in trees.iter_mut().zip([self.cells.bytes(), self.keys.bytes(), self.contracts.bytes()]) {
            hasher.update(tree.root(arena).as_bytes());
        }
        B256::new(*hasher.finalize().as_bytes())
    }
}
