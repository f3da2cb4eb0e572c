//! The device's buffers: reused from segment to segment, grown by powers of two, and the ways in and out of them. What lies beyond the
//! words of a segment is of older segments, and nobody reads it.

use super::device::{Connection, WORD};
use crate::error::{Error, Result};
use rayon::prelude::*;
use wgpu::BufferUsages as Usage;

/// Bytes that a thread copies at once.
const PIECE: usize = 1 << 12;
/// The smallest buffer, in bytes.
const LEAST: u64 = 1 << 12;

/// How host and device exchange words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transfer {
    /// Through buffers of their own, and copies by the device.
    Staged,
    /// The host maps the buffers that the passes use: where the device's memory is the host's, this saves a copy each way.
    Shared,
}

/// A buffer by what it is for, with its staging buffers.
pub(super) struct Slot {
    label: &'static str,
    usage: Usage,
    transfer: Transfer,
    /// Whether the host writes it, and whether it reads it.
    host: (bool, bool),
    /// What the passes use.
    pub main: wgpu::Buffer,
    up: Option<wgpu::Buffer>,
    down: Option<wgpu::Buffer>,
}

impl Slot {
    /// A fault shows at the next look at the connection's health.
    pub fn new(connection: &Connection, transfer: Transfer, label: &'static str, usage: Usage, host: (bool, bool)) -> Self {
        let (main, up, down) = create(connection, transfer, label, usage, host, LEAST);
        Self { label, usage, transfer, host, main, up, down }
    }

    /// Makes room for `words`. What it held before is lost.
    pub fn reserve(&mut self, connection: &Connection, words: usize) -> Result<()> {
        let bytes = bytes(words);
        if self.main.size() >= bytes {
            return Ok(());
        }
        // The old ones go first: there may not be room for both.
        [Some(&self.main), self.up.as_ref(), self.down.as_ref()].into_iter().flatten().for_each(wgpu::Buffer::destroy);
        let most = connection.device.limits().max_buffer_size / WORD * WORD;
        let size = bytes.next_power_of_two().min(most.max(bytes));
        (self.main, self.up, self.down) = create(connection, self.transfer, self.label, self.usage, self.host, size);
        connection.health().map_err(|error| error.within(format_args!("{size} bytes for {}", self.label)))
    }

    /// Has the device fetch what the host wrote.
    pub fn fetch(&self, encoder: &mut wgpu::CommandEncoder, words: usize) {
        if let Some(up) = self.up.as_ref().filter(|_| words > 0) {
            encoder.copy_buffer_to_buffer(up, 0, &self.main, 0, bytes(words));
        }
    }

    /// Has the device bring what the host will read.
    pub fn bring(&self, encoder: &mut wgpu::CommandEncoder, words: usize) {
        if let Some(down) = self.down.as_ref().filter(|_| words > 0) {
            encoder.copy_buffer_to_buffer(&self.main, 0, down, 0, bytes(words));
        }
    }

    fn map<'a>(&'a self, staging: &'a Option<wgpu::Buffer>, mode: wgpu::MapMode, words: usize) -> wgpu::BufferSlice<'a> {
        let slice = staging.as_ref().unwrap_or(&self.main).slice(..bytes(words));
        // A mapping that fails shows when its range is asked for.
        slice.map_async(mode, |_| {});
        slice
    }
}

type Made = (wgpu::Buffer, Option<wgpu::Buffer>, Option<wgpu::Buffer>);

fn create(connection: &Connection, transfer: Transfer, label: &str, usage: Usage, (write, read): (bool, bool), size: u64) -> Made {
    let usage = usage | Usage::COPY_SRC | Usage::COPY_DST;
    let mapped = |wanted, usage| if wanted { usage } else { Usage::empty() };
    match transfer {
        Transfer::Shared => {
            let usage = usage | mapped(write, Usage::MAP_WRITE) | mapped(read, Usage::MAP_READ);
            (make(connection, label, size, usage), None, None)
        }
        Transfer::Staged => {
            let up = write.then(|| make(connection, &format!("{label} up"), size, Usage::MAP_WRITE | Usage::COPY_SRC));
            let down = read.then(|| make(connection, &format!("{label} down"), size, Usage::MAP_READ | Usage::COPY_DST));
            (make(connection, label, size, usage), up, down)
        }
    }
}

