//! Tables that refer to each other by several columns: rows that are inserted or updated, keys that change with all that
//! refers to them, indexes that descend and include, savepoints that stay.

use wasm_dbms::{Result, Table, Transaction};

use crate::workload::tables::text;

/// A row that others refer to by two columns.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "rooms"]
#[unique(number, building desc)]
#[index(floor desc, include(seats))]
pub(crate) struct Room {
    #[primary_key]
    building: String,
    #[primary_key]
    number: u64,
    floor: Option<i16>,
    seats: u32,
    note: String,
}

/// A row that refers to one.
#[derive(Table, Debug, Clone, PartialEq)]
#[table = "bookings"]
#[foreign_key(
    columns(building, number),
    table = "rooms",
    references(building, number),
    on_delete = "cascade",
    on_update = "cascade"
)]
#[index(start desc, include(title))]
pub(crate) struct Booking {
    #[primary_key]
    #[autoincrement]
    id: u64,
    building: String,
    number: u64,
    start: i64,
    title: String,
}

/// How many numbers rooms have before any of them changes.
const NUMBERS: u64 = 12;

fn building(random: &mut fastrand::Rng) -> String {
    if random.bool() { "east" } else { "west" }.to_owned()
}

fn rooms(random: &mut fastrand::Rng) -> Vec<Room> {
    let building = building(random);
    let count = random.u64(1..6);
    let first = random.u64(..NUMBERS);
    let room = |number| Room {
        building: building.clone(),
        number,
        floor: random.bool().then(|| random.i16(-2..5)),
        seats: random.u32(1..40),
        note: text(random, 250),
    };
    (first..first + count).map(room).collect()
}

/// Rooms come or change, are booked, are renumbered with their bookings, and go with them.
pub(crate) fn apply(tx: &mut Transaction<'_>, serial: u64, random: &mut fastrand::Rng) -> Result<()> {
    let rooms = rooms(random);
    tx.upsert(&rooms).run()?;
    // A savepoint that is released, with another in it.
    tx.savepoint(|tx| {
        book(tx, &rooms, random)?;
        tx.savepoint(|tx| book(tx, &rooms, random))
    })?;
    let (building, number) = (building(random), random.u64(..NUMBERS));
    match random.u8(..3) {
        0 => _ = tx.update_key::<Room>((building, number)).set(Room::NUMBER, 1000 + serial).run()?,
        1 => _ = tx.delete_key::<Room>((building, number))?,
        _ => {
            let longer = text(random, 600);
            tx.update::<Room>().set(Room::NOTE, longer).filter(Room::FLOOR.ge(random.i16(-2..5))).run()?;
        }
    }
    if random.u8(..8) == 0 {
        tx.delete::<Room>().filter(Room::NUMBER.ge(1000u64)).run()?;
    }
    Ok(())
}

fn book(tx: &mut Transaction<'_>, rooms: &[Room], random: &mut fastrand::Rng) -> Result<()> {
    for room in rooms.iter().take(random.usize(1..4)) {
        let title = text(random, 120);
        let (building, number) = (room.building.clone(), room.number);
        tx.insert(&NewBooking { building, number, start: random.i64(-1000..1000), title, ..Default::default() })?;
    }
    Ok(())
}
