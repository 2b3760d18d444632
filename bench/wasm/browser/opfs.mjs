// Commits and bulk inserts on OPFS: this project's package, SQLite on its SAH pool, and what the browser itself takes.

import { Ours } from '../ours.mjs';
import { SqliteWasm } from '../sqlite_wasm.mjs';
import { counted } from './calls.mjs';

/** Commits of each in a round, in blocks that take turns: of fewer rows there are fewer. */
const BLOCKS = 20;
const BLOCK = 50;

/** Rounds before those that count: a browser compiles well what has run some thousand times. */
const WARM_UP_ROUNDS = 5;

/** What one commit at the least is: a write of so many bytes, and a flush. */
const BARE_BYTES = 4096;
const BARE_FILE_BYTES = 1 << 20;

/** A database of the package in a new file. */
const openOurs = async (compiled, name) => {
  const [{ load }, { Opfs }] = await Promise.all([import('/npm/sync.js'), import('/npm/opfs.js')]);
  const files = new Opfs();
  await files.prepare(name);
  return new Ours((await load(compiled, files)).file(name));
};

/** What the browser takes for 4 KiB that stay. */
class Bare {
  #handle;
  #block = new Uint8Array(BARE_BYTES).fill(7);
  #at = 0;

  static async open() {
    const directory = await navigator.storage.getDirectory();
    const bare = new Bare();
    bare.#handle = await (await directory.getFileHandle('bare.bin', { create: true })).createSyncAccessHandle();
    bare.#handle.truncate(BARE_FILE_BYTES);
    bare.#handle.write(new Uint8Array(BARE_FILE_BYTES), { at: 0 });
    bare.#handle.flush();
    return bare;
  }

  insertUsersSingly(users) {
    for (let count = 0; count < users.length; count += 1) {
      this.#handle.write(this.#block, { at: this.#at });
      this.#handle.flush();
      this.#at = (this.#at + BARE_BYTES) % BARE_FILE_BYTES;
    }
  }

  close() {
    this.#handle.close();
  }
}

/** Blocks of commits in turns, each by one prepared statement; the figures of each database over all of its own. */
const measureBlocks = (databases, users, blocks) => {
  const all = databases.map(({ name, database }) => ({ name, database, milliseconds: 0, calls: {} }));
  for (let block = 0; block < blocks; block += 1) {
    const taken = users.slice(block * BLOCK, (block + 1) * BLOCK);
    for (const one of all) {
      const made = counted(() => {
        const start = performance.now();
        one.database.insertUsersSingly(taken);
        one.milliseconds += performance.now() - start;
      });
      Object.keys(made).forEach((call) => (one.calls[call] = (one.calls[call] ?? 0) + made[call]));
    }
  }
  const count = blocks * BLOCK;
  return all.map(({ name, milliseconds, calls }) => ({
    name,
    count,
    mean: (milliseconds * 1000) / count,
    calls: Object.fromEntries(Object.entries(calls).map(([call, made]) => [call, made / count])),
  }));
};

/** The best round of each database, by its mean. */
const measureCommits = (databases, users, rounds) => {
  const blocks = Math.max(1, Math.min(BLOCKS, Math.floor(users.length / BLOCK / (WARM_UP_ROUNDS + rounds))));
  const all = Array.from({ length: WARM_UP_ROUNDS + rounds }, (_, round) =>
    measureBlocks(databases, users.slice(round * blocks * BLOCK), blocks)).slice(WARM_UP_ROUNDS);
  return databases.map((_, index) =>
    all.map((round) => round[index]).reduce((one, two) => (two.mean < one.mean ? two : one)));
};

export const measureOpfs = async ({ compiled, sqlite, data, rounds, tell }) => {
  const pool = await sqlite.installOpfsSAHPoolVfs({ name: 'bench', initialCapacity: 4 * (rounds + 3), clearOnInit: true });
  const openSqlite = (name) => new SqliteWasm(sqlite, new pool.OpfsSAHPoolDb(`/${name}`));
  const bare = { name: 'bare', database: await Bare.open() };
  const databases = [
    { name: 'wasm-dbms', database: await openOurs(compiled, 'commits.db') },
    { name: 'sqlite-wasm', database: openSqlite('commits.db') },
  ];
  tell('commits');
  const commits = measureCommits([bare, ...databases], data.users, rounds);
  [bare, ...databases].forEach(({ database }) => database.close());

  const loads = [];
  for (let round = 0; round < rounds; round += 1) {
    tell(`bulk inserts, round ${round + 1} of ${rounds}`);
    for (const [name, open] of [['wasm-dbms', (file) => openOurs(compiled, file)], ['sqlite-wasm', openSqlite]]) {
      const database = await open(`load-${round}.db`);
      let milliseconds;
      const calls = counted(() => {
        const start = performance.now();
        database.insertUsers(data.users);
        milliseconds = performance.now() - start;
      });
      database.close();
      loads.push({ name, milliseconds, calls, rounds });
    }
  }
  const best = ['wasm-dbms', 'sqlite-wasm'].map((name) =>
    loads.filter((load) => load.name === name).reduce((one, two) => (two.milliseconds < one.milliseconds ? two : one)));
  return { commits, warmUpRounds: WARM_UP_ROUNDS, loads: best };
};