/// Words for one slot, each part with the word that it starts at, ascending.
pub(super) struct Upload<'a> {
    pub slot: &'a Slot,
    pub parts: Vec<(usize, &'a [u32])>,
}

/// Writes what the device will `fetch`.
pub(super) fn upload(connection: &Connection, uploads: &[Upload<'_>]) -> Result<()> {
    let mut targets = Vec::new();
    for Upload { slot, parts } in uploads {
        let words = parts.last().map_or(0, |(at, words)| at + words.len());
        if words > 0 {
            targets.push((slot.map(&slot.up, wgpu::MapMode::Write, words), parts));
        }
    }
    connection.wait()?;
    let mut views = Vec::with_capacity(targets.len());
    for (target, parts) in &targets {
        views.push((target.get_mapped_range_mut().map_err(Error::device)?, parts));
    }
    let mut pieces: Vec<(wgpu::WriteOnly<'_, [u8; PIECE]>, &[u8])> = Vec::new();
    for (view, parts) in &mut views {
        let mut rest = view.slice(..);
        let mut at = 0;
        for (start, words) in parts.iter() {
            let from: &[u8] = bytemuck::cast_slice(words);
            let start = start * WORD as usize;
            let (part, after) = rest.split_at(start - at).1.split_at(from.len());
            (rest, at) = (after, start + from.len());
            // Of all that can be written only arrays of fixed size may go to other threads.
            let (chunks, mut last) = part.into_chunks::<PIECE>();
            let (whole, remainder) = from.split_at(from.len() / PIECE * PIECE);
            pieces.extend(chunks.into_iter().zip(whole.chunks_exact(PIECE)));
            last.copy_from_slice(remainder);
        }
    }
    pieces.into_par_iter().for_each(|(to, from)| wgpu::WriteOnly::<[u8]>::from(to).copy_from_slice(from));
    drop(views);
    targets.iter().for_each(|(target, _)| target.buffer().unmap());
    Ok(())
}

/// A slot that is being read: what the device has brought.
pub(super) struct Download<'a>(Option<wgpu::BufferSlice<'a>>);

/// Asks for the first `words` of a slot; they are there after the next wait.
pub(super) fn download(slot: &Slot, words: usize) -> Download<'_> {
    Download((words > 0).then(|| slot.map(&slot.down, wgpu::MapMode::Read, words)))
}

impl Download<'_> {
    /// Copies the parts out, each from the word that it starts at, and gives the buffer back to the device.
    pub fn read(self, parts: Vec<(usize, &mut [u32])>) -> Result<()> {
        let Some(slice) = self.0 else {
            return Ok(());
        };
        let view = slice.get_mapped_range().map_err(Error::device)?;
        parts.into_par_iter().for_each(|(at, to)| {
            let to: &mut [u8] = bytemuck::cast_slice_mut(to);
            let from = &view[at * WORD as usize..][..to.len()];
            to.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE)).for_each(|(to, from)| to.copy_from_slice(from));
        });
        drop(view);
        slice.buffer().unmap();
        Ok(())
    }
}

/// The first `words` of any buffer of the device, through a staging buffer for this once.
pub(super) fn copy_out(connection: &Connection, slot: &Slot, words: usize) -> Result<Vec<u32>> {
    let mut out = vec![0; words];
    if words > 0 {
        let staging = make(connection, "inspection", bytes(words), Usage::MAP_READ | Usage::COPY_DST);
        let mut encoder = connection.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("inspection") });
        encoder.copy_buffer_to_buffer(&slot.main, 0, &staging, 0, bytes(words));
        connection.queue.submit([encoder.finish()]);
        let slice = staging.slice(..);
        slice.map_async(wgpu::MapMode::Read, |_| {});
        connection.wait()?;
        Download(Some(slice)).read(vec![(0, &mut out)])?;
    }
    Ok(out)
}

fn make(connection: &Connection, label: &str, size: u64, usage: Usage) -> wgpu::Buffer {
    connection.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
}

pub(super) fn bytes(words: usize) -> u64 {
    words as u64 * WORD
}
