//! Pipelines: those of the passes over cells, made with the device, and those of kernels, made when their text is first seen.

use super::device::Connection;
use crate::error::Result;
use crate::exec::pass::Pass;
use crate::exec::segment::{Program, Segment, Stream};
use crate::lower::layout::Width;
use crate::lower::link;
use hashbrown::HashMap;

/// Kernels whose pipelines are kept. A chain has more contracts than a driver has room for: software ones take two megabytes for each.
const KEPT: usize = 1_024;

/// How an entry point uses a binding.
#[derive(Clone, Copy)]
enum Access {
    Uniform,
    Read,
    Write,
}

use Access::{Read, Uniform, Write};

const KERNEL: &[(u32, Access)] = &[(0, Uniform), (1, Read), (2, Read), (3, Write), (4, Write), (5, Read), (6, Write)];
/// Where retract stores to cells.
const STORING: &[(u32, Access)] = &[(0, Uniform), (1, Read), (2, Write), (3, Write), (4, Write), (5, Read), (6, Write)];
const LEVEL: &[(u32, Access)] = &[(0, Uniform), (1, Read), (2, Write), (3, Write), (4, Write), (5, Write), (6, Write)];
const JUDGE: &[(u32, Access)] = &[(0, Uniform), (2, Read), (3, Read), (4, Read), (5, Write), (7, Read)];
const SETTLE: &[(u32, Access)] = &[(0, Uniform), (2, Write), (3, Read), (4, Read), (5, Read)];

/// The shape of the bindings that pipelines share.
pub(super) struct Layout {
    bindings: &'static [(u32, Access)],
    group: wgpu::BindGroupLayout,
    pipeline: wgpu::PipelineLayout,
}

/// What a binding is bound to: a buffer, where in it, and how long, in bytes.
pub(super) type Bound<'a> = (&'a wgpu::Buffer, u64, u64);

impl Layout {
    fn new(connection: &Connection, label: &str, bindings: &'static [(u32, Access)]) -> Self {
        let entry = |(binding, access): &(u32, Access)| wgpu::BindGroupLayoutEntry {
            binding: *binding,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: match access {
                    Uniform => wgpu::BufferBindingType::Uniform,
                    Read => wgpu::BufferBindingType::Storage { read_only: true },
                    Write => wgpu::BufferBindingType::Storage { read_only: false },
                },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let entries: Vec<_> = bindings.iter().map(entry).collect();
        let device = &connection.device;
        let group = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries });
        let pipeline = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(label),
            bind_group_layouts: &[Some(&group)],
            ..Default::default()
        });
        Self { bindings, group, pipeline }
    }

    /// Binds what `bound` gives for each binding.
    pub fn bind<'a>(&self, connection: &Connection, label: &str, bound: impl Fn(u32) -> Bound<'a>) -> wgpu::BindGroup {
        let entry = |(binding, _): &(u32, Access)| {
            let (buffer, offset, size) = bound(*binding);
            let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size: wgpu::BufferSize::new(size) });
            wgpu::BindGroupEntry { binding: *binding, resource }
        };
        let entries: Vec<_> = self.bindings.iter().map(entry).collect();
        let descriptor = wgpu::BindGroupDescriptor { label: Some(label), layout: &self.group, entries: &entries };
        connection.device.create_bind_group(&descriptor)
    }

    fn pipeline(&self, connection: &Connection, module: &wgpu::ShaderModule, label: &str, entry: &str) -> wgpu::ComputePipeline {
        connection.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(label),
            layout: Some(&self.pipeline),
            module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        })
    }
}

/// The entry points that clear one kernel.
struct Kernel {
    net: wgpu::ComputePipeline,
    retract: wgpu::ComputePipeline,
}

/// Of those that go through totals there is one a width.
pub(super) struct Pipelines {
    rows: Layout,
    storing: Layout,
    pub levels: Layout,
    judge: (Layout, [wgpu::ComputePipeline; Width::ALL.len()]),
    settle: (Layout, [wgpu::ComputePipeline; Width::ALL.len()]),
    kernels: [HashMap<String, Kernel, ahash::RandomState>; Width::ALL.len()],
    waves: HashMap<String, wgpu::ComputePipeline, ahash::RandomState>,
}

