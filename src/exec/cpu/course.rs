//! Courses: the ways through a walk that rows take together, because their bits decide alone, as most do, or because the cells that they look
//! at decide alike. Rows of one course are gone through column by column, and nothing is decided row by row.

use super::rows::{Ask, Choice, Group, Operand, Plan, Step};
use crate::exec::segment::Part;

/// What rows with the same bits demand, and where they end.
#[derive(Clone)]
pub(super) struct Course {
    pub demands: Vec<Demand>,
    /// `None` where that hangs on cells.
    pub end: Option<Finish>,
}

/// The leaf that rows end at.
#[derive(Clone)]
pub(super) struct Finish {
    pub leaf: u32,
    /// They demand exactly what they apply.
    pub exact: bool,
    /// What they store, by key.
    pub stores: Vec<(usize, Operand)>,
}

/// An amount that is demanded of a key; the side is 0 for down, 1 for up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Demand {
    pub key: usize,
    pub side: usize,
    pub amount: Operand,
}

/// The course of one row after another: most have that of the row before.
#[derive(Default)]
pub(super) struct Courses {
    last: Option<(u32, Option<Course>)>,
}

impl Courses {
    pub fn of(&mut self, plan: &Plan, part: &Part, row: usize) -> Option<&Course> {
        let bits = match plan.bit_columns {
            0 => 0,
            1 => part.columns[0][row],
            _ => return None,
        };
        if self.last.as_ref().is_none_or(|(last, _)| *last != bits) {
            self.last = Some((bits, Course::new(plan, bits)));
        }
        self.last.as_ref()?.1.as_ref()
    }
}

impl Course {
    /// The course of rows with these bits; `None` where cells decide what they demand, or where that has to be computed.
    pub fn new(plan: &Plan, bits: u32) -> Option<Self> {
        let decide = |choice: &Choice| match choice {
            Choice::Bit(bit) => Some(bits >> bit & 1 == 1),
            Choice::Read(_) => None,
        };
        Self::follow(plan, decide).filter(|course| !course.computes())
    }

    /// The course of rows that are gone through side by side, with these bits if they are known to have the same; `None` where they part.
    pub fn of(group: &mut Group<'_>, bits: Option<u32>) -> Option<Self> {
        let plan = group.plan;
        let decide = |choice: &Choice| match (choice, bits) {
            (Choice::Bit(bit), Some(bits)) => Some(bits >> bit & 1 == 1),
            _ => group.decides(choice),
        };
        let course = Self::follow(plan, decide)?;
        course.words().for_each(|word| group.need(word));
        Some(course)
    }

    /// `decide` decides alike for all rows, or not at all.
    fn follow(plan: &Plan, mut decide: impl FnMut(&Choice) -> Option<bool>) -> Option<Self> {
        let mut course = Self { demands: vec![], end: None };
        course.end = course.go(&plan.root, &mut decide)?;
        Some(course)
    }

    /// Whether it has words that are computed for each row.
    fn computes(&self) -> bool {
        self.words().any(|word| matches!(word, Operand::Word(_)))
    }

    /// What rows demand and store.
    fn words(&self) -> impl Iterator<Item = &Operand> {
        let stores = self.end.iter().flat_map(|finish| &finish.stores).map(|(_, word)| word);
        self.demands.iter().map(|demand| &demand.amount).chain(stores)
    }

    /// Whether what is demanded is computed for each row.
    pub fn computes_demands(&self) -> bool {
        self.demands.iter().any(|demand| matches!(demand.amount, Operand::Word(_)))
    }

    /// Where the walk ends, if that is certain; what it demands on all its ways is noted.
    fn go(&mut self, mut step: &Step, decide: &mut impl FnMut(&Choice) -> Option<bool>) -> Option<Option<Finish>> {
        loop {
            step = match step {
                Step::Choose { choice, yes, no } => {
                    if decide(choice)? {
                        yes
                    } else {
                        no
                    }
                }
                Step::Sentinel { equal, other, .. } => {
                    self.go(equal, decide)?;
                    self.go(other, decide)?;
                    return Some(None);
                }
                Step::Guard { asks, pass, fail } => {
                    self.note(asks)?;
                    if let Some(fail) = fail {
                        self.go(fail, decide)?;
                    }
                    pass
                }
                Step::End(end) => {
                    self.note(&end.asks)?;
                    return Some(Some(Finish { leaf: end.leaf, exact: end.exact, stores: end.stores.clone() }));
                }
            };
        }
    }

    fn note(&mut self, asks: &[Ask]) -> Option<()> {
        for ask in asks {
            let [amount] = ask.terms[..] else { return None };
            let demand = Demand { key: ask.key, side: ask.side, amount };
            let same = |known: &&Demand| (known.key, known.side) == (demand.key, demand.side);
            match self.demands.iter().find(same) {
                None => self.demands.push(demand),
                // Of several amounts the most counts, which only the row knows.
                Some(known) if *known != demand => return None,
                Some(_) => {}
            }
        }
        Some(())
    }
}
