// The database of promises, as `wasm-dbms` gives it in Node.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const { DatabaseError, open } = await import(pathToFileURL(`${process.env.PACKAGE}/node.js`));

const withTable = async (work) => {
  const db = await open(':memory:');
  await db.exec('CREATE TABLE t (n integer PRIMARY KEY, s text)');
  try {
    return await work(db);
  } finally {
    await db.close();
  }
};

test('rows come as objects or arrays, in as many batches as it takes', () =>
  withTable(async (db) => {
    await db.transaction(async (tx) => {
      for (let n = 0; n < 5000; n += 1) {
        await tx.execute('INSERT INTO t VALUES (?, ?)', [n, `row ${n} é`]);
      }
    });
    const rows = await db.query('SELECT * FROM t ORDER BY n');
    assert.equal(rows.length, 5000);
    assert.deepEqual(rows[4999], { n: 4999, s: 'row 4999 é' });
    assert.deepEqual(await db.query('SELECT s FROM t WHERE n = ?', [7], { rows: 'arrays' }), [['row 7 é']]);
    const some = db.prepare('SELECT count(*) AS n FROM t WHERE n < ?');
    assert.deepEqual(await Promise.all([some.query([10]), some.query([20])]), [[{ n: 10 }], [{ n: 20 }]]);
  }));

test('a transaction that rejects leaves nothing, and others do not see into one', () =>
  withTable(async (db) => {
    const seen = [];
    const failing = db.transaction(async (tx) => {
      await tx.execute("INSERT INTO t VALUES (1, 'x')");
      seen.push(await db.query('SELECT n FROM t'), await tx.query('SELECT n FROM t'));
      throw new Error('no');
    });
    await assert.rejects(failing, /^Error: no$/);
    assert.deepEqual(seen, [[], [{ n: 1 }]]);
    assert.deepEqual(await db.query('SELECT n FROM t'), []);
  }));

test('transactions at the same time come out as one after the other', () =>
  withTable(async (db) => {
    await db.execute("INSERT INTO t VALUES (0, '0')");
    const add = () =>
      db.transaction(async (tx) => {
        const [{ s }] = await tx.query('SELECT s FROM t WHERE n = 0');
        await tx.execute('UPDATE t SET s = ? WHERE n = 0', [String(Number(s) + 1)]);
      }, { attempts: 100 });
    await Promise.all(Array.from({ length: 10 }, add));
    assert.deepEqual(await db.query('SELECT s FROM t'), [{ s: '10' }]);
  }));

test('a subscriber hears of every row that a commit changes', () =>
  withTable(async (db) => {
    const heard = [];
    const stop = await db.subscribe(['t'], (changes) => heard.push(...changes));
    await db.execute("INSERT INTO t VALUES (1, 'a')");
    await db.execute("UPDATE t SET s = 'b'");
    await db.execute('DELETE FROM t');
    assert.deepEqual(
      heard.map(({ table, key, old, new: fresh }) => [table, key, old, fresh]),
      [
        ['t', [1], null, { n: 1, s: 'a' }],
        ['t', [1], { n: 1, s: 'a' }, { n: 1, s: 'b' }],
        ['t', [1], { n: 1, s: 'b' }, null],
      ],
    );
    await stop();
    await db.execute("INSERT INTO t VALUES (2, 'z')");
    assert.equal(heard.length, 3);
  }));

test('a subscriber that missed a change of the tables is told so, and hears on', () =>
  withTable(async (db) => {
    const heard = [];
    await db.subscribe([], (changes, error) => heard.push(error?.kind ?? changes.map(({ new: fresh }) => fresh)));
    await db.exec('ALTER TABLE t ADD COLUMN m integer DEFAULT 1');
    await db.execute("INSERT INTO t (n, s) VALUES (1, 'a')");
    assert.deepEqual(heard, ['lagged', [{ n: 1, s: 'a', m: 1 }]]);
  }));

test('errors keep their kind, and what was refused stays usable', () =>
  withTable(async (db) => {
    await assert.rejects(db.query('SELECT'), (error) => error instanceof DatabaseError && error.kind === 'syntax');
    await db.execute('INSERT INTO t VALUES (1, NULL)');
    await assert.rejects(db.execute('INSERT INTO t VALUES (1, NULL)'), (error) => error.kind === 'constraint');
    assert.deepEqual(await db.query('SELECT n FROM t'), [{ n: 1 }]);
  }));

test('what is asked after the end is refused', async () => {
  const db = await open(':memory:');
  await db.close();
  await db.close();
  await assert.rejects(db.query('SELECT 1'), /closed/);
});

test('an export opens elsewhere, a file opens again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-dbms-'));
  try {
    const db = await open(join(folder, 'a.db'));
    await db.exec('CREATE TABLE t (n integer); INSERT INTO t VALUES (5)');
    const bytes = await db.export();
    await assert.rejects(open(join(folder, 'a.db')), (error) => error.kind === 'locked');
    await db.close();
    for (const again of [await open(join(folder, 'a.db')), await open(':memory:', { bytes })]) {
      assert.deepEqual(await again.query('SELECT n FROM t'), [{ n: 5 }]);
      await again.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an import takes the place of the database, in memory and in a file, whole or not at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-dbms-'));
  try {
    const bytes = await withTable(async (db) => {
      await db.execute("INSERT INTO t VALUES (7, 'imported')");
      return db.export();
    });
    const file = join(folder, 'app.db');
    for (const name of [':memory:', file]) {
      const db = await open(name);
      await db.exec("CREATE TABLE t (n integer PRIMARY KEY, s text); INSERT INTO t VALUES (1, 'before')");
      const heard = [];
      await db.subscribe(['t'], (changes, error) => heard.push(error?.kind ?? changes[0].new.n));
      for (const other of [new Uint8Array(9000), bytes.slice(0, 5000), Buffer.from('no database')]) {
        await assert.rejects(db.import(other), ({ kind }) => kind === 'corrupt');
      }
      assert.deepEqual(await db.query('SELECT n FROM t'), [{ n: 1 }]);
      await assert.rejects(db.transaction(() => db.import(bytes)), /transaction is open/);
      await db.import(bytes);
      assert.deepEqual(await db.query('SELECT * FROM t'), [{ n: 7, s: 'imported' }]);
      await db.execute("INSERT INTO t VALUES (8, 'after')");
      await db.query('SELECT 1');
      assert.deepEqual(heard, ['lagged', 8]);
      await db.close();
    }
    const again = await open(file);
    assert.deepEqual(await again.query('SELECT count(*) AS n FROM t'), [{ n: 2 }]);
    await again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