impl Pipelines {
    pub fn new(connection: &Connection, judge: &str, settle: &str) -> Result<Self> {
        let pass = |label, bindings, wgsl| {
            let layout = Layout::new(connection, label, bindings);
            let pipelines =
                Width::ALL.map(|width| layout.pipeline(connection, &module(connection, label, &link(wgsl, width)), label, label));
            connection.health().map_err(|error| error.within(format_args!("the shader of {label}"))).map(|()| (layout, pipelines))
        };
        Ok(Self {
            rows: Layout::new(connection, "rows", KERNEL),
            storing: Layout::new(connection, "storing", STORING),
            levels: Layout::new(connection, "levels", LEVEL),
            judge: pass("judge", JUDGE, judge)?,
            settle: pass("settle", SETTLE, settle)?,
            kernels: Default::default(),
            waves: HashMap::default(),
        })
    }

    /// Makes the pipelines of a segment's kernels, unless they are there. What fails to compile is not kept.
    pub fn prepare(&mut self, connection: &Connection, segment: &Segment) -> Result<()> {
        if self.kernels.iter().map(HashMap::len).sum::<usize>() + self.waves.len() > KEPT {
            self.kernels.iter_mut().for_each(HashMap::clear);
            self.waves.clear();
        }
        let width = segment.width();
        for Stream { program, .. } in &segment.streams {
            if !self.kernels[width as usize].contains_key(&program.wgsl) {
                let kernel = self.kernel(connection, program, width).map_err(|error| error.within("the shader of a kernel"))?;
                self.kernels[width as usize].insert(program.wgsl.clone(), kernel);
            }
        }
        for Stream { program, .. } in &segment.waves.streams {
            if !self.waves.contains_key(&program.wgsl) {
                let wave = self.level(connection, &program.module(Width::Wide)).map_err(|error| error.within("the shader of a wave"))?;
                self.waves.insert(program.wgsl.clone(), wave);
            }
        }
        Ok(())
    }

    fn kernel(&self, connection: &Connection, program: &Program, width: Width) -> Result<Kernel> {
        let number = self.kernels[width as usize].len();
        let module = module(connection, &format!("kernel {number}"), &program.module(width));
        let pipeline = |layout: &Layout, entry| layout.pipeline(connection, &module, &format!("{entry} of kernel {number}"), entry);
        let kernel = Kernel { net: pipeline(&self.rows, "net"), retract: pipeline(self.retracting(program), "retract") };
        connection.health().map(|()| kernel)
    }

    fn retracting(&self, program: &Program) -> &Layout {
        if program.walker.root.stores() { &self.storing } else { &self.rows }
    }

    fn level(&self, connection: &Connection, wgsl: &str) -> Result<wgpu::ComputePipeline> {
        let label = format!("wave {}", self.waves.len());
        let pipeline = self.levels.pipeline(connection, &module(connection, &label, wgsl), &label, "wave");
        connection.health().map(|()| pipeline)
    }

    /// The pipeline of a pass over rows, for a kernel of the segment that was prepared last.
    pub fn of(&self, program: &Program, pass: Pass, width: Width) -> (&Layout, &wgpu::ComputePipeline) {
        let kernel = &self.kernels[width as usize][&program.wgsl];
        match pass {
            Pass::Net => (&self.rows, &kernel.net),
            _ => (self.retracting(program), &kernel.retract),
        }
    }

    /// The pipeline of a pass over cells.
    pub fn over_cells(&self, pass: Pass, width: Width) -> (&Layout, &wgpu::ComputePipeline) {
        let (layout, pipelines) = if pass == Pass::Judge { &self.judge } else { &self.settle };
        (layout, &pipelines[width as usize])
    }

    /// The pipeline of its waves.
    pub fn wave_of(&self, wgsl: &str) -> &wgpu::ComputePipeline {
        &self.waves[wgsl]
    }
}

fn module(connection: &Connection, label: &str, wgsl: &str) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(wgsl.into());
    connection.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
}
