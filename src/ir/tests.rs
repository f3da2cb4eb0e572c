//! Every rule against the semantics: random expressions are built, with rules, and evaluated beside the operations that built them.

use super::access::flags;
use super::eval::{self, Call, Run, World};
use super::expr::{Binary, ExprId, Input, Ternary, Unary};
use super::kernel::{Kernel, Key, KeyId, Load};
use crate::tx::{Block, Transaction};
use alloy_primitives::U256;

/// SplitMix64: small, seeded, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Words near the ends, powers of two and masks, and any.
    pub fn word(&mut self) -> U256 {
        let any = U256::from_limbs([self.next(), self.next(), self.next(), self.next()]);
        let power = U256::ONE << self.below(256);
        match self.below(9) {
            0 => U256::ZERO,
            1 => U256::ONE,
            2 => U256::MAX,
            3 => U256::MAX - U256::ONE,
            4 => power,
            5 => power.wrapping_sub(U256::ONE),
            6 => U256::from(self.below(300)),
            7 => any >> self.below(256),
            _ => any,
        }
    }
}

const BINARY: [Binary; 19] = [
    Binary::Add,
    Binary::Mul,
    Binary::Sub,
    Binary::Div,
    Binary::SDiv,
    Binary::Mod,
    Binary::SMod,
    Binary::Exp,
    Binary::SignExtend,
    Binary::Lt,
    Binary::SLt,
    Binary::Eq,
    Binary::And,
    Binary::Or,
    Binary::Xor,
    Binary::Byte,
    Binary::Shl,
    Binary::Shr,
    Binary::Sar,
];

struct Words(Vec<U256>);

impl World for Words {
    type Cell = usize;

    fn cell(&mut self, key: KeyId, _: &mut Run<'_>) -> usize {
        key.index()
    }

    fn value(&mut self, cell: usize) -> U256 {
        self.0[cell]
    }
}

#[test]
fn every_rule_keeps_the_value() {
    for seed in 0..100_000 {
        let mut random = Random(seed);
        let mut kernel = Kernel::default();
        let calldata: Vec<U256> = (0..3).map(|_| random.word()).collect();
        let cells: Vec<U256> = (0..2).map(|_| random.word()).collect();
        let bytes: Vec<u8> = [0; 4].into_iter().chain(calldata.iter().flat_map(|word| word.to_be_bytes::<32>())).collect();
        let transaction = Transaction { data: bytes.into(), ..Default::default() };

        let mut built: Vec<(ExprId, U256)> =
            (0..3).map(|i| (kernel.exprs.input(Input::Calldata(4 + 32 * i)), calldata[i as usize])).collect();
        for (slot, value) in cells.iter().enumerate() {
            let word = kernel.exprs.small(slot as u64);
            let key = kernel.intern_key(Key::Storage(word));
            built.push((kernel.intern_load(Load { key, shadows: vec![] }), *value));
        }
        for _ in 0..12 {
            let pick = |random: &mut Random, kernel: &mut Kernel| match random.below(3) {
                0 => {
                    let value = random.word();
                    (kernel.exprs.constant(value), value)
                }
                _ => built[random.below(built.len())],
            };
            let [a, b, c] = [(); 3].map(|()| pick(&mut random, &mut kernel));
            let unary = [Unary::IsZero, Unary::IsZero, Unary::Not, Unary::Clz][random.below(4)];
            built.push(match random.below(12) {
                0 | 1 => (kernel.exprs.unary(unary, a.0), eval::unary(unary, a.1)),
                2 => (kernel.exprs.ternary(Ternary::MulMod, [a.0, b.0, c.0]), eval::ternary(Ternary::MulMod, a.1, b.1, c.1)),
                3 => (kernel.exprs.ternary(Ternary::AddMod, [a.0, b.0, c.0]), eval::ternary(Ternary::AddMod, a.1, b.1, c.1)),
                _ => {
                    let op = BINARY[random.below(BINARY.len())];
                    (kernel.exprs.binary(op, a.0, b.0), eval::binary(op, a.1, b.1))
                }
            });
        }

        let block = Block::default();
        let mut run = Run::new(&kernel, Call { transaction: (&transaction).into(), block: &block });
        let mut world = Words(cells);
        for (id, value) in built {
            assert_eq!(run.word(id, &mut world), value, "seed {seed}: {}", super::Text(&kernel.exprs, id));
            assert_eq!(value & !kernel.exprs.ones(id), U256::ZERO, "seed {seed}: bits of {}", super::Text(&kernel.exprs, id));
        }
    }
}

#[test]
fn uses_that_need_an_order() {
    assert!(!flags::ordered(flags::READ));
    assert!(!flags::ordered(flags::DEBIT | flags::CREDIT | flags::GUARD));
    assert!(flags::ordered(flags::READ | flags::CREDIT));
    assert!(flags::ordered(flags::WRITE));
    assert!(!flags::ordered(flags::SHOWN | flags::DEBIT));
}
