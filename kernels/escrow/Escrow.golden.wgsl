// == fund(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 1: k0, the cell of 0
// 2: k1, the cell of keccak(a0, 1)
// 3 and on, segment.limbs columns each:
//   caller
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
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 3u, 0u);
    if eq(e6, caller) {
        let a1 = param(row, 3u, 1u);
        let k1 = column(row, 2u);
        add_credits(k1, widen(a1));
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
    let k1 = column(row, 2u);
    let to_line = contended(k0) || contended(k1);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = base_value(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 3u, 0u);
    if eq(e6, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // return
        if to_line {
            let a1 = param(row, 3u, 1u);
            take_credits(k1, widen(a1));
        }
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // revert
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
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 3u, 0u);
    if !eq(e6, caller) {
        outcomes[row] = 3u; // revert
        return;
    }
    let a1 = param(row, 3u, 1u);
    let l1 = load_cell(k1);
    let e13 = add(a1, l1);
    if lt(e13, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    outcomes[row] = 2u; // return
    commit_cell(k1, e13);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, eq, lt, and, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == open(uint256,address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a1)
// 0: bit 0x2 of bits0, a1
// 1: k0, the cell of add(1, keccak(a0, 2))
// 2: k1, the cell of keccak(caller, 1)
// 3: k2, the cell of keccak(a0, 2)
// 4: k3, the cell of add(2, keccak(a0, 2))
// 5 and on, segment.limbs columns each:
//   a2
//   caller
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
    if (bits0 & 0x2u) == 0u {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e11 = shr(small(0xa0u), v0);
    let e12 = and(small(0xffu), e11);
    if lt(small(0x3u), e12) {
        return;
    }
    if !is_zero(e12) {
        return;
    }
    let a2 = param(row, 5u, 0u);
    let k1 = column(row, 2u);
    add_debits(k1, widen(a2));
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
    let k3 = column(row, 4u);
    let to_line = contended(k0) || contended(k1) || contended(k2) || contended(k3);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(5u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = load_cell(k0);
    let e11 = shr(small(0xa0u), v0);
    let e12 = and(small(0xffu), e11);
    if lt(small(0x3u), e12) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    if !is_zero(e12) {
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(4u, TO_LINE, to_line); // return
    if to_line {
        let a2 = param(row, 5u, 0u);
        take_debits(k1, widen(a2));
    } else {
        let caller = param(row, 5u, 1u);
        let v2 = load_cell(k2);
        let e37 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v2);
        let e38 = or(caller, e37);
        let a1 = param(row, 5u, 2u);
        let e44 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffff00u, 0xffffffffu, 0xffffffffu)), v0);
        let e45 = or(a1, e44);
        let e46 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x1u, 0x0u, 0x0u)), e45);
        let a2 = param(row, 5u, 0u);
        store_cell(k2, e38);
        store_cell(k0, e46);
        store_cell(k3, a2);
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
    let k3 = column(row, 4u);
    if waits(k0) || waits(k1) || waits(k2) || waits(k3) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        put_off(k3);
        outcomes[row] = TO_LINE;
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = 0u; // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 5u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let e11 = shr(small(0xa0u), l0);
    let e12 = and(small(0xffu), e11);
    if lt(small(0x3u), e12) {
        outcomes[row] = 1u; // revert
        return;
    }
    if !is_zero(e12) {
        outcomes[row] = 2u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let a2 = param(row, 5u, 0u);
    if lt(l1, a2) {
        outcomes[row] = 3u; // revert
        return;
    }
    outcomes[row] = 4u; // return
    let e34 = sub(l1, a2);
    let caller = param(row, 5u, 1u);
    let l2 = load_cell(k2);
    let e37 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l2);
    let e38 = or(caller, e37);
    let a1 = param(row, 5u, 2u);
    let l3 = pick(load_cell(k0), e34, k1 == k0);
    let e44 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l3);
    let e45 = or(a1, e44);
    let e46 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x1u, 0x0u, 0x0u)), e45);
    commit_cell(k1, e34);
    commit_cell(k2, e38);
    commit_cell(k0, e46);
    commit_cell(k3, a2);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, pick, below, is_zero, lt, and, or, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == refund(uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of add(1, keccak(a0, 2))
// 1: k1, the cell of add(2, keccak(a0, 2))
// 2: k2, the cell of keccak(a0, 2)
// 3: k3, the cell of keccak(and(0xffffffffffffffffffffffffffffffffffffffff, l2), 1)
// 4: k4, the cell of 0
// 5 and on, segment.limbs columns each:
//   caller

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let v0 = base_value(k0);
    let e9 = shr(small(0xa0u), v0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        return;
    }
    if !eq(small(0x1u), e10) {
        return;
    }
    let e16 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 5u, 0u);
    if eq(e16, caller) {
        let k1 = column(row, 1u);
        let v1 = base_value(k1);
        let k3 = column(row, 3u);
        add_credits(k3, widen(v1));
        return;
    }
    let k4 = column(row, 4u);
    let v4 = base_value(k4);
    let e35 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v4);
    if eq(caller, e35) {
        let k1 = column(row, 1u);
        let v1 = base_value(k1);
        let k3 = column(row, 3u);
        add_credits(k3, widen(v1));
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
    let k1 = column(row, 1u);
    let k2 = column(row, 2u);
    let k3 = column(row, 3u);
    let k4 = column(row, 4u);
    let to_line = contended(k0) || contended(k1) || contended(k2) || contended(k3) || contended(k4);
    let v0 = load_cell(k0);
    let e9 = shr(small(0xa0u), v0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if !eq(small(0x1u), e10) {
        outcomes[row] = select(6u, TO_LINE, to_line); // revert
        return;
    }
    let e16 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 5u, 0u);
    if eq(e16, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // return
        if to_line {
            let v1 = load_cell(k1);
            take_credits(k3, widen(v1));
        } else {
            let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), v0);
            let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x3u, 0x0u, 0x0u)), e26);
            store_cell(k0, e27);
        }
        return;
    }
    let v4 = load_cell(k4);
    let e35 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v4);
    if eq(caller, e35) {
        outcomes[row] = select(4u, TO_LINE, to_line); // return
        if to_line {
            let v1 = load_cell(k1);
            take_credits(k3, widen(v1));
        } else {
            let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), v0);
            let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x3u, 0x0u, 0x0u)), e26);
            store_cell(k0, e27);
        }
        return;
    }
    outcomes[row] = select(5u, TO_LINE, to_line); // revert
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
    let k3 = column(row, 3u);
    let k4 = column(row, 4u);
    if waits(k0) || waits(k1) || waits(k2) || waits(k3) || waits(k4) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        put_off(k3);
        put_off(k4);
        outcomes[row] = TO_LINE;
        return;
    }
    let l0 = load_cell(k0);
    let e9 = shr(small(0xa0u), l0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        outcomes[row] = 0u; // revert
        return;
    }
    if !eq(small(0x1u), e10) {
        outcomes[row] = 6u; // revert
        return;
    }
    let e16 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 5u, 0u);
    if eq(e16, caller) {
        let l1 = load_cell(k1);
        let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
        let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x3u, 0x0u, 0x0u)), e26);
        let l3 = pick(load_cell(k3), e27, k0 == k3);
        let e29 = add(l1, l3);
        if lt(e29, l1) {
            outcomes[row] = 1u; // revert
            return;
        }
        outcomes[row] = 2u; // return
        commit_cell(k0, e27);
        commit_cell(k3, e29);
        return;
    }
    let l4 = load_cell(k4);
    let e35 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l4);
    if !eq(caller, e35) {
        outcomes[row] = 5u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
    let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x3u, 0x0u, 0x0u)), e26);
    let l3 = pick(load_cell(k3), e27, k0 == k3);
    let e29 = add(l1, l3);
    if lt(e29, l1) {
        outcomes[row] = 3u; // revert
        return;
    }
    outcomes[row] = 4u; // return
    commit_cell(k0, e27);
    commit_cell(k3, e29);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, below, eq, lt, and, or, shr, shift_right, limb_down, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == release(uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of add(1, keccak(a0, 2))
// 1: k1, the cell of keccak(a0, 2)
// 2: k2, the cell of add(2, keccak(a0, 2))
// 3: k3, the cell of keccak(and(0xffffffffffffffffffffffffffffffffffffffff, l0), 1)
// 4 and on, segment.limbs columns each:
//   caller

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let v0 = base_value(k0);
    let e9 = shr(small(0xa0u), v0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        return;
    }
    if !eq(small(0x1u), e10) {
        return;
    }
    let k1 = column(row, 1u);
    let v1 = base_value(k1);
    let e17 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v1);
    let caller = param(row, 4u, 0u);
    if eq(e17, caller) {
        let k2 = column(row, 2u);
        let v2 = base_value(k2);
        let k3 = column(row, 3u);
        add_credits(k3, widen(v2));
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
    let k1 = column(row, 1u);
    let k2 = column(row, 2u);
    let k3 = column(row, 3u);
    let to_line = contended(k0) || contended(k1) || contended(k2) || contended(k3);
    let v0 = load_cell(k0);
    let e9 = shr(small(0xa0u), v0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if !eq(small(0x1u), e10) {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = load_cell(k1);
    let e17 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v1);
    let caller = param(row, 4u, 0u);
    if eq(e17, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // return
        if to_line {
            let v2 = load_cell(k2);
            take_credits(k3, widen(v2));
        } else {
            let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), v0);
            let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x2u, 0x0u, 0x0u)), e26);
            store_cell(k0, e27);
        }
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // revert
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
    let k3 = column(row, 3u);
    if waits(k0) || waits(k1) || waits(k2) || waits(k3) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        put_off(k3);
        outcomes[row] = TO_LINE;
        return;
    }
    let l0 = load_cell(k0);
    let e9 = shr(small(0xa0u), l0);
    let e10 = and(small(0xffu), e9);
    if lt(small(0x3u), e10) {
        outcomes[row] = 0u; // revert
        return;
    }
    if !eq(small(0x1u), e10) {
        outcomes[row] = 4u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e17 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l1);
    let caller = param(row, 4u, 0u);
    if !eq(e17, caller) {
        outcomes[row] = 3u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let e26 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
    let e27 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x2u, 0x0u, 0x0u)), e26);
    let l3 = pick(load_cell(k3), e27, k0 == k3);
    let e29 = add(l2, l3);
    if lt(e29, l2) {
        outcomes[row] = 1u; // revert
        return;
    }
    outcomes[row] = 2u; // return
    commit_cell(k0, e27);
    commit_cell(k3, e29);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, below, eq, lt, and, or, shr, shift_right, limb_down, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen
