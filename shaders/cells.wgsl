// What rows and cells share: the buffers, which row or cell an invocation is for, and how words lie in memory. A module holds only the
// declarations that it uses, and one of its own stands before that of the same name here.

struct Segment {
    rows: u32,
    cells: u32,
    // Of a level: its rows, and its number.
    first: u32,
    end: u32,
    level: u32,
    // Of each parameter that rows bring.
    limbs: u32,
}

@group(0) @binding(BINDING_SEGMENT) var<uniform> segment: Segment;

@group(0) @binding(BINDING_STREAM) var<storage, read> stream: array<u32>;

@group(0) @binding(BINDING_BASE) var<storage, read> base: array<u32>;

@group(0) @binding(BINDING_VERDICTS) var<storage, read> verdicts: array<u32>;

@group(0) @binding(BINDING_OUTCOMES) var<storage, read_write> outcomes: array<u32>;

// Rows or cells beyond one dimension's workgroups go on in the second.
fn invocation(id: vec3<u32>, groups: vec3<u32>) -> u32 {
    return id.y * (groups.x * WORKGROUP) + id.x;
}

fn column(row: u32, number: u32) -> u32 {
    return stream[number * segment.rows + row];
}

// The parameter in as many columns as the stream has for each, those from `first` on; limbs above are zero.
fn param(row: u32, first: u32, at: u32) -> Word {
    let rows = segment.rows;
    let x = (first + at * segment.limbs) * rows + row;
    var word = Word(vec4<u32>(stream[x], stream[x + rows], 0u, 0u), vec4<u32>());
    if segment.limbs > 2u {
        word.lo.z = stream[x + 2u * rows];
        word.lo.w = stream[x + 3u * rows];
    }
    if segment.limbs > 4u {
        let y = x + 4u * rows;
        word.hi = vec4<u32>(stream[y], stream[y + rows], stream[y + 2u * rows], stream[y + 3u * rows]);
    }
    return word;
}

// A cell's value before the segment; zero where the call does not touch the cell.
fn base_value(cell: u32) -> Word {
    if cell == NO_CELL {
        return zero();
    }
    let at = cell * LIMBS;
    return Word(
        vec4<u32>(base[at], base[at + 1u], base[at + 2u], base[at + 3u]),
        vec4<u32>(base[at + 4u], base[at + 5u], base[at + 6u], base[at + 7u]),
    );
}

fn contended(cell: u32) -> bool {
    if cell == NO_CELL {
        return false;
    }
    return verdicts[cell] != 0u;
}

// Cells where a pass changes them: no two invocations of it share a cell that one of them writes.

@group(0) @binding(BINDING_BASE) var<storage, read_write> values: array<u32>;

fn load_cell(cell: u32) -> Word {
    if cell == NO_CELL {
        return zero();
    }
    let at = cell * LIMBS;
    return Word(
        vec4<u32>(values[at], values[at + 1u], values[at + 2u], values[at + 3u]),
        vec4<u32>(values[at + 4u], values[at + 5u], values[at + 6u], values[at + 7u]),
    );
}

fn store_cell(cell: u32, word: Word) {
    if cell == NO_CELL {
        return;
    }
    let at = cell * LIMBS;
    values[at] = word.lo.x;
    values[at + 1u] = word.lo.y;
    values[at + 2u] = word.lo.z;
    values[at + 3u] = word.lo.w;
    values[at + 4u] = word.hi.x;
    values[at + 5u] = word.hi.y;
    values[at + 6u] = word.hi.z;
    values[at + 7u] = word.hi.w;
}
