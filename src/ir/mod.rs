//! The kernel IR: what one function of one contract does to storage, as a decision tree over 256-bit words. This text is its
//! specification; `eval` is its reference semantics.
//!
//! # Kernel
//!
//! A [`Kernel`] stands for all calls with one selector, one calldata length in bytes, and value either zero or not, of one code. It is
//! a tree: a branch tests an expression for non-zero, a leaf says how the call ends. Nothing happens on the way down. A leaf holds the
//! stores, the logs and the data of its outcome, and only a [`Outcome::Return`] leaf has stores and logs, since the EVM undoes those of
//! a call that fails. So a kernel loads along its path and commits at the leaf.
//!
//! # Expressions
//!
//! An expression is a 256-bit word: a constant, an [`Input`] of the call, a [`Load`], or an EVM operation on expressions, with the EVM's
//! arithmetic (wrapping, division by zero is zero, truth is 0 or 1). Expressions live in an arena ([`Exprs`]) where equal ones share an id,
//! children have smaller ids than parents, and `rules` has been applied: no expression is built that a rule would rewrite.
//!
//! # Keys, loads and stores
//!
//! A [`Key`] names a cell: a storage slot of the contract, or the native balance of an account. Its word is an expression. Two keys
//! may name one cell; that is decided at run time, by comparing cells. A [`Load`] gives the cell's value before the call, unless one of
//! its *shadows* (stores that precede it, in order) names the same cell: then the value of the last such shadow.
//!
//! # Value
//!
//! A kernel with value starts with the move: a branch on `native[caller] < value` to an [`Outcome::Invalid`] leaf, and the two native
//! stores at its return leaves.
//!
//! # Escape
//!
//! An [`Outcome::Escape`] leaf is a path that does not lower. A call that reaches it has done nothing yet and is executed by revm instead.

pub mod access;
mod compact;
mod cost;
mod display;
pub mod eval;
mod expr;
mod kernel;
pub mod memo;
mod rules;
mod structure;
#[cfg(test)]
mod tests;

pub use display::Text;
pub use expr::{Binary, Expr, ExprId, Exprs, Input, Preimage, Ternary, Unary};
pub use kernel::{Data, Kernel, Key, KeyId, Leaf, LeafId, Load, LoadId, Log, Node, NodeId, Outcome, Store};
pub use structure::Structure;
