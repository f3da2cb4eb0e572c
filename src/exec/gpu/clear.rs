//! A segment on the device: upload, the passes in one submission, and what comes back.

use super::adapter::{Adapter, Choice};
use super::buffers::{self, Download, Slot, Transfer, Upload, bytes};
use super::device::{Capacity, Connection};
use super::pipelines::{Bound, Pipelines};
use crate::error::Result;
use crate::exec::pass::{self, Buffers, Pass};
use crate::exec::segment::{Cleared, Clearing, Segment, Stages, Stream, Waves};
use crate::lower::layout::{Segment as Uniform, WORKGROUP, Width};
use crate::word::{LIMBS, TOTAL_LIMBS};
use std::mem::take;
use std::ops::Range;
use std::time::Instant;
use wgpu::BufferUsages as Usage;

/// Workgroups of one dimension of a dispatch; more go two-dimensional.
pub(super) const WORKGROUPS: u32 = 65_535;
/// Words of a uniform block.
const UNIFORM_WORDS: usize = size_of::<Uniform>() / 4;
/// A binding of nothing is not allowed.
const LEAST_WORDS: usize = 4;

/// A device that clears. Buffers and pipelines are kept for the next segment.
pub struct Device {
    connection: Connection,
    pipelines: Pipelines,
    slots: Slots,
    transfer: Transfer,
    /// Two a pass, where the device can.
    timestamps: Option<wgpu::QuerySet>,
    stages: Stages,
    /// What came of an earlier segment.
    spare: Cleared,
}

impl Device {
    /// Opens an adapter. `judge` and `settle` are the texts of the passes over cells, to be linked.
    pub fn new(choice: &Choice, judge: &str, settle: &str) -> Result<Self> {
        let connection = Connection::open(choice)?;
        let pipelines = Pipelines::new(&connection, judge, settle)?;
        // A software device works in the host's memory. Others may be slow to read there.
        let shared = connection.adapter.kind == "software" && connection.offers(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS);
        let timestamps = connection.offers(wgpu::Features::TIMESTAMP_QUERY).then(|| {
            connection.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2 * Pass::ALL.len() as u32,
            })
        });
        connection.health()?;
        let transfer = if shared { Transfer::Shared } else { Transfer::Staged };
        let slots = Slots::new(&connection, transfer);
        Ok(Self { connection, pipelines, slots, transfer, timestamps, stages: Stages::new(), spare: Cleared::default() })
    }

    /// The same device, but with buffers of their own for all that goes in and out, as devices with their own memory need it.
    pub fn staged(mut self) -> Self {
        (self.transfer, self.slots) = (Transfer::Staged, Slots::new(&self.connection, Transfer::Staged));
        self
    }

    pub fn adapter(&self) -> &Adapter {
        &self.connection.adapter
    }

    pub fn capacity(&self) -> Capacity {
        self.connection.adapter.capacity
    }

    /// The buffers after the passes up to `last`: for tests, and for whoever looks for where a device goes astray.
    pub fn after(&mut self, segment: &Segment, last: Pass) -> Result<Buffers> {
        let result = self.inspect(segment, last);
        self.recover(result)
    }

    fn inspect(&mut self, segment: &Segment, last: Pass) -> Result<Buffers> {
        let places = self.prepare(segment)?;
        self.upload(segment, &places)?;
        self.submit(segment, &places, last)?;
        self.connection.wait()?;
        let cells = segment.base.len();
        let copy = |slot, words| buffers::copy_out(&self.connection, slot, words);
        let outcomes = copy(&self.slots.outcomes, if last >= Pass::Retract { places.outcome_words } else { 0 })?;
        let written = if last >= Pass::Wave { usize::MAX } else { segment.streams.len() };
        let by_stream = segment.all_streams().zip(&places.streams).take(written).filter(|_| last >= Pass::Retract);
        Ok(Buffers {
            base: copy(&self.slots.base, cells * LIMBS)?,
            debits: widened(copy(&self.slots.debits, places.total_words(cells))?, places.width),
            credits: widened(copy(&self.slots.credits, places.total_words(cells))?, places.width),
            verdicts: copy(&self.slots.verdicts, if last >= Pass::Judge { cells } else { 0 })?,
            outcomes: by_stream.map(|(stream, place)| outcomes[place.outcomes..][..stream.rows].to_vec()).collect(),
        })
    }

    /// Room for what comes of a segment, which may hold what came of another.
    fn room(&mut self, segment: &Segment) -> Cleared {
        let (mut room, cells) = (take(&mut self.spare), segment.base.len());
        room.values.resize(cells, Default::default());
        room.verdicts.resize(cells, 0);
        room.outcomes.resize(segment.all_streams().count(), vec![]);
        room.outcomes.iter_mut().zip(segment.all_streams()).for_each(|(outcomes, stream)| outcomes.resize(stream.rows, 0));
        room
    }

    fn run(&mut self, segment: &Segment) -> Result<Cleared> {
        let mut clock = Clock(Instant::now());
        let places = self.prepare(segment)?;
        let prepare = clock.lap();
        self.upload(segment, &places)?;
        let upload = clock.lap();
        let mut cleared = self.room(segment);

        self.submit(segment, &places, Pass::Settle)?;
        let (slots, cells) = (&self.slots, segment.base.len());
        let base = buffers::download(&slots.base, cells * LIMBS);
        let verdicts = buffers::download(&slots.verdicts, cells);
        let outcomes = buffers::download(&slots.outcomes, places.outcome_words);
        let times = self.timestamps.as_ref().map(|_| buffers::download(&slots.times, TIME_WORDS));
        self.connection.wait()?;
        let device = clock.lap();

        base.read(vec![(0, cleared.values.as_flattened_mut())])?;
        verdicts.read(vec![(0, &mut cleared.verdicts)])?;
        outcomes.read(cleared.outcomes.iter_mut().zip(&places.streams).map(|(to, place)| (place.outcomes, &mut to[..])).collect())?;
        let passes = times.map_or(Ok(vec![]), |times| self.pass_times(times))?;

        self.stages = vec![("prepare", prepare), ("upload", upload)];
        self.stages.extend(device_stages(device, passes));
        self.stages.push(("readback", clock.lap()));
        Ok(cleared)
    }

    /// After a fault nothing is used again: a buffer may be mapped, or may not be there.
    fn recover<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.slots = Slots::new(&self.connection, self.transfer);
            self.stages.clear();
        }
        result
    }
}

