// judge, a cell an invocation: is the cell contended, that is ordered by how it is used, or short for somebody? The second pass.
// Every total is whole: the pass before has ended.

@group(0) @binding(BINDING_FLAGS) var<storage, read> flags: array<u32>;

@group(0) @binding(BINDING_VERDICTS) var<storage, read_write> verdicts: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn judge(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cell = invocation(id, groups);
    if cell >= segment.cells {
        return;
    }
    let uses = flags[cell];
    verdicts[cell] = select(select(0u, SHORT, short(cell, uses)), ORDERED, ordered(uses));
}

// Whether calls that use a cell so need an order among them.
fn ordered(uses: u32) -> bool {
    return (uses & WRITE) != 0u
        || ((uses & READ) != 0u && (uses & NETTED) != 0u)
        || ((uses & SENTINEL) != 0u && (uses & CREDIT) != 0u);
}

// Whether some guard on the cell could fail, or a debit leave the sentinel.
fn short(cell: u32, uses: u32) -> bool {
    if (uses & (GUARD | SENTINEL)) == 0u {
        return false;
    }
    let before = base_value(cell);
    let leaves = SENTINEL | PLAIN_DEBIT;
    if (uses & leaves) == leaves && eq(before, max_word()) {
        return true;
    }
    let down = debits_of(cell);
    let up = credits_of(cell);
    return (down.top | up.top) != 0u || lt(before, down.word) || sum(before, up.word).top != 0u;
}
