//! What host and device must agree on: the buffers' bindings, the numbers that both know by name, the uniform block. Shaders get all of it
//! from here, as constants in front of their text.

use crate::ir::access::{NO_CELL, flags};
use crate::word::LIMBS;
use bytemuck::{Pod, Zeroable};

/// Invocations of a workgroup.
pub const WORKGROUP: u32 = 64;

/// How long the totals of a segment are: the fewer limbs, the less memory passes go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// All amounts are below 2^64.
    Narrow,
    /// All amounts are below 2^128.
    Middle,
    Wide,
}

impl Width {
    pub const ALL: [Self; 3] = [Self::Narrow, Self::Middle, Self::Wide];

    /// Limbs of an amount.
    pub const fn limbs(self) -> usize {
        match self {
            Self::Narrow => 2,
            Self::Middle => 4,
            Self::Wide => LIMBS,
        }
    }

    /// Limbs of a total: one more, so that no sum of 2^32 amounts wraps.
    pub const fn total_limbs(self) -> usize {
        self.limbs() + 1
    }
}

/// The outcome of a row that touches a contended cell: the call goes to the line.
pub const TO_LINE: u32 = u32::MAX;

/// What judge says of a cell, and waves after it. 0: it is solvent, or nobody changes it.
pub mod verdict {
    /// Its calls need an order by how they use it.
    pub const ORDERED: u32 = 1;
    /// It may fall short of a guard.
    pub const SHORT: u32 = 2;
    /// Ordered, and used by a call that a level put off: this and the level's number. Whoever uses it on a later level is put off too.
    pub const PUT_OFF: u32 = 3;
}

/// Binding numbers, all in group 0.
pub mod binding {
    pub const SEGMENT: u32 = 0;
    pub const STREAM: u32 = 1;
    pub const BASE: u32 = 2;
    pub const DEBITS: u32 = 3;
    pub const CREDITS: u32 = 4;
    pub const VERDICTS: u32 = 5;
    pub const OUTCOMES: u32 = 6;
    pub const FLAGS: u32 = 7;
}

/// The uniform block of every pass.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Pod, Zeroable)]
pub struct Segment {
    /// Rows of the stream.
    pub rows: u32,
    /// Cells of the segment.
    pub cells: u32,
    /// The first row of a level, and the one after its last.
    pub first: u32,
    pub end: u32,
    /// The level's number.
    pub level: u32,
    /// Limbs of each parameter that rows bring: 2, 4 or 8.
    pub limbs: u32,
}

impl Segment {
    pub fn new(rows: u32, cells: u32, limbs: u32) -> Self {
        Self { rows, cells, limbs, ..Self::default() }
    }

    /// A level of a stream, for `wave`.
    pub fn level(self, rows: std::ops::Range<u32>, level: u32) -> Self {
        Self { first: rows.start, end: rows.end, level, ..self }
    }

    pub fn words(self) -> [u32; 6] {
        bytemuck::cast(self)
    }
}

/// The constants by the names that shaders have for them, in a module for totals so long.
pub const fn constants(width: Width) -> [(&'static str, u32); 27] {
    [
        ("WORKGROUP", WORKGROUP),
        ("LIMBS", LIMBS as u32),
        ("TOTAL_LIMBS", width.total_limbs() as u32),
        ("NARROW_LIMBS", Width::Narrow.total_limbs() as u32),
        ("MIDDLE_LIMBS", Width::Middle.total_limbs() as u32),
        ("NO_CELL", NO_CELL),
        ("TO_LINE", TO_LINE),
        ("ORDERED", verdict::ORDERED),
        ("SHORT", verdict::SHORT),
        ("PUT_OFF", verdict::PUT_OFF),
        ("BINDING_SEGMENT", binding::SEGMENT),
        ("BINDING_STREAM", binding::STREAM),
        ("BINDING_BASE", binding::BASE),
        ("BINDING_DEBITS", binding::DEBITS),
        ("BINDING_CREDITS", binding::CREDITS),
        ("BINDING_VERDICTS", binding::VERDICTS),
        ("BINDING_OUTCOMES", binding::OUTCOMES),
        ("BINDING_FLAGS", binding::FLAGS),
        ("READ", flags::READ),
        ("WRITE", flags::WRITE),
        ("DEBIT", flags::DEBIT),
        ("CREDIT", flags::CREDIT),
        ("GUARD", flags::GUARD),
        ("SENTINEL", flags::SENTINEL),
        ("PLAIN_DEBIT", flags::PLAIN_DEBIT),
        ("SHOWN", flags::SHOWN),
        ("NETTED", flags::NETTED),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Kernel;
    use crate::ir::access::Walker;
    use crate::lower::{JUDGE, SETTLE, link, own_text, validate};
    use crate::word::{TOTAL_LIMBS, Total, Word};
    use naga::{Expression, Literal, Module, TypeInner};
    use std::collections::HashSet;
    use std::mem::{offset_of, size_of};

    fn modules(width: Width) -> Vec<Module> {
        let transfer = Kernel::transfer();
        let transfer = own_text(&transfer, &Walker::new(&transfer)).expect("a transfer lowers");
        [JUDGE, SETTLE, &transfer].iter().map(|text| validate(&link(text, width)).expect("the text is valid").module).collect()
    }

    /// Members of a structure with their offsets, and its size.
    fn structure(module: &Module, name: &str) -> (Vec<(String, u32)>, u32) {
        let (_, found) = module.types.iter().find(|(_, kind)| kind.name.as_deref() == Some(name)).expect("the structure is used");
        let TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is a structure") };
        (members.iter().map(|member| (member.name.clone().unwrap_or_default(), member.offset)).collect(), *span)
    }

    #[test]
    fn the_uniform_block_lies_in_memory_as_on_the_device() {
        for module in modules(Width::Wide) {
            let (members, size) = structure(&module, "Segment");
            let offsets = [
                ("rows", offset_of!(Segment, rows)),
                ("cells", offset_of!(Segment, cells)),
                ("first", offset_of!(Segment, first)),
                ("end", offset_of!(Segment, end)),
                ("level", offset_of!(Segment, level)),
                ("limbs", offset_of!(Segment, limbs)),
            ];
            assert_eq!(members, offsets.map(|(name, offset)| (name.to_string(), offset as u32)));
            assert_eq!(size as usize, size_of::<Segment>());
        }
    }

    #[test]
    fn words_and_totals_have_the_limbs_that_the_host_gives_them() {
        assert_eq!((size_of::<Word>(), size_of::<Total>()), (4 * LIMBS, 4 * TOTAL_LIMBS));
        let (members, size) = structure(&modules(Width::Wide)[2], "Word");
        assert_eq!(size as usize, size_of::<Word>());
        assert_eq!(members, [("lo".to_string(), 0), ("hi".to_string(), 16)]);
    }

    #[test]
    fn constants_reach_the_device() {
        for width in Width::ALL {
            let (constants, mut seen) = (constants(width), HashSet::new());
            for module in modules(width) {
                for (_, constant) in module.constants.iter() {
                    let name = constant.name.as_deref().expect("constants have names");
                    let known =
                        constants.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is not among the constants"));
                    assert_eq!(module.global_expressions[constant.init], Expression::Literal(Literal::U32(known.1)), "{name}");
                    seen.insert(known.0);
                }
            }
            let unused: Vec<_> = constants.iter().map(|(name, _)| name).filter(|name| !seen.contains(*name)).collect();
            // Parts of NETTED.
            assert_eq!(unused, [&"DEBIT", &"SHOWN"]);
        }
    }

    #[test]
    fn buffers_are_bound_where_the_host_binds_them() {
        for module in modules(Width::Narrow) {
            for (_, variable) in module.global_variables.iter() {
                let name = variable.name.as_deref().expect("buffers have names");
                let number = match name {
                    "segment" => binding::SEGMENT,
                    "stream" => binding::STREAM,
                    "base" | "values" => binding::BASE,
                    "debits" | "total_debits" => binding::DEBITS,
                    "credits" | "total_credits" => binding::CREDITS,
                    "verdicts" | "marks" => binding::VERDICTS,
                    "outcomes" => binding::OUTCOMES,
                    "flags" => binding::FLAGS,
                    other => panic!("{other} is no buffer of ours"),
                };
                assert_eq!(variable.binding.map(|at| (at.group, at.binding)), Some((0, number)), "{name}");
            }
            for entry in &module.entry_points {
                assert_eq!(entry.workgroup_size, [WORKGROUP, 1, 1], "{}", entry.name);
            }
        }
    }
}
