//! What kernels lower to, on a device: the four passes against a plain reading of the walk, and waves against the reference semantics. Rows
//! are calls with random arguments on random cells, so that everything collides and little is solvent.

mod common;
mod device;

use alloy_primitives::{Address, U256};
use clearwave::evm::{self, Entry};
use clearwave::ir::access::{NO_CELL, Term, Walk, Walker, Waver, flags};
use clearwave::ir::eval::{self, Call, Run, World};
use clearwave::ir::{Binary, Expr, ExprId, Input, Kernel, Key, KeyId, Leaf, LeafId, Load, Node, Outcome, Store};
use clearwave::lower;
use clearwave::lower::layout::{TO_LINE, Width, binding, verdict};
use clearwave::word::{self, LIMBS, TOTAL_LIMBS, Total, from_word, to_word};
use clearwave::{Block, Transaction};
use common::{Contract, Random, stored};
use device::{Buffer, Device, Program};
use std::collections::BTreeMap;

const ROWS: usize = 200;
/// Few enough to collide, and more than a workgroup.
const CELLS: usize = 90;

/// A row of a kernel's stream with the call behind it.
struct Row {
    bits: Vec<bool>,
    cells: Vec<u32>,
    params: Vec<U256>,
    transaction: Transaction,
}

/// The cells of one row, before it.
struct Cells<'a> {
    of: &'a [u32],
    values: &'a [U256],
}

impl World for Cells<'_> {
    type Cell = u32;

    fn cell(&mut self, key: KeyId, _: &mut Run<'_>) -> u32 {
        self.of[key.index()]
    }

    fn value(&mut self, cell: u32) -> U256 {
        self.values.get(cell as usize).copied().unwrap_or_default()
    }
}

fn row(random: &mut Random, kernel: &Kernel, entry: Entry, bits: &[ExprId], params: &[ExprId], cells: Vec<u32>) -> Row {
    let accounts: Vec<Address> = (0..3).map(Address::with_last_byte).collect();
    let mut data: Vec<u8> = entry.selector.into_iter().flatten().collect();
    while data.len() < entry.calldata_bytes {
        let word = if random.below(2) == 0 { random.pick(&accounts).into_word().into() } else { random.amount() };
        data.extend(word.to_be_bytes::<32>());
    }
    let value = if entry.with_value { random.amount() } else { U256::ZERO };
    let transaction = Transaction { from: *random.pick(&accounts), to: Address::repeat_byte(0xc0), value, data: data.into() };
    let block = Block::default();
    let mut run = Run::new(kernel, Call { transaction: (&transaction).into(), block: &block });
    let mut none = Cells { of: &[], values: &[] };
    let bits = bits.iter().map(|bit| !run.word(*bit, &mut none).is_zero()).collect();
    let params = params.iter().map(|param| run.word(*param, &mut none)).collect();
    Row { bits, cells, params, transaction }
}

/// Rows as a stream, column by column.
fn stream(rows: &[Row]) -> Vec<u32> {
    let columns = rows.iter().map(|row| {
        let bits = row.bits.chunks(32).map(|bits| bits.iter().rev().fold(0, |word, bit| word << 1 | u32::from(*bit)));
        bits.chain(row.cells.iter().copied()).chain(row.params.iter().flat_map(|param| to_word(*param))).collect::<Vec<u32>>()
    });
    let columns: Vec<Vec<u32>> = columns.collect();
    (0..columns[0].len()).flat_map(|column| columns.iter().map(move |row| row[column]).collect::<Vec<u32>>()).collect()
}

type Totals = Vec<Total>;

/// What the walk says about one row: its leaf, its demands and what its leaf applies, as (down, up) by key.
struct Reading<'a> {
    kernel: &'a Kernel,
    walker: &'a Walker,
    row: &'a Row,
    base: &'a [U256],
    demands: BTreeMap<KeyId, (Total, Total)>,
    applied: BTreeMap<KeyId, (Total, Total)>,
    stored: BTreeMap<KeyId, U256>,
    leaf: u32,
}

