//! Clearing on a GPU, through wgpu: on Vulkan, Metal, DX12 or OpenGL. It runs WGSL that it is given as text, the kernels' with each segment
//! and the passes over cells when the device is made, and knows nothing of what they compute but their bindings.
//!
//! # Bindings
//!
//! Everything is in group 0. A buffer is an `array<u32>`; a module must declare each binding that it uses with exactly this access.
//!
//! | binding | what | kernels | judge | settle |
//! |---|---|---|---|---|
//! | 0 | uniform `lower::layout::Segment` | | | |
//! | 1 | the stream: column `c` of row `r` is at `c * rows + r` | read | | |
//! | 2 | values: 8 limbs a cell | read | read | read_write |
//! | 3, 4 | debits and credits: `TOTAL_LIMBS` limbs a cell, 3, 5 or 9 | read_write | read | read |
//! | 5 | verdicts: one a cell | read | read_write | read |
//! | 6 | outcomes: one a row | read_write | | |
//! | 7 | flags: one a cell | | read | |
//!
//! A kernel's module has the entry points `net` and `retract`; the others are `judge` and `settle`. Workgroups have 64 invocations. The
//! index of one is `gid.y * (num_workgroups.x * 64) + gid.x`; those beyond the rows, or cells, must do nothing.
//!
//! # What may be relied on
//!
//! A device that is lost, or short of memory, gives an `Error` for which `is_device` holds, and never a panic; the next segment may be
//! given to another device, since a segment is left as it was. No result is partial.

mod adapter;
mod buffers;
mod clear;
mod device;
mod pipelines;

pub use adapter::{Adapter, Choice, adapters, find};
pub use clear::Device;
pub use device::Capacity;
