//! The passes over rows: `net` counts what each call demands, `retract` takes back what settle must not apply, and stores what a call leaves
//! in cells of its own. Both go down the same decisions; where net's make no difference to the demands, they are gone.

use super::demand::{Demand, End, Side};
use super::tree::Tree;
use super::writer::{Loads, Writer};
use crate::ir::access::{STORED_COST, TOTAL_COST, Walker};
use crate::ir::{ExprId, Kernel, KeyId};

/// Adds the demands of a call to the totals of its cells.
pub fn net<'k>(kernel: &'k Kernel, walker: &'k Walker, tree: &Tree<End>) -> Writer<'k> {
    let tree: Tree<Vec<Demand>> =
        tree.map(&|end| end.demands.iter().map(|demand| Demand { applied: vec![], ..demand.clone() }).collect::<Vec<_>>());
    let mut writer = Writer::new(kernel, walker, &walker.params, Loads::Base);
    writer.tree(&tree, &|writer, demands| demands.iter().for_each(|demand| count(writer, "add", demand, false)));
    writer
}

/// Writes the outcome. A call that goes to the line takes back all that it demands, any other what its leaf does not apply; that one stores.
pub fn retract<'k>(kernel: &'k Kernel, walker: &'k Walker, tree: &Tree<End>) -> Writer<'k> {
    let loads = if walker.root.stores() { Loads::Values } else { Loads::Base };
    let mut writer = Writer::new(kernel, walker, &walker.params, loads);
    let cells: Vec<String> = kernel.key_ids().map(|key| format!("contended({})", writer.cell(key))).collect();
    let to_line = if cells.is_empty() { "false".to_string() } else { cells.join(" || ") };
    writer.line(&format!("let to_line = {to_line};"));
    writer.tree(tree, &|writer, end| {
        writer.outcome(end.leaf, |leaf| format!("select({leaf}, TO_LINE, to_line)"));
        let (unapplied, applied): (Vec<&Demand>, Vec<&Demand>) = end.demands.iter().partition(|demand| demand.applied.is_empty());
        let partly: Vec<&Demand> = applied.iter().copied().filter(|demand| !demand.is_applied()).collect();
        let all_of = |writer: &mut Writer<'_>| applied.iter().for_each(|demand| count(writer, "take", demand, false));
        let rest_of = |writer: &mut Writer<'_>| {
            partly.iter().for_each(|demand| count(writer, "take", demand, true));
            store(writer, &end.stores);
        };
        unapplied.iter().for_each(|demand| count(writer, "take", demand, false));
        match (applied.is_empty(), partly.is_empty() && end.stores.is_empty()) {
            (true, true) => {}
            (true, false) => writer.branch("!to_line", rest_of),
            (false, true) => writer.branch("to_line", all_of),
            (false, false) => writer.either("to_line", all_of, rest_of),
        }
    });
    writer
}

/// Stores words, all of which are evaluated before.
fn store(writer: &mut Writer<'_>, stores: &[(KeyId, ExprId)]) {
    let lines: Vec<String> =
        stores.iter().map(|(key, value)| format!("store_cell({}, {});", writer.cell(*key), writer.word(*value))).collect();
    writer.cost += STORED_COST * lines.len();
    lines.iter().for_each(|line| writer.line(line));
}

/// Adds or takes a demand, or what the leaf leaves of it.
fn count(writer: &mut Writer<'_>, verb: &str, demand: &Demand, less_applied: bool) {
    let side = match demand.side {
        Side::Debits => "debits",
        Side::Credits => "credits",
    };
    let sums: Vec<String> = demand.most_of.iter().map(|sum| writer.total(sum)).collect();
    let most = sums.into_iter().reduce(|most, sum| format!("larger({most}, {sum})")).expect("a demand is the most of some sums");
    let amount = if less_applied { format!("minus({most}, {})", writer.total(&demand.applied)) } else { most };
    let cell = writer.cell(demand.key);
    writer.cost += TOTAL_COST;
    writer.line(&format!("{verb}_{side}({cell}, {amount});"));
}