impl Reading<'_> {
    fn value(&self, key: KeyId) -> U256 {
        self.base.get(self.row.cells[key.index()] as usize).copied().unwrap_or_default()
    }

    fn word(&self, id: ExprId) -> U256 {
        let word = |id: &ExprId| self.word(*id);
        match self.kernel.exprs.get(id) {
            Expr::Const(value) => *value,
            Expr::Load(load) => self.value(self.kernel.load(*load).key),
            _ if !self.kernel.exprs.has_loads(id) => {
                self.row.params[self.walker.params.iter().position(|param| *param == id).expect("the row brings it")]
            }
            Expr::Unary(op, a) => eval::unary(*op, word(a)),
            Expr::Binary(op, a, b) => eval::binary(*op, word(a), word(b)),
            Expr::Ternary(op, [a, b, c]) => eval::ternary(*op, word(a), word(b), word(c)),
            other => panic!("{other:?} in a walk"),
        }
    }

    fn demand(&mut self, key: KeyId, down: Total, up: Total) {
        let most = self.demands.entry(key).or_default();
        for (most, asked) in [(&mut most.0, down), (&mut most.1, up)] {
            if word::less(most, &asked) {
                *most = asked;
            }
        }
    }

    fn walk(&mut self, walk: &Walk, main: bool) {
        let total = |reading: &Self, words: &[ExprId]| word::total(words.iter().map(|word| reading.word(*word)));
        match walk {
            Walk::Bit { bit, yes, no } => self.walk(if self.row.bits[*bit] { yes } else { no }, main),
            Walk::Read { condition, yes, no } => self.walk(if self.word(*condition).is_zero() { no } else { yes }, main),
            Walk::Guard { guard, pass, fail } => {
                let sum = |terms: &[Term]| {
                    word::total(terms.iter().map(|term| match term {
                        Term::Word(word) => self.word(*word),
                        Term::Const(value) => *value,
                    }))
                };
                let (down, up) = (sum(&guard.down), sum(&guard.up));
                self.demand(guard.key, down, up);
                self.walk(fail, false);
                self.walk(pass, main);
            }
            Walk::Sentinel { key, equal, other } => {
                let holds = self.value(*key) == U256::MAX;
                self.walk(equal, main && holds);
                self.walk(other, main && !holds);
            }
            Walk::Leaf { leaf, effects, stores } => {
                for effect in effects {
                    let (down, up) = (total(self, &effect.debits), total(self, &effect.credits));
                    self.demand(effect.key, down, up);
                    if main {
                        self.applied.insert(effect.key, (down, up));
                    }
                }
                if main {
                    self.leaf = leaf.index() as u32;
                    self.stored = stores.iter().map(|(key, value)| (*key, self.word(*value))).collect();
                }
            }
        }
    }

    /// Adds or takes amounts by key.
    fn count(&self, amounts: &BTreeMap<KeyId, (Total, Total)>, debits: &mut Totals, credits: &mut Totals, op: fn(Total, Total) -> Total) {
        for (key, (down, up)) in amounts {
            let cell = self.row.cells[key.index()] as usize;
            if cell < debits.len() {
                debits[cell] = op(debits[cell], *down);
                credits[cell] = op(credits[cell], *up);
            }
        }
    }
}

fn verdict(flags: u32, base: U256, debits: Total, credits: Total) -> u32 {
    let guarded = flags & (flags::GUARD | flags::SENTINEL) != 0;
    let short = word::less(&word::widen(base), &debits) || word::add(word::widen(base), credits)[LIMBS] != 0;
    let sentinel = flags & flags::SENTINEL != 0 && flags & flags::PLAIN_DEBIT != 0 && base == U256::MAX;
    match flags::ordered(flags) {
        true => verdict::ORDERED,
        false if (guarded && short) || sentinel => verdict::SHORT,
        false => 0,
    }
}

/// Uses of a cell as they come, so that some cells are ordered, most are judged, and some only read.
fn uses(random: &mut Random) -> u32 {
    let any = random.below(256) as u32;
    *random.pick(&[
        flags::GUARD | flags::DEBIT | flags::PLAIN_DEBIT | flags::CREDIT,
        flags::GUARD | flags::DEBIT | flags::PLAIN_DEBIT,
        flags::GUARD | flags::DEBIT | flags::SENTINEL,
        flags::GUARD | flags::DEBIT | flags::SENTINEL | flags::PLAIN_DEBIT,
        flags::CREDIT | flags::SHOWN,
        flags::READ,
        flags::READ | flags::CREDIT,
        flags::WRITE,
        any,
    ])
}

fn words(values: &[U256]) -> Vec<u32> {
    values.iter().flat_map(|value| to_word(*value)).collect()
}

/// A kernel in which a call asks more of a cell than it takes, in several ways, and with every kind of test.
fn demanding() -> Kernel {
    let mut kernel = Kernel::default();
    let [a, b, c] = [4, 36, 68].map(|offset| kernel.exprs.input(Input::Calldata(offset)));
    let keys = [0, 1, 2, 3].map(|slot| {
        let slot = kernel.exprs.small(slot);
        kernel.intern_key(Key::Storage(slot))
    });
    let [from, to, limit, flag] = keys.map(|key| kernel.intern_load(Load { key, shadows: vec![] }));
    let max = kernel.exprs.constant(U256::MAX);
    let mut op = |op, a, b| kernel.exprs.binary(op, a, b);
    let (less_a, less_b, limit_less_c) = (op(Binary::Sub, from, a), op(Binary::Sub, from, b), op(Binary::Sub, limit, c));
    let (more_a, more_b) = (op(Binary::Add, to, a), op(Binary::Add, to, b));
    let more_bc = op(Binary::Add, more_b, c);
    let unlimited = op(Binary::Eq, max, limit);
    // From the last to the first, each with its truth where it passes.
    let guards = [
        (op(Binary::Lt, more_bc, c), false),
        (op(Binary::Lt, more_b, b), false),
        (op(Binary::Lt, less_a, b), false),
        (op(Binary::Lt, from, a), false),
        (from, true),
    ];

    let leaf = |stores: &[(usize, ExprId)]| {
        let stores = stores.iter().map(|(key, value)| Store { key: keys[*key], value: *value }).collect();
        Leaf::new(Outcome::Return).with_stores(stores)
    };
    let both = kernel.push_leaf(leaf(&[(0, less_a), (1, more_bc)]));
    let one = kernel.push_leaf(leaf(&[(0, less_b), (2, limit_less_c)]));
    let mut rest = kernel.push_node(Node::Branch { condition: flag, yes: both, no: one });
    for (condition, passes) in guards {
        let fails = kernel.push_leaf(Leaf::new(Outcome::Revert));
        let (yes, no) = if passes { (rest, fails) } else { (fails, rest) };
        rest = kernel.push_node(Node::Branch { condition, yes, no });
    }
    let free = kernel.push_leaf(leaf(&[(1, more_a)]));
    kernel.push_node(Node::Branch { condition: unlimited, yes: free, no: rest });
    kernel
}

fn each_kernel(mut test: impl FnMut(&str, &Kernel, Entry, u64)) {
    let mut seed = 0;
    let mut run = |what: String, kernel: Kernel, entry: Entry| {
        seed += 1;
        test(&format!("{what}, seed {seed}"), &kernel, entry, seed);
    };
    run("a transfer".to_string(), Kernel::transfer(), Entry { selector: None, calldata_bytes: 0, with_value: true });
    run("many demands".to_string(), demanding(), Entry { selector: Some([0; 4]), calldata_bytes: 100, with_value: false });
    for contract in Contract::all().iter().filter(|contract| contract.file.to_string_lossy().ends_with(".opt.json")) {
        for (signature, selector) in &contract.functions {
            let arguments = signature.matches(',').count() + usize::from(!signature.ends_with("()"));
            let entry =
                Entry { selector: Some(*selector), calldata_bytes: 4 + 32 * arguments, with_value: signature.starts_with("deposit") };
            // What changes nothing is cleared without a pass.
            let changes = |kernel: &Kernel| kernel.leaves.iter().any(|leaf| !leaf.stores.is_empty());
            if let Some(kernel) = evm::lower(&contract.code, entry).ok().filter(changes) {
                run(format!("{} {signature}", contract.file.display()), kernel, entry);
            }
        }
    }
}

#[test]
fn four_passes_clear_as_the_walk_says() {
    let device = Device::open();
    for width in Width::ALL {
        let [judge, settle] = [lower::JUDGE, lower::SETTLE].map(|text| device.program(&lower::link(text, width)));
        let mut kernels = 0;
        each_kernel(|what, kernel, entry, seed| {
            kernels += usize::from(four_passes(&device, width, [&judge, &settle], &format!("{what}, {width:?}"), kernel, entry, seed));
        });
        assert!(kernels > 20, "{kernels} kernels with {width:?} totals");
    }
}

/// Whether the kernel's totals may be so long.
fn four_passes(device: &Device, width: Width, cells: [&Program; 2], what: &str, kernel: &Kernel, entry: Entry, seed: u64) -> bool {
    let mut random = Random::new(seed);
    let walker = Walker::new(kernel);
    if width != Width::Wide && walker.short_terms.is_none() {
        return false;
    }
    let [judge, settle] = cells;
    let program = device.program(&lower::link(&lower::own_text(kernel, &walker).expect("the kernel lowers"), width));
    // What a walk stores to is a cell of its row's own, behind the others.
    let own = stored(&walker.root);
    let cells = CELLS + ROWS * kernel.keys.len();
    let base: Vec<U256> =
        (0..cells).map(|_| if random.below(3) == 0 { random.amount() } else { U256::from(random.below(4_000)) }).collect();
    let flags: Vec<u32> = (0..cells).map(|cell| if cell < CELLS { uses(&mut random) } else { flags::OWN }).collect();
    let rows: Vec<Row> = (0..ROWS)
        .map(|r| {
            let cell = |key: KeyId| match random.below(9) {
                0 => NO_CELL,
                _ if own.contains(&key) => (CELLS + r * kernel.keys.len() + key.index()) as u32,
                _ => random.below(CELLS) as u32,
            };
            let cells = kernel.key_ids().map(cell).collect();
            let mut row = row(&mut random, kernel, entry, &walker.bits, &walker.params, cells);
            row.params.iter_mut().for_each(|param| *param &= U256::MAX >> (256 - 32 * width.limbs()));
            row
        })
        .collect();

    let mut buffers = [
        Buffer { binding: binding::SEGMENT, words: vec![ROWS as u32, cells as u32, 0, ROWS as u32, 0, 8] },
        Buffer { binding: binding::STREAM, words: stream(&rows).into_iter().chain([0]).collect() },
        Buffer { binding: binding::BASE, words: words(&base) },
        Buffer { binding: binding::DEBITS, words: vec![0; cells * width.total_limbs()] },
        Buffer { binding: binding::CREDITS, words: vec![0; cells * width.total_limbs()] },
        Buffer { binding: binding::VERDICTS, words: vec![0; cells] },
        Buffer { binding: binding::OUTCOMES, words: vec![0; ROWS] },
        Buffer { binding: binding::FLAGS, words: flags.clone() },
    ];
    let (mut debits, mut credits) = (vec![Total::default(); cells], vec![Total::default(); cells]);
    let readings: Vec<Reading<'_>> = rows
        .iter()
        .map(|row| {
            let (demands, applied, stored) = Default::default();
            let mut reading = Reading { kernel, walker: &walker, row, base: &base, demands, applied, stored, leaf: 0 };
            reading.walk(&walker.root, true);
            reading
        })
        .collect();
    // Two dimensions, as where rows are many.
    let groups = (2, ROWS.div_ceil(128) as u32);

    device.run(&program, "net", &mut buffers, groups);
    readings.iter().for_each(|reading| reading.count(&reading.demands, &mut debits, &mut credits, word::add));
    assert_eq!(buffers[3].words, shortened(&debits, width), "{what}: debits after net");
    assert_eq!(buffers[4].words, shortened(&credits, width), "{what}: credits after net");

    let cell_groups = (2, cells.div_ceil(128) as u32);
    device.run(judge, "judge", &mut buffers, cell_groups);
    let verdicts: Vec<u32> = (0..cells).map(|i| verdict(flags[i], base[i], debits[i], credits[i])).collect();
    assert_eq!(buffers[5].words, verdicts, "{what}: verdicts");

    device.run(&program, "retract", &mut buffers, groups);
    let (mut outcomes, mut kept) = (Vec::new(), base.clone());
    for reading in &readings {
        let to_line = reading.row.cells.iter().any(|cell| verdicts.get(*cell as usize).is_some_and(|verdict| *verdict != 0));
        outcomes.push(if to_line { TO_LINE } else { reading.leaf });
        reading.count(&reading.demands, &mut debits, &mut credits, word::sub);
        if !to_line {
            reading.count(&reading.applied, &mut debits, &mut credits, word::add);
            for (key, value) in &reading.stored {
                kept.get_mut(reading.row.cells[key.index()] as usize).into_iter().for_each(|cell| *cell = *value);
            }
        }
    }
    assert_eq!(buffers[2].words, words(&kept), "{what}: values after retract");
    assert_eq!(buffers[6].words, outcomes, "{what}: outcomes");
    assert_eq!(buffers[3].words, shortened(&debits, width), "{what}: debits after retract");
    assert_eq!(buffers[4].words, shortened(&credits, width), "{what}: credits after retract");

    device.run(settle, "settle", &mut buffers, cell_groups);
    let narrow = |total: &Total| word::narrow(total);
    let settled = |i: usize| kept[i].wrapping_sub(narrow(&debits[i])).wrapping_add(narrow(&credits[i]));
    let values: Vec<U256> = (0..cells).map(|i| if verdicts[i] == 0 { settled(i) } else { base[i] }).collect();
    assert_eq!(buffers[2].words, words(&values), "{what}: values");
    true
}