impl Clearing for Device {
    fn clear(&mut self, segment: &Segment) -> Result<Cleared> {
        let result = self.run(segment);
        self.recover(result)
    }

    fn recycle(&mut self, cleared: Cleared) {
        self.spare = cleared;
    }

    /// `prepare` is checks, and what is made when first needed: pipelines, buffers. `upload` and `readback` are the host's copies. Where the
    /// device tells the time its passes are named, and `queue` is what else went by until it was done; elsewhere all of it is `device`.
    fn stages(&self) -> Stages {
        self.stages.clone()
    }

    fn level_ns(&mut self) -> Result<u64> {
        let result = self.measure_level();
        self.recover(result)
    }
}

/// Two timestamps of 64 bits a pass.
const TIME_WORDS: usize = 4 * Pass::ALL.len();

/// The buffers by what they are for.
struct Slots {
    segments: Slot,
    streams: Slot,
    base: Slot,
    debits: Slot,
    credits: Slot,
    verdicts: Slot,
    outcomes: Slot,
    flags: Slot,
    times: Slot,
}

impl Slots {
    fn new(connection: &Connection, transfer: Transfer) -> Self {
        let of = |usage, label, host| Slot::new(connection, transfer, label, usage, host);
        let slot = |label, host| of(Usage::STORAGE, label, host);
        Self {
            segments: of(Usage::UNIFORM, "segments", (true, false)),
            streams: slot("streams", (true, false)),
            base: slot("base", (true, true)),
            debits: slot("debits", (false, false)),
            credits: slot("credits", (false, false)),
            verdicts: slot("verdicts", (false, true)),
            outcomes: slot("outcomes", (false, true)),
            flags: slot("flags", (true, false)),
            times: of(Usage::QUERY_RESOLVE, "times", (false, true)),
        }
    }
}

