//! What calls must have named themselves: a loaded word that successes prove equal to an input, as `from == owner[id]` does. The tree asks that
//! before a key or a condition hangs on the word, and goes on with the input in its place.

use super::path::{Decision, Path};
use super::symbolic::Executor;
use crate::ir::{Binary, Expr, ExprId, Kernel, Node, NodeId};

/// A loaded word, and the input that a success proves it equal to.
pub(super) type Hint = (ExprId, ExprId);

impl Executor<'_> {
    /// What a condition may be put in terms of: it is asked before it. Then the call's inputs often decide the condition.
    pub(super) fn asked_first(&mut self, path: &Path, condition: ExprId) -> Option<ExprId> {
        match self.decide(path, condition) {
            Decision::Open(_) => self.open_hint(path, condition, &self.proven.clone()),
            Decision::Known(_) => None,
        }
    }

    /// The first of those equalities that says more of a word and is not known.
    pub(super) fn open_hint(&mut self, path: &Path, word: ExprId, hints: &[Hint]) -> Option<ExprId> {
        hints.iter().find_map(|(loaded, input)| {
            let says = self.kernel.exprs.has_loads(word) && self.kernel.exprs.contains(word, *loaded);
            let equal = says.then(|| self.kernel.exprs.eq(*loaded, *input))?;
            match path.decide(&mut self.kernel, equal) {
                Decision::Open(atom) => Some(atom),
                Decision::Known(_) => None,
            }
        })
    }

    /// Whether a condition holds, in terms of the inputs that loaded words are known to equal.
    pub(super) fn decide(&mut self, path: &Path, condition: ExprId) -> Decision {
        let condition = self.in_inputs(path, condition, &self.proven.clone());
        path.decide(&mut self.kernel, condition)
    }

    /// A word in which the inputs stand that loaded words are known to equal.
    pub(super) fn in_inputs(&mut self, path: &Path, word: ExprId, hints: &[Hint]) -> ExprId {
        let mut word = word;
        for (loaded, input) in hints {
            if self.kernel.exprs.has_loads(word) && self.kernel.exprs.contains(word, *loaded) {
                let equal = self.kernel.exprs.eq(*loaded, *input);
                if let Decision::Known(true) = path.decide(&mut self.kernel, equal) {
                    word = self.kernel.exprs.replace(word, *loaded, *input);
                }
            }
        }
        word
    }
}

/// Pairs of a loaded word that keys hang on and an input, which a success proves equal; and those of them that every success does.
pub(super) fn hints(kernel: &Kernel) -> (Vec<Hint>, Vec<Hint>) {
    let words: Vec<ExprId> = kernel.keys.iter().map(|key| key.word()).filter(|word| kernel.exprs.has_loads(*word)).collect();
    let (mut hints, mut proven) = (Vec::new(), None);
    if !words.is_empty() {
        collect_hints(kernel, kernel.root(), &mut vec![], &words, &mut hints, &mut proven);
    }
    (hints, proven.unwrap_or_default())
}

/// Returns whether a success lies below `node`.
fn collect_hints(
    kernel: &Kernel,
    node: NodeId,
    facts: &mut Vec<Hint>,
    words: &[ExprId],
    hints: &mut Vec<Hint>,
    proven: &mut Option<Vec<Hint>>,
) -> bool {
    match kernel.node(node) {
        Node::Leaf(leaf) => {
            let succeeds = kernel.leaf(leaf).succeeds();
            if succeeds {
                let used = |hint: &Hint| words.iter().any(|word| kernel.exprs.contains(*word, hint.0));
                let here: Vec<Hint> = facts.iter().filter(|hint| used(hint)).copied().collect();
                proven.get_or_insert_with(|| here.clone()).retain(|hint| here.contains(hint));
                hints.extend(here);
                hints.sort_unstable();
                hints.dedup();
            }
            succeeds
        }
        Node::Branch { condition, yes, no } => {
            let equality = match *kernel.exprs.get(condition) {
                Expr::Binary(Binary::Eq, a, b) => match (kernel.exprs.has_loads(a), kernel.exprs.has_loads(b)) {
                    (true, false) => Some((a, b)),
                    (false, true) => Some((b, a)),
                    _ => None,
                },
                _ => None,
            };
            let depth = facts.len();
            facts.extend(equality);
            let above = collect_hints(kernel, yes, facts, words, hints, proven);
            facts.truncate(depth);
            collect_hints(kernel, no, facts, words, hints, proven) || above
        }
    }
}
