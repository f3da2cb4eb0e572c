//! What has been evaluated of a call, by expression. It knows nothing of how.

use super::expr::ExprId;
use alloy_primitives::U256;
use std::cell::RefCell;

/// The values of one call's expressions. Making room for all of them costs more than most calls evaluate: each thread keeps what it has
/// made for the next call, of whatever kernel.
#[derive(Debug)]
pub struct Memo(Room);

#[derive(Debug, Default)]
struct Room {
    values: Vec<U256>,
    /// The call that each value is of.
    of: Vec<u32>,
    call: u32,
}

/// Calls whose evaluation may be under way in one thread, one within the other.
const SPARES: usize = 8;

thread_local! {
    static SPARE: RefCell<Vec<Room>> = const { RefCell::new(vec![]) };
}

impl Memo {
    /// Nothing is known yet of any of so many expressions.
    pub fn new(exprs: usize) -> Self {
        let mut room = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        if room.of.len() < exprs {
            room.values.resize(exprs, U256::ZERO);
            room.of.resize(exprs, 0);
        }
        let mut memo = Self(room);
        memo.forget();
        memo
    }

    /// Another call.
    pub fn forget(&mut self) {
        let Room { of, call, .. } = &mut self.0;
        *call = call.wrapping_add(1);
        if *call == 0 {
            of.fill(0);
            *call = 1;
        }
    }

    #[inline]
    pub fn get(&self, id: ExprId) -> Option<U256> {
        let Room { values, of, call } = &self.0;
        (of[id.index()] == *call).then(|| values[id.index()])
    }

    /// Remembers the value, and gives it back.
    #[inline]
    pub fn set(&mut self, id: ExprId, value: U256) -> U256 {
        let Room { values, of, call } = &mut self.0;
        (values[id.index()], of[id.index()]) = (value, *call);
        value
    }
}

impl Drop for Memo {
    fn drop(&mut self) {
        let room = std::mem::take(&mut self.0);
        // A thread that ends keeps nothing.
        _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < SPARES {
                spare.push(room);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memo_knows_nothing_of_the_call_before() {
        let id = |index| ExprId::from_index(index);
        for round in 0..3 {
            let mut memo = Memo::new(4 + round);
            let mut inner = Memo::new(2);
            assert!((0..4 + round).all(|index| memo.get(id(index)).is_none()) && inner.get(id(1)).is_none());
            assert_eq!(memo.set(id(1), U256::from(7)), U256::from(7));
            assert_eq!((memo.get(id(1)), inner.get(id(1))), (Some(U256::from(7)), None));
            inner.set(id(0), U256::ONE);
            memo.0.call = u32::MAX;
            memo.set(id(3), U256::ONE);
            memo.forget();
            assert!((0..4 + round).all(|index| memo.get(id(index)).is_none()));
        }
    }
}
