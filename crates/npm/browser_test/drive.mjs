// Drives a browser through the npm package: a database in OPFS from one page, from two, and what is left when the tab that
// has it open goes away.
//
//     node drive.mjs --package FOLDER --executable CHROMIUM --packages NODE_MODULES --profile DIRECTORY
//                    --script SQL --export FILE [--seconds NUMBER]
//
// The script, of crates/npm/identity, must export here what it exported natively: FILE.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Browser } from '../../web/browser_test/browser.mjs';
import { serve } from '../../web/browser_test/server.mjs';

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ['package', 'executable', 'packages', 'profile', 'script', 'export', 'seconds'].map((name) => [name, { type: 'string' }]),
  ),
});
const seconds = Number(options.seconds ?? 3);
const { chromium } = createRequire(join(options.packages, 'package.json'))('playwright-core');

const here = (file) => join(import.meta.dirname, file);
const files = { 'script.sql': options.script, 'index.html': here('index.html'), 'page.js': here('page.js') };
for (const file of readdirSync(options.package)) {
  files[file] = join(options.package, file);
}
const server = await serve(files);
await rm(options.profile, { recursive: true, force: true });
const browser = new Browser(chromium, { ...options, origin: server.origin });
await browser.start();

/** Longer than an owner may say nothing (tab.js). */
const STALL_MILLISECONDS = 7_500;

const call = (page, name, ...values) => page.evaluate(([name, values]) => globalThis[name](...values), [name, values]);
const rows = (page, text) => call(page, 'query', 'app.db', text);

const eventually = async (what, holds) => {
  for (let waited = 0; !(await holds()); waited += 50) {
    assert.ok(waited < 20_000, `${what} takes too long`);
    await sleep(50);
  }
};

/** One page: everything that a database can be asked, and again after it was closed. */
const testOnePage = async () => {
  const { page } = browser;
  await call(page, 'open', 'app.db');
  await call(page, 'exec', 'app.db', 'CREATE TABLE t (n integer PRIMARY KEY, s text)');
  await call(page, 'listen', 'app.db', ['t']);
  await call(page, 'query', 'app.db', 'INSERT INTO t VALUES (?, ?)', [1, 'ä']);
  assert.deepEqual(await rows(page, 'SELECT * FROM t'), [{ n: 1, s: 'ä' }]);
  assert.deepEqual(await call(page, 'heard'), [{ n: 1, s: 'ä' }]);
  assert.equal(await call(page, 'kindOf', 'app.db', 'INSERT INTO t VALUES (1, NULL)'), 'constraint');
  assert.ok((await call(page, 'exportedBytes', 'app.db')) > 8192);
  await call(page, 'close', 'app.db');
  await call(page, 'open', 'app.db');
  assert.deepEqual(await rows(page, 'SELECT * FROM t'), [{ n: 1, s: 'ä' }]);
  const { hasFiles, isPersistent, quotaBytes, usedBytes } = await call(page, 'storage');
  assert.ok(hasFiles && isPersistent === false && quotaBytes > usedBytes && usedBytes > 0);
};

/** The script of every host: the same bytes come out of a file in OPFS. */
const testIdentity = async () => {
  const exported = readFileSync(options.export);
  const digest = createHash('sha256').update(exported).digest('hex');
  assert.equal(await call(browser.page, 'digestOfScript', 'identity.db', 'script.sql'), digest);
  console.log(`the script of every host: ${exported.length} equal bytes in OPFS`);
};

/** Two pages: both write, both see the same, each hears of the other. */
const testTwoPages = async (other) => {
  const { page } = browser;
  await call(other, 'open', 'app.db');
  await call(other, 'query', 'app.db', "INSERT INTO t VALUES (2, 'other')");
  assert.deepEqual(await rows(page, 'SELECT n FROM t ORDER BY n'), [{ n: 1 }, { n: 2 }]);
  await call(other, 'listen', 'app.db', ['t']);
  await call(page, 'query', 'app.db', "INSERT INTO t VALUES (3, 'first')");
  await eventually('news of another tab', async () => (await call(other, 'heard')).some(({ n }) => n === 3));

  await call(page, 'exec', 'app.db', 'CREATE TABLE counter (n integer); INSERT INTO counter VALUES (0)');
  await Promise.all([call(page, 'count', 'app.db', 20), call(other, 'count', 'app.db', 20)]);
  assert.deepEqual(await rows(other, 'SELECT n FROM counter'), [{ n: 40 }]);

  await call(page, 'exec', 'app.db', 'CREATE TABLE rows (writer integer, n integer, PRIMARY KEY (writer, n))');
  await Promise.all([call(page, 'startWriting', 'app.db', 1), call(other, 'startWriting', 'app.db', 2)]);
  await sleep(seconds * 1000);
  const states = [await call(page, 'stopWriting', 1), await call(other, 'stopWriting', 2)];
  const counts = states.map(({ acknowledged, inDoubt, failed }) => {
    assert.deepEqual([inDoubt, failed], [[], []]);
    return acknowledged.length;
  });
  const seen = 'SELECT writer, count(*) AS n FROM rows GROUP BY writer ORDER BY writer';
  for (const one of [page, other]) {
    assert.deepEqual(await rows(one, seen), counts.map((n, writer) => ({ writer: writer + 1, n })));
  }
  console.log(`two tabs wrote ${counts.join(' and ')} rows in ${seconds} s; both see them all`);
};

