//! The backends by name, and what executes on each.

use super::clearers::{Clearer, Clearers};
use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// How batches are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// Clearing on the device. Without one it is an error.
    Gpu,
    /// Clearing on all cores of the processor.
    Cpu,
    /// One after another through the IR interpreter.
    Reference,
    /// One after another on revm.
    Revm,
    /// `Cpu` or `Gpu`, whichever is foreseen to clear a segment faster, from what both took before; `Cpu` where no device answers.
    #[default]
    Auto,
}

impl Backend {
    /// Those that say themselves what runs.
    pub const FORCED: [Self; 4] = [Self::Gpu, Self::Cpu, Self::Reference, Self::Revm];
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
            Self::Reference => "reference",
            Self::Revm => "revm",
            Self::Auto => "auto",
        })
    }
}

impl FromStr for Backend {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let all = Self::FORCED.into_iter().chain([Self::Auto]);
        let wrong = || Error::input(format_args!("backend {name:?}: expected gpu, cpu, reference, revm or auto"));
        all.into_iter().find(|backend| backend.to_string() == name).ok_or_else(wrong)
    }
}

pub(super) enum Executor {
    Reference,
    Revm,
    Clearing(Clearers),
}

impl Executor {
    pub(super) fn new(backend: Backend, adapter: Option<&str>) -> Result<Self> {
        match backend {
            Backend::Reference => Ok(Self::Reference),
            Backend::Revm => Ok(Self::Revm),
            Backend::Cpu => Ok(Self::Clearing(Clearers::one(Clearer::cpu()))),
            Backend::Gpu => Ok(Self::Clearing(Clearers::one(Clearer::gpu(adapter)?))),
            Backend::Auto => Self::auto(adapter),
        }
    }

    /// A device that was named has to answer.
    fn auto(adapter: Option<&str>) -> Result<Self> {
        let mut clearers = vec![Clearer::cpu()];
        match Clearer::gpu(adapter) {
            Ok(device) => clearers.push(device),
            Err(error) if adapter.is_none() && error.is_device() => log::info!("auto takes the cpu: {error}"),
            Err(error) => return Err(error),
        }
        Ok(Self::Clearing(Clearers::of(clearers)))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Reference => "reference".to_string(),
            Self::Revm => "revm".to_string(),
            Self::Clearing(clearers) => clearers.name(),
        }
    }
}
