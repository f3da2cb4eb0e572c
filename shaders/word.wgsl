// 256-bit words: the EVM's operations under the names that the IR has for them. Every function is total, as the EVM's are: division by
// zero is zero, a shift may be longer than the word. Truth is a `bool` here; `truth` makes it a word.
//
// A word is eight limbs, the lowest first, in two vectors: no array, since some shading languages cannot start one in place, and none
// keeps one that is indexed at run time in registers. A module holds only the declarations that it uses.

struct Word {
    lo: vec4<u32>,
    hi: vec4<u32>,
}

// A sum of words: one limb more, so that no sum of 2^32 words wraps.
struct Total {
    word: Word,
    top: u32,
}

// Functions, not constants: a front-end of HLSL refuses constant structures.
fn zero() -> Word {
    return Word(vec4<u32>(0u), vec4<u32>(0u));
}

fn max_word() -> Word {
    return Word(vec4<u32>(0xffffffffu), vec4<u32>(0xffffffffu));
}

fn small(limb: u32) -> Word {
    return Word(vec4<u32>(limb, 0u, 0u, 0u), vec4<u32>(0u));
}

fn truth(holds: bool) -> Word {
    return small(u32(holds));
}

// `b` where `take` holds, else `a`.
fn pick(a: Word, b: Word, take: bool) -> Word {
    return Word(select(a.lo, b.lo, take), select(a.hi, b.hi, take));
}

// Whether `a` is below `bound`, which fits one limb.
fn below(a: Word, bound: u32) -> bool {
    return (a.lo.y | a.lo.z | a.lo.w | a.hi.x | a.hi.y | a.hi.z | a.hi.w) == 0u && a.lo.x < bound;
}

fn negative(a: Word) -> bool {
    return (a.hi.w >> 31u) != 0u;
}

// Comparison.

fn is_zero(a: Word) -> bool {
    return all((a.lo | a.hi) == vec4<u32>(0u));
}

fn eq(a: Word, b: Word) -> bool {
    return all(((a.lo ^ b.lo) | (a.hi ^ b.hi)) == vec4<u32>(0u));
}

fn lt(a: Word, b: Word) -> bool {
    return difference(a, b).top != 0u;
}

// Two's complement order is unsigned order with the sign bits turned over.
fn slt(a: Word, b: Word) -> bool {
    let sign = Word(vec4<u32>(0u), vec4<u32>(0u, 0u, 0u, 0x80000000u));
    return lt(xor(a, sign), xor(b, sign));
}

// Bits.

fn not(a: Word) -> Word {
    return Word(~a.lo, ~a.hi);
}

fn and(a: Word, b: Word) -> Word {
    return Word(a.lo & b.lo, a.hi & b.hi);
}

fn or(a: Word, b: Word) -> Word {
    return Word(a.lo | b.lo, a.hi | b.hi);
}

fn xor(a: Word, b: Word) -> Word {
    return Word(a.lo ^ b.lo, a.hi ^ b.hi);
}

// Byte `index` of `a`, counted from the highest.
fn byte(index: Word, a: Word) -> Word {
    if !below(index, 32u) {
        return zero();
    }
    return small(shift_right(a, 8u * (31u - index.lo.x)).lo.x & 0xffu);
}

fn shl(by: Word, a: Word) -> Word {
    if !below(by, 256u) {
        return zero();
    }
    return shift_left(a, by.lo.x);
}

fn shr(by: Word, a: Word) -> Word {
    if !below(by, 256u) {
        return zero();
    }
    return shift_right(a, by.lo.x);
}

fn sar(by: Word, a: Word) -> Word {
    return shift_signed(a, select(255u, by.lo.x, below(by, 256u)));
}

// Whole limbs in powers of two, then bits. `by` is below 256.
fn shift_left(a: Word, by: u32) -> Word {
    var r = a;
    if (by & 128u) != 0u {
        r = Word(vec4<u32>(0u), r.lo);
    }
    if (by & 64u) != 0u {
        r = Word(vec4<u32>(0u, 0u, r.lo.xy), vec4<u32>(r.lo.zw, r.hi.xy));
    }
    if (by & 32u) != 0u {
        r = limb_up(r);
    }
    let bits = by & 31u;
    if bits == 0u {
        return r;
    }
    let carried = limb_up(r);
    let back = vec4<u32>(32u - bits);
    let on = vec4<u32>(bits);
    return Word((r.lo << on) | (carried.lo >> back), (r.hi << on) | (carried.hi >> back));
}

fn shift_right(a: Word, by: u32) -> Word {
    var r = a;
    if (by & 128u) != 0u {
        r = Word(r.hi, vec4<u32>(0u));
    }
    if (by & 64u) != 0u {
        r = Word(vec4<u32>(r.lo.zw, r.hi.xy), vec4<u32>(r.hi.zw, 0u, 0u));
    }
    if (by & 32u) != 0u {
        r = limb_down(r, 0u);
    }
    let bits = by & 31u;
    if bits == 0u {
        return r;
    }
    let carried = limb_down(r, 0u);
    let back = vec4<u32>(32u - bits);
    let on = vec4<u32>(bits);
    return Word((r.lo >> on) | (carried.lo << back), (r.hi >> on) | (carried.hi << back));
}

