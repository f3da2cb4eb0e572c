//! Which backend executes, and why.

use crate::error::{Error, Result};
use crate::exec::cpu::Cpu;
use crate::exec::gpu::{self, Capacity, Choice, Device};
use crate::exec::segment::Clearing;
use crate::lower;
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
    /// The capacity is that of a device, where there is one.
    Clearing {
        name: String,
        clearing: Box<dyn Clearing + Send>,
        capacity: Option<Capacity>,
    },
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
        Self::Clearing { name, clearing: Box::new(Cpu::default()), capacity: None }
    }

    fn gpu(adapter: Option<&str>) -> Result<Self> {
        let choice = adapter.map_or(Choice::Auto, Choice::from);
        let device = Device::new(&choice, &lower::judge(), &lower::settle())?;
        let name = format!("gpu ({}, {})", device.adapter().name, device.adapter().kind);
        Ok(Self::Clearing { name, capacity: Some(device.capacity()), clearing: Box::new(device) })
    }

    /// Software devices run on the processor too, by a longer way: they are taken only where they are asked for.
    fn auto(adapter: Option<&str>) -> Result<Self> {
        let hardware = gpu::adapters().into_iter().any(|adapter| adapter.kind != "software" && adapter.lacks.is_none());
        if adapter.is_some() || hardware {
            return Self::gpu(adapter);
        }
        log::info!("auto takes the cpu: no device but software answers");
        Ok(Self::cpu("cpu".to_string()))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Reference => "reference".to_string(),
            Self::Revm => "revm".to_string(),
            Self::Clearing { name, .. } => name.clone(),
        }
    }
}
