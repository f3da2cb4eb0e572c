//! Whose word a slot is. A slot is a hash, so it is found by trying: the parties of the call first, then everybody whom the block or its
//! prestate names. A slot that nobody's word is at (a counter, a flag) belongs to no holder.

use super::token::{self, Holding, entry};
use crate::host::{Prestate, RpcBlock, TokenSlots};
use crate::tx::Transaction;
use alloy_primitives::{Address, B256, U256};
use std::collections::{BTreeSet, HashMap};

/// Everybody whom a block or its prestate names, ascending: senders, recipients, the miner, address words of calldata, accounts, and what
/// looks like an address in their storage and code.
pub(super) fn candidates(block: &RpcBlock, prestate: &Prestate) -> Vec<Address> {
    let mut found = BTreeSet::from([Address::ZERO, block.miner]);
    for transaction in &block.transactions {
        found.insert(transaction.from);
        found.extend(transaction.to);
        found.extend(token::address_words(&transaction.input));
    }
    for (address, account) in &prestate.accounts {
        found.insert(*address);
        found.extend(account.storage.values().map(|word| Address::from_word((*word).into())));
        found.extend(constants(&account.code));
    }
    found.into_iter().collect()
}

/// What PUSH20 gives, and PUSH32 where its high bytes are zero: constants and immutables. Data between instructions may add others.
fn constants(code: &[u8]) -> impl Iterator<Item = Address> {
    code.windows(21).enumerate().filter_map(|(at, window)| match window[0] {
        0x73 => Some(Address::from_slice(&window[1..])),
        0x7f if window[1..13] == [0; 12] => code.get(at + 13..at + 33).map(Address::from_slice),
        _ => None,
    })
}

/// The holders of one token that runs its own code. What was found once is remembered.
pub(super) struct Holders<'a> {
    slots: TokenSlots,
    candidates: &'a [Address],
    known: HashMap<B256, Holding>,
    /// The slots of everybody's mapping of allowances.
    owners: Vec<(Address, B256)>,
}

impl<'a> Holders<'a> {
    pub fn new(slots: TokenSlots, candidates: &'a [Address]) -> Self {
        let balances = candidates.iter().map(|holder| Holding::Balance(*holder));
        let known = balances.filter_map(|holding| Some((holding.slot(&slots)?, holding))).collect();
        let owner = |base: U256| candidates.iter().map(move |owner| (*owner, entry(owner, base.into())));
        Self { slots, candidates, known, owners: slots.allowances.into_iter().flat_map(owner).collect() }
    }

    /// Whose word is at `slot`, which `call` stored to.
    pub fn find(&mut self, slot: B256, call: &Transaction) -> Option<Holding> {
        // A mapping's words are at hashes; the first slots are variables.
        if U256::from_be_bytes(slot.0) < U256::ONE << 64 {
            return None;
        }
        if let Some(holding) = self.known.get(&slot) {
            return Some(*holding);
        }
        let holding = self.search(slot, call)?;
        self.known.insert(slot, holding);
        Some(holding)
    }

    /// An allowance has a party of the call at one side at least: otherwise there would be all pairs to try.
    fn search(&self, slot: B256, call: &Transaction) -> Option<Holding> {
        let allowances = self.slots.allowances?.into();
        let [first, second] = token::address_words(&call.data);
        let parties = [call.from, call.to, first, second];
        let of_party = parties.iter().flat_map(|owner| {
            let mapping = entry(owner, allowances);
            let spenders = parties.iter().chain(self.candidates);
            spenders.map(move |spender| (*owner, mapping, *spender))
        });
        let to_party = self.owners.iter().flat_map(|(owner, mapping)| parties.iter().map(|spender| (*owner, *mapping, *spender)));
        let (owner, _, spender) = of_party.chain(to_party).find(|(_, mapping, spender)| entry(spender, *mapping) == slot)?;
        Some(Holding::Allowance { owner, spender })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{PrestateAccount, RpcTransaction};
    use alloy_primitives::{Bytes, hex};

    const SLOTS: TokenSlots =
        TokenSlots { balances: Some(U256::from_limbs([3, 0, 0, 0])), allowances: Some(U256::from_limbs([4, 0, 0, 0])) };

    #[test]
    fn everybody_named_is_a_candidate() {
        let who = Address::with_last_byte;
        let word = |last: u8| U256::from_be_bytes(who(last).into_word().0);
        let transfer = [hex!("a9059cbb").as_slice(), who(3).into_word().as_slice(), &[0; 32]].concat();
        let transaction = RpcTransaction { from: who(1), to: Some(who(2)), input: transfer.into(), ..Default::default() };
        let block = RpcBlock { miner: who(4), transactions: vec![transaction], ..Default::default() };
        let code = [&[0x73], who(7).as_slice(), &[0x7f], who(8).into_word().as_slice(), &[0x7f, 0, 0]].concat();
        let flagged = word(6) | U256::ONE << 160;
        let account = PrestateAccount { storage: [(U256::ONE, flagged)].into(), code: Bytes::from(code), ..Default::default() };
        let prestate = Prestate { accounts: [(who(5), account)].into() };
        assert!((0..=8).all(|last| candidates(&block, &prestate).contains(&who(last))));
    }

    #[test]
    fn holders_are_found_by_trying() {
        let everybody: Vec<Address> = (1..=9).map(Address::with_last_byte).collect();
        let mut holders = Holders::new(SLOTS, &everybody);
        let call = Transaction { from: Address::with_last_byte(0x51), to: Address::with_last_byte(0x52), ..Default::default() };
        let held = [
            Holding::Balance(everybody[3]),
            Holding::Allowance { owner: call.from, spender: call.to },
            Holding::Allowance { owner: call.from, spender: everybody[5] },
            Holding::Allowance { owner: everybody[6], spender: call.to },
        ];
        for holding in held.iter().chain(&held) {
            let slot = holding.slot(&SLOTS).expect("the slots are known");
            assert_eq!(holders.find(slot, &call), Some(*holding));
        }
        assert_eq!(holders.find(B256::with_last_byte(5), &call), None);
        assert_eq!(holders.find(B256::repeat_byte(5), &call), None);
    }
}
