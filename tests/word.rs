//! `shaders/word.wgsl` on a device against the IR's reference semantics: every operation, on words at the ends and on any.

mod common;
mod device;

use alloy_primitives::U256;
use clearwave::ir::eval;
use clearwave::ir::{Binary, Ternary, Unary};
use clearwave::lower::{self, layout::Width};
use clearwave::word::{LIMBS, from_word, to_word};
use common::Random;
use device::{Buffer, Device};

/// Operands of one operation: a few thousand, so that the words at the ends meet each other.
const ROWS: usize = 1 << 13;

type Truth = Box<dyn Fn([U256; 3]) -> U256>;

/// WGSL for each operation on `a`, `b` and `c`, and what it has to give.
fn operations() -> Vec<(&'static str, Truth)> {
    let unary = |text, op| (text, Box::new(move |[a, _, _]: [U256; 3]| eval::unary(op, a)) as Truth);
    let binary = |text, op| (text, Box::new(move |[a, b, _]: [U256; 3]| eval::binary(op, a, b)) as Truth);
    let ternary = |text, op| (text, Box::new(move |[a, b, c]: [U256; 3]| eval::ternary(op, a, b, c)) as Truth);
    vec![
        unary("truth(is_zero(a))", Unary::IsZero),
        unary("not(a)", Unary::Not),
        unary("clz(a)", Unary::Clz),
        binary("add(a, b)", Binary::Add),
        binary("mul(a, b)", Binary::Mul),
        binary("sub(a, b)", Binary::Sub),
        binary("div(a, b)", Binary::Div),
        binary("sdiv(a, b)", Binary::SDiv),
        binary("modulo(a, b)", Binary::Mod),
        binary("smod(a, b)", Binary::SMod),
        binary("exp(a, b)", Binary::Exp),
        binary("sign_extend(a, b)", Binary::SignExtend),
        binary("truth(lt(a, b))", Binary::Lt),
        binary("truth(slt(a, b))", Binary::SLt),
        binary("truth(eq(a, b))", Binary::Eq),
        binary("and(a, b)", Binary::And),
        binary("or(a, b)", Binary::Or),
        binary("xor(a, b)", Binary::Xor),
        binary("byte(a, b)", Binary::Byte),
        binary("shl(a, b)", Binary::Shl),
        binary("shr(a, b)", Binary::Shr),
        binary("sar(a, b)", Binary::Sar),
        ternary("addmod(a, b, c)", Ternary::AddMod),
        ternary("mulmod(a, b, c)", Ternary::MulMod),
    ]
}

fn shader(operation: &str) -> String {
    let text = format!(
        "@group(0) @binding(0) var<storage, read> operands: array<Word>;\n\
         @group(0) @binding(1) var<storage, read_write> results: array<Word>;\n\
         \n\
         @compute @workgroup_size(64)\n\
         fn apply(@builtin(global_invocation_id) id: vec3<u32>) {{\n\
         \x20   let a = operands[3u * id.x];\n\
         \x20   let b = operands[3u * id.x + 1u];\n\
         \x20   let c = operands[3u * id.x + 2u];\n\
         \x20   results[id.x] = {operation};\n\
         }}\n"
    );
    lower::link(&text, Width::Wide)
}

/// Words at the ends, powers of two and their neighbours, small ones, and any.
fn word(random: &mut Random) -> U256 {
    let any = U256::from_limbs([random.next(), random.next(), random.next(), random.next()]);
    let power = U256::ONE << random.below(256);
    match random.below(10) {
        0 => U256::ZERO,
        1 => U256::ONE,
        2 => U256::MAX,
        3 => *random.pick(&[U256::ONE << 128, U256::ONE << 255, U256::MAX - U256::ONE, U256::MAX >> 1]),
        4 => power,
        5 => power.wrapping_sub(U256::ONE),
        6 => U256::from(random.below(300)),
        7 => any >> random.below(256),
        8 => !(any >> random.below(256)),
        _ => any,
    }
}

#[test]
fn every_operation_is_the_reference() {
    let device = Device::open();
    for (i, (operation, truth)) in operations().iter().enumerate() {
        let seed = 0x10_0000 + i as u64;
        let mut random = Random::new(seed);
        let mut rows: Vec<[U256; 3]> = (0..ROWS).map(|_| [word(&mut random), word(&mut random), word(&mut random)]).collect();
        // All small first operands: bytes and shifts, those beyond the word too.
        for (by, row) in rows.iter_mut().enumerate().take(301) {
            row[0] = U256::from(by);
        }
        let operands = rows.iter().flatten().flat_map(|word| to_word(*word)).collect();
        let mut buffers = [Buffer { binding: 0, words: operands }, Buffer { binding: 1, words: vec![0; ROWS * LIMBS] }];
        device.run(&device.program(&shader(operation)), "apply", &mut buffers, (ROWS as u32 / 64, 1));
        for (row, result) in rows.iter().zip(buffers[1].words.as_chunks::<LIMBS>().0) {
            let (expected, found) = (truth(*row), from_word(result));
            assert!(expected == found, "{operation} of {row:#x?} is {found:#x} instead of {expected:#x}, seed {seed}");
        }
    }
}
