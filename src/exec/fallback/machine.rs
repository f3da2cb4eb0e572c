//! revm, put together for one transaction at a time and taken apart again, so that what is worth keeping is kept: its frames, its memory,
//! the capacity of its journal, analysed code.
//!
//! Three things differ from revm's mainnet machine, none of which any code can observe:
//! - SSTORE enters into the journal even if the value was there before;
//! - so does a call that moves value from an account to itself;
//! - nobody is paid for gas. The price is 0, and revm would read and touch the coinbase for it.

use super::env::{self, Failure};
use super::{Contract, Recovery, View};
use crate::ir::eval::calldata_word;
use crate::limits::ANALYSED_CODES;
use crate::state::{CellKey, Slot};
use crate::tx::Block;
use alloy_primitives::{Address, B256, U256};
use revm::bytecode::opcode::SSTORE;
use revm::context::journaled_state::entry::JournalEntryTr;
use revm::context::result::{ExecutionResult, HaltReason, ResultGas};
use revm::context::{BlockEnv, Cfg, CfgEnv, Context, Evm, FrameStack, JournalEntry, JournalInner, LocalContext, TxEnv};
use revm::context_interface::local::LocalContextTr;
use revm::handler::instructions::InstructionProvider;
use revm::handler::{EthFrame, EthPrecompiles, FrameResult, Handler, MainnetHandler, PrecompileProvider};
use revm::interpreter::instructions::gas_table_spec;
use revm::interpreter::instructions::host::{sstore_default_gas_accounting, sstore_with_gas_accounting};
use revm::interpreter::interpreter::EthInterpreter;
use revm::interpreter::{
    CallInput, CallInputs, CallValue, GasTable, Instruction, InstructionContext, InstructionExecResult, InstructionTable,
    InterpreterResult, instruction_table,
};
use revm::primitives::{AddressSet, B256Map};
use revm::state::{AccountInfo, Bytecode, EvmState};
use revm::{Database, Journal};
use std::cell::RefCell;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::mem;
use std::rc::Rc;

/// The precompile that tells whose a signature is.
const ECRECOVER: Address = Address::with_last_byte(1);

pub struct Machine {
    block: BlockEnv,
    cfg: CfgEnv,
    codes: Codes,
    /// revm's journal between transactions: empty.
    idle: JournalInner<JournalEntry>,
    /// What the last transaction left in the journal.
    journal: Vec<JournalEntry>,
    /// Only missing while a transaction runs.
    frames: Option<FrameStack<EthFrame>>,
    memory: Rc<RefCell<Vec<u8>>>,
}

/// What is left of a transaction.
pub struct Ran {
    pub result: Result<ExecutionResult, Failure>,
    /// Every account that was loaded, as it is afterwards.
    pub state: EvmState,
    pub reads: Vec<CellKey>,
    pub recovery: Option<Recovery>,
}

type World<'a, V> = Context<&'a BlockEnv, TxEnv, &'a CfgEnv, Window<'a, V>, Journal<Window<'a, V>>, (), LocalContext>;
type Engine<'a, V> = Evm<World<'a, V>, (), Opcodes<'a, V>, Calls, EthFrame>;

impl Machine {
    pub fn new(block: &Block) -> Self {
        Self {
            block: env::block(block),
            cfg: env::cfg(block),
            codes: Codes::default(),
            idle: JournalInner::new(),
            journal: Vec::new(),
            frames: None,
            memory: Rc::default(),
        }
    }

    pub fn run<V: View>(&mut self, view: &mut V, tx: TxEnv) -> Ran {
        let window = Window { view, codes: &mut self.codes, reads: Vec::new() };
        let world = Context {
            block: &self.block,
            tx,
            cfg: &self.cfg,
            journaled_state: Journal::new_with_inner(window, mem::take(&mut self.idle)),
            chain: (),
            local: LocalContext { shared_memory_buffer: self.memory.clone(), precompile_error_message: None },
            error: Ok(()),
        };
        let mut engine = Evm {
            ctx: world,
            inspector: (),
            instruction: Opcodes(PhantomData),
            precompiles: Calls { precompiles: EthPrecompiles::new(env::SPEC), recovery: None },
            frame_stack: self.frames.take().unwrap_or_default(),
        };
        self.journal.clear();
        let result = Unmetered { journal: &mut self.journal, engine: PhantomData }.run(&mut engine);
        let Journal { database, mut inner } = engine.ctx.journaled_state;
        let state = inner.finalize();
        self.idle = inner;
        self.frames = Some(engine.frame_stack);
        Ran { result, state, reads: database.reads, recovery: engine.precompiles.recovery }
    }

    /// What the last transaction did and did not undo; empty if it was invalid.
    pub fn journal(&self) -> &[JournalEntry] {
        &self.journal
    }
}

/// Analysed code, by hash: the analysis costs more than most calls.
#[derive(Default)]
struct Codes(B256Map<Bytecode>);

impl Codes {
    fn of(&mut self, contract: &Contract) -> Bytecode {
        if let Some(code) = self.0.get(&contract.code_hash) {
            return code.clone();
        }
        if self.0.len() >= ANALYSED_CODES {
            self.0.clear();
        }
        let code = contract.analysed();
        self.0.insert(contract.code_hash, code.clone());
        code
    }
}

/// A view as revm's database.
struct Window<'a, V> {
    view: &'a mut V,
    codes: &'a mut Codes,
    reads: Vec<CellKey>,
}

