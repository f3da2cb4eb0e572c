//! The calls that an artifact is looked at through: its functions, and what runs where no function is called.

use crate::error::{Error, Result};
use crate::evm::{self, Entry, Lowered, Site};
use crate::host::{AbiFunction, Artifact, Mutability};
use crate::limits;
use alloy_primitives::{Address, B256, Bytes, U256, hex};

/// Argument words tried for a function of which only the selector is known.
const WORDS_TRIED: usize = 7;
/// Functions named in an error.
const SHOWN: usize = 12;

/// A way to call a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// `receive()` and `fallback()` stand for those two. None where only the selector is known.
    pub signature: Option<String>,
    /// None where any will do, or calldata is too short for one.
    pub selector: Option<[u8; 4]>,
    /// The first bytes of the calldata.
    pub called: Option<[u8; 4]>,
    /// In bytes. None where it is not known.
    pub calldata: Option<usize>,
    /// Offsets and lengths in it, each by its byte.
    words: Vec<(usize, usize)>,
    pub payable: bool,
    /// Promises to change nothing.
    pub view: bool,
}

/// A call of zeros, but for offsets and lengths, on a state of zeros where nothing else has code.
struct Example<'a> {
    words: &'a [(usize, usize)],
}

impl Site for Example<'_> {
    fn calldata(&self, offset: u32) -> Option<U256> {
        let word = self.words.iter().find(|(at, _)| *at == offset as usize);
        Some(word.map_or(U256::ZERO, |(_, value)| U256::from(*value)))
    }

    fn storage(&self, _: U256) -> Option<U256> {
        Some(U256::ZERO)
    }

    fn code(&self, _: Address) -> Option<(B256, Bytes)> {
        None
    }
}

impl Function {
    fn of(function: &AbiFunction) -> Self {
        Self {
            signature: Some(function.signature.clone()),
            selector: Some(function.selector),
            called: Some(function.selector),
            calldata: function.calldata_length,
            words: function.calldata_words.clone(),
            payable: function.payable().unwrap_or(false),
            view: function.view().unwrap_or(false),
        }
    }

    fn of_selector(selector: [u8; 4], code: &[u8]) -> Self {
        let calldata = Some(shortest_that_succeeds(code, selector));
        Self { signature: None, selector: Some(selector), called: Some(selector), calldata, words: vec![], view: false, payable: false }
    }

    fn receive(payable: bool) -> Self {
        Self { signature: Some("receive()".into()), selector: None, called: None, calldata: Some(0), words: vec![], view: false, payable }
    }

    /// Called by a selector that no function has: the highest such.
    fn fallback(artifact: &Artifact, payable: bool) -> Self {
        let mut taken = evm::selectors(&artifact.code);
        taken.extend(artifact.functions.iter().flatten().map(|function| function.selector));
        let unknown = (0..=u32::MAX).rev().map(u32::to_be_bytes).find(|selector| !taken.contains(selector));
        Self {
            signature: Some("fallback()".into()),
            selector: None,
            called: unknown,
            calldata: Some(4),
            words: vec![],
            view: false,
            payable,
        }
    }

    /// None where its calldata's length is not known.
    pub fn entry(&self, with_value: bool) -> Option<Entry> {
        let calldata_bytes = self.calldata?;
        Some(Entry { selector: self.called.filter(|_| calldata_bytes >= 4), calldata_bytes, with_value })
    }

    /// The kernel of its calls with an example's calldata.
    pub fn lower(&self, code: &[u8], entry: Entry) -> Lowered {
        evm::lower_at(code, entry, &Example { words: &self.words })
    }

    /// The signature, or the selector.
    pub fn name(&self) -> String {
        self.signature.clone().unwrap_or_else(|| self.selector_text().unwrap_or_default())
    }

    pub fn selector_text(&self) -> Option<String> {
        self.selector.map(hex::encode_prefixed)
    }
}

/// All that an artifact can be called with: functions in the order of their signatures (or selectors), then `receive` and `fallback`.
pub fn all(artifact: &Artifact) -> Vec<Function> {
    let Some(functions) = &artifact.functions else {
        return evm::selectors(&artifact.code).into_iter().map(|selector| Function::of_selector(selector, &artifact.code)).collect();
    };
    let payable = |mutability| mutability == Mutability::Payable;
    let receive = artifact.receive.map(|mutability| Function::receive(payable(mutability)));
    let fallback = artifact.fallback.map(|mutability| Function::fallback(artifact, payable(mutability)));
    functions.iter().map(Function::of).chain(receive).chain(fallback).collect()
}

/// The function of a signature or of a selector (0x and 8 digits). Code without an ABI has every function.
pub fn find(artifact: &Artifact, text: &str) -> Result<Function> {
    let selector = match text.strip_prefix("0x") {
        Some(digits) => Some(
            hex::decode_to_array(digits)
                .map_err(|_| Error::input(format_args!("function {text:?}: expected a signature, or 0x and 8 hex digits")))?,
        ),
        None => None,
    };
    let signature: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let known = artifact.functions.as_deref().map(|_| all(artifact));
    let Some(known) = known else {
        return Ok(match (selector, signature.as_str()) {
            (Some(selector), _) => Function::of_selector(selector, &artifact.code),
            (None, "receive()") => Function::receive(true),
            (None, "fallback()") => Function::fallback(artifact, true),
            (None, signature) => {
                let function = AbiFunction::from_signature(signature);
                if !evm::selectors(&artifact.code).contains(&function.selector) {
                    log::warn!("{signature}: its selector {} is not in the code's dispatcher", hex::encode_prefixed(function.selector));
                }
                Function::of(&function)
            }
        });
    };
    let is_meant = |function: &&Function| match selector {
        Some(_) => function.selector == selector,
        None => function.signature.as_ref() == Some(&signature),
    };
    known.iter().find(is_meant).cloned().ok_or_else(|| unknown(text, &known))
}

fn unknown(text: &str, known: &[Function]) -> Error {
    let more = if known.len() > SHOWN { format!(", … ({} in all)", known.len()) } else { String::new() };
    let names: Vec<String> = known.iter().take(SHOWN).map(Function::name).collect();
    let names = if names.is_empty() { "none".into() } else { names.join(", ") };
    Error::input(format_args!("function {text:?}: expected one of {names}{more}"))
}

/// 4 bytes and the fewest argument words with which the call can succeed, or 4 bytes where none can.
fn shortest_that_succeeds(code: &[u8], selector: [u8; 4]) -> usize {
    let lengths = (0..WORDS_TRIED).map(|words| 4 + 32 * words).filter(|length| *length <= limits::CALLDATA_BYTES);
    let succeeds = |length: &usize| {
        let entry = Entry { selector: Some(selector), calldata_bytes: *length, with_value: false };
        let lowered = evm::lower_at(code, entry, &Example { words: &[] });
        lowered.kernel.is_ok_and(|kernel| kernel.leaves.iter().any(|leaf| leaf.succeeds()))
    };
    lengths.into_iter().find(succeeds).unwrap_or(4)
}
