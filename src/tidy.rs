//! The rules of the house that the compiler does not know: who may import whom, who may name naga and wgpu, how long a file may be, and
//! that every path a document names is there.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules, lowest first. One may import those before it. ARCHITECTURE.md has the same list with what each is for.
const ORDER: &[&str] = &[
    "limits",
    "word",
    "prefetch",
    "keccak",
    "error",
    "tx",
    "ir",
    "evm",
    "lower",
    "state",
    "plan",
    "exec",
    "engine",
    "host",
    "yardstick",
    "replay",
    "workload",
    "verify",
    "bench",
    "report",
    "cli",
];

/// Lines that a source file may have; beyond that it wants to be a folder.
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| !path.ends_with("node_modules") && !path.ends_with("target") && !path.ends_with(".git"))
        .flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] })
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines of code and documents that are not comments.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The top-level module of a source file; `None` for the crate's roots.
fn module(path: &Path) -> Option<String> {
    let below = path.strip_prefix(root().join("src")).expect("a source file");
    let first = below.components().next().expect("a file has a name").as_os_str().to_string_lossy().into_owned();
    let name = first.trim_end_matches(".rs").to_string();
    (!["lib", "main", "tidy"].contains(&name.as_str())).then_some(name)
}

fn rank(module: &str) -> usize {
    ORDER.iter().position(|name| *name == module).unwrap_or_else(|| panic!("module {module} is not in the order of tidy.rs"))
}

/// What code names after `crate::`, braces opened.
fn imports(line: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let after = line.match_indices("crate::").map(|(at, found)| &line[at + found.len()..]);
    after
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => {
                let (mut depth, mut end) = (1, list.len());
                for (at, c) in list.char_indices() {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    if depth == 0 {
                        end = at;
                        break;
                    }
                }
                let mut depth = 0;
                let items = list[..end].split(|c: char| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    c == ',' && depth == 0
                });
                items.map(|item| name(item.trim_start())).collect()
            }
            None => vec![name(rest)],
        })
        .filter(|name| name.chars().next().is_some_and(char::is_lowercase))
        .collect()
}

#[test]
fn modules_import_only_those_below_them() {
    let mut wrong = Vec::new();
    for path in files(&root().join("src"), ".rs") {
        let Some(of) = module(&path) else { continue };
        // A list of imports may go over several lines.
        let code: String = code_lines(&read(&path)).map(|(_, line)| line).collect::<Vec<_>>().join(" ");
        for name in imports(&code) {
            if name != of && rank(&name) > rank(&of) {
                wrong.push(format!("{}: {of} imports {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_lower_names_naga_and_only_the_gpu_backend_names_wgpu() {
    for (name, home) in [("naga", "src/lower"), ("wgpu", "src/exec/gpu")] {
        for path in
            files(&root().join("src"), ".rs").into_iter().filter(|path| !path.starts_with(root().join(home)) && !path.ends_with("tidy.rs"))
        {
            for (number, line) in code_lines(&read(&path)) {
                assert!(!line.contains(&format!("{name}::")), "{}:{number} names {name}, which is {home}'s alone", path.display());
            }
        }
    }
}

#[test]
fn files_stay_short() {
    let sources = ["src", "tests", "shaders", "benches"].iter().flat_map(|folder| files(&root().join(folder), ""));
    for path in sources.filter(|path| path.extension().is_some_and(|ending| ending == "rs" || ending == "wgsl")) {
        let lines = read(&path).lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines: at most {MAX_LINES}", path.display());
    }
}

/// Words in backticks that look like a path of this repository.
fn paths_named(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    let known = ["src/", "shaders/", "kernels/", "benches/", "assets/", "tests/", "scripts/", ".ci/"];
    let path = words.filter(|word| known.iter().any(|start| word.starts_with(start)) && !word.contains([' ', '*', '<', '{', '$']));
    path.map(str::to_string).collect()
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut documents = files(&root(), ".md");
    documents.retain(|path| !path.starts_with(root().join("target")));
    assert!(!documents.is_empty());
    for document in documents {
        for path in paths_named(&read(&document)) {
            assert!(root().join(&path).exists(), "{} names {path}, which is not there", document.display());
        }
        for target in links(&read(&document)) {
            let folder = document.parent().expect("a file lies in a folder");
            assert!(folder.join(&target).exists(), "{} links to {target}, which is not there", document.display());
        }
    }
}

/// The targets of relative links.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let relative = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    relative.map(|target| target.split('#').next().unwrap_or_default().to_string()).collect()
}

#[test]
fn the_rules_notice_what_they_are_for() {
    assert_eq!(imports("use crate::{error::Result, tx::{Block, Lane}, Error};"), ["error", "tx"]);
    assert_eq!(imports("use crate::{ state::{Cell, Key}, } ; let cli, plan = 1;"), ["state"]);
    assert_eq!(imports("let x = crate::word::to_word(crate::limits::KEYS);"), ["word", "limits"]);
    assert_eq!(paths_named("see `src/tidy.rs` and `Engine` and `src/*.rs`"), ["src/tidy.rs"]);
    assert_eq!(links("[a](README.md#x) [b](https://example.org)"), ["README.md"]);
    assert!(rank("ir") < rank("exec"));
}
