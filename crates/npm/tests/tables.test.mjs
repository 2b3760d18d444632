// Tables without SQL, as `wasm-dbms/tables` gives them in Node.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const load = (file) => import(pathToFileURL(`${process.env.PACKAGE}/${file}`));
const { DatabaseError, add, among, and, asc, avg, between, byDefault, col, count, desc, ge, gt, ilike, is, like, lt, max, mul, ne, not, open, or, sum } =
  await load('tables_node.js');

const USERS = {
  columns: {
    id: { type: 'u64', primaryKey: true, autoincrement: true },
    name: { type: 'text', unique: true },
    age: { type: 'i32', nullable: true },
    state: { choices: ['draft', 'live'], default: 'draft' },
    born: { type: 'date', default: '1815-12-10' },
  },
  checks: { old_enough: { age: ge(0) } },
};
const POSTS = {
  columns: {
    id: { type: 'u64', primaryKey: true },
    author: { type: 'u64', references: { table: 'users', to: 'id', onDelete: 'cascade' } },
    title: 'text',
  },
  indexes: [['author', desc('title')]],
};

const withTables = async (work) => {
  const db = await open(':memory:');
  try {
    await db.createTable('users', USERS);
    await db.createTable('posts', POSTS);
    await db.insert('users', [{ name: 'Ada', age: 36 }, { name: 'Alan', age: 41 }, { name: 'Grace', age: null }]);
    await db.insert('posts', [{ id: 1, author: 1, title: 'x' }, { id: 2, author: 1, title: 'y' }, { id: 3, author: 2, title: 'z' }]);
    return await work(db);
  } finally {
    await db.close();
  }
};

const names = async (db, where) =>
  (await db.select({ from: 'users', where, columns: 'name', orderBy: 'id', rows: 'arrays' })).map(([name]) => name).join(' ');

test('rows are asked for by conditions of every kind', () =>
  withTables(async (db) => {
    const all = [
      [{ name: 'Ada', age: 36 }, 'Ada'],
      [{ name: like('A%'), age: gt(36) }, 'Alan'],
      [{ age: null }, 'Grace'],
      [{ age: ne(null) }, 'Ada Alan'],
      [{ age: between(36, 41) }, 'Ada Alan'],
      [{ id: among([1, 3]) }, 'Ada Grace'],
      [{ id: among([]) }, ''],
      [{ name: not(ilike('a%')) }, 'Grace'],
      [{ age: or(lt(40), null) }, 'Ada Grace'],
      [or({ name: 'Ada' }, { age: gt(40) }), 'Ada Alan'],
      [and({ age: gt(1) }, not({ name: 'Ada' })), 'Alan'],
      [and(), 'Ada Alan Grace'],
      [or(), ''],
      [{}, 'Ada Alan Grace'],
      [{ age: gt(mul(col('id'), 30)) }, 'Ada'],
      [is(add(col('age'), 1), gt(41)), 'Alan'],
      [{ born: '1815-12-10', state: 'draft' }, 'Ada Alan Grace'],
      [or(...Array.from({ length: 1000 }, (_, id) => ({ id: 1000 - id }))), 'Ada Alan Grace'],
    ];
    for (const [where, expected] of all) {
      assert.equal(await names(db, where), expected);
      assert.equal(await db.count('users', where), expected === '' ? 0 : expected.split(' ').length);
      assert.equal(await db.exists('users', where), expected !== '');
    }
  }));

test('a value is a value, whatever it looks like', () =>
  withTables(async (db) => {
    await assert.rejects(db.select({ from: 'users', where: { name: { on: 'x', $ne: null } } }), DatabaseError);
    assert.equal(await names(db, { name: '" or "1' }), '');
    await db.createTable('a "b" c', { columns: { 'd "e"': 'text', f: { type: 'json', nullable: true } } });
    await db.insert('a "b" c', { 'd "e"': 'x', f: { text: 'count', values: [] } });
    assert.deepEqual(await db.select({ from: 'a "b" c', where: { 'd "e"': 'x' } }), [{ 'd "e"': 'x', f: { text: 'count', values: [] } }]);
    for (const bad of [{ name: undefined }, 'name', null, gt(1)]) {
      assert.throws(() => db.select({ from: 'users', where: bad }), TypeError);
    }
    assert.throws(() => db.delete('users', { where: undefined }), /where: \{\}/);
    assert.throws(() => db.update('users', { set: { age: 1 } }), /where: \{\}/);
    assert.equal(await db.count('users'), 3);
  }));

