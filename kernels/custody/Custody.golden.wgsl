// == hand(bytes32,address)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a1)
// 0: bit 0x2 of bits0, a1
// 1: k0, the cell of keccak(a0, 0)
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
    if (bits0 & 0x2u) == 0u {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 3u, 0u);
    if !eq(e8, caller) {
        return;
    }
    let k1 = column(row, 2u);
    let v1 = base_value(k1);
    let e14 = add(small(0x1u), v1);
    if !is_zero(e14) {
        add_credits(k1, widen(small(0x1u)));
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = load_cell(k0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 3u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = load_cell(k1);
    let e14 = add(small(0x1u), v1);
    if !is_zero(e14) {
        outcomes[row] = select(1u, TO_LINE, to_line); // return
        if to_line {
            take_credits(k1, widen(small(0x1u)));
        } else {
            let a1 = param(row, 3u, 1u);
            let e16 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e17 = or(a1, e16);
            store_cell(k0, e17);
        }
        return;
    }
    outcomes[row] = select(2u, TO_LINE, to_line); // revert
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 4u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 3u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = 3u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e14 = add(small(0x1u), l1);
    if !is_zero(e14) {
        outcomes[row] = 1u; // return
        let a1 = param(row, 3u, 1u);
        let e16 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e17 = or(a1, e16);
        commit_cell(k0, e17);
        commit_cell(k1, e14);
        return;
    }
    outcomes[row] = 2u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, is_zero, eq, lt, and, or, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == register(bytes32)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of keccak(a0, 0)
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
    let v0 = load_cell(k0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if !is_zero(e5) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // return
    if !to_line {
        let caller = param(row, 1u, 0u);
        let e13 = or(v0, caller);
        store_cell(k0, e13);
    }
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
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    if !is_zero(e5) {
        outcomes[row] = 0u; // revert
        return;
    }
    outcomes[row] = 1u; // return
    let caller = param(row, 1u, 0u);
    let e13 = or(l0, caller);
    commit_cell(k0, e13);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, is_zero, lt, and, or, Chain, chain_difference, difference, sub, widen
