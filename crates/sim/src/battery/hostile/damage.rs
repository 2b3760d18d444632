//! Damage that knows the structure of a file: fields of nodes, cells, chains, the unclaimed ledger, the registry, states,
//! the header and the records are set to numbers that are wrong in the ways that matter.

use fastrand::Rng;

use super::file::{Change, File, put, u16_at, u32_at};

/// A damaged copy of a file, with every checksum right again.
pub(crate) fn damaged(file: &File, random: &mut Rng) -> Vec<u8> {
    let mut file = file.clone();
    for _ in 0..random.usize(1..=4) {
        damage(&mut file, random);
    }
    file.to_bytes()
}

fn damage(file: &mut File, random: &mut Rng) {
    let pages = file.pages.len() as u32;
    let page = random.usize(..file.pages.len());
    match random.u8(..32) {
        0..7 => node_header(file, page, random),
        7..13 => cell(file, page, random),
        13..16 => branch(file, random),
        16..18 => chain(file, random),
        18..21 => unclaimed(file, random),
        21..23 => cell(file, 1, random),
        23..25 => bytes(file, page, random),
        25 => {
            let other = random.usize(..file.pages.len());
            file.pages.swap(page, other);
        }
        26 => {
            let copy = file.pages.get(random.usize(..file.pages.len())).cloned().unwrap_or_default();
            set_page(file, page, &copy);
        }
        27 => {
            let place = random.usize(..file.states.len().max(1));
            put(&mut file.states, place, &[random.u8(..5)]);
        }
        28 => header(file, random),
        _ if file.records.is_empty() => {
            let number = number(pages, random);
            let at = random.usize(..file.page_size / 4) * 4;
            edit(file, page, at, &number.to_le_bytes());
        }
        _ => record(file, random),
    }
}

/// A number that is wrong in a way that matters: at a bound, or the number of some page.
fn number(pages: u32, random: &mut Rng) -> u32 {
    match random.u8(..16) {
        0 => 0,
        1 => 1,
        2 => 0xFF,
        3 => 0x7FFF,
        4 => 0xFFFF,
        5 => 0x8000_0000,
        6 => u32::MAX,
        7 => pages,
        8 => pages + 1,
        9 => random.u32(..),
        10 => random.u32(..5000),
        _ => random.u32(..pages.max(1)),
    }
}

fn edit(file: &mut File, page: usize, at: usize, bytes: &[u8]) {
    if let Some(page) = file.pages.get_mut(page) {
        put(page, at, bytes);
    }
}

fn set_page(file: &mut File, page: usize, bytes: &[u8]) {
    edit(file, page, 0, bytes);
}

fn kind(file: &File, page: usize) -> u8 {
    file.pages.get(page).and_then(|page| page.first()).copied().unwrap_or(0)
}

/// A page of this kind, if there is one.
fn page_of(file: &File, wanted: u8, random: &mut Rng) -> Option<usize> {
    let found: Vec<usize> = (2..file.pages.len()).filter(|page| kind(file, *page) == wanted).collect();
    random.choice(found)
}

/// A field of a node's header.
fn node_header(file: &mut File, page: usize, random: &mut Rng) {
    let wide = number(file.pages.len() as u32, random);
    let old = file.pages.get(page).map_or(0, |bytes| u16_at(bytes, 2));
    let narrow = match random.u8(..6) {
        0 => old.wrapping_add(1),
        1 => old.wrapping_sub(1),
        2 => random.u16(..),
        3 => random.u16(..4200),
        4 => old.wrapping_mul(2),
        _ => wide as u16,
    };
    match random.u8(..11) {
        0 => edit(file, page, 0, &[random.u8(..5)]),
        1 => edit(file, page, 1, &[random.u8(..4) * random.u8(..86)]),
        2 => edit(file, page, 2, &narrow.to_le_bytes()),
        3 => edit(file, page, 4, &narrow.to_le_bytes()),
        4 => edit(file, page, 6, &narrow.to_le_bytes()),
        5 => edit(file, page, 8, &wide.to_le_bytes()),
        6 => edit(file, page, 12, &random.u32(..12).to_le_bytes()),
        7 => edit(file, page, 16, &narrow.to_le_bytes()),
        8 => edit(file, page, 20, &wide.to_le_bytes()),
        9 => edit(file, page, random.usize(18..20), &[random.u8(..7)]),
        _ => edit(file, page, 2, &[narrow.to_le_bytes(), narrow.to_le_bytes(), narrow.to_le_bytes()].concat()),
    }
}

