//! A device that has been opened: its queue, its faults and its limits. wgpu tells of most faults through callbacks, some by a panic; all
//! become errors here.

use super::adapter::{self, Adapter, Choice};
use crate::error::{Error, Result};
use crate::exec::segment::{Segment, Stream};
use crate::word::TOTAL_LIMBS;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a device word.
pub(super) const WORD: u64 = 4;

/// What a segment may hold on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Cells: their totals must fit one binding.
    pub cells: usize,
    /// Words of all streams together, each rounded up by `Capacity::stream`.
    pub stream_words: usize,
    /// Streams start at multiples of this.
    pub(super) align_words: usize,
}

impl Capacity {
    pub(super) fn of(limits: &wgpu::Limits) -> Self {
        // Shaders count words of a buffer in 32 bits.
        let words = (limits.max_storage_buffer_binding_size.min(limits.max_buffer_size) / WORD).min(u64::from(u32::MAX)) as usize;
        let align = limits.min_storage_buffer_offset_alignment.max(limits.min_uniform_buffer_offset_alignment);
        Self { cells: words / TOTAL_LIMBS, stream_words: words, align_words: (u64::from(align) / WORD).max(4) as usize }
    }

    /// The words of a stream that count towards `stream_words`.
    pub fn stream(&self, rows: usize, columns: usize) -> usize {
        // Outcomes lie like streams of one column.
        (rows * columns.max(1)).next_multiple_of(self.align_words)
    }

    pub(super) fn stream_words(&self, stream: &Stream) -> usize {
        self.stream(stream.rows, stream.device_columns().count())
    }

    pub fn holds(&self, segment: &Segment) -> bool {
        self.check(segment).is_ok()
    }

    pub(super) fn check(&self, segment: &Segment) -> Result<()> {
        let words = segment.all_streams().map(|stream| self.stream_words(stream)).sum();
        for (what, has, holds) in [("cells", segment.base.len(), self.cells), ("words of streams", words, self.stream_words)] {
            if has > holds {
                return Err(Error::internal(format_args!("a segment of {has} {what} was given to a device that holds {holds}")));
            }
        }
        Ok(())
    }
}

/// An opened device.
pub(super) struct Connection {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub adapter: Adapter,
    faults: Arc<Mutex<Faults>>,
}

#[derive(Default)]
struct Faults {
    /// Why the device was lost. It stays so.
    lost: Option<String>,
    /// The first error that nobody has been told of.
    error: Option<Error>,
}

impl Connection {
    pub fn open(choice: &Choice) -> Result<Self> {
        let (found, adapter) = adapter::choose(choice)?;
        let wanted = wgpu::Features::TIMESTAMP_QUERY | wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("clearwave"),
            required_features: found.features() & wanted,
            required_limits: found.limits(),
            trace: wgpu::Trace::Off,
            ..Default::default()
        };
        let opened = pollster::block_on(found.request_device(&descriptor));
        let (device, queue) = opened.map_err(|error| Error::device(error).within(&adapter.name))?;
        let faults = Arc::new(Mutex::new(Faults::default()));
        let keeper = faults.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            lock(&keeper).error.get_or_insert(translate(&error));
        }));
        let keeper = faults.clone();
        device.set_device_lost_callback(move |reason, message| {
            lock(&keeper).lost.get_or_insert(format!("the device was lost ({reason:?}): {message}"));
        });
        Ok(Self { device, queue, adapter, faults })
    }

    /// Whether nothing has failed since the last time.
    pub fn health(&self) -> Result<()> {
        let mut faults = lock(&self.faults);
        if let Some(lost) = &faults.lost {
            return Err(Error::device(lost).within(&self.adapter.name));
        }
        match faults.error.take() {
            Some(error) => Err(error.within(&self.adapter.name)),
            None => Ok(()),
        }
    }

    /// Waits until the device has done all that was submitted, and buffers that were asked for are mapped.
    pub fn wait(&self) -> Result<()> {
        // `poll` panics where the driver says that the device is lost.
        match catch_unwind(AssertUnwindSafe(|| self.device.poll(wgpu::PollType::wait_indefinitely()))) {
            Ok(Ok(_)) => self.health(),
            Ok(Err(error)) => Err(Error::device(error).within(&self.adapter.name)),
            Err(_) => {
                self.health()?;
                Err(Error::device("waiting for the device failed").within(&self.adapter.name))
            }
        }
    }

    pub fn offers(&self, feature: wgpu::Features) -> bool {
        self.device.features().contains(feature)
    }
}

/// A thread that panicked while it held the lock has written all or nothing.
fn lock(faults: &Mutex<Faults>) -> std::sync::MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

fn translate(error: &wgpu::Error) -> Error {
    match error {
        wgpu::Error::OutOfMemory { .. } => Error::device("out of memory"),
        wgpu::Error::Validation { description, .. } => Error::internal(description),
        wgpu::Error::Internal { description, .. } => Error::device(description),
    }
}
