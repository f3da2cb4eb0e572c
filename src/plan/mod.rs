//! From transactions to a segment: each call finds its kernel and its cells, the cells get their classes, and what cannot be cleared is
//! set aside for the line. No device is known here, and no value of the state is looked at but to predict keys that hang on it.

mod ahead;
mod asking;
pub mod cell_set;
pub mod classes;
mod demand;
pub mod doomed;
mod fences;
pub mod levels;
pub mod library;
mod newcomers;
pub mod numbering;
pub mod ordered;
pub mod reserve;
pub mod resolve;
pub mod segment;
mod shapes;
pub mod tape;
pub mod waves;