/** The database without SQL: both pages have one file, and one that speaks SQL is told that it cannot. */
const testTables = async (other) => {
  const { page } = browser;
  const name = 'tables.db';
  const tables = (page, ...parameters) => call(page, 'tables', name, ...parameters);
  await call(page, 'openTables', name);
  await tables(page, 'createTable', 'counter', { columns: { id: { type: 'i64', primaryKey: true }, value: { type: 'i64', default: 0 } } });
  await tables(page, 'insert', 'counter', [{ id: 1 }, { id: 2 }]);
  await call(other, 'openTables', name);
  await Promise.all([call(page, 'countTables', name, 20), call(other, 'countTables', name, 20)]);
  assert.deepEqual(await tables(other, 'select', { from: 'counter', orderBy: 'id' }), [{ id: 1, value: 40 }, { id: 2, value: 0 }]);
  assert.equal(await call(other, 'openKind', 'app.db'), 'locked');
  // The other goes on when the owner closes.
  await call(page, 'close', name);
  assert.equal(await tables(other, 'delete', 'counter', { where: { id: 2 } }), 1);
  await call(other, 'close', name);
  await call(page, 'open', name);
  assert.deepEqual(await call(page, 'query', name, 'SELECT value FROM counter'), [{ value: 40 }]);
  await call(page, 'close', name);
  console.log('two pages have one database without SQL, and afterwards SQL has it');
};

/** At the quota a write is refused as `full`; what was there stays readable, and with more room it goes on. */
const testQuota = async () => {
  const { page } = browser;
  await call(page, 'exec', 'app.db', 'CREATE TABLE large (n integer PRIMARY KEY, bytes bytea)');
  const insert = (n) => call(page, 'kindOf', 'app.db', 'INSERT INTO large VALUES (?, ?)', [n, 'x'.repeat(50_000)]);
  let n = 0;
  for (; n < 5; n += 1) {
    assert.equal(await insert(n), 'none');
  }
  const liftLimit = await browser.limitQuota((await browser.usage()) + (512 << 10));
  let kind = 'none';
  for (; kind === 'none' && n < 200; n += kind === 'none' ? 1 : 0) {
    kind = await insert(n);
  }
  assert.equal(kind, 'full');
  const seen = 'SELECT count(*) AS n FROM large';
  assert.deepEqual(await rows(page, seen), [{ n }]);
  await liftLimit();
  assert.equal(await insert(n), 'none');
  assert.deepEqual(await rows(page, seen), [{ n: n + 1 }]);
  console.log(`at the quota row ${n + 1} is refused as full, ${n} rows stay readable; with more room it goes on`);
};

/** The same while the other counts in transactions: each counts once, whenever the owner goes. */
const testTransactionsOverTakeover = async (owner, other) => {
  const [{ n: before }] = await rows(other, 'SELECT n FROM counter');
  const counting = call(other, 'count', 'app.db', 60);
  await eventually('counting', async () => (await rows(other, 'SELECT n FROM counter'))[0].n > before + 5);
  await owner.close();
  await counting;
  assert.deepEqual(await rows(other, 'SELECT n FROM counter'), [{ n: before + 60 }]);
  console.log("the owner's tab was closed: 60 transactions of another counted, each once");
};

/** The tab that has the file open goes while the other writes: that one goes on, and misses nothing that it was told. */
const testTakeover = async (owner, other, writer) => {
  await call(other, 'startWriting', 'app.db', writer);
  await eventually('writing', async () => (await call(other, 'written', writer)) > 20);
  await owner.close();
  const before = await call(other, 'written', writer);
  await eventually('going on', async () => (await call(other, 'written', writer)) > before + 20);
  const { acknowledged, inDoubt, failed } = await call(other, 'stopWriting', writer);
  assert.deepEqual([failed, inDoubt], [[], []]);
  const found = (await rows(other, `SELECT n FROM rows WHERE writer = ${writer} ORDER BY n`)).map(({ n }) => n);
  assert.deepEqual(found, acknowledged);
  console.log(`the owner's tab was closed: ${acknowledged.length} rows acknowledged, all there, each once`);
};

