// == approve(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 1: k0, the cell of keccak(a0, keccak(caller, 1))
// 2 and on, segment.limbs columns each:
//   a1

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 1u);
    let to_line = contended(k0);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // return
    if !to_line {
        let a1 = param(row, 2u, 0u);
        store_cell(k0, a1);
    }
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 1u);
    if waits(k0) {
        put_off(k0);
        outcomes[row] = TO_LINE;
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = 0u; // revert
        return;
    }
    outcomes[row] = 1u; // return
    let a1 = param(row, 2u, 0u);
    commit_cell(k0, a1);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, lt, Chain, chain_difference, difference, sub, widen

// == deposit()

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of keccak(caller, 0)

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let to_line = contended(k0);
    outcomes[row] = select(0u, TO_LINE, to_line); // return
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 0u);
    if waits(k0) {
        put_off(k0);
        outcomes[row] = TO_LINE;
        return;
    }
    outcomes[row] = 0u; // return
    let l0 = load_cell(k0);
    commit_cell(k0, l0);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, lt, Chain, chain_difference, difference, sub, widen

// == deposit() with value

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of native[caller]
// 1: k1, the cell of keccak(caller, 0)
// 2: k2, the cell of native[address]
// 3 and on, segment.limbs columns each:
//   value

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let value = param(row, 3u, 0u);
    let k0 = column(row, 0u);
    add_debits(k0, widen(value));
    let k1 = column(row, 1u);
    add_credits(k1, widen(value));
    let k2 = column(row, 2u);
    add_credits(k2, widen(value));
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let k1 = column(row, 1u);
    let k2 = column(row, 2u);
    let to_line = contended(k0) || contended(k1) || contended(k2);
    outcomes[row] = select(2u, TO_LINE, to_line); // return
    if to_line {
        let value = param(row, 3u, 0u);
        take_debits(k0, widen(value));
        take_credits(k1, widen(value));
        take_credits(k2, widen(value));
    }
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 0u);
    let k1 = column(row, 1u);
    let k2 = column(row, 2u);
    if waits(k0) || waits(k1) || waits(k2) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        outcomes[row] = TO_LINE;
        return;
    }
    let l0 = load_cell(k0);
    let value = param(row, 3u, 0u);
    if lt(l0, value) {
        outcomes[row] = 0u; // invalid
        return;
    }
    let l1 = load_cell(k1);
    let e7 = add(value, l1);
    if lt(e7, value) {
        outcomes[row] = 1u; // revert
        return;
    }
    outcomes[row] = 2u; // return
    let e11 = sub(l0, value);
    let l2 = pick(load_cell(k2), e11, k0 == k2);
    let e14 = add(value, l2);
    commit_cell(k0, e11);
    commit_cell(k2, e14);
    commit_cell(k1, e7);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, pick, lt, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == transfer(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 1: k0, the cell of keccak(caller, 0)
// 2: k1, the cell of keccak(a0, 0)
// 3 and on, segment.limbs columns each:
//   a1

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        return;
    }
    let a1 = param(row, 3u, 0u);
    let k0 = column(row, 1u);
    add_debits(k0, widen(a1));
    let k1 = column(row, 2u);
    add_credits(k1, widen(a1));
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 1u);
    let k1 = column(row, 2u);
    let to_line = contended(k0) || contended(k1);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // return
    if to_line {
        let a1 = param(row, 3u, 0u);
        take_debits(k0, widen(a1));
        take_credits(k1, widen(a1));
    }
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 1u);
    let k1 = column(row, 2u);
    if waits(k0) || waits(k1) {
        put_off(k0);
        put_off(k1);
        outcomes[row] = TO_LINE;
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = 0u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let a1 = param(row, 3u, 0u);
    if lt(l0, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    let e19 = sub(l0, a1);
    let l1 = pick(load_cell(k1), e19, k0 == k1);
    let e21 = add(a1, l1);
    if lt(e21, a1) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    commit_cell(k0, e19);
    commit_cell(k1, e21);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, pick, lt, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == transferFrom(address,address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, shr(0xa0, a1)
// 0: bit 0x4 of bits0, eq(a0, caller)
// 1: k0, the cell of keccak(a0, 0)
// 2: k1, the cell of keccak(a1, 0)
// 3: k2, the cell of keccak(caller, keccak(a0, 1))
// 4 and on, segment.limbs columns each:
//   a2

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        return;
    }
    if (bits0 & 0x2u) != 0u {
        return;
    }
    if (bits0 & 0x4u) != 0u {
        let a2 = param(row, 4u, 0u);
        let k0 = column(row, 1u);
        add_debits(k0, widen(a2));
        let k1 = column(row, 2u);
        add_credits(k1, widen(a2));
        return;
    }
    let a2 = param(row, 4u, 0u);
    let k0 = column(row, 1u);
    add_debits(k0, widen(a2));
    let k1 = column(row, 2u);
    add_credits(k1, widen(a2));
    let k2 = column(row, 3u);
    add_debits(k2, widen(a2));
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 1u);
    let k1 = column(row, 2u);
    let k2 = column(row, 3u);
    let to_line = contended(k0) || contended(k1) || contended(k2);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x4u) != 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // return
        if to_line {
            let a2 = param(row, 4u, 0u);
            take_debits(k0, widen(a2));
            take_credits(k1, widen(a2));
        }
        return;
    }
    let v2 = base_value(k2);
    if eq(v2, max_word()) {
        outcomes[row] = select(7u, TO_LINE, to_line); // return
        let a2 = param(row, 4u, 0u);
        take_debits(k2, widen(a2));
        if to_line {
            take_debits(k0, widen(a2));
            take_credits(k1, widen(a2));
        }
        return;
    }
    outcomes[row] = select(11u, TO_LINE, to_line); // return
    if to_line {
        let a2 = param(row, 4u, 0u);
        take_debits(k0, widen(a2));
        take_credits(k1, widen(a2));
        take_debits(k2, widen(a2));
    }
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 1u);
    let k1 = column(row, 2u);
    let k2 = column(row, 3u);
    if waits(k0) || waits(k1) || waits(k2) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        outcomes[row] = TO_LINE;
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = 0u; // revert
        return;
    }
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = 1u; // revert
        return;
    }
    if (bits0 & 0x4u) != 0u {
        let l0 = load_cell(k0);
        let a2 = param(row, 4u, 0u);
        if lt(l0, a2) {
            outcomes[row] = 2u; // revert
            return;
        }
        let e22 = sub(l0, a2);
        let l1 = pick(load_cell(k1), e22, k0 == k1);
        let e24 = add(a2, l1);
        if lt(e24, a2) {
            outcomes[row] = 3u; // revert
            return;
        }
        outcomes[row] = 4u; // return
        commit_cell(k0, e22);
        commit_cell(k1, e24);
        return;
    }
    let l2 = load_cell(k2);
    if eq(max_word(), l2) {
        let l0 = load_cell(k0);
        let a2 = param(row, 4u, 0u);
        if lt(l0, a2) {
            outcomes[row] = 5u; // revert
            return;
        }
        let e22 = sub(l0, a2);
        let l1 = pick(load_cell(k1), e22, k0 == k1);
        let e24 = add(a2, l1);
        if lt(e24, a2) {
            outcomes[row] = 6u; // revert
            return;
        }
        outcomes[row] = 7u; // return
        commit_cell(k0, e22);
        commit_cell(k1, e24);
        return;
    }
    let a2 = param(row, 4u, 0u);
    if lt(l2, a2) {
        outcomes[row] = 8u; // revert
        return;
    }
    let l0 = load_cell(k0);
    if lt(l0, a2) {
        outcomes[row] = 9u; // revert
        return;
    }
    let e22 = sub(l0, a2);
    let l1 = pick(load_cell(k1), e22, k0 == k1);
    let e24 = add(a2, l1);
    if lt(e24, a2) {
        outcomes[row] = 10u; // revert
        return;
    }
    outcomes[row] = 11u; // return
    let e41 = sub(l2, a2);
    commit_cell(k2, e41);
    commit_cell(k0, e22);
    commit_cell(k1, e24);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, max_word, pick, eq, lt, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == withdraw(uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of keccak(caller, 0)
// 1 and on, segment.limbs columns each:
//   a0

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
}

@compute @workgroup_size(WORKGROUP)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let to_line = contended(k0);
    let v0 = base_value(k0);
    let a0 = param(row, 1u, 0u);
    if lt(v0, a0) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // escape
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
        return;
    }
    let k0 = column(row, 0u);
    if waits(k0) {
        put_off(k0);
        outcomes[row] = TO_LINE;
        return;
    }
    let l0 = load_cell(k0);
    let a0 = param(row, 1u, 0u);
    if lt(l0, a0) {
        outcomes[row] = 0u; // revert
        return;
    }
    outcomes[row] = 1u; // escape
}

// constants: WORKGROUP, LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell
// wave.wgsl: marks, waits, put_off
// word.wgsl: Word, Total, zero, lt, Chain, chain_difference, difference