/// Where a segment's parts lie in the buffers, in words.
struct Places {
    streams: Vec<Place>,
    stream_words: usize,
    outcome_words: usize,
    /// Between uniforms; the first is that of the cells, the others are the streams'.
    uniform_stride: usize,
    width: Width,
}

impl Places {
    fn total_words(&self, cells: usize) -> usize {
        cells * self.width.total_limbs()
    }
}

struct Place {
    columns: usize,
    outcomes: usize,
}

impl Device {
    /// Sees to it that the segment's pipelines are there, and room for its words.
    fn prepare(&mut self, segment: &Segment) -> Result<Places> {
        pass::check(segment)?;
        let capacity = self.capacity();
        capacity.check(segment)?;
        self.connection.health()?;
        self.pipelines.prepare(&self.connection, segment)?;
        let (uniform_stride, width) = (capacity.align_words, segment.width());
        let mut places = Places { streams: vec![], stream_words: 0, outcome_words: 0, uniform_stride, width };
        for stream in segment.all_streams() {
            places.streams.push(Place { columns: places.stream_words, outcomes: places.outcome_words });
            places.stream_words += capacity.stream_words(stream);
            places.outcome_words += capacity.stream(stream.rows, 1);
        }
        self.reserve(segment, &places)?;
        Ok(places)
    }

    /// Writes the segment to where the device can fetch it.
    fn upload(&self, segment: &Segment, places: &Places) -> Result<()> {
        let uniforms = uniforms(segment);
        let at = |(i, uniform)| (i * places.uniform_stride, uniform);
        let streams = places.streams.iter().zip(segment.all_streams()).flat_map(|(place, stream)| words(place.columns, stream));
        let uploads = [
            Upload { slot: &self.slots.segments, parts: uniforms.iter().map(|uniform| &uniform[..]).enumerate().map(at).collect() },
            Upload { slot: &self.slots.streams, parts: streams.collect() },
            Upload { slot: &self.slots.base, parts: vec![(0, segment.base.as_flattened())] },
            Upload { slot: &self.slots.flags, parts: vec![(0, &segment.flags)] },
        ];
        buffers::upload(&self.connection, &uploads)
    }

    fn reserve(&mut self, segment: &Segment, places: &Places) -> Result<()> {
        let cells = segment.base.len();
        let slots = &mut self.slots;
        let uniforms = uniforms(segment).len() * places.uniform_stride;
        for (slot, words) in [
            (&mut slots.segments, uniforms),
            (&mut slots.streams, places.stream_words),
            (&mut slots.base, cells * LIMBS),
            (&mut slots.debits, places.total_words(cells)),
            (&mut slots.credits, places.total_words(cells)),
            (&mut slots.verdicts, cells),
            (&mut slots.outcomes, places.outcome_words),
            (&mut slots.flags, cells),
            (&mut slots.times, TIME_WORDS),
        ] {
            slot.reserve(&self.connection, words.max(LEAST_WORDS))?;
        }
        Ok(())
    }

