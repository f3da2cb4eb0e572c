// == close()

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 0
// 1 and on, segment.limbs columns each:
//   caller

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
    let e3 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 1u, 0u);
    if !eq(e3, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    let e8 = shr(small(0xa0u), v0);
    let e9 = and(small(0xffu), e8);
    if !is_zero(e9) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // return
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
    let e3 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 1u, 0u);
    if !eq(e3, caller) {
        outcomes[row] = 2u; // revert
        return;
    }
    let e8 = shr(small(0xa0u), l0);
    let e9 = and(small(0xffu), e8);
    if !is_zero(e9) {
        outcomes[row] = 0u; // revert
        return;
    }
    outcomes[row] = 1u; // return
    let e13 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
    let e14 = or(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0x1u, 0x0u, 0x0u)), e13);
    commit_cell(k0, e14);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, eq, lt, and, or, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == setWeight(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 1: k0, the cell of 0
// 2: k1, the cell of keccak(a0, 2)
// 3: k2, the cell of keccak(a0, 1)
// 4 and on, segment.limbs columns each:
//   caller
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
    let k1 = column(row, 2u);
    let k2 = column(row, 3u);
    let to_line = contended(k0) || contended(k1) || contended(k2);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = load_cell(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 4u, 0u);
    if !eq(e6, caller) {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let e10 = shr(small(0xa0u), v0);
    let e11 = and(small(0xffu), e10);
    if !is_zero(e11) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = load_cell(k1);
    let e16 = and(small(0xffu), v1);
    if !is_zero(e16) {
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // return
    if !to_line {
        let a1 = param(row, 4u, 1u);
        store_cell(k2, a1);
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
    let l0 = load_cell(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 4u, 0u);
    if !eq(e6, caller) {
        outcomes[row] = 4u; // revert
        return;
    }
    let e10 = shr(small(0xa0u), l0);
    let e11 = and(small(0xffu), e10);
    if !is_zero(e11) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e16 = and(small(0xffu), l1);
    if !is_zero(e16) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    let a1 = param(row, 4u, 1u);
    commit_cell(k2, a1);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, eq, lt, and, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == vote(uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 0
// 1: k1, the cell of keccak(caller, 1)
// 2: k2, the cell of keccak(caller, 2)
// 3: k3, the cell of keccak(a0, 3)

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let v0 = base_value(k0);
    let e4 = shr(small(0xa0u), v0);
    let e5 = and(small(0xffu), e4);
    if !is_zero(e5) {
        return;
    }
    let k1 = column(row, 1u);
    let v1 = base_value(k1);
    if is_zero(v1) {
        return;
    }
    let k2 = column(row, 2u);
    let v2 = base_value(k2);
    let e14 = and(small(0xffu), v2);
    if !is_zero(e14) {
        return;
    }
    let k3 = column(row, 3u);
    add_credits(k3, widen(v1));
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
    let e4 = shr(small(0xa0u), v0);
    let e5 = and(small(0xffu), e4);
    if !is_zero(e5) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = load_cell(k1);
    if is_zero(v1) {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let v2 = load_cell(k2);
    let e14 = and(small(0xffu), v2);
    if !is_zero(e14) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // return
    if to_line {
        take_credits(k3, widen(v1));
    } else {
        let e24 = or(small(0x1u), v2);
        store_cell(k2, e24);
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
    let e4 = shr(small(0xa0u), l0);
    let e5 = and(small(0xffu), e4);
    if !is_zero(e5) {
        outcomes[row] = 0u; // revert
        return;
    }
    let l1 = load_cell(k1);
    if is_zero(l1) {
        outcomes[row] = 4u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let e14 = and(small(0xffu), l2);
    if !is_zero(e14) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l3 = load_cell(k3);
    let e20 = add(l1, l3);
    if lt(e20, l1) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    let e24 = or(small(0x1u), l2);
    commit_cell(k2, e24);
    commit_cell(k3, e20);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, lt, and, or, shr, shift_right, limb_down, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen
