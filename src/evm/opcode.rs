//! The opcodes of Osaka: what each takes, leaves, and costs at least. Dynamic costs are bounded by `symbolic`.

/// Stack items taken and left, and static gas (warm costs where access lists decide).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opcode {
    pub takes: u8,
    pub leaves: u8,
    pub gas: u32,
}

/// The opcode, or `None` where the byte is not one.
pub const fn opcode(byte: u8) -> Option<Opcode> {
    let (takes, leaves, gas) = match byte {
        0x00 => (0, 0, 0),               // STOP
        0x01 | 0x03 => (2, 1, 3),        // ADD SUB
        0x02 | 0x04..=0x07 => (2, 1, 5), // MUL DIV SDIV MOD SMOD
        0x08 | 0x09 => (3, 1, 8),        // ADDMOD MULMOD
        0x0a => (2, 1, 10),              // EXP
        0x0b | 0x1e => {
            if byte == 0x0b {
                (2, 1, 5)
            } else {
                (1, 1, 5)
            }
        } // SIGNEXTEND CLZ
        0x10..=0x14 | 0x16..=0x18 | 0x1a..=0x1d => (2, 1, 3), // comparisons, bits, shifts
        0x15 | 0x19 => (1, 1, 3),        // ISZERO NOT
        0x20 => (2, 1, 30),              // KECCAK256
        0x30 | 0x32..=0x34 | 0x36 | 0x38 | 0x3a | 0x3d => (0, 1, 2),
        0x31 | 0x3b | 0x3f => (1, 1, 100),                           // BALANCE EXTCODESIZE EXTCODEHASH
        0x35 => (1, 1, 3),                                           // CALLDATALOAD
        0x37 | 0x39 | 0x3e => (3, 0, 3),                             // CALLDATACOPY CODECOPY RETURNDATACOPY
        0x3c => (4, 0, 100),                                         // EXTCODECOPY
        0x40 => (1, 1, 20),                                          // BLOCKHASH
        0x41..=0x46 | 0x48 | 0x4a => (0, 1, 2),                      // the block
        0x47 => (0, 1, 5),                                           // SELFBALANCE
        0x49 => (1, 1, 3),                                           // BLOBHASH
        0x50 => (1, 0, 2),                                           // POP
        0x51 => (1, 1, 3),                                           // MLOAD
        0x52 | 0x53 => (2, 0, 3),                                    // MSTORE MSTORE8
        0x54 => (1, 1, 100),                                         // SLOAD
        0x55 => (2, 0, 100),                                         // SSTORE
        0x56 => (1, 0, 8),                                           // JUMP
        0x57 => (2, 0, 10),                                          // JUMPI
        0x58..=0x5a => (0, 1, 2),                                    // PC MSIZE GAS
        0x5b => (0, 0, 1),                                           // JUMPDEST
        0x5c => (1, 1, 100),                                         // TLOAD
        0x5d => (2, 0, 100),                                         // TSTORE
        0x5e => (3, 0, 3),                                           // MCOPY
        0x5f => (0, 1, 2),                                           // PUSH0
        0x60..=0x7f => (0, 1, 3),                                    // PUSH
        0x80..=0x8f => (byte - 0x7f, byte - 0x7e, 3),                // DUP
        0x90..=0x9f => (byte - 0x8e, byte - 0x8e, 3),                // SWAP
        0xa0..=0xa4 => (byte - 0x9e, 0, 375 * (byte as u32 - 0x9f)), // LOG
        0xf0 => (3, 1, 32_000),                                      // CREATE
        0xf1 | 0xf2 => (7, 1, 100),                                  // CALL CALLCODE
        0xf3 | 0xfd => (2, 0, 0),                                    // RETURN REVERT
        0xf4 | 0xfa => (6, 1, 100),                                  // DELEGATECALL STATICCALL
        0xf5 => (4, 1, 32_000),                                      // CREATE2
        0xff => (1, 0, 5_000),                                       // SELFDESTRUCT
        _ => return None,
    };
    Some(Opcode { takes, leaves, gas })
}

/// The opcode's name, for reasons that people read.
pub fn name(byte: u8) -> &'static str {
    match byte {
        0x31 => "BALANCE",
        0x3b => "EXTCODESIZE",
        0x3c => "EXTCODECOPY",
        0x3f => "EXTCODEHASH",
        0x40 => "BLOCKHASH",
        0x5a => "GAS",
        0xf0 => "CREATE",
        0xf1 => "CALL",
        0xf2 => "CALLCODE",
        0xf4 => "DELEGATECALL",
        0xf5 => "CREATE2",
        0xfa => "STATICCALL",
        0xff => "SELFDESTRUCT",
        _ => "opcode",
    }
}
