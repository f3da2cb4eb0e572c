//! Which contract of a file is meant.

use super::super::json::{listed, shown};
use super::shape::Candidate;
use crate::error::{Error, Result};

/// Names shown of a file's contracts.
const SHOWN_NAMES: usize = 10;

/// The contract called `contract` (`Name`, `file:Name`, or for Vyper the file), or the only one. Interfaces and abstract contracts, which
/// have no code, stand back where there is another.
pub(super) fn choose<'c, 'd>(candidates: &'c [Candidate<'d>], contract: Option<&str>) -> Result<&'c Candidate<'d>> {
    let is_meant = |candidate: &&Candidate| contract.is_none_or(|contract| candidate.is_called(contract));
    let meant: Vec<_> = candidates.iter().filter(is_meant).collect();
    let with_code: Vec<_> = meant.iter().copied().filter(|candidate| candidate.has_code()).collect();
    let wanted = contract.map_or("a compiled contract".into(), |contract| format!("the contract {contract}"));
    match (meant.as_slice(), with_code.as_slice()) {
        ([one], _) | (_, [one]) => Ok(one),
        ([], _) if candidates.is_empty() => Err(unmet(&wanted, "none")),
        ([], _) => Err(unmet(&wanted, &names(&candidates.iter().collect::<Vec<_>>()))),
        (_, []) => Err(unmet(&format!("{wanted} with code"), &format!("interfaces and abstract contracts: {}", names(&meant)))),
        _ => Err(unmet("one contract, or a choice by name", &names(&with_code))),
    }
}

fn unmet(expected: &str, found: &str) -> Error {
    Error::input(format_args!("expected {expected}, found {found}"))
}

fn names(candidates: &[&Candidate]) -> String {
    listed(candidates.iter().map(|candidate| shown(&candidate.full_name())), SHOWN_NAMES)
}

impl Candidate<'_> {
    fn is_called(&self, contract: &str) -> bool {
        [Some(self.name), self.source].contains(&Some(contract)) || self.full_name() == contract
    }

    fn full_name(&self) -> String {
        self.source.map_or(self.name.into(), |source| format!("{source}:{}", self.name))
    }
}
