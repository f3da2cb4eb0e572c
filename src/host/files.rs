//! Reading files and folders: every error starts with the file's path. A folder is its `*.json`, whatever their names, and no folder below.

use super::block::RpcBlock;
use super::prestate::Prestate;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Of one file. JSON takes up to sixteen times its size in memory; a block is below 10 MiB, the build output of a large project below 100.
const FILE_BYTES: u64 = 128 << 20;

/// Reads a file whole and parses it.
pub(super) fn read<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    contents(path).and_then(|bytes| parse(&bytes)).map_err(|error| error.within(path.display()))
}

/// The blocks of a file, or of a folder's files, with the file of each, ascending by number.
///
/// # Errors
/// Input: a file cannot be read or holds no block, a folder holds no `*.json`, or two files hold the same block.
pub fn read_blocks(path: &Path) -> Result<Vec<(PathBuf, RpcBlock)>> {
    let files = if path.is_dir() { json_files(path)? } else { vec![path.into()] };
    let mut blocks = files.into_iter().map(|file| RpcBlock::read(&file).map(|block| (file, block))).collect::<Result<Vec<_>>>()?;
    blocks.sort_by_key(|(_, block)| block.number);
    match blocks.windows(2).find(|pair| pair[0].1.number == pair[1].1.number) {
        Some(pair) => Err(same_block(&pair[0], &pair[1])),
        None => Ok(blocks),
    }
}

/// The prestates of `blocks`, in their order. In a folder the prestate of block N is `N.json`; a file is the prestate of a single block.
///
/// # Errors
/// Input: a block's file is missing or holds no prestate, or one file is given for several blocks.
pub fn read_prestates(path: &Path, blocks: &[(PathBuf, RpcBlock)]) -> Result<Vec<Prestate>> {
    blocks.iter().map(|(_, block)| Prestate::read(&prestate_file(path, block.number, blocks.len())?)).collect()
}

fn prestate_file(path: &Path, number: u64, blocks: usize) -> Result<PathBuf> {
    let missing = |expected: String, path: &Path| {
        let found = if path.exists() { "a file" } else { "nothing" };
        Err(Error::input(format_args!("{}: expected {expected}, found {found}", path.display())))
    };
    let file = path.join(format!("{number}.json"));
    match (path.is_dir(), blocks) {
        (true, _) if file.exists() => Ok(file),
        (true, _) => missing(format!("the prestate of block {number}"), &file),
        (false, 1) => Ok(path.into()),
        (false, _) => missing(format!("a folder with the prestate of each of {blocks} blocks"), path),
    }
}

fn same_block((first, block): &(PathBuf, RpcBlock), (second, _): &(PathBuf, RpcBlock)) -> Error {
    let found = format!("block {} also in {}", block.number, first.display());
    Error::input(format_args!("{}: expected every block once, found {found}", second.display()))
}

/// In the order of their names, so that what is said of them does not depend on the file system.
fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| unreadable("a folder", &error).within(folder.display());
    let paths = folder.read_dir().map_err(unreadable)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = paths.collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
    files.retain(|path| is_json(path));
    files.sort();
    if files.is_empty() {
        return Err(Error::input(format_args!("{}: expected *.json files, found none", folder.display())));
    }
    Ok(files)
}

/// What `*.json` means in a shell: hidden files are left out.
fn is_json(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    path.extension().is_some_and(|extension| extension == "json") && !hidden
}

fn contents(path: &Path) -> Result<Vec<u8>> {
    if path.is_dir() {
        return Err(Error::input("expected a file, found a folder"));
    }
    let file = File::open(path).map_err(|error| unreadable("a file", &error))?;
    let size = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::new();
    // Neither a pipe nor a device tells its size, so what is read is bounded too.
    if size <= FILE_BYTES {
        file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable("a file", &error))?;
    }
    if size.max(bytes.len() as u64) > FILE_BYTES {
        return Err(Error::input(format_args!("expected at most {} MiB, found more", FILE_BYTES >> 20)));
    }
    Ok(bytes)
}

fn unreadable(expected: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::input(format_args!("expected {expected}, found nothing")),
        _ => Error::input(format_args!("expected {expected} that can be read: {error}")),
    }
}
