//! JSON that knows where it is: a value is reached through nodes, and every error names the place (`transactions[3].value`), what was
//! expected there and what was found. Nothing here knows a block from an artifact.

use super::hex::{self, Found, quote};
use crate::error::{Error, Result};
use alloy_primitives::{Address, Bytes, U256};
use serde_json::Value;
use std::fmt;

/// Names shown of an object that was not expected.
const SHOWN_NAMES: usize = 6;

/// Reads a whole document. Nesting beyond 128 is an error, so that walks over what was read may recurse.
pub(super) fn parse(text: &[u8]) -> Result<Value> {
    serde_json::from_slice(text).map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let reason = error.to_string().replace(&place, "");
        Error::input(format_args!("line {} column {}: expected JSON: {reason}", error.line(), error.column()))
    })
}

/// A value of the document `'d`, or the lack of one, and its place there.
#[derive(Clone, Copy)]
pub(super) struct Node<'d, 'p> {
    value: Option<&'d Value>,
    place: Place<'p>,
}

/// The way from the document's root, kept as a chain through the nodes on the stack: text is made of it only for an error.
#[derive(Clone, Copy)]
enum Place<'p> {
    Root(&'p str),
    /// Names of known fields, with dots between.
    Fields(&'p Place<'p>, &'p str),
    /// A key that the document chose.
    Key(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl<'d: 'p, 'p> Node<'d, 'p> {
    pub fn root(value: &'d Value) -> Self {
        Self::placed(value, "")
    }

    /// A value whose place is known as text.
    pub fn placed(value: &'d Value, place: &'p str) -> Self {
        Self { value: Some(value), place: Place::Root(place) }
    }

    /// What a path of field names leads to, such as `evm.deployedBytecode.object`. The empty path is the node itself.
    pub fn at(&'p self, path: &'p str) -> Self {
        let mut names = path.split('.').filter(|name| !name.is_empty());
        let value = self.value.and_then(|value| names.try_fold(value, |value, name| value.get(name)));
        Self { value, place: Place::Fields(&self.place, path) }
    }

    /// The result of a JSON-RPC response, or the node itself if it is none.
    ///
    /// # Errors
    /// The response carries an error.
    pub fn result(&'p self) -> Result<Self> {
        match (self.at("result").value, self.at("error").present()) {
            (Some(_), _) => Ok(self.at("result")),
            (None, Some(error)) => Err(error.error("a result", describe(error.at("message").value.or(error.value)))),
            (None, None) => Ok(*self),
        }
    }

    /// The node if it is there and not null.
    pub fn present(self) -> Option<Self> {
        self.value.is_some_and(|value| !value.is_null()).then_some(self)
    }

    pub fn items(&'p self, expected: &str) -> Result<impl ExactSizeIterator<Item = Self>> {
        let items = self.value.and_then(Value::as_array).ok_or_else(|| self.unexpected(expected))?;
        Ok(items.iter().enumerate().map(|(index, value)| Self { value: Some(value), place: Place::Item(&self.place, index) }))
    }

    pub fn entries(&'p self, expected: &str) -> Result<impl ExactSizeIterator<Item = (&'d str, Self)>> {
        let entries = self.value.and_then(Value::as_object).ok_or_else(|| self.unexpected(expected))?;
        Ok(entries.iter().map(|(key, value)| (key.as_str(), Self { value: Some(value), place: Place::Key(&self.place, key) })))
    }
}

impl<'d> Node<'d, '_> {
    pub fn value(&self) -> Option<&'d Value> {
        self.value
    }

    pub fn as_text(&self) -> Option<&'d str> {
        self.value.and_then(Value::as_str)
    }

    pub fn text(&self, expected: &str) -> Result<&'d str> {
        self.as_text().ok_or_else(|| self.unexpected(expected))
    }

    pub fn is_object(&self) -> bool {
        self.value.is_some_and(Value::is_object)
    }

    pub fn object(&self, expected: &str) -> Result<()> {
        if self.is_object() { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// A number: JSON's up to 64 bits, or hex up to 256.
    pub fn word(&self) -> Result<U256> {
        self.word_as(hex::WORD)
    }

    pub fn number(&self) -> Result<u64> {
        self.word_as(hex::NUMBER)?.try_into().map_err(|_| self.unexpected(hex::NUMBER))
    }

    fn word_as(&self, expected: &str) -> Result<U256> {
        match self.value {
            Some(Value::Number(number)) => number.as_u64().map(U256::from).ok_or_else(|| self.unexpected(expected)),
            _ => self.parse(hex::word, expected),
        }
    }

    pub fn address(&self) -> Result<Address> {
        self.parse(hex::address, hex::ADDRESS)
    }

    pub fn bytes(&self) -> Result<Bytes> {
        self.parse(hex::bytes, hex::BYTES)
    }

    /// Text as a value.
    pub fn parse<T>(&self, parse: fn(&str) -> Result<T, Found>, expected: &str) -> Result<T> {
        parse(self.text(expected)?).map_err(|found| self.error(expected, found))
    }

    /// One of this object's keys as a value.
    pub fn key<T>(&self, key: &str, parse: fn(&str) -> Result<T, Found>, expected: &str) -> Result<T> {
        parse(key).map_err(|found| self.error(format_args!("{expected} as a key"), found))
    }

    /// That two keys, written differently, are the same value.
    pub fn duplicate(&self, key: &str) -> Error {
        self.error("every key once", format_args!("{} again, written differently", quote(key)))
    }

    /// `place: expected .., found ..`, with what is there in words.
    pub fn unexpected(&self, expected: &str) -> Error {
        self.error(expected, describe(self.value))
    }

    pub fn error(&self, expected: impl fmt::Display, found: impl fmt::Display) -> Error {
        let error = Error::input(format_args!("expected {expected}, found {found}"));
        match self.place() {
            place if place.is_empty() => error,
            place => error.within(place),
        }
    }

    /// The place as text; empty for the whole document.
    pub fn place(&self) -> String {
        self.place.to_string()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Root(text) => f.write_str(text),
            Self::Fields(parent, "") => write!(f, "{parent}"),
            Self::Key(parent, key) if !is_plain(key) => write!(f, "{parent}[{}]", quote(key)),
            Self::Fields(parent, name) | Self::Key(parent, name) if parent.is_root() => f.write_str(name),
            Self::Fields(parent, name) | Self::Key(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

impl Place<'_> {
    fn is_root(&self) -> bool {
        match self {
            Self::Root(text) => text.is_empty(),
            Self::Fields(parent, "") => parent.is_root(),
            _ => false,
        }
    }
}

/// Whether a key reads well without quotes: names, addresses, slots.
fn is_plain(key: &str) -> bool {
    (1..=66).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn describe(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(Value::String(text)) => quote(text),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(entries)) if entries.is_empty() => "an empty object".into(),
        Some(Value::Object(entries)) => format!("an object with {}", listed(entries.keys().map(|key| shown(key)), SHOWN_NAMES)),
        Some(value) => value.to_string(),
    }
}

/// A name that the document chose, in quotes unless it reads well without.
pub(super) fn shown(name: &str) -> String {
    let plain = (1..=66).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { name.into() } else { quote(name) }
}

/// `a, b, c`, cut after `limit` names.
pub(super) fn listed(names: impl ExactSizeIterator<Item = String>, limit: usize) -> String {
    let count = names.len();
    let shown = names.take(limit).collect::<Vec<_>>().join(", ");
    if count > limit { format!("{shown}, … ({count} in all)") } else { shown }
}
