//! From kernel IR to shaders: one WGSL module for each kernel, in which a row of a stream is a call and an invocation, and the two passes
//! over cells. Nothing here runs one.
//!
//! A kernel's module has the entry points `net` and `retract`, which clear (the walk), and `wave`, which runs the tree as it is on cells
//! that nobody else touches. `wave` is left out where a device cannot run the tree: `Waver::new` says so. A stream's columns are as
//! `Walker` and `Waver` lay them out, and `layout` has the bindings. Who calls guarantees that no shadow of a load hits in a row that is
//! cleared, that no two rows of a wave share a cell which one of them writes, and that cells are in bounds or `NO_CELL`.
//!
//! What is written by hand is in `shaders/`; a module holds only what it uses of it.

mod clear;
mod demand;
mod emit;
pub mod layout;
mod library;
#[cfg(test)]
mod tests;
mod tree;
mod wave;
mod writer;

pub use emit::{Access, Language, Validated, validate};
pub use library::link;

use crate::error::{Error, Result};
use crate::ir::access::{DEVICE_COST, NO_CELL, Walker, Waver};
use crate::ir::{Expr, ExprId, Kernel, Text};
use layout::Width;
use writer::word_name;

/// The module of a kernel for totals of any length, checked by naga. Errors are those of [`own_text`].
pub fn kernel(kernel: &Kernel, walker: &Walker) -> Result<String> {
    let text = link(&own_text(kernel, walker)?, Width::Wide);
    validate(&text)?;
    Ok(text)
}

/// The module of a kernel as people read it: what it uses of `shaders/` is named, not shown.
pub fn outline(kernel: &Kernel, walker: &Walker) -> Result<String> {
    Ok(library::outline(&own_text(kernel, walker)?))
}

/// The pass over cells that finds the contended ones, entry point `judge`; to be linked.
pub const JUDGE: &str = include_str!("../../shaders/judge.wgsl");

/// The pass over cells that applies the totals, entry point `settle`; to be linked.
pub const SETTLE: &str = include_str!("../../shaders/settle.wgsl");

/// WGSL text in another language, for one entry point or all of them; see [`Validated::emit`].
pub fn emit(wgsl: &str, language: Language, entry: Option<&str>) -> Result<Vec<u8>> {
    validate(wgsl)?.emit(language, entry)
}

/// What is written for this kernel alone; with what it uses of the library it is the module ([`link`]). Nothing has checked it yet: who has
/// a pipeline made of it does. It is an input error where clearing the kernel is too much for a device, or asks for a hash of a loaded
/// word: its calls can be executed in line.
pub fn own_text(kernel: &Kernel, walker: &Walker) -> Result<String> {
    let tree =
        demand::gather(kernel, walker).ok_or_else(|| Error::input("this kernel demands in too many ways to be cleared on a device"))?;
    let waver = Waver::new(kernel, walker);
    let (net, retract) = (clear::net(kernel, walker, &tree), clear::retract(kernel, walker, &tree));
    if net.cost.max(retract.cost) > DEVICE_COST {
        return Err(Error::input("this kernel computes too much to be cleared on a device, or hashes a loaded word"));
    }
    let mut text = columns(kernel, walker, waver.as_ref()) + "\n" + &net.entry("net") + "\n" + &retract.entry("retract");
    if let Some(waver) = &waver {
        text += "\n";
        text += &wave::wave(kernel, walker, waver).level_entry("wave");
    }
    Ok(text)
}

/// A comment that says what is where in a row.
fn columns(kernel: &Kernel, walker: &Walker, waver: Option<&Waver>) -> String {
    let text = |id: ExprId| Text(&kernel.exprs, id).to_string();
    let mut lines = format!("// The columns of a row; cells that the call does not touch are {NO_CELL:#x}.\n");
    for (bit, condition) in walker.bits.iter().enumerate() {
        lines +=
            &format!("// {}: bit {:#x} of bits{}, {}\n", walker.bit_column(bit), 1 << (bit % 32), walker.bit_column(bit), text(*condition));
    }
    for key in kernel.key_ids() {
        lines += &format!("// {}: k{}, the cell of {}\n", walker.cell_column(key), key.index(), kernel.key_text(key));
    }
    let params = waver.map_or(&walker.params, |waver| &waver.params);
    for (param, word) in params.iter().enumerate() {
        let name = word_name(kernel, params, *word);
        let meaning = match kernel.exprs.get(*word) {
            Expr::Const(_) => format!("{name}, a constant"),
            _ if name == text(*word) => name,
            _ => format!("{name}, {}", text(*word)),
        };
        let only = if param < walker.params.len() { "" } else { ", for wave" };
        let limbs = if param == 0 { format!("// {} and on, segment.limbs columns each:\n", walker.param_column(0)) } else { String::new() };
        lines += &format!("{limbs}//   {meaning}{only}\n");
    }
    lines
}
