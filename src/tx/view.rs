//! A batch as an engine reads it, however its transactions lie.

use super::{Batch, Block, Columns, Transaction};
use crate::prefetch::prefetch;
use alloy_primitives::{Address, U256};

/// A transaction of a batch, wherever its parts lie. Nothing of it is read before it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct TransactionRef<'a>(Place<'a>);

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    Row(&'a Transaction),
    /// The index in the columns.
    Columns(&'a Columns<'a>, usize),
}

impl<'a> From<&'a Transaction> for TransactionRef<'a> {
    fn from(transaction: &'a Transaction) -> Self {
        Self(Place::Row(transaction))
    }
}

impl<'a> TransactionRef<'a> {
    #[inline]
    pub fn from(self) -> &'a Address {
        match self.0 {
            Place::Row(row) => &row.from,
            Place::Columns(columns, index) => &columns.from[index],
        }
    }

    #[inline]
    pub fn to(self) -> &'a Address {
        match self.0 {
            Place::Row(row) => &row.to,
            Place::Columns(columns, index) => &columns.to[index],
        }
    }

    /// In wei.
    #[inline]
    pub fn value(self) -> &'a U256 {
        match self.0 {
            Place::Row(row) => &row.value,
            Place::Columns(columns, index) => columns.value(index),
        }
    }

    /// Calldata.
    #[inline]
    pub fn data(self) -> &'a [u8] {
        match self.0 {
            Place::Row(row) => &row.data,
            Place::Columns(columns, index) => columns.data(index),
        }
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
            Form::Rows(rows) => TransactionRef(Place::Row(&rows[index])),
            Form::Columns(columns) => TransactionRef(Place::Columns(columns, index)),
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
