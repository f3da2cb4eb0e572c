//! Execution of segments and transactions: the device, its Rust twin, and revm.

pub mod fallback;
pub mod segment;
