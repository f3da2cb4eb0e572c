//! clearwave applies whole batches of EVM transactions on the GPU, with the result of executing them one by one, in order.

pub mod error;
pub mod evm;
pub mod exec;
pub mod ir;
pub mod limits;
pub mod state;
pub mod tx;
pub mod word;
