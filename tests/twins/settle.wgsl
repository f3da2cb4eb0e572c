struct Segment { rows: u32, cells: u32, pad_a: u32, pad_b: u32 }
@group(0) @binding(0) var<uniform> segment: Segment;
@group(0) @binding(2) var<storage, read_write> base: array<u32>;
@group(0) @binding(3) var<storage, read> debits: array<u32>;
@group(0) @binding(4) var<storage, read> credits: array<u32>;
@group(0) @binding(5) var<storage, read> verdicts: array<u32>;

@compute @workgroup_size(64)
fn settle(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cell = id.y * (groups.x * 64u) + id.x;
    if cell >= segment.cells || verdicts[cell] != 0u { return; }
    var value = Total();
    var debit = Total();
    var credit = Total();
    for (var i = 0u; i < 8u; i++) {
        value[i] = base[cell * 8u + i];
        if i < TOTAL_LIMBS { debit[i] = debits[cell * TOTAL_LIMBS + i]; credit[i] = credits[cell * TOTAL_LIMBS + i]; }
    }
    value = plus(minus(value, debit), credit);
    for (var i = 0u; i < 8u; i++) { base[cell * 8u + i] = value[i]; }
}
