// == approve(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, caller
// 0: bit 0x4 of bits0, a0
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x4u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // return
        if !to_line {
            let a1 = param(row, 2u, 0u);
            store_cell(k0, a1);
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
        outcomes[row] = 3u; // revert
        return;
    }
    if (bits0 & 0x4u) != 0u {
        outcomes[row] = 1u; // return
        let a1 = param(row, 2u, 0u);
        commit_cell(k0, a1);
        return;
    }
    outcomes[row] = 2u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, verdicts, outcomes, invocation, column, param, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, lt, Chain, chain_difference, difference, sub, widen

// == burn(uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, caller
// 1: k0, the cell of 5
// 2: k1, the cell of keccak(caller, 0)
// 3: k2, the cell of 2
// 4 and on, segment.limbs columns each:
//   a0

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e4 = and(small(0xffu), v0);
    if !is_zero(e4) {
        return;
    }
    let a0 = param(row, 4u, 0u);
    let k1 = column(row, 2u);
    add_debits(k1, widen(a0));
    let k2 = column(row, 3u);
    add_debits(k2, widen(a0));
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
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = base_value(k0);
    let e4 = and(small(0xffu), v0);
    if !is_zero(e4) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(2u, TO_LINE, to_line); // return
    if to_line {
        let a0 = param(row, 4u, 0u);
        take_debits(k1, widen(a0));
        take_debits(k2, widen(a0));
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
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = 3u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let e4 = and(small(0xffu), l0);
    if !is_zero(e4) {
        outcomes[row] = 0u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let a0 = param(row, 4u, 0u);
    if lt(l1, a0) {
        outcomes[row] = 1u; // revert
        return;
    }
    outcomes[row] = 2u; // return
    let e23 = sub(l1, a0);
    let l2 = load_cell(k2);
    let e26 = sub(l2, a0);
    commit_cell(k1, e23);
    commit_cell(k2, e26);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, is_zero, lt, and, Chain, chain_difference, difference, sub, widen

// == mint(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, a0
// 1: k0, the cell of 5
// 2: k1, the cell of 2
// 3: k2, the cell of keccak(a0, 0)
// 4 and on, segment.limbs columns each:
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
    let e7 = shr(small(0x8u), v0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e7);
    let caller = param(row, 4u, 0u);
    if !eq(e8, caller) {
        return;
    }
    if (bits0 & 0x2u) == 0u {
        return;
    }
    let e12 = and(small(0xffu), v0);
    if !is_zero(e12) {
        return;
    }
    let a1 = param(row, 4u, 1u);
    let k1 = column(row, 2u);
    add_credits(k1, widen(a1));
    let k2 = column(row, 3u);
    add_credits(k2, widen(a1));
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
    let v0 = base_value(k0);
    let e7 = shr(small(0x8u), v0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e7);
    let caller = param(row, 4u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = select(5u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let e12 = and(small(0xffu), v0);
    if !is_zero(e12) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // return
    if to_line {
        let a1 = param(row, 4u, 1u);
        take_credits(k1, widen(a1));
        take_credits(k2, widen(a1));
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
    let e7 = shr(small(0x8u), l0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e7);
    let caller = param(row, 4u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = 5u; // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 4u; // revert
        return;
    }
    let e12 = and(small(0xffu), l0);
    if !is_zero(e12) {
        outcomes[row] = 1u; // revert
        return;
    }
    let a1 = param(row, 4u, 1u);
    let l1 = load_cell(k1);
    let e17 = add(a1, l1);
    if lt(e17, a1) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    let l2 = load_cell(k2);
    let e24 = add(a1, l2);
    commit_cell(k1, e17);
    commit_cell(k2, e24);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, eq, lt, and, shr, shift_right, limb_down, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == pause()

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 5
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
    let e4 = shr(small(0x8u), v0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if !eq(e5, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    let e9 = and(small(0xffu), v0);
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
    let e4 = shr(small(0x8u), l0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if !eq(e5, caller) {
        outcomes[row] = 2u; // revert
        return;
    }
    let e9 = and(small(0xffu), l0);
    if !is_zero(e9) {
        outcomes[row] = 0u; // revert
        return;
    }
    outcomes[row] = 1u; // return
    let e12 = or(small(0x1u), l0);
    commit_cell(k0, e12);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, eq, lt, and, or, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == renounceOwnership()

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 5
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
    let e4 = shr(small(0x8u), v0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if eq(e5, caller) {
        outcomes[row] = select(0u, TO_LINE, to_line); // return
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // revert
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
    let e4 = shr(small(0x8u), l0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if eq(e5, caller) {
        outcomes[row] = 0u; // return
        let e9 = and(Word(vec4<u32>(0xffu, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
        commit_cell(k0, e9);
        return;
    }
    outcomes[row] = 1u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, eq, lt, and, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == transfer(address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, caller
// 0: bit 0x4 of bits0, a0
// 1: k0, the cell of 5
// 2: k1, the cell of keccak(caller, 0)
// 3: k2, the cell of keccak(a0, 0)
// 4 and on, segment.limbs columns each:
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
    if (bits0 & 0x4u) == 0u {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e7 = and(small(0xffu), v0);
    if !is_zero(e7) {
        return;
    }
    let a1 = param(row, 4u, 0u);
    let k1 = column(row, 2u);
    add_debits(k1, widen(a1));
    let k2 = column(row, 3u);
    add_credits(k2, widen(a1));
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = select(5u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = base_value(k0);
    let e7 = and(small(0xffu), v0);
    if !is_zero(e7) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    outcomes[row] = select(3u, TO_LINE, to_line); // return
    if to_line {
        let a1 = param(row, 4u, 0u);
        take_debits(k1, widen(a1));
        take_credits(k2, widen(a1));
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
    if (bits0 & 0x2u) == 0u {
        outcomes[row] = 5u; // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = 4u; // revert
        return;
    }
    let l0 = load_cell(k0);
    let e7 = and(small(0xffu), l0);
    if !is_zero(e7) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let a1 = param(row, 4u, 0u);
    if lt(l1, a1) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    let e26 = sub(l1, a1);
    let l2 = pick(load_cell(k2), e26, k1 == k2);
    let e29 = add(a1, l2);
    commit_cell(k1, e26);
    commit_cell(k2, e29);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, is_zero, lt, and, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == transferFrom(address,address,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, shr(0xa0, a1)
// 0: bit 0x4 of bits0, a0
// 0: bit 0x8 of bits0, a1
// 0: bit 0x10 of bits0, caller
// 1: k0, the cell of keccak(caller, keccak(a0, 1))
// 2: k1, the cell of 5
// 3: k2, the cell of keccak(a0, 0)
// 4: k3, the cell of keccak(a1, 0)
// 5 and on, segment.limbs columns each:
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
    if (bits0 & 0x4u) == 0u {
        let a2 = param(row, 5u, 0u);
        let k0 = column(row, 1u);
        add_debits(k0, widen(a2));
        return;
    }
    if (bits0 & 0x8u) == 0u {
        let a2 = param(row, 5u, 0u);
        let k0 = column(row, 1u);
        add_debits(k0, widen(a2));
        return;
    }
    let k1 = column(row, 2u);
    let v1 = base_value(k1);
    let e15 = and(small(0xffu), v1);
    if !is_zero(e15) {
        let a2 = param(row, 5u, 0u);
        let k0 = column(row, 1u);
        add_debits(k0, widen(a2));
        return;
    }
    let a2 = param(row, 5u, 0u);
    let k0 = column(row, 1u);
    add_debits(k0, widen(a2));
    let k2 = column(row, 3u);
    add_debits(k2, widen(a2));
    let k3 = column(row, 4u);
    add_credits(k3, widen(a2));
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
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    let v0 = base_value(k0);
    if eq(v0, max_word()) {
        if (bits0 & 0x4u) == 0u {
            outcomes[row] = select(6u, TO_LINE, to_line); // revert
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            return;
        }
        if (bits0 & 0x8u) == 0u {
            outcomes[row] = select(5u, TO_LINE, to_line); // revert
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            return;
        }
        let v1 = base_value(k1);
        let e15 = and(small(0xffu), v1);
        if !is_zero(e15) {
            outcomes[row] = select(2u, TO_LINE, to_line); // revert
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            return;
        }
        outcomes[row] = select(4u, TO_LINE, to_line); // return
        let a2 = param(row, 5u, 0u);
        take_debits(k0, widen(a2));
        if to_line {
            take_debits(k2, widen(a2));
            take_credits(k3, widen(a2));
        }
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = select(13u, TO_LINE, to_line); // revert
        let a2 = param(row, 5u, 0u);
        take_debits(k0, widen(a2));
        return;
    }
    if (bits0 & 0x10u) != 0u {
        if (bits0 & 0x8u) == 0u {
            outcomes[row] = select(11u, TO_LINE, to_line); // revert
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            return;
        }
        let v1 = base_value(k1);
        let e15 = and(small(0xffu), v1);
        if !is_zero(e15) {
            outcomes[row] = select(8u, TO_LINE, to_line); // revert
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            return;
        }
        outcomes[row] = select(10u, TO_LINE, to_line); // return
        if to_line {
            let a2 = param(row, 5u, 0u);
            take_debits(k0, widen(a2));
            take_debits(k2, widen(a2));
            take_credits(k3, widen(a2));
        }
        return;
    }
    if (bits0 & 0x8u) == 0u {
        outcomes[row] = select(12u, TO_LINE, to_line); // revert
        let a2 = param(row, 5u, 0u);
        take_debits(k0, widen(a2));
        return;
    }
    let v1 = base_value(k1);
    let e15 = and(small(0xffu), v1);
    if !is_zero(e15) {
        outcomes[row] = select(12u, TO_LINE, to_line); // revert
        let a2 = param(row, 5u, 0u);
        take_debits(k0, widen(a2));
        return;
    }
    outcomes[row] = select(12u, TO_LINE, to_line); // revert
    let a2 = param(row, 5u, 0u);
    take_debits(k0, widen(a2));
    take_debits(k2, widen(a2));
    take_credits(k3, widen(a2));
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
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = 1u; // revert
        return;
    }
    let l0 = load_cell(k0);
    if eq(max_word(), l0) {
        if (bits0 & 0x4u) == 0u {
            outcomes[row] = 6u; // revert
            return;
        }
        if (bits0 & 0x8u) == 0u {
            outcomes[row] = 5u; // revert
            return;
        }
        let l1 = load_cell(k1);
        let e15 = and(small(0xffu), l1);
        if !is_zero(e15) {
            outcomes[row] = 2u; // revert
            return;
        }
        let l2 = load_cell(k2);
        let a2 = param(row, 5u, 0u);
        if lt(l2, a2) {
            outcomes[row] = 3u; // revert
            return;
        }
        outcomes[row] = 4u; // return
        let e34 = sub(l2, a2);
        let l3 = pick(load_cell(k3), e34, k2 == k3);
        let e37 = add(a2, l3);
        commit_cell(k2, e34);
        commit_cell(k3, e37);
        return;
    }
    let a2 = param(row, 5u, 0u);
    if lt(l0, a2) {
        outcomes[row] = 7u; // revert
        return;
    }
    if (bits0 & 0x4u) == 0u {
        outcomes[row] = 13u; // revert
        return;
    }
    if (bits0 & 0x10u) == 0u {
        outcomes[row] = 12u; // revert
        return;
    }
    if (bits0 & 0x8u) == 0u {
        outcomes[row] = 11u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let e15 = and(small(0xffu), l1);
    if !is_zero(e15) {
        outcomes[row] = 8u; // revert
        return;
    }
    let l2 = load_cell(k2);
    if lt(l2, a2) {
        outcomes[row] = 9u; // revert
        return;
    }
    outcomes[row] = 10u; // return
    let e50 = sub(l0, a2);
    let e34 = sub(l2, a2);
    let l3 = pick(load_cell(k3), e34, k2 == k3);
    let e37 = add(a2, l3);
    commit_cell(k0, e50);
    commit_cell(k2, e34);
    commit_cell(k3, e37);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, max_word, small, pick, is_zero, eq, lt, and, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == transferOwnership(address)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 0: bit 0x2 of bits0, a0
// 1: k0, the cell of 5
// 2 and on, segment.limbs columns each:
//   caller
//   p1, shl(8, a0), for wave

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
    let v0 = base_value(k0);
    let e7 = shr(small(0x8u), v0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e7);
    let caller = param(row, 2u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = select(3u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = select(1u, TO_LINE, to_line); // return
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
    let l0 = load_cell(k0);
    let e7 = shr(small(0x8u), l0);
    let e8 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e7);
    let caller = param(row, 2u, 0u);
    if !eq(e8, caller) {
        outcomes[row] = 3u; // revert
        return;
    }
    if (bits0 & 0x2u) != 0u {
        outcomes[row] = 1u; // return
        let p1 = param(row, 2u, 1u);
        let e13 = and(Word(vec4<u32>(0xffu, 0x0u, 0x0u, 0x0u), vec4<u32>(0x0u, 0xffffff00u, 0xffffffffu, 0xffffffffu)), l0);
        let e14 = or(p1, e13);
        commit_cell(k0, e14);
        return;
    }
    outcomes[row] = 2u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, eq, lt, and, or, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen

// == unpause()

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 5
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
    let e4 = shr(small(0x8u), v0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if !eq(e5, caller) {
        outcomes[row] = select(2u, TO_LINE, to_line); // revert
        return;
    }
    let e9 = and(small(0xffu), v0);
    if !is_zero(e9) {
        outcomes[row] = select(0u, TO_LINE, to_line); // return
        return;
    }
    outcomes[row] = select(1u, TO_LINE, to_line); // revert
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
    let e4 = shr(small(0x8u), l0);
    let e5 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), e4);
    let caller = param(row, 1u, 0u);
    if !eq(e5, caller) {
        outcomes[row] = 2u; // revert
        return;
    }
    let e9 = and(small(0xffu), l0);
    if !is_zero(e9) {
        outcomes[row] = 0u; // return
        let e11 = and(Word(vec4<u32>(0xffffff00u, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu)), l0);
        commit_cell(k0, e11);
        return;
    }
    outcomes[row] = 1u; // revert
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits
// word.wgsl: Word, Total, zero, small, below, is_zero, eq, lt, and, shr, shift_right, limb_down, Chain, chain_difference, difference, sub, widen
