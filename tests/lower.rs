//! What every function of the contracts in `kernels/` lowers to: the goldens there, and that naga takes it in every language.
//! `UPDATE_GOLDEN=1` rewrites the goldens.

use alloy_primitives::hex;
use clearwave::evm::{self, Entry};
use clearwave::ir::Kernel;
use clearwave::ir::access::{Walker, Waver};
use clearwave::lower::layout::Width;
use clearwave::lower::{self, Language};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

struct Function {
    /// Its signature, and whether ether comes with the call.
    title: String,
    changes_state: bool,
    entry: Entry,
}

struct Artifact {
    file: PathBuf,
    code: Vec<u8>,
    functions: Vec<Function>,
}

impl Artifact {
    fn read(file: PathBuf) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let json: Value = serde_json::from_str(&text).expect("artifacts are JSON");
        let bytes = |value: &Value| hex::decode(value.as_str().expect("hex")).expect("hex");
        let selectors = json["methodIdentifiers"].as_object().expect("artifacts name their methods");
        let functions = selectors.iter().flat_map(|(signature, selector)| {
            let mutability = mutability(&json["abi"], signature);
            let selector = bytes(selector).try_into().ok();
            let calldata_bytes = 4 + 32 * types(signature).count();
            let entry = move |with_value| Entry { selector, calldata_bytes, with_value };
            let plain = (signature.clone(), entry(false));
            let paid = (mutability == "payable").then(|| (format!("{signature} with value"), entry(true)));
            let changes_state = mutability == "payable" || mutability == "nonpayable";
            [plain].into_iter().chain(paid).map(move |(title, entry)| Function { title, changes_state, entry })
        });
        Self { code: bytes(&json["deployedBytecode"]["object"]), functions: functions.collect(), file }
    }

    /// Those of `kernels/`, by name.
    fn all() -> Vec<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels");
        let folders = list(&root).into_iter().filter(|path| path.is_dir() && !path.ends_with("node_modules"));
        let files = folders.flat_map(|folder| list(&folder)).filter(|file| file.extension().is_some_and(|extension| extension == "json"));
        let artifacts: Vec<Self> = files.map(Self::read).collect();
        assert!(artifacts.len() >= 30, "ten contracts in three settings");
        artifacts
    }

    fn kernels(&self) -> impl Iterator<Item = (&Function, Kernel)> {
        self.functions.iter().filter_map(|function| Some((function, evm::lower(&self.code, function.entry).ok()?)))
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the folder is readable").path()).collect();
    paths.sort();
    paths
}

fn types(signature: &str) -> impl Iterator<Item = &str> {
    let inner = &signature[signature.find('(').map_or(0, |at| at + 1)..signature.len() - 1];
    inner.split(',').filter(|kind| !kind.is_empty())
}

fn mutability<'a>(abi: &'a Value, signature: &str) -> &'a str {
    let of = |function: &&Value| {
        let kinds: Vec<&str> = function["inputs"].as_array().into_iter().flatten().filter_map(|input| input["type"].as_str()).collect();
        function["name"].as_str().is_some_and(|name| format!("{name}({})", kinds.join(",")) == signature)
    };
    let function = abi.as_array().into_iter().flatten().find(of);
    function.and_then(|function| function["stateMutability"].as_str()).unwrap_or("view")
}

#[test]
fn goldens() {
    for artifact in Artifact::all().iter().filter(|artifact| artifact.file.to_string_lossy().ends_with(".opt.json")) {
        let (mut ir, mut wgsl) = (String::new(), String::new());
        for (function, kernel) in artifact.kernels().filter(|(function, _)| function.changes_state) {
            let outline = lower::outline(&kernel, &Walker::new(&kernel)).expect("the contracts of this repository lower");
            let gap = if ir.is_empty() { "" } else { "\n" };
            ir += &format!("{gap}== {}\n\n{kernel}", function.title);
            wgsl += &format!("{gap}// == {}\n\n{outline}", function.title);
        }
        compare(&artifact.file.with_extension("").with_extension("golden.ir"), &ir);
        compare(&artifact.file.with_extension("").with_extension("golden.wgsl"), &wgsl);
    }
}

fn compare(file: &Path, text: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let golden = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    if let Some((i, (golden, text))) = golden.lines().zip(text.lines()).enumerate().find(|(_, (golden, text))| golden != text) {
        panic!("{}, line {}: the golden has\n{golden}\nbut now it is\n{text}", file.display(), i + 1);
    }
    assert_eq!(golden.len(), text.len(), "{}: one text is the beginning of the other", file.display());
}

#[test]
fn every_function_is_valid_in_every_language() {
    for artifact in Artifact::all() {
        for (function, kernel) in artifact.kernels() {
            let what = format!("{}: {}", artifact.file.display(), function.title);
            let walker = Walker::new(&kernel);
            let wgsl = lower::kernel(&kernel, &walker).unwrap_or_else(|error| panic!("{what}: {error}"));
            let module = lower::validate(&wgsl).unwrap_or_else(|error| panic!("{what}: {error}"));
            let wave = Waver::new(&kernel, &walker).map(|_| "wave");
            assert!(module.entries().eq(["net", "retract"].into_iter().chain(wave)), "{what}: the entry points");
            for language in Language::ALL {
                for entry in [None].into_iter().chain(module.entries().map(Some)) {
                    let text = module.emit(language, entry).unwrap_or_else(|error| panic!("{what}, {language:?}, {entry:?}: {error}"));
                    assert!(!text.is_empty());
                }
            }
        }
    }
}

#[test]
fn the_passes_over_cells_are_valid_in_every_language() {
    for ((text, entry), width) in
        [(lower::JUDGE, "judge"), (lower::SETTLE, "settle")].into_iter().flat_map(|pass| Width::ALL.map(|width| (pass, width)))
    {
        let module = lower::validate(&lower::link(text, width)).unwrap_or_else(|error| panic!("{entry}: {error}"));
        assert!(module.entries().eq([entry]));
        for language in Language::ALL {
            module.emit(language, Some(entry)).unwrap_or_else(|error| panic!("{entry}, {language:?}: {error}"));
        }
        assert!(module.emit(Language::Glsl, Some("net")).is_err_and(|error| error.is_input()));
    }
}
