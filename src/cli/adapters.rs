//! `clearwave adapters`: the devices that there are.

use super::table::Table;
use super::{Exit, output};
use crate::error::Result;
use crate::exec::gpu;

/// List the devices, with what limits them
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Adapters {}

const EXAMPLE: &str = "\
INDEX or a part of NAME is what --adapter takes elsewhere. BINDING is the largest buffer that a pass can bind; it bounds CELLS, the words
of state that one segment of a batch can touch.

Example:
  clearwave adapters";

impl Adapters {
    pub fn run(&self) -> Result<Exit> {
        let mut table = Table::default();
        table.row(["INDEX", "NAME", "TYPE", "BACKEND", "DRIVER", "BINDING", "CELLS", "TIMESTAMPS"]);
        let adapters = gpu::adapters();
        for (index, adapter) in adapters.iter().enumerate() {
            let binding = format!("{} MiB", (adapter.capacity.stream_words * 4) >> 20);
            let cells = adapter.capacity.cells.to_string();
            let timestamps = if adapter.timestamps { "yes" } else { "no" };
            table.row([&index.to_string(), &adapter.name, adapter.kind, adapter.backend, &adapter.driver, &binding, &cells, timestamps]);
            if let Some(lack) = &adapter.lacks {
                table.text(format!("       cannot clear: {lack}"));
            }
        }
        if adapters.is_empty() {
            log::warn!("no device answers (asked through Vulkan, Metal, DX12 and OpenGL)");
            return Ok(Exit::Fine);
        }
        output::print(table.render().as_bytes())?;
        Ok(Exit::Fine)
    }
}
