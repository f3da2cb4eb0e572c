//! Bounds on what input can make clearwave do, each with its reason. Beyond one of them a function is `fallback`, never an error.

/// Gas of every transaction: enough for any token call, and it ends fallback code.
pub const GAS_LIMIT: u64 = 30_000_000;

/// Leaves of one decision tree. Token functions have 2 to 25; WGSL compilers take minutes over thousands.
pub const PATHS: usize = 256;

/// Opcodes along one path: room for a few dozen unrolled iterations, and far below 30 million gas.
pub const STEPS_PER_PATH: usize = 20_000;

/// Opcodes over all paths of one function: about a tenth of a second.
pub const STEPS: usize = 400_000;

/// Distinct expressions of one function.
pub const EXPRESSIONS: usize = 50_000;

/// Nesting of one expression: its evaluation recurses, on any thread's stack.
pub const EXPRESSION_DEPTH: u16 = 200;

/// Nesting of evaluations, those behind loads included: a word may hang on what the call itself stored before, and that on more.
pub const EVALUATION_DEPTH: u16 = 400;

/// Nodes of one expression written out as a tree: walks over expressions visit each occurrence.
pub const EXPRESSION_SIZE: u32 = 4_096;

/// Memory of one path: symbolic bytes are 8 bytes each and are copied at every fork.
pub const MEMORY_BYTES: usize = 1 << 14;

/// Calldata of a kernel; longer calls fall back.
pub const CALLDATA_BYTES: usize = 4 + 32 * 64;

/// Elements of a list in calldata, as loops count them: each touches a key or more.
pub const LIST: usize = 16;

/// Turns of a loop after which the word that bounds it is looked at: fewer may be two unlike tests of one word.
pub const LOOP_TURNS: usize = 3;

/// Words and codes that a kernel is made for; each may start its exploration over.
pub const PINS: usize = 32;

/// Codes that run inside each other by DELEGATECALL: a proxy, its implementation, and a library of that.
pub const CALL_DEPTH: usize = 3;

/// Code that is lowered at all: twice what EIP-170 lets be deployed, as test networks do.
pub const CODE_BYTES: usize = 2 * 24_576;

/// Storage keys of one kernel: each is a column of the stream.
pub const KEYS: usize = 32;

/// What resolving a call of a kernel may cost, in additions: all its calls pay for it, also one that ends early and costs revm about as
/// much. Not quite one EXP with any exponent; token functions have 2 to 500.
pub const RESOLVE_COST: usize = 2_048;

/// What evaluating all expressions of a kernel may cost, in additions: where others change what a call branches on, all its ways are open.
pub const COST: usize = 16_384;

/// Nodes of all that is asked on the way to each leaf and stored there, written out: what analysing a kernel goes through, at 0.1
/// microseconds each. Token functions have 20 to 7,000.
pub const WRITTEN_OUT: usize = 65_536;

/// Blocks of 136 bytes that are hashed to name the cells of a kernel: a call pays for those that its cells do not exist for.
pub const HASHES: usize = 64;

/// Bounds of one call that hang on its inputs or on cells: each is kept until the segment is planned.
pub const BOUNDS: usize = 16;

/// Words that a row brings to a device beside its cells: up to eight columns each.
pub const PARAMS: usize = 64;

/// Kernels kept for one contract's code: selectors, calldata lengths and the lengths of lists are the caller's choice.
pub const KERNELS_PER_CODE: usize = 256;

/// Shapes remembered for one kernel, as many again while they are in use; most have a handful.
pub const SHAPES: usize = 4_096;

/// What may be analysed for the calls of one chunk (some thousands of transactions), in nodes written out: inputs and aliases that make
/// shapes are the caller's choice.
pub const ANALYSED: usize = 524_288;

/// Transactions of one batch: their indices are 32-bit numbers, and so are the cells they may make.
pub const BATCH: usize = 1 << 27;

/// Transactions of one segment: its totals and streams fit what software devices bind (128 MiB).
pub const SEGMENT: usize = 1 << 20;

/// Analysed codes that revm keeps at hand: one transaction can touch 11,000 contracts of 24 KiB, and each is held a second time.
pub const ANALYSED_CODES: usize = 4_096;
