// `Kernel::transfer` as a compiler of kernels would write it, for measuring: what is known to be equal is not compared.

struct Segment { rows: u32, cells: u32, pad_a: u32, pad_b: u32 }
@group(0) @binding(0) var<uniform> segment: Segment;
@group(0) @binding(1) var<storage, read> stream: array<u32>;
@group(0) @binding(2) var<storage, read> base: array<u32>;
@group(0) @binding(3) var<storage, read_write> debits: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> credits: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read> verdicts: array<u32>;
@group(0) @binding(6) var<storage, read_write> outcomes: array<u32>;

fn pay(row: u32, from_cell: u32, to_cell: u32) {
    var debit_carry = 0u;
    var credit_carry = 0u;
    for (var i = 0u; i < 9u; i++) {
        var amount = 0u;
        if i < 8u { amount = stream[(2u + i) * segment.rows + row]; }
        let debit = amount + debit_carry;
        debit_carry = u32(debit < debit_carry);
        if debit != 0u {
            let old = atomicAdd(&debits[from_cell * 9u + i], debit);
            debit_carry |= u32(old + debit < debit);
        }
        let credit = amount + credit_carry;
        credit_carry = u32(credit < credit_carry);
        if credit != 0u {
            let old = atomicAdd(&credits[to_cell * 9u + i], credit);
            credit_carry |= u32(old + credit < credit);
        }
    }
}

@compute @workgroup_size(64)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.y * (groups.x * 64u) + id.x;
    if row < segment.rows { pay(row, stream[row], stream[segment.rows + row]); }
}

@compute @workgroup_size(64)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.y * (groups.x * 64u) + id.x;
    if row >= segment.rows { return; }
    let contended = (verdicts[stream[row]] | verdicts[stream[segment.rows + row]]) == 1u;
    // Nothing is contended where this runs; taking back is the other module's.
    outcomes[row] = select(0u, 0xffffffffu, contended);
}
