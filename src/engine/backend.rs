//! Which backend executes, and why.

use crate::error::{Error, Result};
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{self, Gpu};
use crate::exec::segment::Clearing;
use crate::lower;
use std::fmt;
use std::str::FromStr;

/// How batches are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub enum Backend {
    /// Clearing on the device. Without one it is an error.
    Gpu,
    /// Clearing by the Rust twins of the device's passes.
    Cpu,
    /// One after another through the IR interpreter.
    Reference,
    /// One after another on revm.
    Revm,
    /// The device where it is more than software, else `Cpu`.
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
    Clearing { name: String, clearing: Box<dyn Clearing + Send>, capacity: gpu::Capacity },
}

impl Executor {
    pub(super) fn new(backend: Backend, adapter: Option<&str>) -> Result<Self> {
        match backend {
            Backend::Reference => Ok(Self::Reference),
            Backend::Revm => Ok(Self::Revm),
            Backend::Cpu => Ok(Self::cpu("cpu".to_string())),
            Backend::Gpu => Self::gpu(adapter),
            Backend::Auto => Self::auto(adapter),
        }
    }

    fn cpu(name: String) -> Self {
        Self::Clearing { name, clearing: Box::new(Cpu::default()), capacity: gpu::Capacity::UNBOUNDED }
    }

    fn gpu(adapter: Option<&str>) -> Result<Self> {
        let gpu = Gpu::new(adapter, &lower::judge(), &lower::settle())?;
        let name = format!("gpu ({})", gpu.adapter().name);
        Ok(Self::Clearing { name, capacity: gpu.capacity(), clearing: Box::new(gpu) })
    }

    /// Software devices run on the processor that the twins run on, by a longer way.
    fn auto(adapter: Option<&str>) -> Result<Self> {
        let chosen = gpu::choose(adapter);
        match chosen {
            Err(error) if adapter.is_some() => Err(error),
            Err(error) => {
                log::info!("auto takes the cpu: {error}");
                Ok(Self::cpu("cpu".to_string()))
            }
            Ok(found) if found.is_software() && adapter.is_none() => {
                log::info!("auto takes the cpu: {} is a software device", found.name);
                Ok(Self::cpu("cpu".to_string()))
            }
            Ok(_) => Self::gpu(adapter),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Reference => "reference".to_string(),
            Self::Revm => "revm".to_string(),
            Self::Clearing { name, .. } => name.clone(),
        }
    }
}
