//! What names a cell, taken apart: what is the same for all calls of a kernel, and the words that a call fills in.

use super::expr::{Binary, Expr, ExprId, Exprs};
use super::kernel::Key;

/// How a key names its cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// What a slot is hashed from, with `_` for each word that the call fills in.
    pub text: String,
    /// Those words.
    pub holes: Vec<ExprId>,
}

impl Structure {
    pub fn of(exprs: &Exprs, key: Key) -> Self {
        let mut holes = Vec::new();
        let text = match key {
            Key::Storage(word) => slot(exprs, word, &mut holes),
            Key::Native(word) => {
                holes.push(word);
                "native".to_string()
            }
        };
        Self { text, holes }
    }
}

fn slot(exprs: &Exprs, word: ExprId, holes: &mut Vec<ExprId>) -> String {
    match exprs.get(word) {
        Expr::Keccak(preimage) => {
            let words: Vec<String> = preimage.words.iter().map(|word| slot(exprs, *word, holes)).collect();
            format!("keccak({};{})", words.join(","), preimage.len_bytes)
        }
        Expr::Binary(Binary::Add, a, b) if exprs.as_const(*a).is_some() && matches!(exprs.get(*b), Expr::Keccak(_)) => {
            format!("{:x}+{}", exprs.as_const(*a).unwrap_or_default(), slot(exprs, *b, holes))
        }
        Expr::Const(value) => format!("{value:x}"),
        _ => {
            holes.push(word);
            "_".to_string()
        }
    }
}
