//! Execution: the device and the processor's cores, which clear segments; the line behind them; one transaction after another; and revm.

pub mod again;
pub mod cpu;
pub mod fallback;
pub mod gpu;
pub mod line;
pub mod outputs;
pub mod pass;
pub mod segment;
pub mod sequence;
