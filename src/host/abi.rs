//! A contract's functions as its ABI, or the list of its selectors, declares them. What the code does is not looked at: an ABI is a claim.

use super::calldata::Encoding;
use super::hex;
use super::json::Node;
use crate::error::Result;
use alloy_primitives::{hex as alloy_hex, keccak256};
use std::collections::BTreeMap;

/// What a function says of value and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mutability {
    Pure,
    View,
    /// Rejects value.
    NonPayable,
    Payable,
}

/// One function that a contract can be called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbiFunction {
    /// Canonical: `transfer(address,uint256)`, tuples written out.
    pub signature: String,
    /// The first four bytes of the signature's keccak256.
    pub selector: [u8; 4],
    /// None if only selectors are known.
    pub mutability: Option<Mutability>,
    /// In bytes, with the selector: of every well-formed call if all types are static, otherwise of one with two elements in each list, and
    /// with bytes and strings empty, each in its own place. None if a type is unknown.
    pub calldata_length: Option<usize>,
    /// The offsets and lengths in that calldata, each by its byte.
    pub calldata_words: Vec<(usize, usize)>,
    /// Whether well-formed calls may differ in length. True also where the length is unknown.
    pub dynamic: bool,
}

/// What an ABI declares, functions in the order of their signatures.
#[derive(Debug, Default)]
pub(super) struct Interface {
    pub functions: BTreeMap<String, Mutability>,
    pub receive: Option<Mutability>,
    pub fallback: Option<Mutability>,
}

impl AbiFunction {
    /// The function of a canonical signature. Its mutability is not known.
    pub fn from_signature(signature: &str) -> Self {
        let parameters = signature.find('(').and_then(|start| signature.get(start..));
        let encoding = parameters.and_then(Encoding::of_parameters);
        let [a, b, c, d, ..] = keccak256(signature).0;
        Self {
            signature: signature.into(),
            selector: [a, b, c, d],
            mutability: None,
            calldata_length: encoding.as_ref().and_then(|encoding| encoding.length.checked_add(4)),
            dynamic: encoding.as_ref().is_none_or(|encoding| encoding.dynamic),
            calldata_words: encoding.iter().flat_map(|encoding| &encoding.words).map(|(at, value)| (4 + at, *value)).collect(),
        }
    }

    /// Whether it accepts value; None if that is not known.
    pub fn payable(&self) -> Option<bool> {
        self.mutability.map(|mutability| mutability == Mutability::Payable)
    }

    /// Whether it promises to change nothing; None if that is not known.
    pub fn view(&self) -> Option<bool> {
        self.mutability.map(|mutability| matches!(mutability, Mutability::Pure | Mutability::View))
    }
}

/// The functions that an ABI and a list of selectors declare together; None if there is neither. The list rules where there is one: what
/// a library is called with differs from what its ABI says.
pub(super) fn functions(interface: Option<&Interface>, selectors: Option<Node>) -> Result<Option<Vec<AbiFunction>>> {
    let declared = interface.map(|interface| &interface.functions);
    let with_mutability = |signature: &str| AbiFunction {
        mutability: declared.and_then(|declared| declared.get(signature)).copied(),
        ..AbiFunction::from_signature(signature)
    };
    let Some(selectors) = selectors else {
        return Ok(declared.map(|declared| declared.keys().map(|signature| with_mutability(signature)).collect()));
    };
    let mut functions = Vec::new();
    // Vyper lists its fallback function too, which no selector calls.
    for (signature, selector) in selectors.entries("selectors by signature")?.filter(|(name, _)| *name != "__default__()") {
        let function = with_mutability(signature);
        check_selector(&function, &selector)?;
        functions.push(function);
    }
    functions.sort_by(|a, b| a.signature.cmp(&b.signature));
    Ok(Some(functions))
}

fn check_selector(function: &AbiFunction, node: &Node) -> Result<()> {
    let expected = format!("{}, the signature's selector", alloy_hex::encode(function.selector));
    let selector = node.parse(hex::selector, &expected)?;
    if selector == function.selector { Ok(()) } else { Err(node.unexpected(&expected)) }
}

/// Reads an ABI. Entries other than functions, `receive` and `fallback` are passed over.
pub(super) fn interface(node: &Node) -> Result<Interface> {
    let mut interface = Interface::default();
    for entry in node.items("a list of ABI entries")? {
        entry.object("an ABI entry")?;
        let kind = entry.at("type");
        match kind.present().map_or(Ok("function"), |kind| kind.text("the kind of an ABI entry"))? {
            "function" => _ = interface.functions.insert(signature(&entry)?, mutability(&entry)?),
            "receive" => interface.receive = Some(mutability(&entry)?),
            "fallback" => interface.fallback = Some(mutability(&entry)?),
            _ => {}
        }
    }
    Ok(interface)
}

fn mutability(entry: &Node) -> Result<Mutability> {
    let Some(node) = entry.at("stateMutability").present() else { return Ok(old_mutability(entry)) };
    match node.as_text() {
        Some("pure") => Ok(Mutability::Pure),
        Some("view") => Ok(Mutability::View),
        Some("nonpayable") => Ok(Mutability::NonPayable),
        Some("payable") => Ok(Mutability::Payable),
        _ => Err(node.unexpected("pure, view, nonpayable or payable")),
    }
}

/// As compilers before 0.4.16 say it, in two fields that may be left out.
fn old_mutability(entry: &Node) -> Mutability {
    let is_set = |name| entry.at(name).value() == Some(&true.into());
    if is_set("payable") {
        Mutability::Payable
    } else if is_set("constant") {
        Mutability::View
    } else {
        Mutability::NonPayable
    }
}

fn signature(entry: &Node) -> Result<String> {
    let name = entry.at("name").text("a function's name")?.to_owned();
    let inputs = entry.at("inputs").present().map_or(Ok("()".into()), |inputs| tuple(&inputs))?;
    Ok(name + &inputs)
}

/// JSON's bound on nesting bounds the recursion.
fn tuple(members: &Node) -> Result<String> {
    let types = members.items("a list of parameters")?.map(|member| canonical(&member)).collect::<Result<Vec<_>>>()?;
    Ok(format!("({})", types.join(",")))
}

fn canonical(parameter: &Node) -> Result<String> {
    let name = parameter.at("type").text("a type")?;
    let (element, lists) = name.split_at(name.find('[').unwrap_or(name.len()));
    let element = match element {
        "tuple" => tuple(&parameter.at("components"))?,
        "uint" => "uint256".into(),
        "int" => "int256".into(),
        "byte" => "bytes1".into(),
        "fixed" => "fixed128x18".into(),
        "ufixed" => "ufixed128x18".into(),
        _ => element.into(),
    };
    Ok(element + lists)
}
