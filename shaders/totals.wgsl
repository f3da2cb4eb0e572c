// A cell's totals. This text is read twice, the second time with credits for debits.
//
// Calls add limb by limb: the carry of a limb's wrap goes on to the next limb in the same thread. Additions commute, so when a pass has
// ended the total is right, whatever the order was; before that its limbs may be mid-carry, and nobody reads it.
//
// Totals have NARROW_LIMBS or MIDDLE_LIMBS in a module for segments of which no sum can come to more.

@group(0) @binding(BINDING_DEBITS) var<storage, read_write> debits: array<atomic<u32>>;

fn add_debits(cell: u32, amount: Total) {
    if cell == NO_CELL {
        return;
    }
    let at = cell * TOTAL_LIMBS;
    var carry = carry_debits(at, amount.word.lo.x, 0u);
    carry = carry_debits(at + 1u, amount.word.lo.y, carry);
    carry = carry_debits(at + 2u, amount.word.lo.z, carry);
    if TOTAL_LIMBS > NARROW_LIMBS {
        carry = carry_debits(at + 3u, amount.word.lo.w, carry);
        carry = carry_debits(at + 4u, amount.word.hi.x, carry);
    }
    if TOTAL_LIMBS > MIDDLE_LIMBS {
        carry = carry_debits(at + 5u, amount.word.hi.y, carry);
        carry = carry_debits(at + 6u, amount.word.hi.z, carry);
        carry = carry_debits(at + 7u, amount.word.hi.w, carry);
        carry_debits(at + 8u, amount.top, carry);
    }
}

fn carry_debits(at: u32, limb: u32, carry: u32) -> u32 {
    let term = limb + carry;
    // Nothing to add: both were zero, or they wrapped to a carry.
    if term == 0u {
        return carry;
    }
    let before = atomicAdd(&debits[at], term);
    return u32(before + term < before);
}

fn take_debits(cell: u32, amount: Total) {
    if cell == NO_CELL {
        return;
    }
    let at = cell * TOTAL_LIMBS;
    var borrow = borrow_debits(at, amount.word.lo.x, 0u);
    borrow = borrow_debits(at + 1u, amount.word.lo.y, borrow);
    borrow = borrow_debits(at + 2u, amount.word.lo.z, borrow);
    if TOTAL_LIMBS > NARROW_LIMBS {
        borrow = borrow_debits(at + 3u, amount.word.lo.w, borrow);
        borrow = borrow_debits(at + 4u, amount.word.hi.x, borrow);
    }
    if TOTAL_LIMBS > MIDDLE_LIMBS {
        borrow = borrow_debits(at + 5u, amount.word.hi.y, borrow);
        borrow = borrow_debits(at + 6u, amount.word.hi.z, borrow);
        borrow = borrow_debits(at + 7u, amount.word.hi.w, borrow);
        borrow_debits(at + 8u, amount.top, borrow);
    }
}

fn borrow_debits(at: u32, limb: u32, borrow: u32) -> u32 {
    let term = limb + borrow;
    if term == 0u {
        return borrow;
    }
    let before = atomicSub(&debits[at], term);
    return u32(before < term);
}

// The same where a pass only reads them.
@group(0) @binding(BINDING_DEBITS) var<storage, read> total_debits: array<u32>;

fn debits_of(cell: u32) -> Total {
    let at = cell * TOTAL_LIMBS;
    var total = Total(Word(vec4<u32>(total_debits[at], total_debits[at + 1u], total_debits[at + 2u], 0u), vec4<u32>()), 0u);
    if TOTAL_LIMBS > NARROW_LIMBS {
        total.word.lo.w = total_debits[at + 3u];
        total.word.hi.x = total_debits[at + 4u];
    }
    if TOTAL_LIMBS > MIDDLE_LIMBS {
        total.word.hi.y = total_debits[at + 5u];
        total.word.hi.z = total_debits[at + 6u];
        total.word.hi.w = total_debits[at + 7u];
        total.top = total_debits[at + 8u];
    }
    return total;
}
