//! Writes the body of an entry point: names for what a row brings and for what is computed from it, each declared once where it is first
//! needed, and decisions as nested text. Evaluation is a list of declarations in the order of the expressions' ids: nothing recurses on
//! expressions.

use super::demand::{Amount, Sum};
use super::tree::{Test, Tree};
use crate::ir::access::{Walker, device_cost};
use crate::ir::{Binary, Expr, ExprId, Input, Kernel, KeyId, LeafId, LoadId, Outcome, Ternary, Text, Unary};
use crate::word::to_word;
use alloy_primitives::U256;
use std::collections::HashSet;

/// What a load means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loads {
    /// The key's base value: shadows do not hit in calls that are cleared.
    Base,
    /// The same where the pass stores to cells.
    Values,
    /// The cell as it is, or what a shadow that hits it stores.
    Cells,
}

/// What has a name of its own in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Name {
    Bits(usize),
    Cell(KeyId),
    /// The base value of a key's cell.
    Value(KeyId),
    Word(ExprId),
}

pub struct Writer<'k> {
    pub kernel: &'k Kernel,
    walker: &'k Walker,
    params: &'k [ExprId],
    loads: Loads,
    text: String,
    depth: usize,
    /// Declared here or around here, in order of declaration.
    declared: Vec<Name>,
    known: HashSet<Name>,
    /// What evaluating all of it costs, as `device_cost` counts.
    pub cost: usize,
}

impl<'k> Writer<'k> {
    pub fn new(kernel: &'k Kernel, walker: &'k Walker, params: &'k [ExprId], loads: Loads) -> Self {
        Self { kernel, walker, params, loads, text: String::new(), depth: 1, declared: vec![], known: HashSet::new(), cost: 0 }
    }

    /// The body as an entry point over the rows of a stream.
    pub fn entry(self, name: &str) -> String {
        self.over(name, "invocation(id, groups)", "segment.rows")
    }

    /// The body as an entry point over the rows of a level.
    pub fn level_entry(self, name: &str) -> String {
        self.over(name, "segment.first + invocation(id, groups)", "segment.end")
    }

    fn over(self, name: &str, row: &str, end: &str) -> String {
        let builtins = "@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>";
        format!(
            "@compute @workgroup_size(WORKGROUP)\nfn {name}({builtins}) {{\n    let row = {row};\n    \
             if row >= {end} {{\n        return;\n    }}\n{}}}\n",
            self.text
        )
    }

    pub fn line(&mut self, line: &str) {
        self.text += &"    ".repeat(self.depth);
        self.text += line;
        self.text.push('\n');
    }

    /// A branch on a condition.
    pub fn branch(&mut self, condition: &str, yes: impl FnOnce(&mut Self)) {
        self.line(&format!("if {condition} {{"));
        self.inside(yes);
        self.line("}");
    }

    pub fn either(&mut self, condition: &str, yes: impl FnOnce(&mut Self), no: impl FnOnce(&mut Self)) {
        self.line(&format!("if {condition} {{"));
        self.inside(yes);
        self.line("} else {");
        self.inside(no);
        self.line("}");
    }

    /// What is declared inside is forgotten outside.
    fn inside(&mut self, body: impl FnOnce(&mut Self)) {
        self.depth += 1;
        let outside = self.declared.len();
        body(self);
        for name in self.declared.drain(outside..) {
            self.known.remove(&name);
        }
        self.depth -= 1;
    }

    /// A tree: the smaller side of each decision stands inside it and returns, so that nesting stays shallow.
    pub fn tree<E: PartialEq>(&mut self, tree: &Tree<E>, end: &impl Fn(&mut Self, &E)) {
        match tree {
            Tree::End(e) => {
                end(self, e);
                if self.depth > 1 {
                    self.line("return;");
                }
            }
            Tree::Decide { test, yes, no } => {
                let holds = yes.ends() <= no.ends();
                let (inside, after) = if holds { (yes, no) } else { (no, yes) };
                let condition = self.test(*test, holds);
                self.branch(&condition, |writer| writer.tree(inside, end));
                self.tree(after, end);
            }
        }
    }

    /// Writes the outcome, made of the leaf's number.
    pub fn outcome(&mut self, leaf: LeafId, of: impl FnOnce(&str) -> String) {
        let meaning = match self.kernel.leaf(leaf).outcome {
            Outcome::Return => "return",
            Outcome::Revert => "revert",
            Outcome::Halt => "halt",
            Outcome::Invalid => "invalid",
            Outcome::Escape { .. } => "escape",
        };
        let value = of(&format!("{}u", leaf.index()));
        self.line(&format!("outcomes[row] = {value}; // {meaning}"));
    }

