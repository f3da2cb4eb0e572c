#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::harness::Engines;
use libfuzzer_sys::fuzz_target;
use std::sync::{LazyLock, Mutex};

/// Kept: opening a device takes longer than all else.
static ENGINES: LazyLock<Mutex<Engines>> = LazyLock::new(Mutex::default);

fuzz_target!(|data: &[u8]| common::targets::device(data, &mut ENGINES.lock().expect("a finding ends the process")));
