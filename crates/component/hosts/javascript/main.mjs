// Drives the component from JavaScript, as jco has made a script of it:
//
//     node main.mjs TRANSPILED SCRIPT EXPORT
//
// where EXPORT is what SCRIPT exports natively.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { pathToFileURL } from 'node:url';

import { Medium, disks, open } from './medium.mjs';

const [folder, scriptFile, exportFile] = process.argv.slice(2);
const PIECE_BYTES = 1 << 20;

const { instantiate } = await import(pathToFileURL(`${folder}/wasm_dbms.js`));
const compile = async (path) => WebAssembly.compile(await readFile(`${folder}/${path}`));
const { store } = await instantiate(compile, { 'wasm-dbms:database/media': { open, Medium } });
const { Image, Database } = store;

const integer = (val) => ({ tag: 'integer', val: BigInt(val) });
const text = (val) => ({ tag: 'text', val });
const NULL = { tag: 'null' };
const memory = (options = {}) => Database.open({ tag: 'memory' }, options);

const column = (name, dataType, more = {}) =>
  ({ name, dataType, isNullable: false, isAutoincrement: false, default: undefined, choices: [], ...more });
const table = (name, columns, primaryKey, more = {}) =>
  ({ name, columns, primaryKey, indexes: [], foreignKeys: [], checks: [], ...more });
const question = (of, more = {}) =>
  ({ table: of, joins: [], groupBy: [], outputs: [], isDistinct: false, orderBy: [], ...more });
const compare = (name, comparison, operand) => [
  { tag: 'column', val: name },
  operand,
  { tag: 'compare', val: { comparison, left: 0, right: 1 } },
];

const all = (rows, batch = 1000) => {
  const found = [];
  for (let taken = rows.next(batch); taken.length > 0; taken = rows.next(batch)) {
    found.push(...taken.map((row) => row.map(({ val }) => val)));
  }
  return found;
};

const bytesOf = (image) => {
  const pieces = [];
  for (let piece = image.next(PIECE_BYTES); piece.length > 0; piece = image.next(PIECE_BYTES)) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

const imageOf = (bytes) => {
  const image = new Image();
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    image.append(bytes.subarray(at, at + PIECE_BYTES));
  }
  return image;
};

const refused = (tag, work) => {
  let about;
  assert.throws(work, ({ payload }) => {
    about = payload?.val;
    return payload?.tag === tag;
  });
  return about;
};

const people = () => {
  const db = memory();
  const name = { name: '', columns: [{ name: 'name', isDescending: false }], included: [], isUnique: true };
  db.createTables([
    table('people', [column('id', 'u64', { isAutoincrement: true }), column('name', 'text'), column('age', 'u8', { isNullable: true })],
      ['id'], { indexes: [name] }),
  ]);
  const rows = [[text('Ada'), integer(36)], [text('Alan'), integer(41)], [text('Grace'), NULL]];
  assert.equal(db.insert('people', ['name', 'age'], rows), 3n);
  return db;
};

test('rows are found by key, by typed filters and by SQL', () => {
  const db = people();
  assert.deepEqual(db.get('people', [integer(2)]), [integer(2), text('Alan'), integer(41)]);
  assert.equal(db.get('people', [integer(9)]), undefined);
  const older = question('people', { filter: compare('age', 'greater', { tag: 'parameter', val: 1 }), outputs: [
    { expression: [{ tag: 'column', val: 'name' }], name: undefined },
  ] });
  assert.deepEqual(all(db.query(older, [integer(40)])), [['Alan']]);
  assert.deepEqual(all(db.select('SELECT name FROM people WHERE age < ? ORDER BY id', [integer(40)])), [['Ada']]);
  assert.equal(db.delete('people', compare('name', 'equal', { tag: 'literal', val: text('Ada') }), []), 1n);
  assert.equal(db.tables()[0].columns[1].name, 'name');
});

test('errors are variants that name what they are about', () => {
  const db = people();
  const { table: name, columns } = refused('unique', () => db.insert('people', ['name'], [[text('Ada')]]));
  assert.deepEqual([name, columns], ['people', 'name']);
  assert.equal(refused('mismatch', () => db.insert('people', ['name', 'age'], [[text('x'), integer(300)]])).column, 'age');
  assert.equal(refused('syntax', () => db.execute('SELECT\n  1 +', [])).line, 2);
  refused('nonsense', () => db.delete('people', [{ tag: 'column', val: 'age' }, { tag: 'all-of', val: [0, 0] }], []));
});

test('transactions see themselves alone, and the first to commit wins', () => {
  const db = people();
  const [one, two] = [db.begin('serializable'), db.begin('serializable')];
  const age = (val) => [{ column: 'age', value: [{ tag: 'literal', val: integer(val) }] }];
  one.update('people', age(1), undefined, []);
  two.update('people', age(2), undefined, []);
  assert.deepEqual(all(db.select('SELECT max(age) FROM people', [])), [[41n]]);
  one.commit('full');
  assert.equal(refused('conflict', () => two.commit('full')).table, 'people');
  refused('closed', () => two.commit('full'));
  assert.deepEqual(all(db.select('SELECT max(age) FROM people', [])), [[1n]]);
});

test('rows come in batches of what was there', () => {
  const db = memory();
  db.execute('CREATE TABLE t (n integer)', []);
  db.insert('t', ['n'], Array.from({ length: 2500 }, (_, n) => [integer(n)]));
  const rows = db.select('SELECT n FROM t', []);
  assert.equal(rows.next(1000).length, 1000);
  db.execute('DELETE FROM t', []);
  assert.equal(all(rows).length, 1500);
});

test('a medium of the host keeps the database; a full one says so', () => {
  const medium = { tag: 'medium', val: 'app.db' };
  const db = Database.open(medium, {});
  refused('locked', () => Database.open(medium, {}));
  db.execute('CREATE TABLE t (x text)', []);
  const disk = disks.get('app.db');
  const before = disk.syncs;
  db.execute("INSERT INTO t VALUES ('kept')", []);
  assert.equal(disk.syncs - before, 1);
  disk.limit = 400_000;
  refused('full', () => {
    for (let count = 0; count < 200; count += 1) {
      db.execute('INSERT INTO t VALUES (?)', [text('x'.repeat(8000))]);
    }
  });
  disk.limit = Infinity;
  db.close();
  const again = Database.open(medium, {});
  assert.deepEqual(all(again.select("SELECT x FROM t WHERE x = 'kept'", [])), [['kept']]);
  assert.deepEqual(again.verify(), []);
});

test('the script exports the bytes of every host, and they open again', async () => {
  const db = memory({ databaseId: 7n });
  const session = db.beginSession();
  const broken = new Set(['unique', 'foreign-key', 'check', 'not-null', 'mismatch', 'validation']);
  for (const statement of (await readFile(scriptFile, 'utf8')).split('\n').slice(0, -1)) {
    try {
      session.run(statement);
    } catch (error) {
      if (!broken.has(error.payload?.tag)) {
        throw error;
      }
    }
  }
  const exported = bytesOf(db.export());
  assert.ok(exported.equals(await readFile(exportFile)), 'the exports differ');
  const copy = Database.open({ tag: 'exported', val: imageOf(exported) }, {});
  assert.ok(bytesOf(copy.export()).equals(exported));
});