fn shift_signed(a: Word, by: u32) -> Word {
    if negative(a) {
        return not(shift_right(not(a), by));
    }
    return shift_right(a, by);
}

// One limb to the left, and to the right with `top` coming in.
fn limb_up(a: Word) -> Word {
    return Word(vec4<u32>(0u, a.lo.xyz), vec4<u32>(a.lo.w, a.hi.xyz));
}

fn limb_down(a: Word, top: u32) -> Word {
    return Word(vec4<u32>(a.lo.yzw, a.hi.x), vec4<u32>(a.hi.yzw, top));
}

// The sign is the highest bit of byte `last`, counted from the lowest.
fn sign_extend(last: Word, a: Word) -> Word {
    if !below(last, 31u) {
        return a;
    }
    let unused = 248u - 8u * last.lo.x;
    return shift_signed(shift_left(a, unused), unused);
}

fn clz(a: Word) -> Word {
    return small(leading_zeros(a));
}

fn leading_zeros(a: Word) -> u32 {
    let zeros = leading_zeros_of(a.hi);
    return zeros + select(0u, leading_zeros_of(a.lo), zeros == 128u);
}

fn leading_zeros_of(limbs: vec4<u32>) -> u32 {
    let zeros = countLeadingZeros(limbs);
    let two = zeros.y + select(0u, zeros.x, zeros.y == 32u);
    let three = zeros.z + select(0u, two, zeros.z == 32u);
    return zeros.w + select(0u, three, zeros.w == 32u);
}

// Sums and differences.

// Four limbs, and what goes on to the next.
struct Chain {
    limbs: vec4<u32>,
    carry: u32,
}

fn chain_sum(a: vec4<u32>, b: vec4<u32>, carry: u32) -> Chain {
    let sums = a + b;
    let wraps = vec4<u32>(sums < a);
    let x = sums.x + carry;
    let carry_x = wraps.x | u32(x < carry);
    let y = sums.y + carry_x;
    let carry_y = wraps.y | u32(y < carry_x);
    let z = sums.z + carry_y;
    let carry_z = wraps.z | u32(z < carry_y);
    let w = sums.w + carry_z;
    let carry_w = wraps.w | u32(w < carry_z);
    return Chain(vec4<u32>(x, y, z, w), carry_w);
}

fn chain_difference(a: vec4<u32>, b: vec4<u32>, borrow: u32) -> Chain {
    let differences = a - b;
    let wraps = vec4<u32>(a < b);
    let borrow_x = wraps.x | u32(differences.x < borrow);
    let borrow_y = wraps.y | u32(differences.y < borrow_x);
    let borrow_z = wraps.z | u32(differences.z < borrow_y);
    let borrow_w = wraps.w | u32(differences.w < borrow_z);
    return Chain(differences - vec4<u32>(borrow, borrow_x, borrow_y, borrow_z), borrow_w);
}

fn sum(a: Word, b: Word) -> Total {
    let lo = chain_sum(a.lo, b.lo, 0u);
    let hi = chain_sum(a.hi, b.hi, lo.carry);
    return Total(Word(lo.limbs, hi.limbs), hi.carry);
}

// `a - b` modulo 2^256; `top` is 1 where it borrowed.
fn difference(a: Word, b: Word) -> Total {
    let lo = chain_difference(a.lo, b.lo, 0u);
    let hi = chain_difference(a.hi, b.hi, lo.carry);
    return Total(Word(lo.limbs, hi.limbs), hi.carry);
}

fn add(a: Word, b: Word) -> Word {
    return sum(a, b).word;
}

fn sub(a: Word, b: Word) -> Word {
    return difference(a, b).word;
}

fn negate(a: Word) -> Word {
    return sub(zero(), a);
}

fn magnitude(a: Word) -> Word {
    return pick(a, negate(a), negative(a));
}

// Totals.

fn widen(a: Word) -> Total {
    return Total(a, 0u);
}

fn plus(a: Total, b: Word) -> Total {
    let s = sum(a.word, b);
    return Total(s.word, a.top + s.top);
}

fn minus(a: Total, b: Total) -> Total {
    let d = difference(a.word, b.word);
    return Total(d.word, a.top - b.top - d.top);
}

fn larger(a: Total, b: Total) -> Total {
    let less = a.top < b.top || (a.top == b.top && lt(a.word, b.word));
    return Total(pick(a.word, b.word, less), select(a.top, b.top, less));
}

// Products.

// The high limbs of `a * b`, limb by limb, from 16-bit pieces; the low limbs are what WGSL's own product gives.
fn high_limbs(a: vec4<u32>, b: u32) -> vec4<u32> {
    let half = vec4<u32>(16u);
    let low = vec4<u32>(0xffffu);
    let a0 = a & low;
    let a1 = a >> half;
    let b0 = b & 0xffffu;
    let b1 = b >> 16u;
    let inner = a1 * b0 + ((a0 * b0) >> half);
    let outer = a0 * b1 + (inner & low);
    return a1 * b1 + (inner >> half) + (outer >> half);
}

