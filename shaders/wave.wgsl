// A level of a wave: no two of its rows share an ordered cell that one of them writes. Such cells are changed in place; a solvent cell is
// shared by many, so its base stays as it is and its totals take the difference. A row that needs a cell which is short, or an ordered one
// that a row of an earlier level was put off with, is put off itself, to the line, and marks its ordered cells for the levels to come.

@group(0) @binding(BINDING_VERDICTS) var<storage, read_write> marks: array<atomic<u32>>;

// Whether a row that uses the cell has to wait for the line. What this level marks does not count yet: its rows have no order.
fn waits(cell: u32) -> bool {
    if cell == NO_CELL {
        return false;
    }
    let mark = atomicLoad(&marks[cell]);
    return mark == SHORT || (mark >= PUT_OFF && mark < PUT_OFF + segment.level);
}

fn put_off(cell: u32) {
    if cell == NO_CELL {
        return;
    }
    if atomicLoad(&marks[cell]) == ORDERED {
        atomicStore(&marks[cell], PUT_OFF + segment.level);
    }
}

fn commit_cell(cell: u32, word: Word) {
    if cell == NO_CELL {
        return;
    }
    if atomicLoad(&marks[cell]) != 0u {
        store_cell(cell, word);
        return;
    }
    let before = load_cell(cell);
    if lt(word, before) {
        add_debits(cell, widen(sub(before, word)));
    } else {
        add_credits(cell, widen(sub(word, before)));
    }
}
