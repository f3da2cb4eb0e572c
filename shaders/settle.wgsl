// settle, a cell an invocation: value = base - debits + credits, in place, where nobody contends. The last pass: what the totals hold is
// exactly what the calls apply, and nothing for a cell that no call changes.

@compute @workgroup_size(WORKGROUP)
fn settle(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cell = invocation(id, groups);
    if cell >= segment.cells || contended(cell) {
        return;
    }
    store_cell(cell, add(sub(load_cell(cell), debits_of(cell).word), credits_of(cell).word));
}
