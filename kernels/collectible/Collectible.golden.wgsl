// == approve(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, caller
// 1: k0, the cell of keccak(a1, 2)
// 2: k1, the cell of keccak(a1, 4)
// 3: k2, the cell of keccak(caller, keccak(and(0xffffffffffffffffffffffffffffffffffffffff, l0), 5))
// 4 and on, segment.limbs columns each:
//   caller
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
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if is_zero(e8) {
        outcomes[row] = select(5u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // return
        if !to_line {
            let a0 = param(row, 4u, 1u);
            let v1 = load_cell(k1);
            let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
            let e16 = or(a0, e15);
            store_cell(k1, e16);
        }
        return;
    }
    let caller = param(row, 4u, 0u);
    if eq(caller, e8) {
        outcomes[row] = select(1u, TO_LINE, to_line); // return
        if !to_line {
            let a0 = param(row, 4u, 1u);
            let v1 = load_cell(k1);
            let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
            let e16 = or(a0, e15);
            store_cell(k1, e16);
        }
        return;
    }
    let v2 = load_cell(k2);
    let e23 = and(small(0xffu), v2);
    if !is_zero(e23) {
        outcomes[row] = select(2u, TO_LINE, to_line); // return
        if !to_line {
            let a0 = param(row, 4u, 1u);
            let v1 = load_cell(k1);
            let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
            let e16 = or(a0, e15);
            store_cell(k1, e16);
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
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    if is_zero(e8) {
        outcomes[row] = 5u; // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 4u; // return
        let a0 = param(row, 4u, 1u);
        let l1 = load_cell(k1);
        let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
        let e16 = or(a0, e15);
        commit_cell(k1, e16);
        return;
    }
    let caller = param(row, 4u, 0u);
    if eq(caller, e8) {
        outcomes[row] = 1u; // return
        let a0 = param(row, 4u, 1u);
        let l1 = load_cell(k1);
        let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
        let e16 = or(a0, e15);
        commit_cell(k1, e16);
        return;
    }
    let l2 = load_cell(k2);
    let e23 = and(small(0xffu), l2);
    if !is_zero(e23) {
        outcomes[row] = 2u; // return
        let a0 = param(row, 4u, 1u);
        let l1 = load_cell(k1);
        let e15 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
        let e16 = or(a0, e15);
        commit_cell(k1, e16);
        return;
    }
    outcomes[row] = 3u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, is_zero, eq, lt, and, or, Chain, chain_difference, difference, sub, widen

// == mint(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, a0
// 1: k0, the cell of keccak(a1, 2)
// 2: k1, the cell of keccak(a0, 3)
// 3 and on, segment.limbs columns each:
//   a0

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
    if !is_zero(e8) {
        return;
    }
    let k1 = column(row, 2u);
    add_credits(k1, widen(small(0x1u)));
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
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = load_cell(k0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if !is_zero(e8) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(2u, TO_LINE, to_line); // return
    if to_line {
        take_credits(k1, widen(small(0x1u)));
    } else {
        let a0 = param(row, 3u, 0u);
        let e16 = or(a0, v0);
        store_cell(k0, e16);
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 3u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    if !is_zero(e8) {
        outcomes[row] = 1u; // revert
        return;
    }
    outcomes[row] = 2u; // return
    let l1 = load_cell(k1);
    let e15 = add(small(0x1u), l1);
    let a0 = param(row, 3u, 0u);
    let e16 = or(a0, l0);
    commit_cell(k1, e15);
    commit_cell(k0, e16);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, is_zero, lt, and, or, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == safeTransferFrom(address,address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, shr(0xa0, a1)
// 0: bit 0x4 of bits0, a1
// 0: bit 0x8 of bits0, caller
// 1: k0, the cell of keccak(a2, 2)
// 2: k1, the cell of keccak(caller, keccak(and(0xffffffffffffffffffffffffffffffffffffffff, l0), 5))
// 3: k2, the cell of keccak(a2, 4)
// 4 and on, segment.limbs columns each:
//   caller
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
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = select(20u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let v0 = base_value(k0);
        let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = select(16u, TO_LINE, to_line); // escape
                return;
            }
            outcomes[row] = select(17u, TO_LINE, to_line); // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = select(18u, TO_LINE, to_line); // escape
            return;
        }
        outcomes[row] = select(19u, TO_LINE, to_line); // revert
        return;
    }
    let caller = param(row, 4u, 0u);
    let v0 = base_value(k0);
    let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if eq(caller, e11) {
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = select(2u, TO_LINE, to_line); // escape
                return;
            }
            outcomes[row] = select(3u, TO_LINE, to_line); // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = select(4u, TO_LINE, to_line); // escape
            return;
        }
        outcomes[row] = select(5u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = base_value(k1);
    let e33 = and(small(0xffu), v1);
    if !is_zero(e33) {
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = select(6u, TO_LINE, to_line); // escape
                return;
            }
            outcomes[row] = select(7u, TO_LINE, to_line); // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = select(8u, TO_LINE, to_line); // escape
            return;
        }
        outcomes[row] = select(9u, TO_LINE, to_line); // revert
        return;
    }
    let v2 = base_value(k2);
    let e37 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v2);
    if !eq(caller, e37) {
        outcomes[row] = select(14u, TO_LINE, to_line); // revert
        return;
    }
    if !is_zero(e11) {
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = select(10u, TO_LINE, to_line); // escape
            return;
        }
        outcomes[row] = select(11u, TO_LINE, to_line); // revert
        return;
    }
    let a0 = param(row, 4u, 1u);
    if eq(a0, e11) {
        outcomes[row] = select(12u, TO_LINE, to_line); // escape
        return;
    }
    outcomes[row] = select(13u, TO_LINE, to_line); // revert
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
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = 20u; // revert
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let l0 = load_cell(k0);
        let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = 16u; // escape
                return;
            }
            outcomes[row] = 17u; // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = 18u; // escape
            return;
        }
        outcomes[row] = 19u; // revert
        return;
    }
    let caller = param(row, 4u, 0u);
    let l0 = load_cell(k0);
    let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    if eq(caller, e11) {
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = 2u; // escape
                return;
            }
            outcomes[row] = 3u; // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = 4u; // escape
            return;
        }
        outcomes[row] = 5u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e33 = and(small(0xffu), l1);
    if !is_zero(e33) {
        if !is_zero(e11) {
            let a0 = param(row, 4u, 1u);
            if eq(a0, e11) {
                outcomes[row] = 6u; // escape
                return;
            }
            outcomes[row] = 7u; // revert
            return;
        }
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = 8u; // escape
            return;
        }
        outcomes[row] = 9u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let e37 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l2);
    if !eq(caller, e37) {
        outcomes[row] = 14u; // revert
        return;
    }
    if !is_zero(e11) {
        let a0 = param(row, 4u, 1u);
        if eq(a0, e11) {
            outcomes[row] = 10u; // escape
            return;
        }
        outcomes[row] = 11u; // revert
        return;
    }
    let a0 = param(row, 4u, 1u);
    if eq(a0, e11) {
        outcomes[row] = 12u; // escape
        return;
    }
    outcomes[row] = 13u; // revert
}

