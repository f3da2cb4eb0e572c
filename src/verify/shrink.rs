//! A case that differs, made smaller as long as it still does: fewer transactions, then fewer words to start from, then simpler numbers.
//! Nothing is known here of why it differs.

use super::case::Case;
use crate::error::Result;
use crate::state::CellKey;
use crate::tx::Transaction;
use alloy_primitives::U256;

/// Smaller cases tried at most.
const TRIES: usize = 4_000;

/// The smallest case found that still differs; `case` itself does.
pub(super) fn shrink(case: Case, differs: &mut dyn FnMut(&Case) -> Result<bool>) -> Result<Case> {
    let mut shrinking = Shrinking { case, differs, tries: 0 };
    // With simpler numbers less may be needed.
    for _ in 0..2 {
        shrinking.transactions()?;
        shrinking.cells()?;
        shrinking.numbers()?;
    }
    Ok(shrinking.case)
}

struct Shrinking<'a> {
    case: Case,
    differs: &'a mut dyn FnMut(&Case) -> Result<bool>,
    tries: usize,
}

impl Shrinking<'_> {
    /// Takes a case in place of the one at hand if it still differs.
    fn try_instead(&mut self, case: Case) -> Result<bool> {
        if case == self.case || self.tries == TRIES {
            return Ok(false);
        }
        self.tries += 1;
        let differs = (self.differs)(&case)?;
        if differs {
            self.case = case;
        }
        Ok(differs)
    }

    fn transactions(&mut self) -> Result<()> {
        let put = |case: &mut Case, kept: Vec<Transaction>| case.transactions = kept;
        self.leave_out(|case| case.transactions.clone(), put)
    }

    fn cells(&mut self) -> Result<()> {
        let put = |case: &mut Case, kept: Vec<(CellKey, U256)>| case.cells = kept.into_iter().collect();
        self.leave_out(|case| case.cells().collect(), put)
    }

    /// Leaves out whatever is not needed, in large pieces first, down to one by one.
    fn leave_out<T: Clone>(&mut self, get: fn(&Case) -> Vec<T>, put: impl Fn(&mut Case, Vec<T>)) -> Result<()> {
        let mut piece = get(&self.case).len().div_ceil(2);
        while piece > 0 {
            let (mut at, mut less) = (0, false);
            while at < get(&self.case).len() {
                let mut kept = get(&self.case);
                kept.drain(at..kept.len().min(at + piece));
                let mut case = self.case.clone();
                put(&mut case, kept);
                if self.try_instead(case)? { less = true } else { at += piece }
            }
            // One by one for as long as that helps.
            piece = if piece == 1 && less { 1 } else { piece / 2 };
        }
        Ok(())
    }

    fn numbers(&mut self) -> Result<()> {
        for key in self.case.cells.keys().copied().collect::<Vec<_>>() {
            self.simplify(|case| case.cells.get(&key).copied(), |case, word| _ = case.cells.insert(key, word))?;
        }
        for at in 0..self.case.transactions.len() {
            self.simplify(|case| Some(case.transactions[at].value), |case, word| case.transactions[at].value = word)?;
            for byte in (4..self.case.transactions[at].data.len()).step_by(32) {
                let get = |case: &Case| case.transactions[at].data.get(byte..byte + 32).map(U256::from_be_slice);
                self.simplify(get, |case, word| put_word(&mut case.transactions[at], byte, word))?;
            }
        }
        Ok(())
    }

    /// The first simpler number that will do.
    fn simplify(&mut self, get: impl Fn(&Case) -> Option<U256>, put: impl Fn(&mut Case, U256)) -> Result<()> {
        let Some(word) = get(&self.case) else { return Ok(()) };
        let simpler = [U256::ZERO, U256::ONE, U256::from(2), U256::from(10), U256::from(1_000), word >> 128, word >> 64];
        for simpler in simpler.into_iter().filter(|simpler| *simpler < word) {
            let mut case = self.case.clone();
            put(&mut case, simpler);
            if self.try_instead(case)? {
                break;
            }
        }
        Ok(())
    }
}

fn put_word(transaction: &mut Transaction, at: usize, word: U256) {
    let mut data = transaction.data.to_vec();
    data[at..at + 32].copy_from_slice(&word.to_be_bytes::<32>());
    transaction.data = data.into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::CONTRACTS;
    use alloy_primitives::{Address, B256, Bytes};

    /// A call with a number, which is also in its arguments.
    fn call(number: u64) -> Transaction {
        let data: Bytes = [&[1, 2, 3, 4][..], &U256::from(number).to_be_bytes::<32>()].concat().into();
        Transaction { from: Address::with_last_byte(7), to: CONTRACTS[0], value: U256::from(number), data }
    }

    fn case(calls: u64, cells: u8) -> Case {
        let key = |at| CellKey::storage(CONTRACTS[0], B256::with_last_byte(at));
        let cells = (0..cells).map(|at| (key(at), U256::MAX)).collect();
        Case { transactions: (0..calls).map(call).collect(), cells, ..Case::default() }
    }

    #[test]
    fn two_calls_and_the_cell_that_they_need_are_found_among_a_thousand() {
        let needed = CellKey::storage(CONTRACTS[0], B256::with_last_byte(33));
        // Wrong on purpose: whoever has both calls, in this order, and the cell, differs.
        let mut claims = |case: &Case| {
            let at = |value: u64| case.transactions.iter().position(|call| call.data.len() == 36 && call.value == U256::from(value));
            let in_order = at(400).zip(at(77)).is_some_and(|(one, other)| one > other);
            Ok(in_order && case.cells.get(&needed).is_some_and(|word| *word > U256::from(5)))
        };
        let shrunk = shrink(case(1_000, 200), &mut claims).expect("nothing fails");
        let values: Vec<U256> = shrunk.transactions.iter().map(|call| call.value).collect();
        assert_eq!(values, [U256::from(77), U256::from(400)]);
        assert!(shrunk.transactions.iter().all(|call| call.data[4..] == [0; 32]), "{shrunk:?}");
        assert_eq!(shrunk.cells.into_iter().collect::<Vec<_>>(), [(needed, U256::from(10))]);
    }

    #[test]
    fn what_is_needed_stays() {
        let whole = case(9, 3);
        let shrunk = shrink(whole.clone(), &mut |case| Ok(*case == whole)).expect("nothing fails");
        assert_eq!(shrunk, whole);
    }

    #[test]
    fn what_fails_on_the_way_is_told() {
        let failed = shrink(case(3, 0), &mut |_| Err(crate::error::Error::device("it is gone")));
        assert!(failed.is_err_and(|error| error.is_device()));
    }
}
