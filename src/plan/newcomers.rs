//! Cells that a segment names and the state does not hold, each once. They are found by the hash of their key, in tables by part of that
//! hash: threads fill tables of their own, and what comes out does not depend on them.

use crate::state::CellKey;
use hashbrown::HashTable;
use rayon::prelude::*;

/// Tables: some for each thread.
const TABLES: usize = 64;

#[derive(Debug, Default)]
pub struct Newcomers {
    keys: Vec<CellKey>,
    /// Indices into the keys.
    tables: Vec<HashTable<u32>>,
}

/// The keys of one chunk with their hashes, each once.
#[derive(Debug, Clone, Copy)]
pub struct Missing<'a> {
    pub keys: &'a [CellKey],
    pub hashes: &'a [u64],
}

/// The first keys of a table in the making, with the index within it of each.
#[derive(Default)]
struct Part {
    keys: Vec<CellKey>,
    table: HashTable<u32>,
    /// For each chunk the index of each of its keys that belong here.
    indices: Vec<Vec<u32>>,
}

impl Newcomers {
    pub fn clear(&mut self) {
        self.keys.clear();
        self.tables.clear();
    }

    pub fn keys(&self) -> &[CellKey] {
        &self.keys
    }

    pub fn find(&self, key: &CellKey) -> Option<u32> {
        let hash = key.hash_code();
        self.tables.get(table_of(hash))?.find(hash, |index| self.keys[*index as usize] == *key).copied()
    }

    /// The index of a key, which is added where it is new.
    pub fn add(&mut self, key: CellKey) -> u32 {
        self.find(&key).unwrap_or_else(|| {
            let (index, hash, keys) = (self.keys.len() as u32, key.hash_code(), &mut self.keys);
            keys.push(key);
            self.tables.resize_with(TABLES, HashTable::new);
            self.tables[table_of(hash)].insert_unique(hash, index, |index| keys[*index as usize].hash_code());
            index
        })
    }

    /// The indices of the keys of chunks. None have been added before.
    pub fn add_all(&mut self, chunks: &[Missing<'_>]) -> Vec<Vec<u32>> {
        debug_assert!(self.keys.is_empty(), "chunks come first");
        if chunks.iter().all(|chunk| chunk.keys.is_empty()) {
            return chunks.iter().map(|_| vec![]).collect();
        }
        let places: Vec<Vec<Vec<u32>>> = chunks.par_iter().map(places).collect();
        let parts: Vec<Part> = (0..TABLES).into_par_iter().map(|table| part(chunks, &places, table)).collect();
        let mut starts = Vec::with_capacity(TABLES);
        for part in &parts {
            starts.push(self.keys.len() as u32);
            self.keys.extend(&part.keys);
        }
        let of_chunk = |(at, places): (usize, &Vec<Vec<u32>>)| {
            let mut indices = vec![0; chunks[at].keys.len()];
            for ((places, part), start) in places.iter().zip(&parts).zip(&starts) {
                places.iter().zip(&part.indices[at]).for_each(|(place, index)| indices[*place as usize] = start + index);
            }
            indices
        };
        let indices = places.par_iter().enumerate().map(of_chunk).collect();
        self.tables = parts
            .into_par_iter()
            .zip(&starts)
            .map(|(mut part, start)| {
                part.table.iter_mut().for_each(|index| *index += start);
                part.table
            })
            .collect();
        indices
    }
}

fn table_of(hash: u64) -> usize {
    // The tables use the ends of a hash for themselves.
    (hash >> 32) as usize % TABLES
}

/// For each table the places of a chunk's keys that belong there.
fn places(chunk: &Missing<'_>) -> Vec<Vec<u32>> {
    let mut places = vec![vec![]; TABLES];
    (0..).zip(chunk.hashes).for_each(|(place, hash)| places[table_of(*hash)].push(place));
    places
}

fn part(chunks: &[Missing<'_>], places: &[Vec<Vec<u32>>], table: usize) -> Part {
    let (mut part, mut hashes) = (Part::default(), Vec::new());
    for (chunk, places) in chunks.iter().zip(places) {
        let Part { keys, table: known, .. } = &mut part;
        let mut indices = Vec::with_capacity(places[table].len());
        for place in &places[table] {
            let (key, hash) = (chunk.keys[*place as usize], chunk.hashes[*place as usize]);
            let index = match known.find(hash, |index| keys[*index as usize] == key) {
                Some(index) => *index,
                None => {
                    let index = keys.len() as u32;
                    keys.push(key);
                    hashes.push(hash);
                    known.insert_unique(hash, index, |index| hashes[*index as usize]);
                    index
                }
            };
            indices.push(index);
        }
        part.indices.push(indices);
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256};

    #[test]
    fn a_key_has_one_index_whoever_names_it() {
        let key = |n: u64| CellKey::storage(Address::with_last_byte(n as u8), B256::left_padding_from(&n.to_be_bytes()));
        let lists: Vec<Vec<CellKey>> = (0..9_u64).map(|list| (0..500).map(|n| key(list * 300 + n)).collect()).collect();
        let hashes: Vec<Vec<u64>> = lists.iter().map(|keys| keys.iter().map(CellKey::hash_code).collect()).collect();
        let chunks: Vec<Missing> = lists.iter().zip(&hashes).map(|(keys, hashes)| Missing { keys, hashes }).collect();
        let mut newcomers = Newcomers::default();
        let indices = newcomers.add_all(&chunks);
        assert_eq!(newcomers.keys().len(), 8 * 300 + 500);
        for (keys, indices) in lists.iter().zip(&indices) {
            for (key, index) in keys.iter().zip(indices) {
                assert_eq!((newcomers.keys()[*index as usize], newcomers.find(key)), (*key, Some(*index)));
            }
        }
        let (known, new) = (key(7), key(1 << 40));
        assert_eq!((newcomers.add(known), newcomers.add(new)), (newcomers.find(&known).unwrap(), 2_900));
        assert_eq!(newcomers.find(&key(1 << 41)), None);
    }
}
