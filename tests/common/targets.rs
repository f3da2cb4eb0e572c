//! What fuzzers call, here and in `fuzz/`: input of any bytes. A panic is a finding; nothing that is read may cause one, and nothing may
//! differ from what revm gives.

use super::harness::{Engines, Runner};
use super::programs::Programs;
use super::{Case, Random};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use clearwave::evm::{self, Entry, Site};
use clearwave::host::Artifact;
use clearwave::ir::access::Walker;
use clearwave::lower::{self, Language};
use clearwave::verify::{self, Options, Subject};
use clearwave::{Backend, Lane, cli};
use indicatif::ProgressBar;
use std::fs::DirEntry;
use std::path::Path;

/// What a target once failed on, by its file in `tests/findings/`.
pub fn findings(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/findings").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let path = |entry: std::io::Result<DirEntry>| entry.expect("the folder is readable").path();
    let mut files: Vec<_> = entries.map(path).collect();
    files.sort();
    files.iter().map(|file| (file.display().to_string(), std::fs::read(file).expect("the file is readable"))).collect()
}

/// Bytes as runtime code: inspected, lowered, and verified against revm.
pub fn bytecode(data: &[u8]) {
    let artifact = Artifact { name: "Any".into(), code: Bytes::copy_from_slice(data), ..Artifact::default() };
    contract(&artifact, data);
}

/// Bytes as a file with an artifact, which is then treated as `bytecode` treats code.
pub fn artifact(data: &[u8]) {
    if let Ok(artifact) = Artifact::parse(data, "Any", None) {
        contract(&artifact, data);
    }
}

fn contract(artifact: &Artifact, data: &[u8]) {
    cli::inspect(artifact, data.len().is_multiple_of(2)).expect("nothing that is read makes it fail");
    let subject = cli::subject(artifact);
    let seed = u64::from_be_bytes(keccak256(data)[..8].try_into().expect("eight bytes"));
    let mut random = Random::new(seed);
    // One function at one length: whole modules take long, and there are many inputs.
    if !subject.functions.is_empty() {
        let function = random.pick(&subject.functions);
        let calldata_bytes = function.calldata.filter(|_| random.below(4) > 0).unwrap_or(random.below(200));
        let selector = function.called.filter(|_| calldata_bytes >= 4);
        module(&artifact.code, Entry { selector, calldata_bytes, with_value: function.payable && random.below(2) == 0 });
    }
    agrees(&subject, seed);
}

/// Lowers a function, at a site where every proxy finds its own code.
fn module(code: &Bytes, entry: Entry) {
    let Ok(kernel) = evm::lower_at(code, entry, &Mirror(code)).kernel else { return };
    assert!(!kernel.to_string().is_empty());
    match lower::kernel(&kernel, &Walker::new(&kernel)) {
        Ok(wgsl) => drop(lower::emit(&wgsl, Language::Spirv, None).expect("what is valid can be written")),
        Err(error) => assert!(error.is_input(), "{error}"),
    }
}

fn agrees(subject: &Subject, seed: u64) {
    let backends = Some(vec![Backend::Reference, Backend::Cpu]);
    let options = Options { batches: 1, transactions: 16, accounts: 4, seed, backends, adapter: None };
    let outcome = verify::run(subject, &options, &ProgressBar::hidden()).expect("nothing that is read makes it fail");
    assert!(outcome.mismatches.is_empty(), "seed {seed}: {:#?}", outcome.mismatches);
}

/// All storage words are one, and all accounts have the code in question.
struct Mirror<'a>(&'a Bytes);

impl Site for Mirror<'_> {
    fn calldata(&self, offset: u32) -> Option<U256> {
        Some(U256::from(if offset % 64 == 4 { 64 } else { 1 }))
    }

    fn storage(&self, _: U256) -> Option<U256> {
        Some(U256::ONE)
    }

    fn code(&self, _: Address) -> Option<(B256, Bytes)> {
        Some((keccak256(self.0), self.0.clone()))
    }
}

/// A program and a batch that the bytes decide, on every backend that needs no device.
pub fn program(data: &[u8]) {
    let case = Programs::random(Random::scripted(data)).case;
    let forced = [Lane::Wave, Lane::Line].map(|lane| Runner::forced(Backend::Cpu, lane));
    let runners = [Runner::from(Backend::Reference), Runner::from(Backend::Cpu)].into_iter().chain(forced);
    agree(&mut Engines::default(), &case, runners, 1 + data.len() % 7);
}

/// The same on the device, on engines that may have seen others before.
pub fn device(data: &[u8], engines: &mut Engines) {
    let case = Programs::random(Random::scripted(data)).case;
    let runners = [Runner::from(Backend::Gpu), Runner::forced(Backend::Gpu, Lane::Wave)];
    agree(engines, &case, runners, 1 + data.len() % 7);
}

fn agree(engines: &mut Engines, case: &Case, runners: impl IntoIterator<Item = Runner>, split: usize) {
    let truth = engines.truth(case).expect("revm runs whatever there is");
    for runner in runners {
        for split in [usize::MAX, split] {
            engines.compare(case, &truth, runner, split).unwrap_or_else(|difference| panic!("{difference}\n{case:#?}"));
        }
    }
}
