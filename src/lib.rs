pub mod error;
pub mod evm;
pub mod ir;
pub mod limits;
pub mod tx;
pub mod word;