/**
 * The owner's page is frozen while another writes: it gives the file up before, the other goes on, and when it is resumed it sees
 * all and writes too. Then the other is frozen, whose file goes back.
 */
const testFreeze = async (owner, other, writer) => {
  let wrote = 0;
  for (const [frozen, alive] of [[owner, other], [other, owner]]) {
    await call(alive, 'startWriting', 'app.db', (writer += 1));
    await eventually('writing', async () => (await call(alive, 'written', writer)) > 20);
    const setState = await browser.lifecycle(frozen);
    await setState('frozen');
    const before = await call(alive, 'written', writer);
    await eventually('going on beside a frozen page', async () => (await call(alive, 'written', writer)) > before + 20);
    await setState('active');
    const late = rows(frozen, `INSERT INTO rows VALUES (${writer + 50}, 0)`);
    const { acknowledged, inDoubt, failed } = await call(alive, 'stopWriting', writer);
    await late;
    assert.deepEqual([failed, inDoubt], [[], []]);
    for (const page of [frozen, alive]) {
      const found = await rows(page, `SELECT n FROM rows WHERE writer = ${writer} ORDER BY n`);
      assert.deepEqual(found.map(({ n }) => n), acknowledged);
    }
    wrote += acknowledged.length;
  }
  console.log(`pages were frozen with the file open, and resumed: ${wrote} rows of the other acknowledged, all there, each once`);
};

/**
 * A worker stands still with the file open: the other tab is told, loses nothing, and goes on with it. The file stays with who has
 * it: nobody else writes.
 */
const testStall = async (other) => {
  const still = await browser.newPage();
  await call(still, 'open', 'stall.db');
  await call(still, 'exec', 'stall.db', 'CREATE TABLE t (n integer)');
  await call(other, 'open', 'stall.db');
  await call(other, 'query', 'stall.db', 'INSERT INTO t VALUES (1)');
  const standing = still.workers()[0].evaluate((until) => {
    while (Date.now() < until);
  }, Date.now() + STALL_MILLISECONDS);
  // By now it does.
  await sleep(500);
  await call(other, 'query', 'stall.db', 'INSERT INTO t VALUES (2)');
  await standing;
  assert.deepEqual(await call(other, 'query', 'stall.db', 'SELECT n FROM t ORDER BY n'), [{ n: 1 }, { n: 2 }]);
  assert.deepEqual(await call(other, 'stalls'), [true, false]);
  await still.close();
  await call(other, 'query', 'stall.db', 'INSERT INTO t VALUES (3)');
  await call(other, 'close', 'stall.db');
  console.log('a worker stood still with the file open: the other tab was told, and lost nothing');
};

/** An import at one tab is there at the other, and nothing of what was; what is no database changes nothing. */
const testImport = async (one, two) => {
  for (const page of [one, two]) {
    await call(page, 'open', 'import.db');
    await call(page, 'exec', 'import.db', 'CREATE TABLE IF NOT EXISTS t (n integer)');
  }
  const seen = (page, text) => call(page, 'query', 'import.db', text);
  for (const [n, page] of [one, two, one].entries()) {
    assert.equal(await call(page, 'importKind', 'import.db'), 'corrupt');
    await call(page, 'importRow', 'import.db', n);
    for (const each of [one, two]) {
      assert.deepEqual(await seen(each, 'SELECT n FROM imported'), [{ n }]);
      assert.equal(await call(each, 'kindOf', 'import.db', 'SELECT n FROM t'), 'other');
    }
    await seen(page, 'CREATE TABLE t (n integer)');
  }
  for (const page of [one, two]) {
    await call(page, 'close', 'import.db');
  }
  await call(one, 'open', 'import.db');
  assert.deepEqual(await seen(one, 'SELECT n FROM imported'), [{ n: 2 }]);
  console.log('imports into an open file: seen by both tabs, and after closing');
};

try {
  console.log(`Chromium ${browser.version()}`);
  await testOnePage();
  await testIdentity();
  await testQuota();
  let other = await browser.newPage();
  await testTwoPages(other);
  await testTables(other);
  await testFreeze(browser.page, other, 100);
  await testImport(browser.page, other);
  await testStall(other);
  // The page that was open longest has the file, or comes to it.
  await testTakeover(browser.page, other, 10);
  for (let round = 1; round <= 4; round += 1) {
    const next = await browser.newPage();
    await call(next, 'open', 'app.db');
    await (round % 2 === 0 ? testTakeover(other, next, 10 + round) : testTransactionsOverTakeover(other, next));
    other = next;
  }
  assert.ok((await call(other, 'heard')).every((one) => one !== undefined));
  const cold = await browser.newPage();
  console.log(`the first question from nothing: ${(await call(cold, 'firstQuery', 'new.db')).toFixed(0)} ms`);
} finally {
  await browser.close();
  server.close();
}