test('tables are joined, grouped, ordered and cut', () =>
  withTables(async (db) => {
    const rows = await db.select({
      from: { table: 'users', as: 'u' },
      joins: { table: 'posts', as: 'p', kind: 'left', on: { 'p.author': col('u.id') } },
      groupBy: 'u.name',
      columns: { who: 'u.name', posts: count('p.id'), last: max('p.title') },
      orderBy: [desc('posts'), asc('who')],
    });
    assert.deepEqual(rows, [
      { who: 'Ada', posts: 2, last: 'y' }, { who: 'Alan', posts: 1, last: 'z' }, { who: 'Grace', posts: 0, last: null },
    ]);
    const few = { from: 'posts', groupBy: 'author', columns: { author: 'author', n: count() }, having: { n: gt(1) } };
    assert.deepEqual(await db.select(few), [{ author: 1, n: 2 }]);
    assert.deepEqual(await db.select({ from: 'users', columns: { a: avg('age'), s: sum('age'), n: count('state', { distinct: true }) } }), [
      { a: 38.5, s: 77, n: 1 },
    ]);
    const page = { from: 'users', columns: ['name'], orderBy: desc('age', { nulls: 'last' }), limit: 2, offset: 1 };
    assert.deepEqual(await db.select(page), [{ name: 'Ada' }, { name: 'Grace' }]);
    assert.deepEqual(await db.select({ from: 'users', columns: 'state', distinct: true }), [{ state: 'draft' }]);
  }));

test('a row is got by its key, or by any columns', () =>
  withTables(async (db) => {
    const { name } = await db.get('users', 1);
    assert.equal(name, 'Ada');
    assert.equal((await db.get('users', { name: 'Alan' })).id, 2);
    assert.equal(await db.get('users', 9), undefined);
    await db.createTable('seats', { columns: { row: 'text', place: 'i32', free: 'bool' }, primaryKey: ['row', 'place'] });
    await db.insert('seats', [{ row: 'a', place: 1, free: true }, { row: 'a', place: 2, free: false }]);
    assert.deepEqual(await db.get('seats', ['a', 2]), { row: 'a', place: 2, free: false });
    await assert.rejects(db.get('seats', 'a'), /has 2 columns/);
  }));

test('rows change, go, and come in the place of others', () =>
  withTables(async (db) => {
    assert.deepEqual(await db.insert('users', { name: 'Edsger' }, { returning: ['id', 'born'] }), [{ id: 4, born: '1815-12-10' }]);
    assert.equal(await db.update('users', { set: { age: add(col('age'), 1), state: 'live' }, where: { age: ne(null) } }), 2);
    assert.deepEqual(await db.update('users', { set: { state: byDefault }, where: { id: 1 }, returning: { is: 'state', age: 'age' } }), [
      { is: 'draft', age: 37 },
    ]);
    assert.equal(await db.upsert('users', [{ name: 'Ada', age: 1 }, { name: 'Barbara', age: 2 }], { key: 'name' }), 2);
    const sum = { key: 'name', set: { age: add(col('users.age'), col('excluded.age')) }, returning: ['name', 'age'] };
    assert.deepEqual(await db.upsert('users', { name: 'Ada', age: 10 }, sum), [{ name: 'Ada', age: 11 }]);
    assert.equal(await db.upsert('users', { name: 'Ada', age: 5 }, { key: 'name', where: { 'users.age': gt(50) } }), 0);
    assert.equal(await db.upsert('users', { name: 'Ada', age: 5 }, { skip: true }), 0);
    assert.equal((await db.get('users', 1)).age, 11);
    assert.deepEqual(await db.delete('users', { where: { id: 1 }, returning: 'name' }), [{ name: 'Ada' }]);
    assert.equal(await db.count('posts'), 1);
    assert.equal(await db.delete('posts', { where: {} }), 1);
  }));

test('what the rows refuse is refused, all or none', () =>
  withTables(async (db) => {
    const kind = (work) => work.then(() => 'none', (error) => error.kind);
    assert.equal(await kind(db.insert('users', [{ name: 'New' }, { name: 'Ada' }])), 'constraint');
    assert.equal(await kind(db.upsert('users', [{ name: 'New', age: 1 }, { name: 'Newer', age: -1 }], { key: 'name' })), 'constraint');
    assert.equal(await kind(db.insert('posts', { id: 9, author: 9, title: '' })), 'constraint');
    assert.equal(await kind(db.select({ from: 'missing' })), 'other');
    assert.equal(await kind(db.createTable('users', USERS)), 'other');
    assert.throws(() => db.insert('users', [{ name: 'a' }, { age: 1 }]), /row 1 has other columns/);
    await db.createTable('users', USERS, { ifNotExists: true });
    assert.equal(await db.count('users'), 3);
  }));

test('tables and indexes come and go', () =>
  withTables(async (db) => {
    await db.createIndex('users', { columns: desc('age'), include: ['name'], name: 'ages' });
    await db.createIndex('users', { columns: 'age', name: 'ages' }, { ifNotExists: true });
    await db.dropIndex('ages');
    await assert.rejects(db.dropIndex('ages'));
    await db.dropIndex('ages', { ifExists: true });
    await db.dropTable('posts');
    await db.dropTable('posts', { ifExists: true });
    await assert.rejects(db.count('posts'));
  }));

test('transactions are undone when they reject, and run again when others were first', () =>
  withTables(async (db) => {
    const failing = db.transaction(async (tx) => {
      await tx.insert('users', { name: 'in it' });
      assert.equal(await tx.count('users'), 4);
      assert.equal(await db.count('users'), 3);
      throw new Error('no');
    });
    await assert.rejects(failing, /^Error: no$/);
    const older = () =>
      db.transaction(async (tx) => {
        const { age } = await tx.get('users', 1);
        await tx.update('users', { set: { age: age + 1 }, where: { id: 1 } });
      }, { attempts: 100 });
    await Promise.all(Array.from({ length: 10 }, older));
    assert.equal((await db.get('users', 1)).age, 46);
  }));