    /// The condition that a test comes out as `holds`.
    fn test(&mut self, test: Test, holds: bool) -> String {
        let condition = match test {
            Test::Bit(bit) => {
                let bits = self.bits(self.walker.bit_column(bit));
                return format!("({bits} & {:#x}u) {} 0u", 1 << (bit % 32), if holds { "!=" } else { "==" });
            }
            Test::Sentinel(key) => format!("eq({}, max_word())", self.value(key)),
            Test::Word(word) => match self.truth(word) {
                Some(condition) => condition,
                None => return format!("{}is_zero({})", if holds { "!" } else { "" }, self.word(word)),
            },
        };
        if holds { condition } else { format!("!{condition}") }
    }

    /// A comparison as a `bool`; its operands are declared.
    fn truth(&mut self, id: ExprId) -> Option<String> {
        let (function, operands) = comparison(self.kernel.exprs.get(id))?;
        let operands: Vec<String> = operands.into_iter().map(|operand| self.word(operand)).collect();
        Some(format!("{function}({})", operands.join(", ")))
    }

    /// The number of a key's cell.
    pub fn cell(&mut self, key: KeyId) -> String {
        let name = format!("k{}", key.index());
        let column = self.walker.cell_column(key);
        self.declare(Name::Cell(key), &name, || format!("column(row, {column}u)"));
        name
    }

    fn bits(&mut self, column: usize) -> String {
        let name = format!("bits{column}");
        self.declare(Name::Bits(column), &name, || format!("column(row, {column}u)"));
        name
    }

    fn value(&mut self, key: KeyId) -> String {
        let cell = self.cell(key);
        let name = format!("v{}", key.index());
        let read = if self.loads == Loads::Base { "base_value" } else { "load_cell" };
        self.declare(Name::Value(key), &name, || format!("{read}({cell})"));
        name
    }

    /// A sum of amounts as a `Total`.
    pub fn total(&mut self, sum: &Sum) -> String {
        let mut words = Vec::new();
        for amount in sum {
            words.push(match amount {
                Amount::Word(word) => self.word(*word),
                Amount::Const(value) => literal(*value),
            });
        }
        match &words[..] {
            [one] => format!("widen({one})"),
            [a, b, rest @ ..] => rest.iter().fold(format!("sum({a}, {b})"), |sum, word| format!("plus({sum}, {word})")),
            [] => "widen(zero())".to_string(),
        }
    }

    /// A word, declared with all that it needs.
    pub fn word(&mut self, id: ExprId) -> String {
        for id in self.missing(id) {
            self.evaluate(id);
        }
        self.name(id)
    }

    /// What has to be declared for `id`, operands first.
    fn missing(&self, id: ExprId) -> Vec<ExprId> {
        let mut pending = vec![id];
        let mut found = Vec::new();
        while let Some(id) = pending.pop() {
            let expr = self.kernel.exprs.get(id);
            if self.is_literal(id) || self.known.contains(&Name::Word(id)) || found.contains(&id) {
                continue;
            }
            found.push(id);
            match expr {
                _ if !self.kernel.exprs.has_loads(id) => {}
                Expr::Load(load) if self.loads == Loads::Cells => {
                    pending.extend(self.kernel.visible_shadows(*load).iter().map(|store| store.value));
                }
                Expr::Load(_) => {}
                _ => pending.extend(self.kernel.exprs.children(id)),
            }
        }
        // Children have smaller ids than parents, and what a load may see was there before the load.
        found.sort_unstable();
        found
    }

    /// Declares a word whose operands have names.
    fn evaluate(&mut self, id: ExprId) {
        let kernel = self.kernel;
        let expr = kernel.exprs.get(id);
        if !kernel.exprs.has_loads(id) {
            return self.param(id);
        }
        self.cost += device_cost(expr);
        let value = match expr {
            Expr::Load(load) if self.loads != Loads::Cells => {
                self.value(kernel.load(*load).key);
                return;
            }
            Expr::Load(load) => self.loaded(*load),
            _ => match comparison(expr) {
                Some((function, operands)) => format!("truth({function}({}))", self.names(&operands)),
                None => format!("{}({})", function(expr), self.names(&kernel.exprs.children(id))),
            },
        };
        let name = self.name(id);
        self.declare(Name::Word(id), &name, || value);
    }

    fn param(&mut self, id: ExprId) {
        let at =
            self.params.iter().position(|param| *param == id).expect("the row brings every word that inputs decide and the tree reads");
        let first = self.walker.param_column(0);
        let name = self.name(id);
        self.declare(Name::Word(id), &name, || format!("param(row, {first}u, {at}u)"));
    }

