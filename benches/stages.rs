//! The stages of a batch one by one, small enough to be run often: what got slower, and where. `clearwave bench` measures the whole.

use clearwave::exec::cpu::Cpu;
use clearwave::exec::segment::Clearing;
use clearwave::plan::classes::{Parts, Plan, classify};
use clearwave::plan::library::Library;
use clearwave::plan::numbering::Numbering;
use clearwave::plan::resolve::{Chunk, resolve};
use clearwave::plan::waves::Share;
use clearwave::state::State;
use clearwave::workload::{Size, Step, Workload};
use clearwave::{Backend, Batch, Engine};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SIZE: Size = Size { transactions: 1 << 14, accounts: 1 << 14, seed: 1 };

/// A state that has met its accounts, and what is done with it.
struct Stages {
    step: Step,
    state: State,
    library: Library,
    numbering: Numbering,
}

impl Stages {
    fn new(workload: Workload) -> Self {
        let step = workload.generate(SIZE).expect("the size is fine").remove(0);
        let contracts = step.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
        let state = State::import(step.cells.iter().copied(), contracts).expect("the workload is consistent");
        let mut stages = Self { step, state, library: Library::default(), numbering: Numbering::default() };
        let history = Batch { transactions: stages.step.history.clone(), block: stages.step.batch.block.clone() };
        for chunk in stages.resolve_these(&history) {
            for (path, id) in chunk.learned {
                stages.state.paths_mut().insert(path.space, path.words.as_slice(), id);
            }
        }
        stages
    }

    fn resolve_these(&self, batch: &Batch) -> Vec<Chunk> {
        resolve(&self.state, &self.library, batch.into(), 0..batch.transactions.len()).expect("the kernels lower")
    }

    fn resolve(&self) -> Vec<Chunk> {
        self.resolve_these(&self.step.batch)
    }

    fn plan(&mut self, chunks: Vec<Chunk>) -> Plan {
        self.numbering.clear(&self.state);
        let (batch, transactions) = ((&self.step.batch).into(), 0..self.step.batch.transactions.len() as u32);
        let parts = Parts {
            state: &self.state,
            library: &self.library,
            batch,
            transactions,
            may_fence: false,
            share: Share::Line,
            no_clearing: false,
        };
        classify(parts, &mut self.numbering, chunks, &[]).expect("the workload is well formed")
    }

    /// The root after every cell has changed: only the hashing counts.
    fn root(&mut self) -> Duration {
        for id in 0..self.state.len() as u32 {
            let mut word = *self.state.word(id);
            word[0] = word[0].wrapping_add(1);
            self.state.set_word(id, word);
        }
        timed(|| self.state.root())
    }
}

/// How long it takes; its result is dropped after that.
fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begin = Instant::now();
    let result = black_box(work());
    let spent = begin.elapsed();
    drop(result);
    spent
}

fn group<'a>(criterion: &'a mut Criterion, workload: Workload) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(workload.to_string());
    group.throughput(Throughput::Elements(SIZE.transactions as u64)).sample_size(20).measurement_time(Duration::from_secs(2));
    group
}

fn stages(criterion: &mut Criterion) {
    for workload in [Workload::Erc20, Workload::Erc20Hot] {
        let mut group = group(criterion, workload);
        let (mut stages, mut cpu) = (Stages::new(workload), Cpu::default());
        group.bench_function("resolve", |bencher| bencher.iter(|| stages.resolve()));
        let chunks = stages.resolve();
        let segment = stages.plan(chunks).segment;
        // Chunks are used up: each run has its own.
        let mut plan = || {
            let chunks = stages.resolve();
            timed(|| stages.plan(chunks))
        };
        group.bench_function("plan", |bencher| bencher.iter_custom(|times| (0..times).map(|_| plan()).sum()));
        group.bench_function("clear", |bencher| bencher.iter(|| cpu.clear(&segment).expect("the segment is whole")));
        group.bench_function("root", |bencher| bencher.iter_custom(|times| (0..times).map(|_| stages.root()).sum()));
    }
}

/// An engine that has met the accounts; `None` where the backend has no device.
fn engine(step: &Step, backend: Backend) -> Option<Engine> {
    let mut builder = Engine::builder().backend(backend);
    for (key, value) in &step.cells {
        builder = builder.cell(*key, *value);
    }
    for (address, code) in &step.contracts {
        builder = builder.contract(*address, code.clone());
    }
    let mut engine = builder.build().ok()?;
    let history = Batch { transactions: step.history.clone(), ..step.batch.clone() };
    engine.execute(&history).expect("the batch is well formed");
    Some(engine)
}

/// Batches in a row, one by one and through the pipeline.
fn row(criterion: &mut Criterion) {
    const BATCHES: usize = 8;
    const LEAD: usize = 2;
    for (backend, exponent) in [Backend::Cpu, Backend::Gpu].into_iter().flat_map(|backend| [14, 18].map(|exponent| (backend, exponent))) {
        let size = Size { transactions: 1 << exponent, accounts: 1 << exponent, ..SIZE };
        let step = Workload::Erc20.generate(size).expect("the size is fine").remove(0);
        let Some(mut engine) = engine(&step, backend) else { continue };
        let mut group = criterion.benchmark_group(format!("row of 2^{exponent} on {backend}"));
        group
            .throughput(Throughput::Elements((BATCHES * size.transactions) as u64))
            .sample_size(10)
            .measurement_time(Duration::from_secs(8));
        group.bench_function("execute", |bencher| {
            bencher.iter(|| (0..BATCHES).for_each(|_| drop(engine.execute(&step.batch).expect("the batch is well formed"))));
        });
        let mut in_a_row = || {
            // Handing a batch over costs nothing, copying it does.
            let batches = vec![step.batch.clone(); BATCHES];
            timed(|| {
                for (at, batch) in batches.into_iter().enumerate() {
                    engine.submit(batch);
                    if at >= LEAD {
                        engine.wait().expect("it was submitted").expect("the batch is well formed");
                    }
                }
                engine.root();
                while engine.wait().is_some() {}
            })
        };
        group.bench_function("submit and wait", |bencher| bencher.iter_custom(|times| (0..times).map(|_| in_a_row()).sum()));
    }
}

fn whole(criterion: &mut Criterion) {
    for workload in [Workload::Erc20, Workload::Erc20Hot, Workload::Erc20Overdraft] {
        let step = workload.generate(SIZE).expect("the size is fine").remove(0);
        let mut engine = engine(&step, Backend::Cpu).expect("it needs no device");
        let start = engine.snapshot();
        let mut batch = || {
            engine.rollback(&start).expect("the snapshot is live");
            engine.root();
            timed(|| engine.execute(&step.batch).expect("the batch is well formed"))
        };
        group(criterion, workload).bench_function("batch", |bencher| bencher.iter_custom(|times| (0..times).map(|_| batch()).sum()));
    }
}

criterion_group!(benches, stages, whole, row);
criterion_main!(benches);
