//! naga's part: checks modules, and writes them in the languages of other tools. clearwave itself runs WGSL; the others are for profilers,
//! shader debuggers and whoever wants to see what a driver is given.

use super::layout::binding;
use crate::error::{Error, Result};
use naga::back::{glsl, hlsl, msl, spv, wgsl};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{AddressSpace, Module, ResourceBinding, ShaderStage, StorageAccess};
use std::fmt;

/// The names that bindings have in MSL beside their numbers: the buffer that holds the lengths of all others.
const MSL_SIZES: u8 = binding::FLAGS as u8 + 1;

/// Where HLSL finds the number of workgroups, which it has no other way to know.
const HLSL_CONSTANTS: hlsl::BindTarget = hlsl::BindTarget {
    space: 255,
    register: 0,
    binding_array_size: None,
    dynamic_storage_buffer_offsets_index: None,
    restrict_indexing: false,
};

/// A shading language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    Wgsl,
    /// 1.3, for Vulkan 1.1.
    Spirv,
    /// Metal 2.1.
    Msl,
    /// Shader model 5.1.
    Hlsl,
    /// OpenGL ES 3.1.
    Glsl,
}

impl Language {
    pub const ALL: [Self; 5] = [Self::Wgsl, Self::Spirv, Self::Msl, Self::Hlsl, Self::Glsl];

    /// The ending of its files.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wgsl => "wgsl",
            Self::Spirv => "spv",
            Self::Msl => "metal",
            Self::Hlsl => "hlsl",
            Self::Glsl => "comp",
        }
    }
}

/// How an entry point uses a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    Uniform,
    Read,
    ReadWrite,
}

/// A module that naga has found valid.
#[derive(Debug)]
pub struct Validated {
    pub(super) module: Module,
    info: ModuleInfo,
}

/// Parses and checks WGSL text.
pub fn validate(wgsl: &str) -> Result<Validated> {
    let module = naga::front::wgsl::parse_str(wgsl).map_err(|error| {
        let line = error.location(wgsl).map_or(0, |location| location.line_number);
        Error::internal(format_args!("WGSL, line {line}: {error}"))
    })?;
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).map_err(|error| {
        let line = error.location(wgsl).map_or(0, |location| location.line_number);
        Error::internal(format_args!("WGSL, line {line}: {}", causes(&error.into_inner())))
    })?;
    Ok(Validated { module, info })
}

impl Validated {
    /// The entry points, in order.
    pub fn entries(&self) -> impl Iterator<Item = &str> {
        self.module.entry_points.iter().map(|entry| entry.name.as_str())
    }

    /// The bindings that an entry point uses, ascending: what a pipeline layout for it has to hold.
    pub fn bindings(&self, entry: &str) -> Result<Vec<(u32, Access)>> {
        let at = self.index(entry)?;
        let uses = self.info.get_entry_point(at);
        let used = self.module.global_variables.iter().filter(|(handle, _)| !uses[*handle].is_empty());
        let mut bindings: Vec<(u32, Access)> = used
            .filter_map(|(_, variable)| {
                let access = match variable.space {
                    AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Access::ReadWrite,
                    AddressSpace::Storage { .. } => Access::Read,
                    _ => Access::Uniform,
                };
                Some((variable.binding?.binding, access))
            })
            .collect();
        bindings.sort_unstable_by_key(|(number, _)| *number);
        Ok(bindings)
    }

    fn index(&self, entry: &str) -> Result<usize> {
        self.entries().position(|name| name == entry).ok_or_else(|| {
            let known: Vec<&str> = self.entries().collect();
            Error::input(format_args!("the module has no entry point {entry}, only {}", known.join(", ")))
        })
    }

    /// The module in `language`, for one entry point or all. GLSL has one entry point a file: the first, if none is named.
    pub fn emit(&self, language: Language, entry: Option<&str>) -> Result<Vec<u8>> {
        entry.map(|entry| self.index(entry)).transpose()?;
        let text = match language {
            Language::Wgsl => self.wgsl(entry),
            Language::Spirv => return self.spirv(entry),
            Language::Msl => self.msl(entry),
            Language::Hlsl => self.hlsl(entry),
            Language::Glsl => self.glsl(entry),
        };
        text.map(String::into_bytes)
    }

