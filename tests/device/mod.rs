//! A device for tests. Where there is none, a test that asks for it fails.

use clearwave::lower::{self, Access};
use wgpu::util::{BufferInitDescriptor, DeviceExt};

pub struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
}

/// A module that the device has taken.
pub struct Program {
    module: wgpu::ShaderModule,
    text: lower::Validated,
}

/// A buffer, by its binding.
pub struct Buffer {
    pub binding: u32,
    pub words: Vec<u32>,
}

impl Device {
    pub fn open() -> Self {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()));
        let adapter = adapter.expect("these tests need a device: any Vulkan, Metal or DX12, a software one too");
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default())).expect("the device opens");
        Self { device, queue }
    }

    pub fn program(&self, wgsl: &str) -> Program {
        let source = wgpu::ShaderSource::Wgsl(wgsl.into());
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
        Program { module, text: lower::validate(wgsl).expect("the module is valid") }
    }

    /// Runs an entry point over some invocations, in as many dimensions as it takes, and reads back what it may have written.
    pub fn run(&self, program: &Program, entry: &str, buffers: &mut [Buffer], groups: (u32, u32)) {
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(entry),
            layout: None,
            module: &program.module,
            entry_point: Some(entry),
            compilation_options: Default::default(),
            cache: None,
        });
        let bindings = program.text.bindings(entry).expect("the module has the entry point");
        let mut bound = Vec::new();
        for (number, access) in &bindings {
            let at =
                buffers.iter().position(|buffer| buffer.binding == *number).unwrap_or_else(|| panic!("{entry} has no buffer {number}"));
            let kind = if *access == Access::Uniform { wgpu::BufferUsages::UNIFORM } else { wgpu::BufferUsages::STORAGE };
            let contents = bytemuck::cast_slice(&buffers[at].words);
            let buffer = BufferInitDescriptor { label: None, contents, usage: kind | wgpu::BufferUsages::COPY_SRC };
            bound.push((at, *number, *access, self.device.create_buffer_init(&buffer)));
        }
        let entries: Vec<_> = bound
            .iter()
            .map(|(_, number, _, buffer)| wgpu::BindGroupEntry { binding: *number, resource: buffer.as_entire_binding() })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(groups.0, groups.1, 1);
        drop(pass);
        let mut reads = Vec::new();
        for (at, _, _, buffer) in bound.iter().filter(|(_, _, access, _)| *access == Access::ReadWrite) {
            let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
            let copy =
                self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size: buffer.size(), usage, mapped_at_creation: false });
            encoder.copy_buffer_to_buffer(buffer, 0, &copy, 0, buffer.size());
            reads.push((*at, copy));
        }
        self.queue.submit([encoder.finish()]);
        reads.iter().for_each(|(_, copy)| copy.map_async(wgpu::MapMode::Read, .., |mapped| mapped.expect("the buffer can be read")));
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        for (at, copy) in reads {
            let view = copy.get_mapped_range(..).expect("the buffer is mapped");
            buffers[at].words = bytemuck::cast_slice(&view).to_vec();
        }
    }
}
