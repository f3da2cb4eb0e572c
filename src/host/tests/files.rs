//! Files and folders: what is read of them, and what is said where they are missing, too many or too large.

use super::Folder;
use super::block_errors::{block, with};
use crate::host::{Prestate, RpcBlock, Tokens, read_blocks, read_prestates};
use std::fs::File;
use std::path::Path;

#[test]
fn files_that_are_not_there() {
    let folder = Folder::new("missing");
    let missing = folder.0.join("none.json");
    for outcome in [
        folder.message(RpcBlock::read(&missing).unwrap_err()),
        folder.message(Tokens::read(&missing).unwrap_err()),
        folder.message(read_blocks(&missing).unwrap_err()),
    ] {
        assert_eq!(outcome, "DIR/none.json: expected a file, found nothing");
    }
    assert_eq!(folder.message(Prestate::read(&folder.0).unwrap_err()), "DIR: expected a file, found a folder");
    folder.file(".hidden.json", "{}");
    folder.file("notes.txt", "");
    assert_eq!(folder.message(read_blocks(&folder.0).unwrap_err()), "DIR: expected *.json files, found none");
    folder.file("x.json/y", "");
    assert_eq!(folder.message(read_blocks(&folder.0).unwrap_err()), "DIR/x.json: expected a file, found a folder");
}

#[test]
fn folders_of_blocks() {
    let folder = Folder::new("blocks");
    folder.file("blocks/b.json", block().to_string());
    folder.file("blocks/a.json", with("/number", "0x2").to_string());
    let blocks = folder.0.join("blocks");
    let read = read_blocks(&blocks).unwrap();
    assert_eq!(read.iter().map(|(_, block)| block.number).collect::<Vec<_>>(), [1, 2]);

    let prestates = folder.0.join("prestates");
    let missing = |path: &Path| folder.message(read_prestates(path, &read).unwrap_err());
    assert_eq!(missing(&prestates), "DIR/prestates: expected a folder with the prestate of each of 2 blocks, found nothing");
    folder.file("prestates/1.json", "{}");
    assert_eq!(missing(&prestates), "DIR/prestates/2.json: expected the prestate of block 2, found nothing");
    let file = folder.0.join("prestates/1.json");
    assert_eq!(missing(&file), "DIR/prestates/1.json: expected a folder with the prestate of each of 2 blocks, found a file");
    folder.file("prestates/2.json", "[]");
    assert_eq!(missing(&prestates), "DIR/prestates/2.json: expected accounts by address, found a list of 0");

    folder.file("blocks/c.json", block().to_string());
    let message = folder.message(read_blocks(&blocks).unwrap_err());
    assert_eq!(message, "DIR/blocks/c.json: expected every block once, found block 1 also in DIR/blocks/b.json");
    folder.file("blocks/a.json", "{");
    let message = folder.message(read_blocks(&blocks).unwrap_err());
    assert_eq!(message, "DIR/blocks/a.json: line 1 column 1: expected JSON: EOF while parsing an object");
}

#[test]
fn files_that_are_too_large() {
    let folder = Folder::new("large");
    let path = folder.file("large.json", "");
    // Sparse: nothing is written.
    File::options().write(true).open(&path).unwrap().set_len(200 << 20).unwrap();
    assert_eq!(folder.message(RpcBlock::read(&path).unwrap_err()), "DIR/large.json: expected at most 128 MiB, found more");
}