fn scale(a: Word, b: u32) -> Total {
    let lo = high_limbs(a.lo, b);
    let hi = high_limbs(a.hi, b);
    let s = sum(Word(a.lo * b, a.hi * b), limb_up(Word(lo, hi)));
    return Total(s.word, s.top + hi.w);
}

// From the highest limb of `b` down.
fn mul(a: Word, b: Word) -> Word {
    var r = scale(a, b.hi.w).word;
    r = add(limb_up(r), scale(a, b.hi.z).word);
    r = add(limb_up(r), scale(a, b.hi.y).word);
    r = add(limb_up(r), scale(a, b.hi.x).word);
    r = add(limb_up(r), scale(a, b.lo.w).word);
    r = add(limb_up(r), scale(a, b.lo.z).word);
    r = add(limb_up(r), scale(a, b.lo.y).word);
    return add(limb_up(r), scale(a, b.lo.x).word);
}

struct Product {
    low: Word,
    high: Word,
}

// From the lowest limb of `b` up: each step's lowest limb is a limb of the product.
fn product(a: Word, b: Word) -> Product {
    let r0 = scale(a, b.lo.x);
    let r1 = plus(scale(a, b.lo.y), limb_down(r0.word, r0.top));
    let r2 = plus(scale(a, b.lo.z), limb_down(r1.word, r1.top));
    let r3 = plus(scale(a, b.lo.w), limb_down(r2.word, r2.top));
    let r4 = plus(scale(a, b.hi.x), limb_down(r3.word, r3.top));
    let r5 = plus(scale(a, b.hi.y), limb_down(r4.word, r4.top));
    let r6 = plus(scale(a, b.hi.z), limb_down(r5.word, r5.top));
    let r7 = plus(scale(a, b.hi.w), limb_down(r6.word, r6.top));
    let lo = vec4<u32>(r0.word.lo.x, r1.word.lo.x, r2.word.lo.x, r3.word.lo.x);
    let hi = vec4<u32>(r4.word.lo.x, r5.word.lo.x, r6.word.lo.x, r7.word.lo.x);
    return Product(Word(lo, hi), limb_down(r7.word, r7.top));
}

fn exp(a: Word, exponent: Word) -> Word {
    var r = small(1u);
    var square = a;
    var rest = exponent;
    while !is_zero(rest) {
        if (rest.lo.x & 1u) != 0u {
            r = mul(r, square);
        }
        square = mul(square, square);
        rest = shift_right(rest, 1u);
    }
    return r;
}

// Quotients.

struct Division {
    quotient: Word,
    remainder: Word,
}

// The last `bits` bits of `digits` taken in after `rest`, one by one: what of `digits` has left on the left comes back on the right as
// the quotient. `rest` is below `divisor`, and the first digit is the highest bit of `digits`.
fn divide_on(rest: Word, digits: Word, divisor: Word, bits: u32) -> Division {
    var r = Division(digits, rest);
    for (var i = 0u; i < bits; i++) {
        let out = r.remainder.hi.w >> 31u;
        var next = shift_left(r.remainder, 1u);
        next.lo.x |= r.quotient.hi.w >> 31u;
        r.quotient = shift_left(r.quotient, 1u);
        let d = difference(next, divisor);
        let fits = out != 0u || d.top == 0u;
        r.quotient.lo.x |= u32(fits);
        r.remainder = pick(next, d.word, fits);
    }
    return r;
}

fn divide(a: Word, b: Word) -> Division {
    if is_zero(b) {
        return Division(zero(), zero());
    }
    // Leading zeros of the dividend are leading zeros of the quotient.
    let zeros = leading_zeros(a);
    return divide_on(zero(), shift_left(a, zeros), b, 256u - zeros);
}

fn div(a: Word, b: Word) -> Word {
    return divide(a, b).quotient;
}

fn modulo(a: Word, b: Word) -> Word {
    return divide(a, b).remainder;
}

fn sdiv(a: Word, b: Word) -> Word {
    let r = div(magnitude(a), magnitude(b));
    return pick(r, negate(r), negative(a) != negative(b));
}

// The sign is the dividend's.
fn smod(a: Word, b: Word) -> Word {
    let r = modulo(magnitude(a), magnitude(b));
    return pick(r, negate(r), negative(a));
}

fn addmod(a: Word, b: Word, m: Word) -> Word {
    let s = sum(a, b);
    return reduce(small(s.top), s.word, m);
}

fn mulmod(a: Word, b: Word, m: Word) -> Word {
    let p = product(a, b);
    return reduce(p.high, p.low, m);
}

// `high * 2^256 + low` modulo `m`.
fn reduce(high: Word, low: Word, m: Word) -> Word {
    if is_zero(m) {
        return zero();
    }
    return divide_on(modulo(high, m), low, m, 256u).remainder;
}
