// The page of the test: what drive.mjs calls, over the package as a page has it.

import { open, storage } from './browser.js';
import { open as openTables } from './tables_browser.js';

const databases = new Map();
const heard = [];

globalThis.storage = storage;

const stalls = [];
globalThis.stalls = () => stalls;

globalThis.open = async (name, options) =>
  void databases.set(name, await open(name, { onStall: (isStalled) => stalls.push(isStalled), ...options }));

globalThis.openTables = async (name) => void databases.set(name, await openTables(name));

/** Asks a database without SQL. */
globalThis.tables = (name, verb, ...parameters) => databases.get(name)[verb](...parameters);

globalThis.openKind = (name) => openTables(name).then(() => 'none', ({ kind }) => kind);

/** Counts up in transactions. */
globalThis.countTables = async (name, times) => {
  for (let n = 0; n < times; n += 1) {
    await databases.get(name).transaction(async (tx) => {
      const { value } = await tx.get('counter', 1);
      await tx.update('counter', { set: { value: value + 1 }, where: { id: 1 } });
    }, { attempts: 1000 });
  }
};

globalThis.close = (name) => databases.get(name).close();

globalThis.exec = (name, script) => databases.get(name).exec(script);

globalThis.query = (name, text, parameters) => databases.get(name).query(text, parameters);

globalThis.kindOf = (name, text, parameters) =>
  databases.get(name).query(text, parameters).then(() => 'none', ({ kind }) => kind);

globalThis.listen = (name, tables) =>
  databases.get(name).subscribe(tables, (changes, error) =>
    heard.push(...(error === undefined ? changes.map(({ new: row }) => row) : [error.kind]))).then(() => {});

globalThis.heard = () => heard;

/** Puts a database with one row in the place of another. */
globalThis.importRow = async (name, n) => {
  const other = await open(':memory:');
  await other.exec(`CREATE TABLE imported (n integer); INSERT INTO imported VALUES (${n})`);
  const bytes = await other.export();
  await other.close();
  await databases.get(name).import(bytes);
};

globalThis.importKind = (name) => databases.get(name).import(new Uint8Array(9000)).then(() => 'none', ({ kind }) => kind);

globalThis.exportedBytes = async (name) => (await databases.get(name).export()).length;

/** Runs a script, a statement in each line, of which the rows may refuse some; the digest of what is exported. */
globalThis.digestOfScript = async (name, script) => {
  const db = await open(name, { databaseId: 7 });
  const statements = (await (await fetch(script)).text()).split('\n').slice(0, -1);
  const refusals = statements.map((statement) => db.exec(statement).catch((error) => error));
  const other = (await Promise.all(refusals)).find((error) => error !== undefined && error.kind !== 'constraint');
  if (other !== undefined) {
    throw other;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await db.export()));
  await db.close();
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** How long a database in a file takes to answer its first question, from nothing. */
globalThis.firstQuery = async (name) => {
  const start = performance.now();
  const db = await open(name);
  await db.query('SELECT 1');
  const milliseconds = performance.now() - start;
  await db.close();
  return milliseconds;
};

/** Puts in rows of its own until told to stop; what was acknowledged, and what is in doubt. */
const writers = new Map();

globalThis.startWriting = (name, writer) => {
  const state = { acknowledged: [], inDoubt: [], failed: [], isStopped: false };
  const db = databases.get(name);
  const run = async () => {
    for (let n = 0; !state.isStopped; n += 1) {
      try {
        await db.execute('INSERT INTO rows (writer, n) VALUES (?, ?)', [writer, n]);
        state.acknowledged.push(n);
      } catch (error) {
        (error.kind === 'in-doubt' ? state.inDoubt : state.failed).push(error.kind === 'in-doubt' ? n : String(error));
      }
    }
  };
  writers.set(writer, { state, done: run() });
};

globalThis.written = (writer) => writers.get(writer).state.acknowledged.length;

globalThis.stopWriting = async (writer) => {
  const { state, done } = writers.get(writer);
  state.isStopped = true;
  await done;
  return state;
};

/** Adds 1 to one number so many times, each in a transaction that reads it first. */
globalThis.count = async (name, times) => {
  const db = databases.get(name);
  for (let time = 0; time < times; time += 1) {
    await db.transaction(async (tx) => {
      const [{ n }] = await tx.query('SELECT n FROM counter');
      await tx.execute('UPDATE counter SET n = ?', [n + 1]);
    }, { attempts: 1000 });
  }
};

globalThis.states = () => ({ heard, writers: [...writers.values()].map(({ state }) => state) });

globalThis.isReady = true;
