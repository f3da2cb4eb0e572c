struct Segment { rows: u32, cells: u32, pad_a: u32, pad_b: u32 }
@group(0) @binding(0) var<uniform> segment: Segment;
@group(0) @binding(2) var<storage, read> base: array<u32>;
@group(0) @binding(3) var<storage, read> debits: array<u32>;
@group(0) @binding(4) var<storage, read> credits: array<u32>;
@group(0) @binding(5) var<storage, read_write> verdicts: array<u32>;
@group(0) @binding(7) var<storage, read> flags: array<u32>;

@compute @workgroup_size(64)
fn judge(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let cell = id.y * (groups.x * 64u) + id.x;
    if cell >= segment.cells { return; }
    let flag = flags[cell];
    var value = Total();
    var debit = Total();
    var credit = Total();
    var any = 0u;
    var all = 0xffffffffu;
    for (var i = 0u; i < 9u; i++) {
        if i < 8u { value[i] = base[cell * 8u + i]; all &= value[i]; }
        if i < TOTAL_LIMBS { debit[i] = debits[cell * TOTAL_LIMBS + i]; credit[i] = credits[cell * TOTAL_LIMBS + i]; }
        any |= credit[i];
    }
    let netted = (flag & 60u) != 0u;
    let ordered = (flag & 2u) != 0u || ((flag & 1u) != 0u && netted) || ((flag & 32u) != 0u && (flag & 8u) != 0u);
    let short = less(value, debit) || (any != 0u && plus(value, credit)[8] != 0u);
    let sentinel = (flag & 96u) == 96u && all == 0xffffffffu;
    verdicts[cell] = select(select(0u, 2u, ((flag & 48u) != 0u && short) || sentinel), 1u, ordered);
}
