//! Execution of segments and transactions: the device, its Rust twin, and revm.

pub mod cpu;
pub mod gpu;
pub mod pass;
pub mod segment;
