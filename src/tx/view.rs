//! A batch as an engine reads it, however its transactions lie.

use super::{Batch, Block, Columns, Transaction};
use crate::prefetch::prefetch;
use alloy_primitives::{Address, U256};

/// A transaction of a batch, wherever its parts lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionRef<'a> {
    pub from: &'a Address,
    pub to: &'a Address,
    /// In wei.
    pub value: &'a U256,
    /// Calldata.
    pub data: &'a [u8],
}

impl<'a> From<&'a Transaction> for TransactionRef<'a> {
    #[inline]
    fn from(transaction: &'a Transaction) -> Self {
        let Transaction { from, to, value, data } = transaction;
        Self { from, to, value, data }
    }
}

/// A batch in either form.
#[derive(Debug, Clone, Copy)]
pub struct BatchRef<'a> {
    pub block: &'a Block,
    form: Form<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Form<'a> {
    Rows(&'a [Transaction]),
    Columns(&'a Columns<'a>),
}

impl<'a> From<&'a Batch> for BatchRef<'a> {
    fn from(batch: &'a Batch) -> Self {
        Self { block: &batch.block, form: Form::Rows(&batch.transactions) }
    }
}

impl<'a, 'c: 'a> From<&'a Columns<'c>> for BatchRef<'a> {
    fn from(columns: &'a Columns<'c>) -> Self {
        Self { block: &columns.block, form: Form::Columns(columns) }
    }
}

impl<'a> From<&'a AnyBatch> for BatchRef<'a> {
    fn from(batch: &'a AnyBatch) -> Self {
        match batch {
            AnyBatch::Rows(batch) => batch.into(),
            AnyBatch::Columns(columns) => columns.into(),
        }
    }
}

impl<'a> BatchRef<'a> {
    pub fn len(self) -> usize {
        match self.form {
            Form::Rows(rows) => rows.len(),
            Form::Columns(columns) => columns.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The transaction with this index.
    #[inline]
    pub fn get(self, index: usize) -> TransactionRef<'a> {
        match self.form {
            Form::Rows(rows) => (&rows[index]).into(),
            Form::Columns(columns) => columns.get(index),
        }
    }

    pub fn iter(self) -> impl Iterator<Item = TransactionRef<'a>> {
        (0..self.len()).map(move |index| self.get(index))
    }

    /// Has a transaction fetched that is read soon, but for its calldata: where that lies is only known then.
    #[inline]
    pub fn fetch(self, index: usize) {
        match self.form {
            Form::Rows(rows) => {
                prefetch(&rows[index].from);
                prefetch(&rows[index].data);
            }
            Form::Columns(columns) => columns.fetch(index),
        }
    }
}

/// A batch that is handed over, in either form.
#[derive(Debug, Clone)]
pub enum AnyBatch {
    Rows(Batch),
    Columns(Columns<'static>),
}

impl From<Batch> for AnyBatch {
    fn from(batch: Batch) -> Self {
        Self::Rows(batch)
    }
}

impl From<Columns<'static>> for AnyBatch {
    fn from(columns: Columns<'static>) -> Self {
        Self::Columns(columns)
    }
}
