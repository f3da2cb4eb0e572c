//! Calls that keep an order: on the device level by level, or all in the line, they do what revm does. Needs a device: a software one will
//! do.

mod common;

use clearwave::exec::cpu::Cpu;
use clearwave::exec::gpu::{Choice, Device};
use clearwave::exec::pass::Pass;
use clearwave::exec::segment::{Segment, TO_LINE, verdict};
use clearwave::lower;
use clearwave::plan::classes::{Parts, Plan, classify};
use clearwave::plan::library::Library;
use clearwave::plan::numbering::Numbering;
use clearwave::plan::resolve::resolve;
use clearwave::plan::waves::Share;
use clearwave::state::State;
use clearwave::{Backend, Engine, Lane};
use common::harness::{Engines, Lanes, Runner};
use common::{Case, Contract, case};

fn contracts(setting: &str) -> Vec<Contract> {
    Contract::all().into_iter().filter(|contract| contract.file.to_string_lossy().contains(setting)).collect()
}

fn state(case: &Case) -> State {
    let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
    State::import(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent")
}

/// A case as a segment in which nothing is cleared that a wave can take.
fn plan(case: &Case) -> Plan {
    let (state, library, mut numbering) = (state(case), Library::default(), Numbering::default());
    let chunks = resolve(&state, &library, (&case.batch).into(), 0..case.batch.transactions.len()).expect("the kernels lower");
    numbering.clear(&state);
    let transactions = 0..case.batch.transactions.len() as u32;
    let parts = Parts {
        state: &state,
        library: &library,
        batch: (&case.batch).into(),
        transactions,
        may_fence: false,
        share: Share::Waves,
        no_clearing: true,
    };
    classify(parts, &mut numbering, chunks, &[]).expect("the case is well formed")
}

fn count(words: &[u32], of: impl Fn(u32) -> bool) -> usize {
    words.iter().filter(|word| of(**word)).count()
}

#[test]
fn a_wave_leaves_the_same_words_as_its_twin() {
    let mut device = Device::new(&Choice::Auto, lower::JUDGE, lower::SETTLE).expect("this test needs a device");
    let mut cpu = Cpu::default();
    let (mut ran, mut put_off, mut marked) = (0, 0, 0);
    for contract in contracts(".opt.") {
        for seed in 0..4 {
            let case = case(seed, &[&contract], 150, 4 + 10 * seed as usize);
            let segment: Segment = plan(&case).segment;
            for pass in [Pass::Judge, Pass::Wave, Pass::Settle] {
                let (twin, device) = (cpu.after(&segment, pass).expect("the twin"), device.after(&segment, pass).expect("the device"));
                assert!(
                    twin == device,
                    "{}, seed {seed}: after {}: twin\n{twin:?}\ndevice\n{device:?}",
                    contract.file.display(),
                    pass.name()
                );
                let waves = twin.outcomes.iter().skip(segment.streams.len()).flatten().copied().collect::<Vec<u32>>();
                ran += count(&waves, |outcome| outcome != TO_LINE);
                put_off += count(&waves, |outcome| outcome == TO_LINE);
                marked += count(&twin.verdicts, |mark| mark >= verdict::PUT_OFF);
            }
        }
    }
    assert!(ran > 2_000 && put_off > 200 && marked > 50, "{ran} ran, {put_off} were put off, {marked} cells marked");
}

fn check(contracts: &[Contract], runners: &[Runner], seeds: std::ops::Range<u64>) -> Lanes {
    let mut engines = Engines::default();
    let mut lanes = Lanes::new();
    for contract in contracts {
        for seed in seeds.clone() {
            let differs = |difference: String| -> Lanes { panic!("{} with seed {seed}: {difference}", contract.file.display()) };
            let case = case(seed, &[contract], 200, 3 + 20 * (seed as usize % 3));
            let truth = engines.truth(&case).expect("revm runs");
            for runner in runners {
                let found = engines.compare(&case, &truth, *runner, usize::MAX).unwrap_or_else(differs);
                found.into_iter().for_each(|(lane, count)| *lanes.entry(lane).or_default() += count);
            }
        }
    }
    lanes
}

#[test]
fn forced_lanes_give_what_revm_gives() {
    let runners = [Runner::forced(Backend::Cpu, Lane::Wave), Runner::forced(Backend::Cpu, Lane::Line), Backend::Cpu.into()];
    let lanes = check(&Contract::all(), &runners, 0..6);
    assert!([Lane::Wave, Lane::Line, Lane::Clear].iter().all(|lane| lanes.get(lane).is_some_and(|count| *count > 5_000)), "{lanes:?}");
}

#[test]
fn waves_on_the_device_give_what_revm_gives() {
    let lanes = check(&contracts(".opt."), &[Runner::forced(Backend::Gpu, Lane::Wave)], 6..9);
    assert!(lanes.get(&Lane::Wave).is_some_and(|count| *count > 1_500), "{lanes:?}");
}

#[test]
fn other_lanes_cannot_be_forced() {
    assert!(Engine::builder().backend(Backend::Cpu).force(Some(Lane::Revm)).build().is_err_and(|error| error.is_input()));
}