    /// The cell's value now, unless a store of this call hits the cell.
    fn loaded(&mut self, load: LoadId) -> String {
        let key = self.kernel.load(load).key;
        let cell = self.cell(key);
        let mut value = format!("load_cell({cell})");
        for store in self.kernel.visible_shadows(load) {
            let stored = self.name(store.value);
            value = if store.key == key { stored } else { format!("pick({value}, {stored}, {} == {cell})", self.cell(store.key)) };
        }
        value
    }

    fn names(&self, ids: &[ExprId]) -> String {
        let names: Vec<String> = ids.iter().map(|id| self.name(*id)).collect();
        names.join(", ")
    }

    /// A constant that no row brings.
    fn is_literal(&self, id: ExprId) -> bool {
        matches!(self.kernel.exprs.get(id), Expr::Const(_)) && !self.params.contains(&id)
    }

    /// The name of a word, or the word itself where it is constant.
    fn name(&self, id: ExprId) -> String {
        match self.kernel.exprs.get(id) {
            Expr::Const(value) if self.is_literal(id) => literal(*value),
            Expr::Load(load) if self.loads != Loads::Cells => format!("v{}", self.kernel.load(*load).key.index()),
            Expr::Load(load) => format!("l{}", load.index()),
            _ => word_name(self.kernel, self.params, id),
        }
    }

    fn declare(&mut self, what: Name, name: &str, value: impl FnOnce() -> String) {
        if self.known.insert(what) {
            self.declared.push(what);
            self.line(&format!("let {name} = {};", value()));
        }
    }
}

/// The name of a word that is computed or comes with the row: an input's own name, `p` and its number for other parameters.
pub fn word_name(kernel: &Kernel, params: &[ExprId], id: ExprId) -> String {
    match (kernel.exprs.get(id), params.iter().position(|param| *param == id)) {
        (Expr::Input(Input::Calldata(offset)), _) if *offset < 4 || (offset - 4) % 32 != 0 => format!("calldata{offset}"),
        (Expr::Input(_), _) => Text(&kernel.exprs, id).to_string(),
        (_, Some(at)) => format!("p{at}"),
        _ => format!("e{}", id.index()),
    }
}

/// What is a `bool` in WGSL, with its operands.
fn comparison(expr: &Expr) -> Option<(&'static str, Vec<ExprId>)> {
    match expr {
        Expr::Unary(Unary::IsZero, a) => Some(("is_zero", vec![*a])),
        Expr::Binary(Binary::Lt, a, b) => Some(("lt", vec![*a, *b])),
        Expr::Binary(Binary::SLt, a, b) => Some(("slt", vec![*a, *b])),
        Expr::Binary(Binary::Eq, a, b) => Some(("eq", vec![*a, *b])),
        _ => None,
    }
}

/// The function of `word.wgsl` for an operation.
pub fn function(expr: &Expr) -> &'static str {
    match expr {
        Expr::Unary(op, _) => match op {
            Unary::IsZero => "is_zero",
            Unary::Not => "not",
            Unary::Clz => "clz",
        },
        Expr::Binary(op, ..) => match op {
            Binary::Add => "add",
            Binary::Mul => "mul",
            Binary::Sub => "sub",
            Binary::Div => "div",
            Binary::SDiv => "sdiv",
            Binary::Mod => "modulo",
            Binary::SMod => "smod",
            Binary::Exp => "exp",
            Binary::SignExtend => "sign_extend",
            Binary::Lt => "lt",
            Binary::SLt => "slt",
            Binary::Eq => "eq",
            Binary::And => "and",
            Binary::Or => "or",
            Binary::Xor => "xor",
            Binary::Byte => "byte",
            Binary::Shl => "shl",
            Binary::Shr => "shr",
            Binary::Sar => "sar",
        },
        Expr::Ternary(Ternary::AddMod, _) => "addmod",
        Expr::Ternary(Ternary::MulMod, _) => "mulmod",
        // Costs more than any module may: the text is thrown away.
        Expr::Keccak(_) => "keccak",
        Expr::Const(_) | Expr::Input(_) | Expr::Load(_) => unreachable!("not an operation"),
    }
}

fn literal(value: U256) -> String {
    match value {
        U256::ZERO => "zero()".to_string(),
        U256::MAX => "max_word()".to_string(),
        small if small <= U256::from(u32::MAX) => format!("small({small:#x}u)"),
        _ => {
            let limbs = to_word(value).map(|limb| format!("{limb:#x}u"));
            format!("Word(vec4<u32>({}), vec4<u32>({}))", limbs[..4].join(", "), limbs[4..].join(", "))
        }
    }
}