// constants: WORKGROUP, LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell
// wave.wgsl: marks, waits, put_off
// word.wgsl: Word, zero, small, is_zero, eq, and

// == safeTransferFrom(address,address,uint256,bytes)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, shr(0xa0, a1)
// 0: bit 0x4 of bits0, shr(0x40, a3)
// 0: bit 0x8 of bits0, slt(add(0x23, a3), 0x84)

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
    let to_line = false;
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
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x8u) != 0u {
        outcomes[row] = select(3u, TO_LINE, to_line); // escape
        return;
    }
    outcomes[row] = select(4u, TO_LINE, to_line); // revert
}

@compute @workgroup_size(WORKGROUP)
fn wave(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = segment.first + invocation(id, groups);
    if row >= segment.end {
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
        outcomes[row] = 2u; // revert
        return;
    }
    if (bits0 & 0x8u) != 0u {
        outcomes[row] = 3u; // escape
        return;
    }
    outcomes[row] = 4u; // revert
}

// constants: WORKGROUP, TO_LINE, BINDING_SEGMENT, BINDING_STREAM, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, outcomes, invocation, column

// == setApprovalForAll(address,bool)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, eq(a1, iszero(iszero(a1)))
// 0: bit 0x4 of bits0, caller
// 0: bit 0x8 of bits0, a0
// 1: k0, the cell of keccak(a0, keccak(caller, 5))
// 2 and on, segment.limbs columns each:
//   p0, iszero(iszero(a1))

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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x8u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // return
        if !to_line {
            let p0 = param(row, 2u, 0u);
            let v0 = load_cell(k0);
            let e13 = and(Word(vec4<u32>(0xffffff00u, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e14 = or(p0, e13);
            store_cell(k0, e14);
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 4u; // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = 3u; // revert
        return;
    }
    if (bits0 & 0x8u) != 0u {
        outcomes[row] = 1u; // return
        let p0 = param(row, 2u, 0u);
        let l0 = load_cell(k0);
        let e13 = and(Word(vec4<u32>(0xffffff00u, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e14 = or(p0, e13);
        commit_cell(k0, e14);
        return;
    }
    outcomes[row] = 2u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, lt, and, or, Chain, chain_difference, difference, sub, widen

// == transferFrom(address,address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, shr(0xa0, a1)
// 0: bit 0x4 of bits0, a1
// 0: bit 0x8 of bits0, caller
// 0: bit 0x10 of bits0, eq(a0, caller)
// 0: bit 0x20 of bits0, a0
// 1: k0, the cell of keccak(a2, 2)
// 2: k1, the cell of keccak(a2, 4)
// 3: k2, the cell of keccak(a0, 3)
// 4: k3, the cell of keccak(a1, 3)
// 5: k4, the cell of keccak(caller, keccak(a0, 5))
// 6: k5, the cell of keccak(caller, keccak(and(0xffffffffffffffffffffffffffffffffffffffff, l0), 5))
// 7 and on, segment.limbs columns each:
//   a0
//   a1
//   caller

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
    if (bits0 & 0x4u) == 0u {
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let a0 = param(row, 7u, 0u);
        let k0 = column(row, 1u);
        let v0 = base_value(k0);
        let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
        if !eq(a0, e11) {
            return;
        }
        if (bits0 & 0x20u) != 0u {
            let k2 = column(row, 3u);
            add_debits(k2, widen(small(0x1u)));
            let k3 = column(row, 4u);
            add_credits(k3, widen(small(0x1u)));
            return;
        }
        let k3 = column(row, 4u);
        add_credits(k3, widen(small(0x1u)));
        return;
    }
    let a0 = param(row, 7u, 0u);
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if !eq(a0, e11) {
        return;
    }
    if (bits0 & 0x10u) != 0u {
        if (bits0 & 0x20u) != 0u {
            let k2 = column(row, 3u);
            add_debits(k2, widen(small(0x1u)));
            let k3 = column(row, 4u);
            add_credits(k3, widen(small(0x1u)));
            return;
        }
        let k3 = column(row, 4u);
        add_credits(k3, widen(small(0x1u)));
        return;
    }
    let k4 = column(row, 5u);
    let v4 = base_value(k4);
    let e37 = and(small(0xffu), v4);
    if !is_zero(e37) {
        if (bits0 & 0x20u) != 0u {
            let k2 = column(row, 3u);
            add_debits(k2, widen(small(0x1u)));
            let k3 = column(row, 4u);
            add_credits(k3, widen(small(0x1u)));
            return;
        }
        let k3 = column(row, 4u);
        add_credits(k3, widen(small(0x1u)));
        return;
    }
    let caller = param(row, 7u, 2u);
    let k1 = column(row, 2u);
    let v1 = base_value(k1);
    let e38 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v1);
    if !eq(caller, e38) {
        return;
    }
    if (bits0 & 0x20u) != 0u {
        let k2 = column(row, 3u);
        add_debits(k2, widen(small(0x1u)));
        let k3 = column(row, 4u);
        add_credits(k3, widen(small(0x1u)));
        return;
    }
    let k3 = column(row, 4u);
    add_credits(k3, widen(small(0x1u)));
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
    let k4 = column(row, 5u);
    let k5 = column(row, 6u);
    let to_line = contended(k0) || contended(k1) || contended(k2) || contended(k3) || contended(k4) || contended(k5);
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) != 0u {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = select(23u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let a0 = param(row, 7u, 0u);
        let v0 = load_cell(k0);
        let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
        if !eq(a0, e11) {
            outcomes[row] = select(20u, TO_LINE, to_line); // revert
            return;
        }
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = select(18u, TO_LINE, to_line); // return
            if to_line {
                take_debits(k2, widen(small(0x1u)));
                take_credits(k3, widen(small(0x1u)));
            } else {
                let v1 = load_cell(k1);
                let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
                let a1 = param(row, 7u, 1u);
                let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
                let e28 = or(a1, e27);
                store_cell(k1, e18);
                store_cell(k0, e28);
            }
            return;
        }
        outcomes[row] = select(19u, TO_LINE, to_line); // return
        if to_line {
            take_credits(k3, widen(small(0x1u)));
        } else {
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e28 = or(a1, e27);
            store_cell(k0, e28);
        }
        return;
    }
    let a0 = param(row, 7u, 0u);
    let v0 = load_cell(k0);
    let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    if !eq(a0, e11) {
        outcomes[row] = select(10u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x10u) != 0u {
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = select(2u, TO_LINE, to_line); // return
            if to_line {
                take_debits(k2, widen(small(0x1u)));
                take_credits(k3, widen(small(0x1u)));
            } else {
                let v1 = load_cell(k1);
                let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
                let a1 = param(row, 7u, 1u);
                let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
                let e28 = or(a1, e27);
                store_cell(k1, e18);
                store_cell(k0, e28);
            }
            return;
        }
        outcomes[row] = select(3u, TO_LINE, to_line); // return
        if to_line {
            take_credits(k3, widen(small(0x1u)));
        } else {
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e28 = or(a1, e27);
            store_cell(k0, e28);
        }
        return;
    }
    let v4 = load_cell(k4);
    let e37 = and(small(0xffu), v4);
    if !is_zero(e37) {
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = select(4u, TO_LINE, to_line); // return
            if to_line {
                take_debits(k2, widen(small(0x1u)));
                take_credits(k3, widen(small(0x1u)));
            } else {
                let v1 = load_cell(k1);
                let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
                let a1 = param(row, 7u, 1u);
                let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
                let e28 = or(a1, e27);
                store_cell(k1, e18);
                store_cell(k0, e28);
            }
            return;
        }
        outcomes[row] = select(5u, TO_LINE, to_line); // return
        if to_line {
            take_credits(k3, widen(small(0x1u)));
        } else {
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e28 = or(a1, e27);
            store_cell(k0, e28);
        }
        return;
    }
    let caller = param(row, 7u, 2u);
    let v1 = load_cell(k1);
    let e38 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v1);
    if !eq(caller, e38) {
        outcomes[row] = select(8u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x20u) != 0u {
        outcomes[row] = select(6u, TO_LINE, to_line); // return
        if to_line {
            take_debits(k2, widen(small(0x1u)));
            take_credits(k3, widen(small(0x1u)));
        } else {
            let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v1);
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
            let e28 = or(a1, e27);
            store_cell(k1, e18);
            store_cell(k0, e28);
        }
        return;
    }
    outcomes[row] = select(7u, TO_LINE, to_line); // return
    if to_line {
        take_credits(k3, widen(small(0x1u)));
    } else {
        let a1 = param(row, 7u, 1u);
        let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), v0);
        let e28 = or(a1, e27);
        store_cell(k0, e28);
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
    let k4 = column(row, 5u);
    let k5 = column(row, 6u);
    if waits(k0) || waits(k1) || waits(k2) || waits(k3) || waits(k4) || waits(k5) {
        put_off(k0);
        put_off(k1);
        put_off(k2);
        put_off(k3);
        put_off(k4);
        put_off(k5);
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
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = 23u; // revert
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let a0 = param(row, 7u, 0u);
        let l0 = load_cell(k0);
        let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
        if !eq(a0, e11) {
            outcomes[row] = 20u; // revert
            return;
        }
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = 18u; // return
            let l1 = load_cell(k1);
            let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
            let l2 = load_cell(k2);
            let e23 = sub(l2, small(0x1u));
            let l3 = pick(load_cell(k3), e23, k2 == k3);
            let e26 = add(small(0x1u), l3);
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
            let e28 = or(a1, e27);
            commit_cell(k1, e18);
            commit_cell(k2, e23);
            commit_cell(k3, e26);
            commit_cell(k0, e28);
            return;
        }
        outcomes[row] = 19u; // return
        let l4 = load_cell(k3);
        let e31 = add(small(0x1u), l4);
        let a1 = param(row, 7u, 1u);
        let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e28 = or(a1, e27);
        commit_cell(k3, e31);
        commit_cell(k0, e28);
        return;
    }
    let a0 = param(row, 7u, 0u);
    let l0 = load_cell(k0);
    let e11 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    if !eq(a0, e11) {
        outcomes[row] = 10u; // revert
        return;
    }
    if (bits0 & 0x10u) != 0u {
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = 2u; // return
            let l1 = load_cell(k1);
            let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
            let l2 = load_cell(k2);
            let e23 = sub(l2, small(0x1u));
            let l3 = pick(load_cell(k3), e23, k2 == k3);
            let e26 = add(small(0x1u), l3);
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
            let e28 = or(a1, e27);
            commit_cell(k1, e18);
            commit_cell(k2, e23);
            commit_cell(k3, e26);
            commit_cell(k0, e28);
            return;
        }
        outcomes[row] = 3u; // return
        let l4 = load_cell(k3);
        let e31 = add(small(0x1u), l4);
        let a1 = param(row, 7u, 1u);
        let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e28 = or(a1, e27);
        commit_cell(k3, e31);
        commit_cell(k0, e28);
        return;
    }
    let l5 = load_cell(k4);
    let e37 = and(small(0xffu), l5);
    if !is_zero(e37) {
        if (bits0 & 0x20u) != 0u {
            outcomes[row] = 4u; // return
            let l1 = load_cell(k1);
            let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
            let l2 = load_cell(k2);
            let e23 = sub(l2, small(0x1u));
            let l3 = pick(load_cell(k3), e23, k2 == k3);
            let e26 = add(small(0x1u), l3);
            let a1 = param(row, 7u, 1u);
            let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
            let e28 = or(a1, e27);
            commit_cell(k1, e18);
            commit_cell(k2, e23);
            commit_cell(k3, e26);
            commit_cell(k0, e28);
            return;
        }
        outcomes[row] = 5u; // return
        let l4 = load_cell(k3);
        let e31 = add(small(0x1u), l4);
        let a1 = param(row, 7u, 1u);
        let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e28 = or(a1, e27);
        commit_cell(k3, e31);
        commit_cell(k0, e28);
        return;
    }
    let caller = param(row, 7u, 2u);
    let l1 = load_cell(k1);
    let e38 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l1);
    if !eq(caller, e38) {
        outcomes[row] = 8u; // revert
        return;
    }
    if (bits0 & 0x20u) != 0u {
        outcomes[row] = 6u; // return
        let e18 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l1);
        let l2 = load_cell(k2);
        let e23 = sub(l2, small(0x1u));
        let l3 = pick(load_cell(k3), e23, k2 == k3);
        let e26 = add(small(0x1u), l3);
        let a1 = param(row, 7u, 1u);
        let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        let e28 = or(a1, e27);
        commit_cell(k1, e18);
        commit_cell(k2, e23);
        commit_cell(k3, e26);
        commit_cell(k0, e28);
        return;
    }
    outcomes[row] = 7u; // return
    let l4 = load_cell(k3);
    let e31 = add(small(0x1u), l4);
    let a1 = param(row, 7u, 1u);
    let e27 = and(Word(vec4<u32>(0x0u, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
    let e28 = or(a1, e27);
    commit_cell(k3, e31);
    commit_cell(k0, e28);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, is_zero, eq, lt, and, or, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen
