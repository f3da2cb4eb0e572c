//! A batch that is given column by column is the same batch, on every backend that needs no device.

mod common;

use alloy_primitives::{Address, U256};
use clearwave::{Backend, Batch, Block, Columns, Engine, Lane, Report};
use common::{Case, Contract, case};

fn engine(backend: Backend, lane: Option<Lane>, case: &Case) -> Engine {
    let builder = Engine::builder().backend(backend).force(lane).record_stores(true).record_outputs(true);
    let mut engine = builder.build().expect("no device is needed");
    let contracts = case.contracts.iter().map(|(address, code)| (*address, 1, code.clone()));
    engine.restart(case.cells.iter().map(|(key, value)| (*key, *value)), contracts).expect("the case is consistent");
    engine
}

fn same(what: &str, by_rows: &Report, by_columns: &Report) {
    // What calls that keep an order run on hangs on measured times.
    let statuses = |report: &Report| report.receipts.iter().map(|receipt| receipt.status).collect::<Vec<_>>();
    assert_eq!(statuses(by_columns), statuses(by_rows), "{what}");
    assert_eq!(by_columns.outputs, by_rows.outputs, "{what}");
    assert_eq!(by_columns.stores, by_rows.stores, "{what}");
    assert_eq!(by_columns.root, by_rows.root, "{what}");
}

#[test]
fn columns_do_what_rows_do() {
    let runs = [(Backend::Cpu, None), (Backend::Cpu, Some(Lane::Wave)), (Backend::Cpu, Some(Lane::Line))];
    let runs = runs.into_iter().chain([(Backend::Reference, None), (Backend::Revm, None)]);
    for (backend, lane) in runs {
        for (at, contracts) in Contract::all().chunks(2).enumerate() {
            let case = case(at as u64, &contracts.iter().collect::<Vec<_>>(), 120, 6);
            let by_rows = engine(backend, lane, &case).execute(&case.batch).expect("it runs");
            let what = format!("{backend}, {lane:?} forced, seed {at}");
            let columns = Columns::from(&case.batch);
            same(&what, &by_rows, &engine(backend, lane, &case).execute(&columns).expect("it runs"));
            let mut row = engine(backend, lane, &case);
            assert_eq!(row.submit(columns), 0);
            same(&what, &by_rows, &row.wait().expect("it was submitted").expect("it runs"));
        }
    }
}

#[test]
fn forms_may_alternate_in_a_row() {
    let contracts = Contract::all();
    let case = case(7, &[&contracts[0]], 300, 6);
    let batches = case.batch.transactions.chunks(50).map(|part| Batch { block: case.batch.block.clone(), transactions: part.to_vec() });
    let (mut one_by_one, mut row) = (engine(Backend::Cpu, None, &case), engine(Backend::Cpu, None, &case));
    let batches: Vec<Batch> = batches.collect();
    for (at, batch) in batches.iter().enumerate() {
        _ = if at % 2 == 0 { row.submit(Columns::from(batch)) } else { row.submit(batch.clone()) };
    }
    for batch in &batches {
        same("seed 7", &one_by_one.execute(batch).expect("it runs"), &row.wait().expect("it was submitted").expect("it runs"));
    }
}

#[test]
fn columns_are_read_where_they_lie() {
    let accounts = [1, 2, 3].map(Address::with_last_byte);
    let mut engine = Engine::builder().backend(Backend::Cpu).balance(accounts[0], U256::from(100)).build().expect("no device is needed");
    let (to, value, ends) = ([accounts[1], accounts[2]], [U256::from(60), U256::from(50)], [0, 0]);
    let columns = Columns::new(Block::default(), &accounts[..2], &to[..], &value[..], &[][..], &ends[..]).expect("they fit");
    engine.execute(&columns).expect("it runs");
    assert_eq!(accounts.map(|account| engine.balance(&account)), [40, 10, 50].map(U256::from));
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let refused = |to: usize, value: usize, data: usize, ends: Vec<usize>| {
        let column = |len: usize| vec![Address::ZERO; len];
        let made = Columns::new(Block::default(), column(3), column(to), vec![U256::ZERO; value], vec![0; data], ends);
        made.map(|columns| columns.len()).map_err(|error| error.to_string())
    };
    assert_eq!(refused(3, 0, 8, vec![4, 4, 8]), Ok(3));
    assert_eq!(refused(3, 3, 0, vec![0; 3]), Ok(3));
    let wrong = [
        (refused(2, 0, 8, vec![4, 4, 8]), "the column `to` has 2 transactions: expected 3, as `from` has"),
        (refused(3, 4, 8, vec![4, 4, 8]), "the column `value` has 4 transactions: expected 3, as `from` has"),
        (refused(3, 0, 8, vec![4, 8]), "the column `ends` has 2 transactions: expected 3, as `from` has"),
        (refused(3, 0, 8, vec![4, 3, 8]), "the calldata of transaction 1 ends at byte 3, before it begins: 4"),
        (refused(3, 0, 9, vec![4, 4, 8]), "the last calldata ends at byte 8: expected 9, the length of `data`"),
        (refused(3, 0, 7, vec![4, 4, 8]), "the last calldata ends at byte 8: expected 7, the length of `data`"),
    ];
    for (found, expected) in wrong {
        assert_eq!(found, Err(expected.to_string()));
    }
    assert!(Columns::new(Block::default(), &[][..], &[][..], &[][..], &[][..], &[][..]).expect("nothing fits").is_empty());
}
