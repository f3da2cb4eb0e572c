//! The wave: a row runs the whole tree, on ordered cells that no other row of its level writes and on solvent ones, and stores what its leaf
//! stores. All that a leaf stores is evaluated before anything is stored. A row that has to wait for a contended cell is put off.

use super::tree::{Test, Tree};
use super::writer::{Loads, Writer};
use crate::ir::access::{Walker, Waver};
use crate::ir::{Kernel, LeafId, Node, NodeId};

pub fn wave<'k>(kernel: &'k Kernel, walker: &'k Walker, waver: &'k Waver) -> Writer<'k> {
    let mut writer = Writer::new(kernel, walker, &waver.params, Loads::Cells);
    let cells: Vec<String> = kernel.key_ids().map(|key| writer.cell(key)).collect();
    if !cells.is_empty() {
        let waits: Vec<String> = cells.iter().map(|cell| format!("waits({cell})")).collect();
        writer.branch(&waits.join(" || "), |writer| {
            cells.iter().for_each(|cell| writer.line(&format!("put_off({cell});")));
            writer.line("outcomes[row] = TO_LINE;");
            writer.line("return;");
        });
    }
    writer.tree(&tree(kernel, walker, kernel.root()), &|writer, leaf| {
        writer.outcome(*leaf, str::to_string);
        let stores = &kernel.leaf(*leaf).stores;
        // A store that a later one to the same key hides does not count.
        let last = |at: usize| stores[at + 1..].iter().all(|later| later.key != stores[at].key);
        let lines = stores.iter().enumerate().filter(|(at, _)| last(*at));
        let lines: Vec<String> =
            lines.map(|(_, store)| format!("commit_cell({}, {});", writer.cell(store.key), writer.word(store.value))).collect();
        lines.iter().for_each(|line| writer.line(line));
    });
    writer
}

fn tree(kernel: &Kernel, walker: &Walker, node: NodeId) -> Tree<LeafId> {
    if let Some(leaf) = walker.ends[node.index()] {
        return Tree::End(leaf);
    }
    match kernel.node(node) {
        Node::Leaf(leaf) => Tree::End(leaf),
        Node::Branch { condition, yes, no } => {
            let bit = walker.bits.iter().position(|bit| *bit == condition);
            let test = bit.map_or(Test::Word(condition), Test::Bit);
            Tree::decide(test, tree(kernel, walker, yes), tree(kernel, walker, no))
        }
    }
}
