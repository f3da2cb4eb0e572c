// The passes over rows around a `walk`, which says what a row asks and gives its leaf. Written as plainly as can be: nothing is known of
// the kernel but the numbers KEYS, FIRST_CELL and FIRST_PARAM.

struct Segment { rows: u32, cells: u32, first: u32, end: u32, level: u32, limbs: u32 }
@group(0) @binding(0) var<uniform> segment: Segment;
@group(0) @binding(1) var<storage, read> stream: array<u32>;
@group(0) @binding(2) var<storage, read> base: array<u32>;
@group(0) @binding(3) var<storage, read_write> debits: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> credits: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read> verdicts: array<u32>;
@group(0) @binding(6) var<storage, read_write> outcomes: array<u32>;

var<private> down: array<Total, KEYS>;
var<private> up: array<Total, KEYS>;
var<private> applied_down: array<Total, KEYS>;
var<private> applied_up: array<Total, KEYS>;
const NONE = Total();
const ONE = Total(1u, 0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);

fn bit(row: u32, i: u32) -> bool { return (stream[(i / 32u) * segment.rows + row] >> (i % 32u) & 1u) == 1u; }
fn cell(row: u32, key: u32) -> u32 { return stream[(FIRST_CELL + key) * segment.rows + row]; }

fn param(row: u32, i: u32) -> Total {
    var word = NONE;
    for (var limb = 0u; limb < segment.limbs; limb++) { word[limb] = stream[(FIRST_PARAM + segment.limbs * i + limb) * segment.rows + row]; }
    return word;
}

fn value(row: u32, key: u32) -> Total {
    var word = NONE;
    let at = cell(row, key);
    if at != 0xffffffffu { for (var limb = 0u; limb < 8u; limb++) { word[limb] = base[at * 8u + limb]; } }
    return word;
}

fn ask(key: u32, less_by: Total, more_by: Total) {
    if less(down[key], less_by) { down[key] = less_by; }
    if less(up[key], more_by) { up[key] = more_by; }
}

fn effect(main: bool, key: u32, less_by: Total, more_by: Total) {
    ask(key, less_by, more_by);
    if main { applied_down[key] = less_by; applied_up[key] = more_by; }
}

fn add(credit: bool, at: u32, amount: Total) {
    var carry = 0u;
    for (var i = 0u; i < TOTAL_LIMBS; i++) {
        let term = amount[i] + carry;
        carry = u32(term < carry);
        if term != 0u {
            var old = 0u;
            if credit { old = atomicAdd(&credits[at * TOTAL_LIMBS + i], term); } else { old = atomicAdd(&debits[at * TOTAL_LIMBS + i], term); }
            carry |= u32(old + term < term);
        }
    }
}

fn take(credit: bool, at: u32, amount: Total) {
    var borrow = 0u;
    for (var i = 0u; i < TOTAL_LIMBS; i++) {
        let term = amount[i] + borrow;
        borrow = u32(term < borrow);
        if term != 0u {
            var old = 0u;
            if credit { old = atomicSub(&credits[at * TOTAL_LIMBS + i], term); } else { old = atomicSub(&debits[at * TOTAL_LIMBS + i], term); }
            borrow |= u32(old < term);
        }
    }
}

@compute @workgroup_size(64)
fn net(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.y * (groups.x * 64u) + id.x;
    if row >= segment.rows { return; }
    let leaf = walk(row);
    for (var key = 0u; key < KEYS; key++) {
        let at = cell(row, key);
        if at != 0xffffffffu { add(false, at, down[key]); add(true, at, up[key]); }
    }
}

@compute @workgroup_size(64)
fn retract(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.y * (groups.x * 64u) + id.x;
    if row >= segment.rows { return; }
    let leaf = walk(row);
    var contended = false;
    for (var key = 0u; key < KEYS; key++) {
        let at = cell(row, key);
        if at != 0xffffffffu { contended |= verdicts[at] != 0u; }
    }
    outcomes[row] = select(leaf, 0xffffffffu, contended);
    for (var key = 0u; key < KEYS; key++) {
        let at = cell(row, key);
        if at == 0xffffffffu { continue; }
        if contended {
            take(false, at, down[key]);
            take(true, at, up[key]);
        } else {
            take(false, at, minus(down[key], applied_down[key]));
            take(true, at, minus(up[key], applied_up[key]));
        }
    }
}
