//! A batch whose transactions lie column by column, as databases and decoders have them.

use super::{Batch, Block};
use crate::error::{Error, Result};
use crate::prefetch::prefetch;
use alloy_primitives::{Address, U256};
use std::borrow::Cow;

/// Transactions column by column. The columns are borrowed or owned, and never copied: an engine reads them where they lie.
#[derive(Debug, Clone, Default)]
pub struct Columns<'a> {
    pub(super) block: Block,
    pub(super) from: Cow<'a, [Address]>,
    pub(super) to: Cow<'a, [Address]>,
    value: Cow<'a, [U256]>,
    data: Cow<'a, [u8]>,
    ends: Cow<'a, [usize]>,
}

/// A copy of a batch.
impl From<&Batch> for Columns<'static> {
    fn from(batch: &Batch) -> Self {
        let Batch { block, transactions } = batch;
        let mut columns = Self { block: block.clone(), ..Self::default() };
        if transactions.iter().any(|transaction| !transaction.value.is_zero()) {
            columns.value = transactions.iter().map(|transaction| transaction.value).collect();
        }
        columns.from = transactions.iter().map(|transaction| transaction.from).collect();
        columns.to = transactions.iter().map(|transaction| transaction.to).collect();
        let (mut data, mut ends) = (Vec::new(), Vec::with_capacity(transactions.len()));
        for transaction in transactions {
            data.extend_from_slice(&transaction.data);
            ends.push(data.len());
        }
        (columns.data, columns.ends) = (data.into(), ends.into());
        columns
    }
}

impl<'a> Columns<'a> {
    /// `value` is in wei, and empty where nobody sends any. `data` is the calldata of all, one after another; `ends` gives for each
    /// transaction the byte of `data` before which its calldata ends, and where that of the next begins.
    ///
    /// # Errors
    /// Input: columns of unlike lengths, or ends that do not ascend to the length of `data`.
    pub fn new(
        block: Block,
        from: impl Into<Cow<'a, [Address]>>,
        to: impl Into<Cow<'a, [Address]>>,
        value: impl Into<Cow<'a, [U256]>>,
        data: impl Into<Cow<'a, [u8]>>,
        ends: impl Into<Cow<'a, [usize]>>,
    ) -> Result<Self> {
        let columns = Self { block, from: from.into(), to: to.into(), value: value.into(), data: data.into(), ends: ends.into() };
        columns.check()?;
        Ok(columns)
    }

    fn check(&self) -> Result<()> {
        let Self { from, to, value, data, ends, .. } = self;
        let lengths = [("to", to.len()), ("ends", ends.len()), ("value", if value.is_empty() { from.len() } else { value.len() })];
        if let Some((name, len)) = lengths.into_iter().find(|(_, len)| *len != from.len()) {
            return Err(Error::input(format_args!("the column `{name}` has {len} transactions: expected {}, as `from` has", from.len())));
        }
        if let Some(at) = ends.windows(2).position(|pair| pair[0] > pair[1]) {
            let (end, before) = (ends[at + 1], ends[at]);
            return Err(Error::input(format_args!(
                "the calldata of transaction {} ends at byte {end}, before it begins: {before}",
                at + 1
            )));
        }
        let last = ends.last().copied().unwrap_or(0);
        if last != data.len() {
            return Err(Error::input(format_args!("the last calldata ends at byte {last}: expected {}, the length of `data`", data.len())));
        }
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.from.len()
    }

    pub fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    #[inline]
    pub(super) fn value(&self, index: usize) -> &U256 {
        if self.value.is_empty() { &U256::ZERO } else { &self.value[index] }
    }

    #[inline]
    pub(super) fn data(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.data[start..self.ends[index]]
    }

    pub(super) fn fetch(&self, index: usize) {
        prefetch(&self.from[index]);
        prefetch(&self.to[index]);
        prefetch(&self.ends[index]);
        self.value.get(index).into_iter().for_each(prefetch);
    }
}
