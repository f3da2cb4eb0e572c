// == addLiquidity(uint256,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: k0, the cell of 0
// 1: k1, the cell of keccak(caller, 3)
// 2: k2, the cell of keccak(caller, 4)
// 3: k3, the cell of 1
// 4: k4, the cell of 2
// 5 and on, segment.limbs columns each:
//   caller
//   a0
//   a1

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 0u);
    let v0 = base_value(k0);
    let e3 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 5u, 0u);
    if eq(e3, caller) {
        let a0 = param(row, 5u, 1u);
        let k1 = column(row, 1u);
        add_debits(k1, widen(a0));
        let a1 = param(row, 5u, 2u);
        let k2 = column(row, 2u);
        add_debits(k2, widen(a1));
        let k3 = column(row, 3u);
        add_credits(k3, widen(a0));
        let k4 = column(row, 4u);
        add_credits(k4, widen(a1));
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
    let v0 = base_value(k0);
    let e3 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 5u, 0u);
    if eq(e3, caller) {
        outcomes[row] = select(4u, TO_LINE, to_line); // return
        if to_line {
            let a0 = param(row, 5u, 1u);
            take_debits(k1, widen(a0));
            let a1 = param(row, 5u, 2u);
            take_debits(k2, widen(a1));
            take_credits(k3, widen(a0));
            take_credits(k4, widen(a1));
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
    let e3 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), l0);
    let caller = param(row, 5u, 0u);
    if !eq(e3, caller) {
        outcomes[row] = 5u; // revert
        return;
    }
    let l1 = load_cell(k1);
    let a0 = param(row, 5u, 1u);
    if lt(l1, a0) {
        outcomes[row] = 0u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let a1 = param(row, 5u, 2u);
    if lt(l2, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l3 = load_cell(k3);
    let e33 = add(a0, l3);
    if lt(e33, a0) {
        outcomes[row] = 2u; // revert
        return;
    }
    let l4 = load_cell(k4);
    let e39 = add(a1, l4);
    if lt(e39, a1) {
        outcomes[row] = 3u; // revert
        return;
    }
    outcomes[row] = 4u; // return
    let e41 = sub(l1, a0);
    let e42 = sub(l2, a1);
    commit_cell(k1, e41);
    commit_cell(k2, e42);
    commit_cell(k3, e33);
    commit_cell(k4, e39);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, eq, lt, and, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == fund(address,uint256,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, shr(0xa0, a0)
// 1: k0, the cell of 0
// 2: k1, the cell of keccak(a0, 3)
// 3: k2, the cell of keccak(a0, 4)
// 4 and on, segment.limbs columns each:
//   caller
//   a1
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
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 4u, 0u);
    if eq(e6, caller) {
        let a1 = param(row, 4u, 1u);
        let k1 = column(row, 2u);
        add_credits(k1, widen(a1));
        let a2 = param(row, 4u, 2u);
        let k2 = column(row, 3u);
        add_credits(k2, widen(a2));
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
    let v0 = base_value(k0);
    let e6 = and(Word(vec4<u32>(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu), vec4<u32>(0xffffffffu, 0x0u, 0x0u, 0x0u)), v0);
    let caller = param(row, 4u, 0u);
    if eq(e6, caller) {
        outcomes[row] = select(3u, TO_LINE, to_line); // return
        if to_line {
            let a1 = param(row, 4u, 1u);
            take_credits(k1, widen(a1));
            let a2 = param(row, 4u, 2u);
            take_credits(k2, widen(a2));
        }
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
    let a1 = param(row, 4u, 1u);
    let l1 = load_cell(k1);
    let e13 = add(a1, l1);
    if lt(e13, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    let a2 = param(row, 4u, 2u);
    let l2 = load_cell(k2);
    let e21 = add(a2, l2);
    if lt(e21, a2) {
        outcomes[row] = 2u; // revert
        return;
    }
    outcomes[row] = 3u; // return
    commit_cell(k1, e13);
    commit_cell(k2, e21);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, eq, lt, and, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen

// == swap0For1(uint256,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, eq(a0, div(mul(0x3e5, a0), 0x3e5))
// 0: bit 0x2 of bits0, mul(0x3e5, a0)
// 1: k0, the cell of 1
// 2: k1, the cell of 2
// 3: k2, the cell of keccak(caller, 3)
// 4: k3, the cell of keccak(caller, 4)
// 5 and on, segment.limbs columns each:
//   p0, mul(0x3e5, a0)
//   a1
//   a0

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    if is_zero(v0) {
        return;
    }
    let k1 = column(row, 2u);
    let v1 = base_value(k1);
    if is_zero(v1) {
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        return;
    }
    let e10 = mul(small(0x3e8u), v0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(v0, e11) {
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            return;
        }
        let e17 = mul(v1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            return;
        }
        if lt(v1, e20) {
            let a0 = param(row, 5u, 2u);
            add_credits(k0, widen(a0));
            let k2 = column(row, 3u);
            add_debits(k2, widen(a0));
            return;
        }
        let a0 = param(row, 5u, 2u);
        add_credits(k0, widen(a0));
        let k2 = column(row, 3u);
        add_debits(k2, widen(a0));
        let k3 = column(row, 4u);
        add_credits(k3, widen(e20));
        return;
    }
    let e17 = mul(v1, p0);
    let e18 = div(e17, p0);
    if !eq(v1, e18) {
        return;
    }
    if is_zero(e13) {
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        return;
    }
    if lt(v1, e20) {
        let a0 = param(row, 5u, 2u);
        add_credits(k0, widen(a0));
        let k2 = column(row, 3u);
        add_debits(k2, widen(a0));
        return;
    }
    let a0 = param(row, 5u, 2u);
    add_credits(k0, widen(a0));
    let k2 = column(row, 3u);
    add_debits(k2, widen(a0));
    let k3 = column(row, 4u);
    add_credits(k3, widen(e20));
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
    let v0 = base_value(k0);
    if is_zero(v0) {
        outcomes[row] = select(19u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = base_value(k1);
    if is_zero(v1) {
        outcomes[row] = select(18u, TO_LINE, to_line); // revert
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = select(17u, TO_LINE, to_line); // revert
        return;
    }
    let e10 = mul(small(0x3e8u), v0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(v0, e11) {
        outcomes[row] = select(16u, TO_LINE, to_line); // revert
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            outcomes[row] = select(15u, TO_LINE, to_line); // revert
            return;
        }
        let e17 = mul(v1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            outcomes[row] = select(9u, TO_LINE, to_line); // revert
            return;
        }
        if lt(v1, e20) {
            outcomes[row] = select(12u, TO_LINE, to_line); // revert
            let a0 = param(row, 5u, 2u);
            take_credits(k0, widen(a0));
            take_debits(k2, widen(a0));
            return;
        }
        outcomes[row] = select(14u, TO_LINE, to_line); // return
        if to_line {
            let a0 = param(row, 5u, 2u);
            take_credits(k0, widen(a0));
            take_debits(k2, widen(a0));
            take_credits(k3, widen(e20));
        }
        return;
    }
    let e17 = mul(v1, p0);
    let e18 = div(e17, p0);
    if !eq(v1, e18) {
        outcomes[row] = select(8u, TO_LINE, to_line); // revert
        return;
    }
    if is_zero(e13) {
        outcomes[row] = select(7u, TO_LINE, to_line); // revert
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    if lt(v1, e20) {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        let a0 = param(row, 5u, 2u);
        take_credits(k0, widen(a0));
        take_debits(k2, widen(a0));
        return;
    }
    outcomes[row] = select(6u, TO_LINE, to_line); // return
    if to_line {
        let a0 = param(row, 5u, 2u);
        take_credits(k0, widen(a0));
        take_debits(k2, widen(a0));
        take_credits(k3, widen(e20));
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
    let l0 = load_cell(k0);
    if is_zero(l0) {
        outcomes[row] = 19u; // revert
        return;
    }
    let l1 = load_cell(k1);
    if is_zero(l1) {
        outcomes[row] = 18u; // revert
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = 17u; // revert
        return;
    }
    let e10 = mul(small(0x3e8u), l0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(l0, e11) {
        outcomes[row] = 16u; // revert
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        outcomes[row] = 0u; // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            outcomes[row] = 15u; // revert
            return;
        }
        let e17 = mul(l1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            outcomes[row] = 9u; // revert
            return;
        }
        let l2 = load_cell(k2);
        let a0 = param(row, 5u, 2u);
        if lt(l2, a0) {
            outcomes[row] = 10u; // revert
            return;
        }
        let e44 = add(a0, l0);
        if lt(e44, a0) {
            outcomes[row] = 11u; // revert
            return;
        }
        if lt(l1, e20) {
            outcomes[row] = 12u; // revert
            return;
        }
        let l3 = load_cell(k3);
        let e50 = add(e20, l3);
        if lt(e50, e20) {
            outcomes[row] = 13u; // revert
            return;
        }
        outcomes[row] = 14u; // return
        let e52 = sub(l2, a0);
        let e53 = sub(l1, e20);
        commit_cell(k2, e52);
        commit_cell(k0, e44);
        commit_cell(k1, e53);
        commit_cell(k3, e50);
        return;
    }
    let e17 = mul(l1, p0);
    let e18 = div(e17, p0);
    if !eq(l1, e18) {
        outcomes[row] = 8u; // revert
        return;
    }
    if is_zero(e13) {
        outcomes[row] = 7u; // revert
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let a0 = param(row, 5u, 2u);
    if lt(l2, a0) {
        outcomes[row] = 2u; // revert
        return;
    }
    let e44 = add(a0, l0);
    if lt(e44, a0) {
        outcomes[row] = 3u; // revert
        return;
    }
    if lt(l1, e20) {
        outcomes[row] = 4u; // revert
        return;
    }
    let l3 = load_cell(k3);
    let e50 = add(e20, l3);
    if lt(e50, e20) {
        outcomes[row] = 5u; // revert
        return;
    }
    outcomes[row] = 6u; // return
    let e52 = sub(l2, a0);
    let e53 = sub(l1, e20);
    commit_cell(k2, e52);
    commit_cell(k0, e44);
    commit_cell(k1, e53);
    commit_cell(k3, e50);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, is_zero, eq, lt, shift_left, limb_up, leading_zeros, leading_zeros_of, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen, high_limbs, scale, mul, Division, divide_on, divide, div

// == swap1For0(uint256,uint256)

// The columns of a row; cells that the call does not touch are 0xffffffff.
// 0: bit 0x1 of bits0, eq(a0, div(mul(0x3e5, a0), 0x3e5))
// 0: bit 0x2 of bits0, mul(0x3e5, a0)
// 1: k0, the cell of 2
// 2: k1, the cell of 1
// 3: k2, the cell of keccak(caller, 4)
// 4: k3, the cell of keccak(caller, 3)
// 5 and on, segment.limbs columns each:
//   p0, mul(0x3e5, a0)
//   a1
//   a0

@compute @workgroup_size(WORKGROUP)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = invocation(id, groups);
    if row >= segment.rows {
        return;
    }
    let k0 = column(row, 1u);
    let v0 = base_value(k0);
    if is_zero(v0) {
        return;
    }
    let k1 = column(row, 2u);
    let v1 = base_value(k1);
    if is_zero(v1) {
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        return;
    }
    let e10 = mul(small(0x3e8u), v0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(v0, e11) {
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            return;
        }
        let e17 = mul(v1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            return;
        }
        if lt(v1, e20) {
            let a0 = param(row, 5u, 2u);
            add_credits(k0, widen(a0));
            let k2 = column(row, 3u);
            add_debits(k2, widen(a0));
            return;
        }
        let a0 = param(row, 5u, 2u);
        add_credits(k0, widen(a0));
        let k2 = column(row, 3u);
        add_debits(k2, widen(a0));
        let k3 = column(row, 4u);
        add_credits(k3, widen(e20));
        return;
    }
    let e17 = mul(v1, p0);
    let e18 = div(e17, p0);
    if !eq(v1, e18) {
        return;
    }
    if is_zero(e13) {
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        return;
    }
    if lt(v1, e20) {
        let a0 = param(row, 5u, 2u);
        add_credits(k0, widen(a0));
        let k2 = column(row, 3u);
        add_debits(k2, widen(a0));
        return;
    }
    let a0 = param(row, 5u, 2u);
    add_credits(k0, widen(a0));
    let k2 = column(row, 3u);
    add_debits(k2, widen(a0));
    let k3 = column(row, 4u);
    add_credits(k3, widen(e20));
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
    let v0 = base_value(k0);
    if is_zero(v0) {
        outcomes[row] = select(19u, TO_LINE, to_line); // revert
        return;
    }
    let v1 = base_value(k1);
    if is_zero(v1) {
        outcomes[row] = select(18u, TO_LINE, to_line); // revert
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = select(17u, TO_LINE, to_line); // revert
        return;
    }
    let e10 = mul(small(0x3e8u), v0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(v0, e11) {
        outcomes[row] = select(16u, TO_LINE, to_line); // revert
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        outcomes[row] = select(0u, TO_LINE, to_line); // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            outcomes[row] = select(15u, TO_LINE, to_line); // revert
            return;
        }
        let e17 = mul(v1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            outcomes[row] = select(9u, TO_LINE, to_line); // revert
            return;
        }
        if lt(v1, e20) {
            outcomes[row] = select(12u, TO_LINE, to_line); // revert
            let a0 = param(row, 5u, 2u);
            take_credits(k0, widen(a0));
            take_debits(k2, widen(a0));
            return;
        }
        outcomes[row] = select(14u, TO_LINE, to_line); // return
        if to_line {
            let a0 = param(row, 5u, 2u);
            take_credits(k0, widen(a0));
            take_debits(k2, widen(a0));
            take_credits(k3, widen(e20));
        }
        return;
    }
    let e17 = mul(v1, p0);
    let e18 = div(e17, p0);
    if !eq(v1, e18) {
        outcomes[row] = select(8u, TO_LINE, to_line); // revert
        return;
    }
    if is_zero(e13) {
        outcomes[row] = select(7u, TO_LINE, to_line); // revert
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        outcomes[row] = select(1u, TO_LINE, to_line); // revert
        return;
    }
    if lt(v1, e20) {
        outcomes[row] = select(4u, TO_LINE, to_line); // revert
        let a0 = param(row, 5u, 2u);
        take_credits(k0, widen(a0));
        take_debits(k2, widen(a0));
        return;
    }
    outcomes[row] = select(6u, TO_LINE, to_line); // return
    if to_line {
        let a0 = param(row, 5u, 2u);
        take_credits(k0, widen(a0));
        take_debits(k2, widen(a0));
        take_credits(k3, widen(e20));
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
    let l0 = load_cell(k0);
    if is_zero(l0) {
        outcomes[row] = 19u; // revert
        return;
    }
    let l1 = load_cell(k1);
    if is_zero(l1) {
        outcomes[row] = 18u; // revert
        return;
    }
    let bits0 = column(row, 0u);
    if (bits0 & 0x1u) == 0u {
        outcomes[row] = 17u; // revert
        return;
    }
    let e10 = mul(small(0x3e8u), l0);
    let e11 = div(e10, small(0x3e8u));
    if !eq(l0, e11) {
        outcomes[row] = 16u; // revert
        return;
    }
    let p0 = param(row, 5u, 0u);
    let e13 = add(p0, e10);
    if lt(e13, p0) {
        outcomes[row] = 0u; // revert
        return;
    }
    if (bits0 & 0x2u) == 0u {
        if is_zero(e13) {
            outcomes[row] = 15u; // revert
            return;
        }
        let e17 = mul(l1, p0);
        let e20 = div(e17, e13);
        let a1 = param(row, 5u, 1u);
        if lt(e20, a1) {
            outcomes[row] = 9u; // revert
            return;
        }
        let l2 = load_cell(k2);
        let a0 = param(row, 5u, 2u);
        if lt(l2, a0) {
            outcomes[row] = 10u; // revert
            return;
        }
        let e44 = add(a0, l0);
        if lt(e44, a0) {
            outcomes[row] = 11u; // revert
            return;
        }
        if lt(l1, e20) {
            outcomes[row] = 12u; // revert
            return;
        }
        let l3 = load_cell(k3);
        let e50 = add(e20, l3);
        if lt(e50, e20) {
            outcomes[row] = 13u; // revert
            return;
        }
        outcomes[row] = 14u; // return
        let e52 = sub(l2, a0);
        let e53 = sub(l1, e20);
        commit_cell(k2, e52);
        commit_cell(k0, e44);
        commit_cell(k1, e53);
        commit_cell(k3, e50);
        return;
    }
    let e17 = mul(l1, p0);
    let e18 = div(e17, p0);
    if !eq(l1, e18) {
        outcomes[row] = 8u; // revert
        return;
    }
    if is_zero(e13) {
        outcomes[row] = 7u; // revert
        return;
    }
    let e20 = div(e17, e13);
    let a1 = param(row, 5u, 1u);
    if lt(e20, a1) {
        outcomes[row] = 1u; // revert
        return;
    }
    let l2 = load_cell(k2);
    let a0 = param(row, 5u, 2u);
    if lt(l2, a0) {
        outcomes[row] = 2u; // revert
        return;
    }
    let e44 = add(a0, l0);
    if lt(e44, a0) {
        outcomes[row] = 3u; // revert
        return;
    }
    if lt(l1, e20) {
        outcomes[row] = 4u; // revert
        return;
    }
    let l3 = load_cell(k3);
    let e50 = add(e20, l3);
    if lt(e50, e20) {
        outcomes[row] = 5u; // revert
        return;
    }
    outcomes[row] = 6u; // return
    let e52 = sub(l2, a0);
    let e53 = sub(l1, e20);
    commit_cell(k2, e52);
    commit_cell(k0, e44);
    commit_cell(k1, e53);
    commit_cell(k3, e50);
}

// constants: WORKGROUP, LIMBS, TOTAL_LIMBS, NARROW_LIMBS, MIDDLE_LIMBS, NO_CELL, TO_LINE, ORDERED, SHORT, PUT_OFF, BINDING_SEGMENT, BINDING_STREAM, BINDING_BASE, BINDING_DEBITS, BINDING_CREDITS, BINDING_VERDICTS, BINDING_OUTCOMES
// cells.wgsl: Segment, segment, stream, base, verdicts, outcomes, invocation, column, param, base_value, contended, values, load_cell, store_cell
// totals.wgsl: debits, add_debits, carry_debits, take_debits, borrow_debits
// wave.wgsl: marks, waits, put_off, commit_cell
// totals.wgsl: credits, add_credits, carry_credits, take_credits, borrow_credits
// word.wgsl: Word, Total, zero, small, pick, is_zero, eq, lt, shift_left, limb_up, leading_zeros, leading_zeros_of, Chain, chain_sum, chain_difference, sum, difference, add, sub, widen, high_limbs, scale, mul, Division, divide_on, divide, div