/// The slot of some entry of a node, and where its cell stands.
fn slot(bytes: &[u8], random: &mut Rng) -> (usize, usize) {
    let (count, prefix) = (usize::from(u16_at(bytes, 2)), usize::from(u16_at(bytes, 16)));
    let slot = 32 + prefix + random.usize(..count.clamp(1, 700)) * 6;
    (slot, usize::from(u16_at(bytes, slot + 4)))
}

/// A slot, or the bytes of a cell: lengths, chains, children, values.
fn cell(file: &mut File, page: usize, random: &mut Rng) {
    let pages = file.pages.len() as u32;
    let Some(bytes) = file.pages.get(page) else { return };
    let ((slot_at, cell_at), (other_at, _)) = (slot(bytes, random), slot(bytes, random));
    let other = bytes.get(other_at..).unwrap_or_default().iter().take(6).copied().collect::<Vec<u8>>();
    match random.u8(..10) {
        0 => edit(file, page, slot_at, &random.u32(..).to_le_bytes()),
        1 => edit(file, page, slot_at + 4, &random.u16(..4200).to_le_bytes()),
        2 => edit(file, page, slot_at, &other),
        3 => edit(file, page, cell_at, &[random.u8(..)]),
        4 => edit(file, page, cell_at + 1, &[random.u8(..)]),
        5 => edit(file, page, cell_at, &[0xFF, 0xFF, 0xFF, 0xFF, random.u8(..16)]),
        6 => edit(file, page, cell_at + random.usize(1..3), &[0xFF, 0xFF, 0xFF, random.u8(0x80..), random.u8(..16)]),
        7 => edit(file, page, cell_at + random.usize(..12), &number(pages, random).to_le_bytes()),
        8 => edit(file, page, cell_at + random.usize(..80), &number(pages, random).to_le_bytes()),
        _ => edit(
            file,
            page,
            cell_at + random.usize(..40),
            &u64::from(number(pages, random)).wrapping_neg().to_le_bytes(),
        ),
    }
}

/// The children of a branch.
fn branch(file: &mut File, random: &mut Rng) {
    let Some(page) = page_of(file, 2, random) else { return cell(file, 1, random) };
    let target = match random.u8(..4) {
        0 => page as u32,
        1 => number(file.pages.len() as u32, random),
        _ => random.u32(..file.pages.len() as u32),
    };
    let Some(bytes) = file.pages.get(page).cloned() else { return };
    let count = usize::from(u16_at(&bytes, 2)).min(700);
    let prefix = usize::from(u16_at(&bytes, 16));
    let all = random.bool();
    if all || random.u8(..4) == 0 {
        edit(file, page, 8, &target.to_le_bytes());
    }
    for index in 0..count {
        if all || random.usize(..count) == 0 {
            let cell_at = usize::from(u16_at(&bytes, 32 + prefix + index * 6 + 4));
            // Length of the suffix, short here; then the tail and the child.
            let suffix = usize::from(bytes.get(cell_at).copied().unwrap_or(0) >> 1);
            edit(file, page, cell_at + 1 + suffix.saturating_sub(4), &target.to_le_bytes());
        }
    }
    if random.u8(..3) == 0 {
        // Many levels of the same: each branch leads to the one below it again and again.
        edit(file, page, 1, &[random.u8(..25)]);
    }
}

/// A page of a chain.
fn chain(file: &mut File, random: &mut Rng) {
    let Some(page) = page_of(file, 3, random) else { return cell(file, 1, random) };
    let pages = file.pages.len() as u32;
    let target = if random.u8(..3) == 0 { page as u32 } else { number(pages, random) };
    match random.u8(..4) {
        0 | 1 => edit(file, page, 4, &target.to_le_bytes()),
        2 => edit(file, page, 8, &number(pages, random).to_le_bytes()),
        _ => edit(file, page, 12, &random.u32(..12).to_le_bytes()),
    }
}

