// What answers the requests of other tabs: what is asked with a key is done once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const load = (file) => import(pathToFileURL(`${process.env.PACKAGE}/${file}`));
const { Engine } = await load('engine.js');
const { Service } = await load('service.js');
const { compile } = await load('node_sync.js');
const { texts } = await load('sql_texts.js');

/** A service over a new database with a table t, and what asks it: the last answer, and the batches before it. */
const service = async () => {
  const engine = await Engine.load(await compile());
  const made = new Service(engine, engine.open('memory', null), texts);
  const ask = (op, request = {}) => {
    const answers = [];
    made.handle({ id: 1, op, ...request }, (answer) => answers.push(answer));
    return answers.at(-1);
  };
  ask('exec', { text: 'CREATE TABLE t (n integer PRIMARY KEY)' });
  const count = () => {
    let found;
    made.handle({ id: 2, op: 'query', text: 'SELECT count(*) FROM t', parameters: [] }, ({ batch }) => {
      found ??= batch?.numbers[0];
    });
    return found;
  };
  return { made, ask, count };
};

const key = (request, client = 'a', settled = 0) => ({ client, request, settled });
const insert = (n, ofKey) => ({ text: 'INSERT INTO t VALUES (?)', parameters: [n], key: ofKey });

test('a statement that is asked twice with a key is done once, and answers the same', async () => {
  const { ask, count } = await service();
  assert.deepEqual([ask('query', insert(1, key(7))).result, ask('query', insert(1, key(7))).result], [1, 1]);
  assert.equal(count(), 1);
  assert.equal(ask('query', insert(2, key(8))).result, 1);
  assert.equal(ask('query', insert(3, key(7, 'b'))).result, 1);
  assert.equal(count(), 3);
});

test('a statement that is refused leaves no key', async () => {
  const { ask, count } = await service();
  ask('query', insert(1, key(1)));
  assert.equal(ask('query', insert(1, key(2))).error.kind, 'constraint');
  assert.equal(ask('find', { key: key(2) }).result, false);
  assert.equal(ask('query', insert(2, key(2))).result, 1);
  assert.equal(count(), 2);
});

test('rows that were returned once are not made up again', async () => {
  const { ask, count } = await service();
  const returning = { text: 'INSERT INTO t VALUES (5) RETURNING n', parameters: [], key: key(1) };
  assert.equal(ask('query', returning).result, 1);
  assert.equal(ask('query', returning).error.kind, 'in-doubt');
  assert.equal(count(), 1);
});

test('a transaction puts down its key with its COMMIT, and one that is undone does not', async () => {
  const { made, ask, count } = await service();
  made.begin();
  const session = ask('begin').result;
  ask('exec', { session, text: 'BEGIN' });
  ask('query', { session, ...insert(1) });
  assert.equal(ask('find', { key: key(9) }).result, false);
  assert.equal('error' in ask('exec', { session, text: 'COMMIT', key: key(9) }), false);
  assert.equal(ask('find', { key: key(9) }).result, true);
  const other = ask('begin').result;
  ask('exec', { session: other, text: 'BEGIN' });
  ask('query', { session: other, ...insert(2) });
  ask('end', { session: other });
  assert.equal(count(), 1);
});

test('keys that are answered are forgotten, and those of a client that is gone', async () => {
  const { made, ask } = await service();
  for (let request = 1; request <= 64; request += 1) {
    ask('query', insert(request, key(request, 'a', request)));
  }
  const kept = (client) => [1, 64].map((request) => ask('find', { key: key(request, client) }).result);
  assert.deepEqual(kept('a'), [false, true]);
  made.release('a', { sessions: [], subscriptions: [] });
  assert.deepEqual(kept('a'), [false, false]);
});

test('rows that are asked in twice with a key go in once', async () => {
  const { ask, count } = await service();
  const rows = { table: 't', columns: ['n'], rows: [[1], [2]] };
  assert.deepEqual([ask('insert', { ...rows, key: key(1) }).result, ask('insert', { ...rows, key: key(1) }).result], [2, 2]);
  assert.equal(count(), 2);
  assert.equal(ask('insert', rows).error.kind, 'constraint');
});
