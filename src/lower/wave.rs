//! The wave: a row runs the whole tree on cells that no other row of the wave writes, and stores what its leaf stores. All that a leaf
//! stores is evaluated before anything is stored.

use super::tree::{Test, Tree};
use super::writer::{Loads, Writer};
use crate::ir::access::{Walker, Waver};
use crate::ir::{Kernel, LeafId, Node, NodeId};

pub fn wave<'k>(kernel: &'k Kernel, walker: &'k Walker, waver: &'k Waver) -> Writer<'k> {
    let mut writer = Writer::new(kernel, walker, &waver.params, Loads::Cells);
    writer.tree(&tree(kernel, walker, kernel.root()), &|writer, leaf| {
        writer.outcome(*leaf, str::to_string);
        let stores = &kernel.leaf(*leaf).stores;
        // A store that a later one to the same key hides does not count.
        let last = |at: usize| stores[at + 1..].iter().all(|later| later.key != stores[at].key);
        let lines = stores.iter().enumerate().filter(|(at, _)| last(*at));
        let lines: Vec<String> =
            lines.map(|(_, store)| format!("store_cell({}, {});", writer.cell(store.key), writer.word(store.value))).collect();
        lines.iter().for_each(|line| writer.line(line));
    });
    writer
}

fn tree(kernel: &Kernel, walker: &Walker, node: NodeId) -> Tree<LeafId> {
    match kernel.node(node) {
        Node::Leaf(leaf) => Tree::End(leaf),
        Node::Branch { condition, yes, no } => {
            let bit = walker.bits.iter().position(|bit| *bit == condition);
            let test = bit.map_or(Test::Word(condition), Test::Bit);
            Tree::decide(test, tree(kernel, walker, yes), tree(kernel, walker, no))
        }
    }
}
