//! Where each tool keeps the contracts of a file, and what belongs to each. A shape is recognised by the fields that only it has.

use super::super::json::Node;
use crate::error::Result;
use serde_json::Value;

/// Where a tool keeps a contract's parts: paths below the contract. All keep its ABI in `abi`.
pub(super) struct Shape {
    pub code: &'static str,
    /// Signature -> selector.
    pub selectors: Option<&'static str>,
    /// Not empty if the code has immutables.
    pub immutables: Option<&'static str>,
}

const FOUNDRY: Shape = Shape {
    code: "deployedBytecode.object",
    selectors: Some("methodIdentifiers"),
    immutables: Some("deployedBytecode.immutableReferences"),
};
/// Truffle's too.
const HARDHAT: Shape = Shape { code: "deployedBytecode", selectors: None, immutables: Some("immutableReferences") };
const SOLC: Shape = Shape {
    code: "evm.deployedBytecode.object",
    selectors: Some("evm.methodIdentifiers"),
    immutables: Some("evm.deployedBytecode.immutableReferences"),
};
const SOLC_COMBINED: Shape = Shape { code: "bin-runtime", selectors: Some("hashes"), immutables: None };
const VYPER: Shape = Shape { code: "bytecode_runtime", selectors: Some("method_identifiers"), immutables: Some("layout.code_layout") };
/// The code and nothing else.
const BARE: Shape = Shape { code: "", selectors: None, immutables: None };

/// A contract of a file, of which nothing is parsed yet.
pub(super) struct Candidate<'d> {
    /// The source file, if the artifact tells.
    pub source: Option<&'d str>,
    pub name: &'d str,
    pub shape: &'static Shape,
    value: &'d Value,
    place: String,
}

impl<'d> Candidate<'d> {
    fn new(node: &Node<'d, '_>, shape: &'static Shape, source: Option<&'d str>, name: &'d str) -> Self {
        Self { source, name, shape, value: node.value().unwrap_or(&Value::Null), place: node.place() }
    }

    pub fn node(&self) -> Node<'d, '_> {
        Node::placed(self.value, &self.place)
    }

    pub fn has_code(&self) -> bool {
        !matches!(self.node().at(self.shape.code).as_text(), Some("" | "0x"))
    }
}

/// The contracts of a document; `name` is for one that has no name in it.
///
/// # Errors
/// The document has none of the known shapes.
pub(super) fn candidates<'d>(root: &Node<'d, '_>, name: &'d str) -> Result<Vec<Candidate<'d>>> {
    let (output, build) = (root.at("contracts"), root.at("output.contracts"));
    if output.is_object() {
        return of_solc(&output, root.at("version").present().is_some());
    }
    // What Hardhat and Foundry write of a whole build has solc's output in it.
    if build.is_object() {
        return of_solc(&build, false);
    }
    let Some(shape) = of_one(root) else { return of_vyper(root) };
    let (source, name) = own_name(root).unwrap_or((None, name));
    Ok(vec![Candidate::new(root, shape, source, name)])
}

/// The shape of a document that is a single contract.
fn of_one(root: &Node) -> Option<&'static Shape> {
    let has = |shape: &Shape| root.at(shape.code).as_text().is_some();
    let begins = |name| root.at(name).is_object();
    let shapes = [
        (has(&BARE), &BARE),
        (has(&HARDHAT), &HARDHAT),
        (begins("deployedBytecode"), &FOUNDRY),
        (begins("evm"), &SOLC),
        (has(&SOLC_COMBINED), &SOLC_COMBINED),
        (has(&VYPER), &VYPER),
    ];
    shapes.into_iter().find_map(|(fits, shape)| fits.then_some(shape))
}

/// Standard JSON nests names in files; combined JSON joins them (`file:Name`), and it alone gives its version.
fn of_solc<'d>(contracts: &Node<'d, '_>, version: bool) -> Result<Vec<Candidate<'d>>> {
    let mut candidates = Vec::new();
    for (key, entry) in contracts.entries("contracts")? {
        if version || entry.at(SOLC_COMBINED.code).value().is_some() {
            let (source, name) = key.rsplit_once(':').map_or((None, key), |(source, name)| (Some(source), name));
            candidates.push(Candidate::new(&entry, &SOLC_COMBINED, source, name));
        } else {
            let contracts = entry.entries("contracts by name")?;
            candidates.extend(contracts.map(|(name, node)| Candidate::new(&node, &SOLC, Some(key), name)));
        }
    }
    Ok(candidates)
}

/// Vyper's combined JSON: file -> contract, with the version beside them. Contracts are named after their files.
fn of_vyper<'d>(root: &Node<'d, '_>) -> Result<Vec<Candidate<'d>>> {
    const EXPECTED: &str = "a compiled contract of Foundry, Hardhat, solc or Vyper";
    let contracts = root.entries(EXPECTED)?.filter(|(_, entry)| entry.at(VYPER.code).value().is_some());
    let candidates: Vec<_> = contracts.map(|(file, entry)| Candidate::new(&entry, &VYPER, Some(file), stem(file))).collect();
    if candidates.is_empty() { Err(root.unexpected(EXPECTED)) } else { Ok(candidates) }
}

fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The source and the name that a file with one contract gives it: Hardhat's fields, or what Foundry keeps of the compiler's settings.
fn own_name<'d>(root: &Node<'d, '_>) -> Option<(Option<&'d str>, &'d str)> {
    if let Some(name) = root.at("contractName").as_text() {
        return Some((root.at("sourceName").as_text(), name));
    }
    let target = root.at("metadata.settings.compilationTarget").value()?;
    let (source, name) = target.as_object()?.iter().next()?;
    Some((Some(source), name.as_str()?))
}