/// The ledger of unclaimed pages.
fn unclaimed(file: &mut File, random: &mut Rng) {
    let pages = file.pages.len() as u32;
    let capacity = (file.page_size as u32 - 16) / 4;
    let count = file.pages.first().map_or(0, |root| u32_at(root, 0)).min(capacity);
    let entry = 16 + 4 * random.usize(..(count as usize + 2).min(capacity as usize));
    match random.u8(..8) {
        0 => edit(file, 0, 0, &[count + 1, 0, count + 1].map(u32::to_le_bytes).concat()),
        1 => edit(file, 0, 0, &number(pages, random).to_le_bytes()),
        2 => edit(file, 0, 4, &number(pages, random).to_le_bytes()),
        3 => edit(file, 0, 8, &number(pages, random).to_le_bytes()),
        4 => edit(file, 0, entry, &number(pages, random).to_le_bytes()),
        5 => {
            // A full root, so that the next release spills.
            edit(file, 0, 0, &[capacity, 0, capacity].map(u32::to_le_bytes).concat());
        }
        6 => {
            // A spill page that was some other page.
            let page = random.u32(2..pages.max(3));
            edit(file, 0, 0, &[0, page, capacity + 1].map(u32::to_le_bytes).concat());
            edit(file, page as usize, 0, &[capacity, number(pages, random), 0, 0].map(u32::to_le_bytes).concat());
            put(&mut file.states, page as usize, &[2]);
        }
        _ => {
            // A page in use that is said to be free, in the ledger and by its state.
            let page = random.u32(2..pages.max(3));
            edit(file, 0, 0, &[count + 1, 0, count + 1].map(u32::to_le_bytes).concat());
            edit(file, 0, 16 + count.min(capacity - 1) as usize * 4, &page.to_le_bytes());
            put(&mut file.states, page as usize, &[2]);
            if random.bool() {
                set_page(file, page as usize, &vec![0; file.page_size]);
            }
        }
    }
}

/// Bytes without a meaning.
fn bytes(file: &mut File, page: usize, random: &mut Rng) {
    let at = random.usize(..file.page_size);
    let longest = if random.bool() { 4 } else { file.page_size / 2 };
    let length = random.usize(1..=longest);
    let noise: Vec<u8> = match random.u8(..4) {
        0 => vec![0; length],
        1 => vec![0xFF; length],
        2 => {
            let from = random.usize(..file.page_size);
            let source = file.pages.get(page).and_then(|bytes| bytes.get(from..)).unwrap_or_default();
            source.iter().take(length).copied().collect()
        }
        _ => (0..length).map(|_| random.u8(..)).collect(),
    };
    edit(file, page, at, &noise);
}

/// A field of the header, or the number of committed pages with all that belongs to it.
fn header(file: &mut File, random: &mut Rng) {
    let pages = file.pages.len() as u32;
    if random.bool() {
        let mark = random.u32(..pages + 2);
        put(&mut file.header, 68, &mark.to_le_bytes());
        file.states.resize(mark as usize, 1);
        return;
    }
    let at = random.choice([8, 12, 24, 32, 36, 40, 44, 48, 64, 68, 72, 76, 80, 84, 88]).unwrap_or_default();
    put(&mut file.header, at, &number(pages, random).to_le_bytes());
}

/// A record: its head, or what it says of a page.
fn record(file: &mut File, random: &mut Rng) {
    let pages = file.pages.len() as u32;
    let wrong = number(pages, random);
    let count = file.records.len();
    let place = random.usize(..count);
    if random.u8(..6) == 0 {
        file.records.truncate(place);
        return;
    }
    let Some(record) = file.records.get_mut(place) else { return };
    if random.u8(..4) == 0 {
        let at = random.choice([8, 16, 28, 40, 44, 52, 56]).unwrap_or_default();
        put(&mut record.head, at, &wrong.to_le_bytes());
        return;
    }
    let entries = record.entries.len().max(1);
    let Some(entry) = record.entries.get_mut(random.usize(..entries)) else { return };
    match (random.u8(..6), &mut entry.change) {
        (0, _) => entry.page = wrong,
        (1, _) => entry.state = random.u8(..5),
        (2, change) => *change = if random.bool() { Change::Fresh } else { Change::Zero },
        (_, Change::Ranges(ranges)) => {
            let count = ranges.len().max(1);
            let Some((offset, bytes)) = ranges.get_mut(random.usize(..count)) else { return };
            match random.u8(..4) {
                0 => *offset = wrong as u16,
                1 => bytes.truncate(random.usize(1..=bytes.len().max(1))),
                _ => {
                    let at = random.usize(..bytes.len().max(1));
                    put(bytes, at, &wrong.to_le_bytes());
                }
            }
        }
        _ => entry.page = wrong,
    }
}
