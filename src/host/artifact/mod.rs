//! A compiled contract, from whatever a compiler or a build tool writes: Foundry, Hardhat, solc's standard JSON and combined JSON, Vyper,
//! or the bare runtime code in hex. Code is neither deployed, linked nor disassembled here.

mod choose;
mod shape;

use super::abi::{self, AbiFunction, Mutability};
use super::files;
use super::hex::{self, quote};
use super::json::{self, Node};
use crate::error::{Error, Result};
use alloy_primitives::Bytes;
use shape::Candidate;
use std::path::Path;

/// One contract, as far as its file describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifact {
    pub name: String,
    /// Runtime code, linked and not empty.
    pub code: Bytes,
    /// In the order of their signatures. None if the file says nothing of them.
    pub functions: Option<Vec<AbiFunction>>,
    /// What runs on empty calldata, if the ABI names it. Solidity makes it payable.
    pub receive: Option<Mutability>,
    /// What runs on calldata that no function knows, if the ABI names it.
    pub fallback: Option<Mutability>,
    /// Whether the file says that the code has immutables: they are zero in it, since it was never deployed.
    pub immutables: bool,
}

impl Artifact {
    /// The contract of a file; `contract` (`Name` or `file:Name`) chooses among several. Where the file does not name it, it is named
    /// after the file.
    ///
    /// # Errors
    /// Input: the file cannot be read or holds no contract with linked runtime code, several of them and no choice, or not the chosen.
    pub fn read(path: &Path, contract: Option<&str>) -> Result<Self> {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        // `Token.opt.json` and `Token.bin-runtime` are of Token.
        let name = file_name.split('.').next().unwrap_or_default();
        files::read(path, |text| Self::parse(text, name, contract))
    }

    /// As [`Artifact::read`], from a file's contents and the name to give where they do not have one.
    ///
    /// # Errors
    /// Input, as for [`Artifact::read`].
    pub fn parse(text: &[u8], name: &str, contract: Option<&str>) -> Result<Self> {
        let document = match text.trim_ascii() {
            json @ [b'{' | b'[' | b'"', ..] => json::parse(json)?,
            hex => bare(hex)?.into(),
        };
        let root = Node::root(&document);
        let candidates = shape::candidates(&root.result()?, name)?;
        choose::choose(&candidates, contract)?.artifact()
    }
}

/// Text that begins like code; where it stops being hex is found later.
fn bare(text: &[u8]) -> Result<&str> {
    let unusable = |found: &str| Error::input(format_args!("expected a JSON artifact or runtime code in hex, found {found}"));
    let text = std::str::from_utf8(text).map_err(|_| unusable("bytes that are no text"))?;
    let mut start = text.strip_prefix("0x").unwrap_or(text).bytes().take(4);
    if text.is_empty() {
        Err(unusable("an empty file"))
    } else if start.all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(unusable(&quote(text)))
    }
}

impl Candidate<'_> {
    fn artifact(&self) -> Result<Artifact> {
        let contract = self.node();
        let present = |path: Option<&'static str>| path.and_then(|path| contract.at(path).present());
        let interface = contract.at("abi").present().map(|abi| interface(&abi)).transpose()?;
        // An empty list is what some tools write when they were not asked for it.
        let selectors = present(self.shape.selectors).filter(|node| !is_empty(node));
        Ok(Artifact {
            name: self.name.into(),
            code: code(&contract.at(self.shape.code))?,
            functions: abi::functions(interface.as_ref(), selectors)?,
            receive: interface.as_ref().and_then(|interface| interface.receive),
            fallback: interface.as_ref().and_then(|interface| interface.fallback),
            immutables: present(self.shape.immutables).is_some_and(|node| !is_empty(&node)),
        })
    }
}

/// An ABI, which solc's combined JSON kept as text until 0.8.
fn interface(node: &Node) -> Result<abi::Interface> {
    let Some(text) = node.as_text() else { return abi::interface(node) };
    let place = node.place();
    let document = json::parse(text.as_bytes()).map_err(|error| error.within(&place))?;
    abi::interface(&Node::placed(&document, &place))
}

fn is_empty(node: &Node) -> bool {
    node.value().and_then(|value| value.as_object()).is_some_and(|entries| entries.is_empty())
}

fn code(node: &Node) -> Result<Bytes> {
    const EXPECTED: &str = "runtime code in hex";
    let text = node.text(EXPECTED)?.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() {
        return Err(node.error("runtime code", "none: an interface or an abstract contract has no code"));
    }
    if let Some(start) = digits.find("__") {
        let placeholder = digits.get(start..start + 40).unwrap_or(&digits[start..]);
        return Err(node.error("linked runtime code", format_args!("the library placeholder {} at byte {}", quote(placeholder), start / 2)));
    }
    hex::bare_bytes(digits).map_err(|found| node.error(EXPECTED, found))
}
