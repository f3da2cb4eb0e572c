//! The adapters of the machine, and the choice of one. Nothing is opened here.

use super::device::Capacity;
use crate::error::{Error, Result};
use crate::lower::layout::WORKGROUP;
use std::fmt;

/// Storage buffers that a pass binds.
const STORAGE_BUFFERS: u32 = 6;

/// Which adapter is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Choice {
    /// The first that can clear: discrete before integrated, virtual and software ones.
    #[default]
    Auto,
    /// The first that can clear and has this in its name, in any case.
    Name(String),
    /// The one with this number in the list of `adapters`.
    Index(usize),
}

/// What is known of an adapter.
#[derive(Debug, Clone)]
pub struct Adapter {
    pub name: String,
    /// `discrete`, `integrated`, `virtual`, `software` or `unknown`.
    pub kind: &'static str,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: &'static str,
    pub driver: String,
    pub capacity: Capacity,
    /// Whether the passes can be timed on the device.
    pub timestamps: bool,
    /// Why it cannot clear.
    pub lacks: Option<String>,
    /// Whether passes may sit in debug groups.
    pub(super) groups: bool,
}

/// All adapters, in the order that `Choice::Index` counts.
pub fn adapters() -> Vec<Adapter> {
    enumerate().iter().map(Adapter::of).collect()
}

/// What is known of the adapter that is wanted.
pub fn find(choice: &Choice) -> Result<Adapter> {
    choose(choice).map(|(_, known)| known)
}

/// The adapter that is wanted, and what is known of it.
pub(super) fn choose(choice: &Choice) -> Result<(wgpu::Adapter, Adapter)> {
    let found: Vec<_> = enumerate().into_iter().map(|adapter| (Adapter::of(&adapter), adapter)).collect();
    let known = found.iter().map(|(known, _)| known.to_string()).collect::<Vec<_>>().join("; ");
    let missing = || match known.as_str() {
        "" => Error::device(format_args!("{choice}: no GPU adapter found (looked for Vulkan, Metal, DX12 and OpenGL)")),
        known => Error::device(format_args!("{choice}: no such GPU adapter can clear; there is: {known}")),
    };
    let mut fitting: Vec<_> = found.into_iter().enumerate().filter(|(i, (known, _))| choice.admits(*i, known)).collect();
    // The sort is stable: within a kind the order of the list decides.
    fitting.sort_by_key(|(_, (known, _))| (known.lacks.is_some(), rank(known.kind)));
    let (known, adapter) = fitting.into_iter().next().ok_or_else(missing)?.1;
    match &known.lacks {
        Some(lack) if *choice != Choice::Auto => Err(Error::device(format_args!("{}: cannot clear: {lack}", known.name))),
        Some(_) => Err(missing()),
        None => Ok((adapter, known)),
    }
}

/// OpenGL is looked at only where there is nothing else: it would show the same devices once more, and less of them.
fn enumerate() -> Vec<wgpu::Adapter> {
    let of = |backends| {
        let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
        descriptor.backends = backends;
        // Without the debug flag wgpu gives Vulkan no labels, and a capture shows nothing that has a name.
        descriptor.flags = (wgpu::InstanceFlags::from_build_config() | wgpu::InstanceFlags::DEBUG).with_env();
        pollster::block_on(wgpu::Instance::new(descriptor).enumerate_adapters(backends))
    };
    let adapters = of(wgpu::Backends::PRIMARY);
    if adapters.is_empty() { of(wgpu::Backends::SECONDARY) } else { adapters }
}

/// What is tried first.
fn rank(kind: &str) -> Option<usize> {
    ["discrete", "integrated", "virtual", "software", "unknown"].iter().position(|known| *known == kind)
}

/// Mesa before 23 crashes where one debug group follows another.
fn can_group(info: &wgpu::AdapterInfo) -> bool {
    let version = info.driver_info.strip_prefix("Mesa ").and_then(|text| text.split('.').next()?.parse::<u32>().ok());
    info.backend != wgpu::Backend::Vulkan || version.is_none_or(|version| version >= 23)
}

impl Choice {
    fn admits(&self, index: usize, adapter: &Adapter) -> bool {
        match self {
            Self::Auto => true,
            Self::Name(part) => adapter.name.to_lowercase().contains(&part.to_lowercase()),
            Self::Index(wanted) => index == *wanted,
        }
    }
}

/// A number is an index, `auto` is automatic, anything else part of a name.
impl From<&str> for Choice {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(index) => Self::Index(index),
            Err(_) if text.is_empty() || text == "auto" => Self::Auto,
            Err(_) => Self::Name(text.to_string()),
        }
    }
}

impl Adapter {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let groups = can_group(&info);
        let driver = [info.driver.as_str(), info.driver_info.as_str()].map(str::trim).join(" ");
        Self {
            name: info.name,
            kind: match info.device_type {
                wgpu::DeviceType::DiscreteGpu => "discrete",
                wgpu::DeviceType::IntegratedGpu => "integrated",
                wgpu::DeviceType::VirtualGpu => "virtual",
                wgpu::DeviceType::Cpu => "software",
                wgpu::DeviceType::Other => "unknown",
            },
            backend: info.backend.to_str(),
            driver: driver.trim().to_string(),
            capacity: Capacity::of(&limits),
            timestamps: adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY),
            lacks: lack(adapter, &limits),
            groups,
        }
    }
}

fn lack(adapter: &wgpu::Adapter, limits: &wgpu::Limits) -> Option<String> {
    let flags = adapter.get_downlevel_capabilities().flags;
    if !flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Some("it has no compute shaders".to_string());
    }
    let needs = [
        ("storage buffers a stage", limits.max_storage_buffers_per_shader_stage, STORAGE_BUFFERS),
        ("invocations a workgroup", limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x), WORKGROUP),
        ("workgroups a dimension", limits.max_compute_workgroups_per_dimension, super::clear::WORKGROUPS),
    ];
    let (what, has, needs) = needs.into_iter().find(|(_, has, needs)| has < needs)?;
    Some(format!("it has {has} {what}, {needs} are needed"))
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("any adapter"),
            Self::Name(part) => write!(f, "an adapter named `{part}`"),
            Self::Index(index) => write!(f, "adapter {index}"),
        }
    }
}

impl fmt::Display for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}, {})", self.name, self.kind, self.backend, self.driver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_from_text() {
        assert_eq!(Choice::from("auto"), Choice::Auto);
        assert_eq!(Choice::from("2"), Choice::Index(2));
        assert_eq!(Choice::from("llvm"), Choice::Name("llvm".to_string()));
    }

    #[test]
    fn an_adapter_that_is_not_there_is_an_error_that_says_what_was_looked_for() {
        for (choice, text) in [(Choice::Name("no such thing".to_string()), "`no such thing`"), (Choice::Index(999), "adapter 999")] {
            let error = choose(&choice).expect_err("there is no such adapter");
            assert!(error.is_device() && error.to_string().contains(text), "{error}");
        }
    }
}