/// Totals as long as a device has them.
fn shortened(totals: &[Total], width: Width) -> Vec<u32> {
    let short = |total: &Total| {
        assert!(total[width.total_limbs()..].iter().all(|limb| *limb == 0), "narrow totals hold all that is added");
        total[..width.total_limbs()].to_vec()
    };
    totals.iter().flat_map(short).collect()
}

#[test]
fn a_wave_is_the_reference() {
    let device = Device::open();
    each_kernel(|what, kernel, entry, seed| {
        let mut random = Random::new(seed);
        let walker = Walker::new(kernel);
        let waver = Waver::new(kernel, &walker).expect("the contracts of this repository run on a device");
        let program = device.program(&lower::kernel(kernel, &walker).expect("the kernel lowers"));
        // Each row has cells of its own, and keys that name one cell now and then.
        let own = kernel.keys.len().max(1);
        let base: Vec<U256> = (0..ROWS * own).map(|_| random.stored(&[Address::ZERO, Address::with_last_byte(1)])).collect();
        let rows: Vec<Row> = (0..ROWS)
            .map(|r| {
                let cells =
                    kernel.key_ids().map(|key| (r * own + if random.below(3) == 0 { random.below(own) } else { key.index() }) as u32);
                let cells = cells.collect();
                row(&mut random, kernel, entry, &walker.bits, &waver.params, cells)
            })
            .collect();
        let mut buffers = [
            Buffer { binding: binding::SEGMENT, words: vec![ROWS as u32, base.len() as u32, 0, ROWS as u32, 0, 8] },
            Buffer { binding: binding::STREAM, words: stream(&rows).into_iter().chain([0]).collect() },
            Buffer { binding: binding::BASE, words: words(&base) },
            Buffer { binding: binding::OUTCOMES, words: vec![0; ROWS] },
            Buffer { binding: binding::DEBITS, words: vec![0; base.len() * TOTAL_LIMBS] },
            Buffer { binding: binding::CREDITS, words: vec![0; base.len() * TOTAL_LIMBS] },
            Buffer { binding: binding::VERDICTS, words: vec![verdict::ORDERED; base.len()] },
        ];
        assert_eq!(buffers[1].words.len(), waver.columns() * ROWS + 1);
        device.run(&program, "wave", &mut buffers, (ROWS.div_ceil(64) as u32, 1));

        let mut values = base.clone();
        for (r, row) in rows.iter().enumerate() {
            let block = Block::default();
            let mut run = Run::new(kernel, Call { transaction: (&row.transaction).into(), block: &block });
            let mut world = Cells { of: &row.cells, values: &base };
            let leaf = run.leaf(&mut world);
            for (cell, value) in run.stores(leaf, &mut world) {
                values[cell as usize] = value;
            }
            let taken = LeafId::from_index(buffers[3].words[r] as usize);
            assert!(kernel.alike(taken, leaf), "{what}: row {r} takes leaf {} instead of {}", taken.index(), leaf.index());
            let of = |words: &[u32], at: usize| from_word(words[at * LIMBS..][..LIMBS].try_into().expect("a word"));
            for (at, value) in values.iter().enumerate().skip(r * own).take(own) {
                assert_eq!(of(&buffers[2].words, at), *value, "{what}: cell {} of row {r}", at - r * own);
            }
        }
    });
}
