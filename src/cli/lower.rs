//! `clearwave lower`: a function as the device runs it, or as another tool wants it.

use super::Exit;
use super::functions;
use super::output::{self, Sink};
use crate::error::{Error, Result};
use crate::host::Artifact;
use crate::ir::access::Walker;
use crate::lower::{self, Language};
use clap::ValueEnum;
use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

/// Write a function as the module that the device runs
#[derive(Debug, clap::Args)]
#[command(after_help = DETAILS)]
pub struct Lower {
    /// Of Foundry, Hardhat, solc or Vyper, or runtime code in hex
    artifact: PathBuf,
    /// Signature or selector; `receive()` and `fallback()` are those two
    #[arg(long)]
    function: String,
    /// What to write
    #[arg(long)]
    emit: Emit,
    /// Which contract of the artifact, by name or as file:name
    #[arg(long)]
    contract: Option<String>,
    /// The only entry point to write: net, retract or wave. GLSL has one in any case: the first, if none is named
    #[arg(long)]
    entry: Option<String>,
    /// The kernel of calls that carry value
    #[arg(long)]
    with_value: bool,
    /// The length of calldata, selector included, instead of the canonical one
    #[arg(long, value_name = "N")]
    calldata_bytes: Option<usize>,
    /// Write to a file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// The decision tree that all else is made from
    Ir,
    Wgsl,
    /// Binary: needs a file or a pipe
    Spirv,
    Msl,
    Hlsl,
    Glsl,
}

const DETAILS: &str = "\
A kernel is of one function, one length of calldata, and value or none. Of a function of which only the selector is known, the length is
4 bytes and the fewest words, up to 6, with which the call can succeed. Where a path needs offsets and lengths of lists, or words of
storage, the kernel is for lists of two elements, empty bytes and strings, and a storage of zeros.

Examples:
  clearwave lower kernels/token/Token.opt.json --function 'transfer(address,uint256)' --emit wgsl
  clearwave lower code.hex --function 0xa9059cbb --calldata-bytes 68 --emit spirv -o transfer.spv";

impl Lower {
    pub fn run(&self) -> Result<Exit> {
        if self.emit == Emit::Spirv && self.output.is_none() && stdout().is_terminal() {
            return Err(Error::input("SPIR-V is binary: expected -o FILE or a pipe, found a terminal"));
        }
        let artifact = Artifact::read(&self.artifact, self.contract.as_deref())?;
        let bytes = self.module(&artifact).map_err(|error| error.within(self.artifact.display()))?;
        match &self.output {
            Some(path) => Sink::open(path)?.write(&bytes)?,
            None => output::print(&bytes)?,
        }
        Ok(Exit::Fine)
    }

    fn module(&self, artifact: &Artifact) -> Result<Vec<u8>> {
        let mut function = functions::find(artifact, &self.function)?;
        function.calldata = self.calldata_bytes.or(function.calldata);
        let name = function.name();
        let failed = |error: Error| error.within(&name);
        if function.called.is_none() && function.calldata.is_some_and(|bytes| bytes >= 4) {
            return Err(failed(Error::input("it is called without a selector: expected --calldata-bytes below 4")));
        }
        let entry = function.entry(self.with_value);
        let entry = entry.ok_or_else(|| failed(Error::input("the length of its calldata is not known: expected --calldata-bytes")))?;
        let lowered = function.lower(&artifact.code, entry).kernel;
        let kernel = lowered.map_err(|unlowered| failed(Error::input(format_args!("does not lower: {unlowered}"))))?;
        let Some(language) = self.emit.language() else {
            if self.entry.is_some() {
                return Err(Error::input("--entry: expected a shading language, found ir, which has no entry points"));
            }
            return Ok(kernel.to_string().into_bytes());
        };
        let wgsl = lower::kernel(&kernel, &Walker::new(&kernel)).map_err(failed)?;
        lower::emit(&wgsl, language, self.entry.as_deref()).map_err(failed)
    }
}

impl Emit {
    /// None for the IR.
    fn language(self) -> Option<Language> {
        match self {
            Self::Ir => None,
            Self::Wgsl => Some(Language::Wgsl),
            Self::Spirv => Some(Language::Spirv),
            Self::Msl => Some(Language::Msl),
            Self::Hlsl => Some(Language::Hlsl),
            Self::Glsl => Some(Language::Glsl),
        }
    }
}