    /// Submits the passes up to `last`, with all copies.
    fn submit(&self, segment: &Segment, places: &Places, last: Pass) -> Result<()> {
        let (slots, cells) = (&self.slots, segment.base.len());
        let mut encoder = self.connection.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("clear") });
        self.open(&mut encoder, "upload");
        slots.segments.fetch(&mut encoder, uniforms(segment).len() * places.uniform_stride);
        slots.streams.fetch(&mut encoder, places.stream_words);
        slots.base.fetch(&mut encoder, cells * LIMBS);
        slots.flags.fetch(&mut encoder, cells);
        for totals in [&slots.debits, &slots.credits] {
            encoder.clear_buffer(&totals.main, 0, Some(bytes(places.total_words(cells).max(LEAST_WORDS))));
        }
        self.close(&mut encoder);

        for (i, pass) in Pass::ALL.into_iter().enumerate().take_while(|(_, pass)| *pass <= last) {
            self.open(&mut encoder, pass.name());
            self.encode(&mut encoder, segment, places, pass, 2 * i as u32);
            self.close(&mut encoder);
        }

        self.open(&mut encoder, "readback");
        slots.base.bring(&mut encoder, cells * LIMBS);
        slots.verdicts.bring(&mut encoder, cells);
        slots.outcomes.bring(&mut encoder, places.outcome_words);
        if let Some(set) = self.timestamps.as_ref().filter(|_| last == Pass::Settle) {
            encoder.resolve_query_set(set, 0..2 * Pass::ALL.len() as u32, &slots.times.main, 0);
            slots.times.bring(&mut encoder, TIME_WORDS);
        }
        self.close(&mut encoder);
        self.connection.queue.submit([encoder.finish()]);
        self.connection.health()
    }

    /// Opens a debug group: captures show a segment stage by stage.
    fn open(&self, encoder: &mut wgpu::CommandEncoder, stage: &str) {
        if self.adapter().groups {
            encoder.push_debug_group(stage);
        }
    }

    fn close(&self, encoder: &mut wgpu::CommandEncoder) {
        if self.adapter().groups {
            encoder.pop_debug_group();
        }
    }

    fn encode(&self, encoder: &mut wgpu::CommandEncoder, segment: &Segment, places: &Places, pass: Pass, time: u32) {
        let timestamps = self.timestamps.as_ref().map(|query_set| wgpu::ComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: Some(time),
            end_of_pass_write_index: Some(time + 1),
        });
        let descriptor = wgpu::ComputePassDescriptor { label: self.adapter().groups.then(|| pass.name()), timestamp_writes: timestamps };
        let mut compute = encoder.begin_compute_pass(&descriptor);
        match pass {
            Pass::Judge | Pass::Settle => {
                let (layout, pipeline) = self.pipelines.over_cells(pass, places.width);
                let group = layout.bind(&self.connection, pass.name(), |binding| self.bound(binding, segment, places, 0, None));
                dispatch(&mut compute, pipeline, &group, segment.base.len());
            }
            Pass::Net | Pass::Retract => {
                // An empty stream may lie at the end of its buffer, where nothing can be bound.
                for (i, stream) in segment.streams.iter().enumerate().filter(|(_, stream)| stream.rows > 0) {
                    let (layout, pipeline) = self.pipelines.of(&stream.program, pass, places.width);
                    let label = format!("stream {i}");
                    let bound = |binding| self.bound(binding, segment, places, i + 1, Some((stream, &places.streams[i])));
                    let group = layout.bind(&self.connection, &label, bound);
                    dispatch(&mut compute, pipeline, &group, stream.rows);
                }
            }
            Pass::Wave => {
                for (uniform, (level, (at, rows))) in (segment.streams.len() + 1..).zip(parts(&segment.waves)) {
                    let (stream, place) = (&segment.waves.streams[*at], &places.streams[segment.streams.len() + at]);
                    let label = format!("level {level} of wave {at}");
                    let bound = |binding| self.bound(binding, segment, places, uniform, Some((stream, place)));
                    let group = self.pipelines.levels.bind(&self.connection, &label, bound);
                    dispatch(&mut compute, self.pipelines.wave_of(&stream.program.wgsl), &group, rows.len());
                }
            }
        }
    }

    /// What a binding is bound to: exactly the words of the segment, or of one of its streams.
    fn bound(&self, binding: u32, segment: &Segment, places: &Places, uniform: usize, stream: Option<(&Stream, &Place)>) -> Bound<'_> {
        let (slots, cells) = (&self.slots, segment.base.len());
        let (slot, start, words) = match (binding, stream) {
            (0, _) => (&slots.segments, uniform * places.uniform_stride, UNIFORM_WORDS),
            (1, Some((stream, place))) => (&slots.streams, place.columns, stream.rows * stream.device_columns().count()),
            (6, Some((stream, place))) => (&slots.outcomes, place.outcomes, stream.rows),
            (2, _) => (&slots.base, 0, cells * LIMBS),
            (3, _) => (&slots.debits, 0, places.total_words(cells)),
            (4, _) => (&slots.credits, 0, places.total_words(cells)),
            (5, _) => (&slots.verdicts, 0, cells),
            (7, _) => (&slots.flags, 0, cells),
            _ => unreachable!("passes over cells bind no stream"),
        };
        (&slot.main, bytes(start), bytes(words.max(LEAST_WORDS)))
    }

    /// The time that a dispatch more adds to a submission.
    fn measure_level(&mut self) -> Result<u64> {
        const LEVELS: u32 = 64;
        let segment = Segment { base: vec![Default::default()].into(), flags: vec![0], ..Segment::default() };
        let places = self.prepare(&segment)?;
        self.upload(&segment, &places)?;
        let mut times = [0; 3];
        // The first one warms up.
        for (time, levels) in times.iter_mut().zip([1, 1, 1 + LEVELS]) {
            let mut clock = Clock(Instant::now());
            let mut encoder = self.connection.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("levels") });
            let mut compute = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: None });
            let (layout, pipeline) = self.pipelines.over_cells(Pass::Settle, places.width);
            for _ in 0..levels {
                let group = layout.bind(&self.connection, "level", |binding| self.bound(binding, &segment, &places, 0, None));
                dispatch(&mut compute, pipeline, &group, segment.base.len());
            }
            drop(compute);
            self.connection.queue.submit([encoder.finish()]);
            self.connection.wait()?;
            *time = clock.lap();
        }
        Ok(times[2].saturating_sub(times[1]) / u64::from(LEVELS))
    }

    /// How long each pass took, in nanoseconds; nothing where the device's clock did not tell.
    fn pass_times(&self, times: Download<'_>) -> Result<Vec<u64>> {
        let mut words = [0; TIME_WORDS];
        times.read(vec![(0, &mut words)])?;
        let ticks: Vec<u64> = words.chunks_exact(2).map(|pair| u64::from(pair[0]) | u64::from(pair[1]) << 32).collect();
        let period = f64::from(self.connection.queue.get_timestamp_period());
        let told = ticks.is_sorted() && ticks[0] < ticks[ticks.len() - 1];
        let passes = ticks.chunks_exact(2).filter(|_| told);
        Ok(passes.map(|pass| ((pass[1] - pass[0]) as f64 * period) as u64).collect())
    }
}