test('changes are told, and a copy is opened, with SQL too', () =>
  withTables(async (db) => {
    const heard = [];
    const stop = await db.subscribe(['users'], (changes) => heard.push(...changes));
    await db.update('users', { set: { age: 1 }, where: { id: 1 } });
    await stop();
    assert.deepEqual(heard.map(({ table, key, new: { age } }) => [table, key, age]), [['users', [1], 1]]);
    const bytes = await db.export();
    const other = await (await load('node.js')).open(':memory:', { bytes });
    assert.deepEqual(await other.query('SELECT name FROM users WHERE age = 1'), [{ name: 'Ada' }]);
    await other.execute("INSERT INTO users (name) VALUES ('by SQL')");
    await db.import(await other.export());
    await other.close();
    assert.equal(await db.exists('users', { name: 'by SQL' }), true);
  }));

test('rows of many kinds and batches come back as they went', () =>
  withTables(async (db) => {
    await db.createTable('t', {
      columns: {
        n: { type: 'i64', primaryKey: true }, d: 'decimal', b: 'bytes', f: 'f64', at: 'datetime', j: 'json', u: 'uuid', big: 'u64',
      },
    });
    const row = {
      d: '12.50', b: new Uint8Array([1, 2]), f: 0.5, at: new Date(0), j: [1, { a: null }],
      u: '67e55044-10b1-426f-9247-bb680e5fe0c8', big: 2n ** 63n,
    };
    await db.insert('t', Array.from({ length: 5000 }, (_, n) => ({ n, ...row })));
    const rows = await db.select({ from: 't', orderBy: 'n' });
    assert.equal(rows.length, 5000);
    const { at, ...rest } = rows[4999];
    assert.deepEqual(rest, { n: 4999, d: '12.50', b: row.b, f: 0.5, j: row.j, u: row.u, big: row.big });
    assert.equal(new Date(at).getTime(), 0);
  }));

test('the tables answer at once in this thread, in a file', async () => {
  const { load: loadTables } = await load('tables_node_sync.js');
  const folder = mkdtempSync(join(tmpdir(), 'wasm-dbms-'));
  try {
    const databases = await loadTables();
    const db = databases.file(join(folder, 'a.db'));
    db.createTable('t', { columns: { n: { type: 'i64', primaryKey: true } } });
    assert.equal(db.insert('t', [{ n: 1 }, { n: 2 }]), 2);
    assert.throws(() => db.transaction((tx) => {
      tx.delete('t', { where: {} });
      throw new Error('no');
    }), /no/);
    db.transaction((tx) => tx.insert('t', { n: 3 }));
    db.close();
    const again = databases.file(join(folder, 'a.db'));
    assert.deepEqual(again.select({ from: 't', where: { n: gt(1) } }), [{ n: 2 }, { n: 3 }]);
    assert.deepEqual([again.get('t', 2), again.count('t'), again.exists('t', { n: 9 })], [{ n: 2 }, 3, false]);
    again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what is asked of the service with a key is done once', async () => {
  const [{ Engine }, { Service }, { compile }, { texts }] = await Promise.all(
    ['engine.js', 'service.js', 'tables_node_sync.js', 'tables_texts.js'].map(load),
  );
  const engine = await Engine.load(await compile());
  const service = new Service(engine, engine.open('memory', null), texts);
  const ask = (op, request) => {
    let last;
    service.handle({ id: 1, op, ...request }, (answer) => (last = answer));
    return last;
  };
  ask('query', { text: 'create "t" column "n" i64 key "n"', parameters: [] });
  const insert = (n, request) =>
    ask('query', { text: 'insert "t" into "n"', parameters: [n], key: { client: 'a', request, settled: 0 } });
  assert.deepEqual([insert(1, 7).result, insert(1, 7).result], [1, 1]);
  assert.equal(insert(1, 8).error.kind, 'constraint');
  assert.equal(ask('find', { key: { client: 'a', request: 7 } }).result, true);
  assert.equal(ask('find', { key: { client: 'a', request: 8 } }).result, false);
  assert.equal(ask('query', { text: 'select "t"', parameters: [] }).result, 1);
  service.release('a', { sessions: [], subscriptions: [] });
});

test('the example of the README runs', async () => {
  const readme = readFileSync(`${process.env.PACKAGE}/README.md`, 'utf8');
  const [, section] = readme.split('## Without SQL');
  const [, example] = section.split('```js\n');
  const folder = mkdtempSync(join(tmpdir(), 'wasm-dbms-'));
  try {
    const script = join(folder, 'example.mjs');
    const address = pathToFileURL(`${process.env.PACKAGE}/tables_node.js`).href;
    writeFileSync(script, example.split('```')[0].replace("'wasm-dbms/tables'", `'${address}'`));
    await import(pathToFileURL(script));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