impl<V: View> Database for Window<'_, V> {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        self.reads.push(CellKey { address, slot: Slot::Native });
        let mut info = AccountInfo::from_balance(self.view.balance(&address));
        if let Some(contract) = self.view.contract(&address) {
            info.nonce = contract.nonce;
            if !contract.code.is_empty() {
                info.code_hash = contract.code_hash;
                info.code = Some(self.codes.of(&contract));
            }
        }
        Ok(Some(info).filter(|info| !info.is_empty()))
    }

    /// Never asked: `basic` gives the code along.
    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::default())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        let slot = B256::from(slot);
        self.reads.push(CellKey { address, slot: Slot::Storage(slot) });
        Ok(self.view.storage(&address, slot))
    }

    fn block_hash(&mut self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}

/// Osaka's instructions, with an SSTORE that always leaves its mark.
struct Opcodes<'a, V>(PhantomData<&'a V>);

impl<'a, V: View> Opcodes<'a, V> {
    const GAS: GasTable = gas_table_spec(env::SPEC);
    const TABLE: InstructionTable<EthInterpreter, World<'a, V>> = {
        let mut table = instruction_table();
        table[SSTORE as usize] = Instruction::new(sstore);
        table
    };
}

impl<'a, V: View> InstructionProvider for Opcodes<'a, V> {
    type Context = World<'a, V>;
    type InterpreterTypes = EthInterpreter;

    fn instruction_table(&self) -> &InstructionTable<EthInterpreter, World<'a, V>> {
        &Self::TABLE
    }

    fn gas_table(&self) -> &GasTable {
        &Self::GAS
    }
}

/// revm's SSTORE enters the journal only if the value changes. An entry that undoes nothing says that it stored all the same.
fn sstore<V: View>(context: InstructionContext<'_, World<'_, V>, EthInterpreter>) -> InstructionExecResult {
    let key = context.interpreter.stack.data().last().copied().unwrap_or_default();
    sstore_with_gas_accounting(context, |context, address, load| {
        sstore_default_gas_accounting(context, address, load)?;
        if load.is_new_eq_present() {
            let unchanged = JournalEntry::storage_changed(address, key, load.new_value);
            context.host.journaled_state.inner.journal.push(unchanged);
        }
        Ok(())
    })
}

/// Precompiles, which revm asks for in every call: once the value has moved, and inside the frame that a revert undoes.
struct Calls {
    precompiles: EthPrecompiles,
    recovery: Option<Recovery>,
}

impl<'a, V: View> PrecompileProvider<World<'a, V>> for Calls {
    type Output = InterpreterResult;

    fn set_spec(&mut self, spec: <&'a CfgEnv as Cfg>::Spec) -> bool {
        PrecompileProvider::<World<'a, V>>::set_spec(&mut self.precompiles, spec)
    }

    fn run(&mut self, world: &mut World<'a, V>, call: &CallInputs) -> Result<Option<InterpreterResult>, String> {
        note_transfer_to_itself(&mut world.journaled_state.inner, call);
        if call.bytecode_address == ECRECOVER {
            self.recovery = Some(recovery(&call.input, &world.local));
        }
        self.precompiles.run(world, call)
    }

    fn warm_addresses(&self) -> &AddressSet {
        self.precompiles.warm_addresses()
    }
}

/// The input of ECRECOVER: four words, with zeros for what is missing. No more of it is looked at, however long it is.
fn recovery(input: &CallInput, local: &LocalContext) -> Recovery {
    let read = |input: &[u8]| {
        let word = |at: usize| B256::from(calldata_word(input, 32 * at));
        Recovery { digest: word(0), v: word(1).into(), r: word(2), s: word(3) }
    };
    match input {
        CallInput::Bytes(bytes) => read(bytes),
        CallInput::SharedBuffer(range) => {
            let range = range.start..range.end.min(range.start.saturating_add(4 * 32));
            local.shared_memory_buffer_slice(range).map_or_else(|| read(&[]), |bytes| read(&bytes[..]))
        }
    }
}

/// Such a transfer leaves no entry in revm's journal. As with SSTORE: an entry that undoes nothing.
fn note_transfer_to_itself(journal: &mut JournalInner<JournalEntry>, call: &CallInputs) {
    let CallValue::Transfer(value) = call.value else { return };
    if value.is_zero() || call.caller != call.target_address {
        return;
    }
    if let Some(account) = journal.state.get(&call.caller) {
        journal.journal.push(JournalEntry::balance_changed(call.caller, account.info.balance));
    }
}

/// revm's course of a transaction, without gas being paid for, and with the journal saved before revm clears it.
struct Unmetered<'j, E> {
    journal: &'j mut Vec<JournalEntry>,
    engine: PhantomData<E>,
}

impl<'a, V: View> Handler for Unmetered<'_, Engine<'a, V>> {
    type Evm = Engine<'a, V>;
    type Error = Failure;
    type HaltReason = HaltReason;

    fn reimburse_caller(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Failure> {
        Ok(())
    }

    fn reward_beneficiary(&self, _: &mut Self::Evm, _: &mut FrameResult) -> Result<(), Failure> {
        Ok(())
    }

    fn execution_result(&mut self, engine: &mut Self::Evm, frame: FrameResult, gas: ResultGas) -> Result<ExecutionResult, Failure> {
        mem::swap(self.journal, &mut engine.ctx.journaled_state.inner.journal);
        MainnetHandler::<Self::Evm, Failure, EthFrame>::default().execution_result(engine, frame, gas)
    }
}