/// Totals as long as any.
fn widened(totals: Vec<u32>, width: Width) -> Vec<u32> {
    let wide = |total: &[u32]| std::array::from_fn::<u32, TOTAL_LIMBS, _>(|limb| total.get(limb).copied().unwrap_or(0));
    totals.chunks_exact(width.total_limbs()).flat_map(wide).collect()
}

/// The words of a stream with their places, from `start` on: column by column, the parts one after another.
fn words(start: usize, stream: &Stream) -> Vec<(usize, &[u32])> {
    const NOTHING: [u32; 1 << 12] = [0; 1 << 12];
    let mut words = Vec::new();
    for (at, column) in stream.device_columns().enumerate() {
        for part in stream.parts.iter().filter(|part| part.rows > 0) {
            let start = start + at * stream.rows + part.first;
            match &part.columns[column][..] {
                [] => {
                    let zeros = (0..part.rows).step_by(NOTHING.len());
                    words.extend(zeros.map(|row| (start + row, &NOTHING[..NOTHING.len().min(part.rows - row)])));
                }
                column => words.push((start, column)),
            }
        }
    }
    words
}

/// The uniform blocks: that of the cells, the streams', then one a part of a level.
fn uniforms(segment: &Segment) -> Vec<[u32; UNIFORM_WORDS]> {
    let cells = segment.base.len() as u32;
    let of_stream = |stream: &Stream| Uniform::new(stream.rows as u32, cells, stream.limbs() as u32);
    let streams = segment.streams.iter().map(of_stream);
    let waves: Vec<Uniform> = segment.waves.streams.iter().map(of_stream).collect();
    let levels = parts(&segment.waves).map(|(level, (stream, rows))| waves[*stream].level(rows.clone(), level as u32));
    [Uniform::new(0, cells, 0)].into_iter().chain(streams).chain(levels).map(Uniform::words).collect()
}

