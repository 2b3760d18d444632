// The database in this thread, as `wasm-dbms/sync` gives it in Node.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const { DatabaseError, load } = await import(pathToFileURL(`${process.env.PACKAGE}/node_sync.js`));
const databases = await load();

const withMemory = (work) => {
  const db = databases.memory();
  try {
    return work(db);
  } finally {
    db.close();
  }
};

const withFolder = (work) => {
  const folder = mkdtempSync(join(tmpdir(), 'wasm-dbms-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('rows are objects, or arrays where these are asked for', () =>
  withMemory((db) => {
    db.exec("CREATE TABLE t (n integer PRIMARY KEY, name text); INSERT INTO t VALUES (1, 'one'), (2, NULL)");
    assert.deepEqual(db.query('SELECT * FROM t ORDER BY n'), [{ n: 1, name: 'one' }, { n: 2, name: null }]);
    assert.deepEqual(db.query('SELECT n FROM t WHERE name = ?', ['one'], { rows: 'arrays' }), [[1]]);
    assert.equal(db.execute('UPDATE t SET name = ?', ['x']), 2);
  }));

test('every type comes back as it is documented', () =>
  withMemory((db) => {
    db.exec(`CREATE TABLE t (b boolean, i bigint, f double precision, d numeric, s text, x bytea, j jsonb, day date,
      moment timestamptz, u uuid)`);
    const moment = new Date('2026-11-29T12:30:00.250Z');
    const uuid = '67e55044-10b1-426f-9247-bb680e5fe0c8';
    db.execute('INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
      true, 9007199254740993n, 1.5, '12.50', 'Žluťoučký kůň 🐎', new Uint8Array([0, 255]), { a: [1, null] }, '2026-11-29', moment, uuid,
    ]);
    const [row] = db.query('SELECT * FROM t');
    assert.deepEqual(row, {
      b: true, i: 9007199254740993n, f: 1.5, d: '12.50', s: 'Žluťoučký kůň 🐎', x: new Uint8Array([0, 255]), j: { a: [1, null] },
      day: '2026-11-29', moment: row.moment, u: uuid,
    });
    assert.equal(new Date(row.moment).getTime(), moment.getTime());
    assert.deepEqual(db.query('SELECT 18446744073709551615 AS n, CAST(1.25 AS text) AS t'), [{ n: 18446744073709551615n, t: '1.25' }]);
  }));

test('texts of any length and letters follow each other without mixing', () =>
  withMemory((db) => {
    db.exec('CREATE TABLE t (n integer PRIMARY KEY, a text, b text)');
    const letters = ['a', 'é', '漢', '🐎', ''];
    const text = (n, length) => letters[n % letters.length].repeat(length);
    db.transaction(() => {
      for (let n = 0; n < 3000; n += 1) {
        db.execute('INSERT INTO t VALUES (?, ?, ?)', [n, text(n, n % 50), text(n + 1, n % 700)]);
      }
    });
    const rows = db.query('SELECT * FROM t ORDER BY n');
    assert.equal(rows.length, 3000);
    rows.forEach(({ n, a, b }) => assert.deepEqual([a, b], [text(n, n % 50), text(n + 1, n % 700)]));
    db.exec('CREATE TABLE u (n integer PRIMARY KEY, a text, j jsonb, x bytea, b text)');
    const many = rows.map(({ n, a, b }) => [n, a, [n, b], new Uint8Array([n & 255, 0]), b]);
    assert.equal(db.insert('u', [], many), 3000);
    assert.deepEqual(db.query('SELECT * FROM u ORDER BY n', [], { rows: 'arrays' }), many);
  }));

test('half of a character is replaced, and two halves in two texts become none', () =>
  withMemory((db) => {
    assert.deepEqual(db.query('SELECT $1 || $2 AS t', ['a\ud83d', 'b']), [{ t: 'a\ufffdb' }]);
    assert.throws(() => db.query('SELECT $1 || $2', ['a\ud83d', '\ude00b']), /not as they are written/);
    assert.deepEqual(db.query('SELECT $1 || $2 AS t', ['é\u{1f600}', '\u{1f600}']), [{ t: 'é\u{1f600}\u{1f600}' }]);
  }));

test('an error says what it is and where', () =>
  withMemory((db) => {
    db.exec('CREATE TABLE t (n integer PRIMARY KEY)');
    db.execute('INSERT INTO t VALUES (1)');
    const kind = (work) => {
      try {
        work();
      } catch (error) {
        assert.ok(error instanceof DatabaseError);
        return [error.kind, error.line, error.column];
      }
      return assert.fail('nothing was refused');
    };
    assert.deepEqual(kind(() => db.query('SELECT n\nFROM t WHERE')), ['syntax', 2, 13]);
    assert.deepEqual(kind(() => db.execute('INSERT INTO t VALUES (1)')), ['constraint', undefined, undefined]);
    assert.deepEqual(kind(() => db.query('SELECT m FROM t')), ['other', 1, 8]);
    assert.throws(() => db.query('SELECT n FROM t WHERE n = ?', []), /wants 1 parameter/);
    assert.throws(() => db.query('SELECT ?', [Symbol('no')]), TypeError);
    assert.throws(() => db.query('SELECT ?', [1n << 70n]), RangeError);
  }));

test('a column that is called __proto__ is a column', () =>
  withMemory((db) => {
    const [row] = db.query('SELECT 1 AS "__proto__", 2 AS constructor');
    assert.deepEqual(Object.entries(row), [['__proto__', 1], ['constructor', 2]]);
  }));

test('a statement sees columns that came after it was prepared', () =>
  withMemory((db) => {
    db.exec('CREATE TABLE t (n integer); INSERT INTO t VALUES (1)');
    const all = db.prepare('SELECT * FROM t');
    assert.deepEqual(all.query(), [{ n: 1 }]);
    db.exec('ALTER TABLE t ADD COLUMN m integer DEFAULT 5');
    assert.deepEqual(all.query(), [{ n: 1, m: 5 }]);
    all.free();
    assert.throws(() => all.query(), /given back/);
  }));

test('a transaction that throws leaves nothing', () =>
  withMemory((db) => {
    db.exec('CREATE TABLE t (n integer)');
    assert.throws(() => db.transaction(() => {
      db.execute('INSERT INTO t VALUES (1)');
      throw new Error('no');
    }), /^Error: no$/);
    assert.deepEqual(db.query('SELECT count(*) AS n FROM t'), [{ n: 0 }]);
  }));

test('an export opens as a database in memory, and again as the same bytes', () => {
  const options = { databaseId: 7 };
  const db = databases.memory(options);
  db.exec(`CREATE TABLE t (n integer PRIMARY KEY, s text);
    WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 2000)
    INSERT INTO t SELECT n, 'row ' || CAST(n AS text) FROM g`);
  const bytes = db.export();
  db.close();
  const copy = databases.memory({ bytes });
  assert.deepEqual(copy.query('SELECT count(*) AS n, max(n) AS m FROM t'), [{ n: 2000, m: 2000 }]);
  assert.deepEqual(copy.export(), bytes);
  copy.close();
  assert.throws(() => copy.query('SELECT 1'), /closed/);
  assert.throws(() => databases.memory({ bytes: new Uint8Array(100_000).fill(7) }), DatabaseError);
});

test('a file of Node keeps its rows, and is of one opener', () =>
  withFolder((folder) => {
    const path = join(folder, 'app.db');
    const db = databases.file(path);
    db.exec('CREATE TABLE t (n integer); INSERT INTO t VALUES (41)');
    assert.throws(() => databases.file(path), (error) => error.kind === 'locked');
    db.execute('UPDATE t SET n = n + 1');
    const dirty = readFileSync(path);
    db.close();
    const again = databases.file(path);
    assert.deepEqual(again.query('SELECT n FROM t'), [{ n: 42 }]);
    again.close();
    // What stood in the file before it was closed is what a crash would have left.
    writeFileSync(path, dirty);
    const crashed = databases.file(path);
    assert.deepEqual(crashed.query('SELECT n FROM t'), [{ n: 42 }]);
    crashed.close();
  }));

test('the file of a process that was killed opens', () =>
  withFolder((folder) => {
    const path = join(folder, 'app.db');
    const script = `
      const { load } = await import(${JSON.stringify(pathToFileURL(`${process.env.PACKAGE}/node_sync.js`).href)});
      const db = (await load()).file(${JSON.stringify(path)});
      db.exec('CREATE TABLE t (n integer)');
      for (let n = 0; n < 100; n += 1) db.execute('INSERT INTO t VALUES (?)', [n]);
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(signal, 'SIGKILL');
    const db = databases.file(path);
    assert.deepEqual(db.query('SELECT count(*) AS n FROM t'), [{ n: 100 }]);
    db.close();
  }));

test('a folder that is not there is an error with its words', () =>
  withFolder((folder) => assert.throws(() => databases.file(join(folder, 'no', 'app.db')), /ENOENT/)));

test('many rows go in at once, all or none, in the transaction that is open', async () => {
  const db = (await load()).memory();
  db.exec('CREATE TABLE t (n integer PRIMARY KEY, s text, born date, x double precision DEFAULT 0.5)');
  const rows = Array.from({ length: 3000 }, (_, n) => [n, `row ${n} é`, n % 2 === 0 ? '2026-02-28' : null]);
  assert.throws(() => db.insert('t', [], [[]]), /a row without values/);
  assert.equal(db.insert('t', ['n', 's', 'born'], rows), 3000);
  assert.deepEqual(db.query('SELECT * FROM t WHERE n = 2998'), [{ n: 2998, s: 'row 2998 é', born: '2026-02-28', x: 0.5 }]);
  const kindOf = (work) => {
    try {
      work();
      return 'none';
    } catch ({ kind }) {
      return kind;
    }
  };
  assert.equal(kindOf(() => db.insert('t', ['n'], [[5000], [7]])), 'constraint');
  assert.equal(kindOf(() => db.insert('t', ['n'], [[5000], [5001, 1]])), 'other');
  assert.throws(() => db.insert('t', ['n'], new Array(2).fill([5000], 0, 1)), TypeError);
  assert.equal(kindOf(() => db.insert('t', ['m'], [[5000]])), 'other');
  assert.equal(kindOf(() => db.insert('nowhere', [], [[5000]])), 'other');
  assert.throws(() => db.transaction(() => {
    assert.equal(db.insert('t', [], [[6000, null, null, 1], [6001, null, null, 2n]]), 2);
    throw new Error('no');
  }), /^Error: no$/);
  assert.equal(db.insert('t', [], []), 0);
  assert.deepEqual(db.query('SELECT count(*) AS n FROM t'), [{ n: 3000 }]);
  db.close();
});