    fn wgsl(&self, entry: Option<&str>) -> Result<String> {
        let mut module = self.module.clone();
        module.entry_points.retain(|point| entry.is_none_or(|entry| point.name == entry));
        naga::compact::compact(&mut module, naga::compact::KeepUnused::No);
        let info =
            Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module).map_err(|error| failed("WGSL", error))?;
        wgsl::write_string(&module, &info, wgsl::WriterFlags::empty()).map_err(|error| failed("WGSL", error))
    }

    fn spirv(&self, entry: Option<&str>) -> Result<Vec<u8>> {
        let options = spv::Options {
            lang_version: (1, 3),
            flags: spv::WriterFlags::DEBUG,
            fake_missing_bindings: true,
            bounds_check_policies: restrict(),
            ..spv::Options::default()
        };
        let pipeline = entry.map(|entry| spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: entry.to_string() });
        let words = spv::write_vec(&self.module, &self.info, &options, pipeline.as_ref()).map_err(|error| failed("SPIR-V", error))?;
        Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }

    fn msl(&self, entry: Option<&str>) -> Result<String> {
        let resources = msl::EntryPointResources {
            resources: self
                .resources()
                .map(|at| (at, msl::BindTarget { buffer: Some(at.binding as u8), mutable: true, ..Default::default() }))
                .collect(),
            immediates_buffer: None,
            sizes_buffer: Some(MSL_SIZES),
        };
        let options = msl::Options {
            lang_version: (2, 1),
            per_entry_point_map: self.entries().map(|entry| (entry.to_string(), resources.clone())).collect(),
            fake_missing_bindings: false,
            bounds_check_policies: restrict(),
            ..msl::Options::default()
        };
        let pipeline = msl::PipelineOptions { entry_point: self.point(entry), ..Default::default() };
        let (text, info) = msl::write_string(&self.module, &self.info, &options, &pipeline).map_err(|error| failed("MSL", error))?;
        info.entry_point_names.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| failed("MSL", error))?;
        Ok(text)
    }

    fn hlsl(&self, entry: Option<&str>) -> Result<String> {
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V5_1,
            binding_map: self
                .resources()
                .map(|at| (at, hlsl::BindTarget { space: at.group as u8, register: at.binding, ..Default::default() }))
                .collect(),
            fake_missing_bindings: false,
            special_constants_binding: Some(HLSL_CONSTANTS),
            ..hlsl::Options::default()
        };
        let pipeline = hlsl::PipelineOptions { entry_point: self.point(entry) };
        let mut text = String::new();
        let mut writer = hlsl::Writer::new(&mut text, &options, &pipeline);
        let info = writer.write(&self.module, &self.info, None).map_err(|error| failed("HLSL", error))?;
        info.entry_point_names.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| failed("HLSL", error))?;
        Ok(text)
    }

    fn glsl(&self, entry: Option<&str>) -> Result<String> {
        let options = glsl::Options {
            version: glsl::Version::new_gles(310),
            writer_flags: glsl::WriterFlags::empty(),
            binding_map: self.resources().map(|at| (at, at.binding as u8)).collect(),
            ..glsl::Options::default()
        };
        let entry = entry.or_else(|| self.entries().next()).unwrap_or_default();
        let pipeline = glsl::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: entry.to_string(), multiview: None };
        let mut text = String::new();
        glsl::Writer::new(&mut text, &self.module, &self.info, &options, &pipeline, BoundsCheckPolicies::default())
            .and_then(|mut writer| writer.write())
            .map_err(|error| failed("GLSL", error))?;
        Ok(text)
    }

    /// Every binding of the module.
    fn resources(&self) -> impl Iterator<Item = ResourceBinding> {
        self.module.global_variables.iter().filter_map(|(_, variable)| variable.binding)
    }

    fn point(&self, entry: Option<&str>) -> Option<(ShaderStage, String)> {
        entry.map(|entry| (ShaderStage::Compute, entry.to_string()))
    }
}

/// What wgpu asks for on a device that does not check by itself: an index out of bounds lands within.
fn restrict() -> BoundsCheckPolicies {
    BoundsCheckPolicies {
        index: BoundsCheckPolicy::Restrict,
        buffer: BoundsCheckPolicy::Restrict,
        image_load: BoundsCheckPolicy::Restrict,
        binding_array: BoundsCheckPolicy::Unchecked,
    }
}

fn failed(language: &str, error: impl std::error::Error) -> Error {
    Error::internal(format_args!("{language}: {}", causes(&error)))
}

/// An error with what it comes from, which naga's own text leaves out.
fn causes(error: &dyn std::error::Error) -> impl fmt::Display {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}