/// The parts of all levels, in order, each with its level.
fn parts(waves: &Waves) -> impl Iterator<Item = (usize, &(usize, Range<u32>))> {
    waves.levels.iter().enumerate().flat_map(|(level, parts)| parts.iter().map(move |part| (level, part)))
}

/// One invocation an item.
fn dispatch(compute: &mut wgpu::ComputePass<'_>, pipeline: &wgpu::ComputePipeline, group: &wgpu::BindGroup, items: usize) {
    let Some((x, y)) = grid(items) else {
        return;
    };
    compute.set_pipeline(pipeline);
    compute.set_bind_group(0, group, &[]);
    compute.dispatch_workgroups(x, y, 1);
}

/// Workgroups for `items`: one row of them, or as few rows as hold them all.
fn grid(items: usize) -> Option<(u32, u32)> {
    // Items are numbered in 32 bits: both numbers are small.
    let groups = items.div_ceil(WORKGROUP as usize) as u32;
    let y = groups.div_ceil(WORKGROUPS);
    (groups > 0).then(|| (groups.div_ceil(y), y))
}

/// The stages between upload and readback.
fn device_stages(device: u64, passes: Vec<u64>) -> Stages {
    let rest = device.checked_sub(passes.iter().sum()).filter(|_| !passes.is_empty());
    match rest {
        Some(rest) => Pass::ALL.map(Pass::name).into_iter().zip(passes).chain([("queue", rest)]).collect(),
        None => vec![("device", device)],
    }
}

/// Laps of the wall clock, in nanoseconds.
struct Clock(Instant);

impl Clock {
    fn lap(&mut self) -> u64 {
        let now = Instant::now();
        (now - std::mem::replace(&mut self.0, now)).as_nanos() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_holds_all_items_and_few_others() {
        assert_eq!(grid(0), None);
        assert_eq!(grid(1), Some((1, 1)));
        assert_eq!(grid(65), Some((2, 1)));
        assert_eq!(grid(65_535 * 64), Some((65_535, 1)));
        assert_eq!(grid(65_535 * 64 + 1), Some((32_768, 2)));
    }

    #[test]
    fn stages_add_up_to_the_wall_clock() {
        assert_eq!(device_stages(10, vec![]), [("device", 10)]);
        assert_eq!(device_stages(10, vec![1, 2, 3, 5, 7]), [("device", 10)]);
        assert_eq!(device_stages(10, vec![1, 2, 3, 1, 1]).iter().map(|(_, ns)| ns).sum::<u64>(), 10);
    }

    const IDLE: [&str; 2] = ["@compute @workgroup_size(64) fn judge() {}", "@compute @workgroup_size(64) fn settle() {}"];

    #[test]
    fn a_lost_device_is_an_error_each_time() {
        let mut device = Device::new(&Choice::Auto, IDLE[0], IDLE[1]).expect("this test needs a device; a software one will do");
        let segment = Segment { base: vec![[1; LIMBS]; 100].into(), flags: vec![0; 100], ..Segment::default() };
        assert_eq!(device.clear(&segment).expect("it is there").values, *segment.base);
        device.connection.device.destroy();
        for _ in 0..2 {
            let error = device.clear(&segment).expect_err("it is lost");
            assert!(error.is_device(), "{error}");
        }
    }

    #[test]
    fn a_buffer_beyond_memory_is_an_error_and_the_next_segment_clears() {
        let mut device = Device::new(&Choice::Auto, IDLE[0], IDLE[1]).expect("this test needs a device; a software one will do");
        let most = device.connection.device.limits().max_buffer_size as usize / 4;
        let error = device.slots.streams.reserve(&device.connection, 2 * most).expect_err("no device has so much room");
        assert!(error.to_string().contains("streams"), "{error}");
        device.slots = Slots::new(&device.connection, device.transfer);
        assert!(device.clear(&Segment { base: vec![[1; LIMBS]; 1].into(), flags: vec![0], ..Segment::default() }).is_ok());
    }
}
