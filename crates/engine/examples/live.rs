//! A live query: the best five players, kept up to date while others write. `cargo run --example live`
//!
//! The pattern: subscribe, ask once, then ask again (or change what is shown) whenever something on the topic was
//! committed. Who lags asks anew too, so there is one path for both.

#![expect(clippy::print_stdout, reason = "it shows something")]

use std::time::Duration;

use wasm_dbms::Feed;
use wasm_dbms::prelude::*;

#[derive(Table, Debug, Clone, PartialEq)]
#[table = "players"]
struct Player {
    #[primary_key]
    #[autoincrement]
    id: u64,
    name: String,
    #[index]
    points: i64,
}

#[derive(DatabaseSchema)]
#[tables(Player = "players")]
struct Game;

fn best(db: &Database) -> Result<Vec<Player>> {
    db.select::<Player>().order_by(Player::POINTS.desc()).limit(5).all()
}

/// Shows the best five whenever they change, until so many changes were seen.
fn show(db: &Database, mut feed: Feed<Player>, changes: u64) -> Result<()> {
    let mut shown = best(db)?;
    let mut seen = 0;
    while seen < changes {
        match feed.next() {
            Ok(Some(change)) => {
                seen += 1;
                // Only what can stand among the best is worth asking again for.
                let lowest = shown.last().map_or(i64::MIN, |player| player.points);
                let is_best = |player: &Option<Player>| player.as_ref().is_some_and(|player| player.points >= lowest);
                if shown.len() == 5 && !is_best(&change.old) && !is_best(&change.new) {
                    continue;
                }
            }
            Ok(None) => break,
            Err(error) if error.is_lagged() => {}
            Err(error) => return Err(error),
        }
        let now = best(db)?;
        if now != shown {
            let line: Vec<_> = now.iter().map(|player| format!("{} {}", player.name, player.points)).collect();
            println!("{}", line.join(", "));
            shown = now;
        }
    }
    assert_eq!(shown, best(db)?);
    Ok(())
}

fn main() -> Result<()> {
    let db = Database::in_memory().with_schema::<Game>()?;
    for name in ["ada", "bob", "cem", "dan", "eve", "fay", "gil"] {
        db.insert(&NewPlayer { name: name.into(), points: 0, ..Default::default() })?;
    }
    const ROUNDS: u64 = 40;
    std::thread::scope(|scope| {
        let feed = db.subscribe_to::<Player>(..)?;
        let shower = scope.spawn(|| show(&db, feed, ROUNDS));
        for round in 1..=ROUNDS {
            let id = round * 5 % 7 + 1;
            db.retry(3, |tx| {
                let player = tx.get::<Player>(id)?.ok_or_else(|| Error::other("no such player"))?;
                tx.update_key::<Player>(id).set(Player::POINTS, player.points + round as i64).run()
            })?;
            std::thread::sleep(Duration::from_millis(5));
        }
        shower.join().map_err(|_| Error::other("the one who shows has panicked"))?
    })
}
