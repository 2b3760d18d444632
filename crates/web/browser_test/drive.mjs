// Drives a browser through the test of the provider over OPFS, and says in words what it did:
//
//     node drive.mjs --module FILE --executable CHROMIUM --packages NODE_MODULES --profile DIRECTORY
//                    [--seed NUMBER] [--workers NUMBER] [--tabs NUMBER] [--browsers NUMBER] [--kills-only]
//
// The database of a lane is written by numbered batches (batches.rs); whatever was killed, the next opener must find
// everything as it was after some batch, not before the last one that was acknowledged as durable. The numbers say how
// many of each kind are killed. A medium that acknowledges a sync before it has written what came before must be found
// out by the same kills.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { Browser } from './browser.mjs';
import { Random } from './random.mjs';
import { serve } from './server.mjs';

const { values: options } = parseArgs({
  options: Object.fromEntries(
    ['module', 'executable', 'packages', 'profile', 'seed', 'workers', 'tabs', 'browsers']
      .map((name) => [name, { type: 'string' }])
      .concat([['kills-only', { type: 'boolean' }]]),
  ),
});
const { chromium } = createRequire(join(options.packages, 'package.json'))('playwright-core');
const wanted = { worker: Number(options.workers ?? 49), tab: Number(options.tabs ?? 8), browser: Number(options.browsers ?? 2) };
const seed = Number(options.seed ?? 1);
const random = new Random(seed);
const started = performance.now();

/** Codes of the exports of the module. */
const SUCCESS = 0;
const FULL = 1;

/** More batches than are ever committed. */
const WITHOUT_END = 0xffff_ffff;

/** Within so many kills a planted bug must be found out. */
const PLANTED_KILLS_MAX = 40;

/** Longer than Chromium takes to end a busy worker that was terminated. */
const PATIENCE_MILLISECONDS = 10_000;

const here = (file) => join(import.meta.dirname, file);
const server = await serve({
  'index.html': here('index.html'),
  'page.js': here('page.js'),
  'worker.js': here('worker.js'),
  'opfs.js': here('../js/opfs.js'),
  'module.wasm': options.module,
});
await rm(options.profile, { recursive: true, force: true });
let browser = new Browser(chromium, { ...options, origin: server.origin });
await browser.start();

/** The last batch of each lane that is known, and the first that it may not have. */
const lanes = new Map();

/** Kills of each kind so far, and what they hit. */
const kills = { worker: 0, tab: 0, browser: 0, uncommitted: 0 };

/** Workers that were told to freeze so far. */
let frozenWorkers = 0;

const file = (lane) => `lane-${lane}.db`;
const order = (call, files, stop, plant) => ({ call, files, patience: PATIENCE_MILLISECONDS, stop, plant });
const write = (lane, count, stop, plant) => order(['write_batches', lane, count], [file(lane)], stop, plant);

/** Runs an order to its end. */
async function run(work) {
  return browser.call('untilEnded', await browser.call('start', work));
}

function assertCode(code, state) {
  assert.ok(state.code === code && state.failed === null, `seed ${seed}: ${JSON.stringify(state)}`);
  return state.said.at(-1);
}

/** Holds what a worker has found in its lane against what was acknowledged there. */
function assertFound(lane, state) {
  const words = `seed ${seed}, ${file(lane)}: ${JSON.stringify(state)}`;
  assert.ok(state.opened !== null && state.failed === null, words);
  const { least, most } = lanes.get(lane) ?? { least: 0, most: 0 };
  assert.ok(state.opened >= least, `${words}: batch ${least} was acknowledged`);
  assert.ok(state.opened <= most, `${words}: no batch after ${most} was begun`);
  return state.opened;
}

/** Starts a worker that writes, and waits until it has found its lane as it must be. */
async function startWriter(lane, stop) {
  const number = await browser.call('start', write(lane, WITHOUT_END, stop));
  return { lane, number, found: assertFound(lane, await browser.call('untilOpened', number)) };
}

/** Notes what a worker has acknowledged that was killed: `most` is the last batch that it may have committed. */
function noteKill(kind, { lane, found }, { durable, committed }, most) {
  kills[kind] += 1;
  kills.uncommitted += committed === found ? 1 : 0;
  lanes.set(lane, { least: durable, most });
}

/** A worker that has come to the middle of a call and stays there is terminated: at once. */
async function killFrozen(lane, plant) {
  frozenWorkers += 1;
  const at = random.below(90) + 1;
  const stop = { at, part: random.of(['none', 'half', 'whole']), how: 'freeze', number: frozenWorkers };
  const report = server.frozen(frozenWorkers);
  const number = await browser.call('start', write(lane, WITHOUT_END, stop, plant));
  const frozen = await Promise.race([report, browser.call('untilEnded', number)]);
  assert.ok('calls' in frozen, `seed ${seed}, ${file(lane)}: ${JSON.stringify(frozen)}`);
  await browser.call('terminate', number);
  frozen.release();
  if (frozen.opened === null) {
    // It had not even opened the database, so there is what was there.
    const { least, most } = lanes.get(lane) ?? { least: 0, most: 0 };
    noteKill('worker', { lane, found: 0 }, { durable: least, committed: 0 }, most);
  } else {
    const found = assertFound(lane, { ...frozen, failed: null });
    noteKill('worker', { lane, found }, frozen, frozen.committed + 1);
  }
}

/** Workers that are busy writing are terminated; the browser ends them two seconds later, wherever they are then. */
async function killBusy(someLanes) {
  const writers = [];
  for (const lane of someLanes) {
    writers.push(await startWriter(lane));
  }
  for (const writer of writers) {
    await sleep(random.below(150));
    noteKill('worker', writer, await browser.call('terminate', writer.number), Infinity);
  }
}

/** The process of the tab, or the whole browser, is killed (-9) while workers write. */
async function killProcess(kind, someLanes) {
  const writers = [];
  for (const lane of someLanes) {
    writers.push(await startWriter(lane));
  }
  await sleep(random.below(250));
  for (const writer of writers) {
    noteKill(kind, writer, await browser.call('stateOf', writer.number), Infinity);
  }
  kills[kind] -= writers.length - 1;
  await (kind === 'tab' ? browser.killTabs() : browser.kill());
}

/** Everything is as it must be, and the next batches find their place. */
async function assertLane(lane, count) {
  const state = await run(write(lane, count));
  assertFound(lane, state);
  assertCode(SUCCESS, state);
  lanes.set(lane, { least: state.committed, most: state.committed });
}

async function testContract() {
  assertCode(SUCCESS, await run(order(['contract'], ['contract.db'])));
  assertCode(SUCCESS, await run(order(['contract_again'], ['contract.db'])));
  console.log('the provider keeps its promises; what was synced is there for the next worker');
}

async function testSecondOpener() {
  const first = await startWriter(1);
  const second = { ...order(['second', 1], [file(1)]), patience: 0 };
  const words = assertCode(SUCCESS, await run(second));
  const [page, anotherTab] = [browser.page, await browser.newPage()];
  browser.page = anotherTab;
  assertCode(SUCCESS, await run(second));
  await anotherTab.close();
  browser.page = page;
  noteKill('worker', first, await browser.call('terminate', first.number), Infinity);
  console.log(`a second worker and a second tab are refused: ${words}`);
  await assertLane(1, 5);
  console.log('its worker terminated, the file opens again');
}

async function testFull() {
  await assertLane(2, 10);
  const liftLimit = await browser.limitQuota((await browser.usage()) + (256 << 10));
  const state = await run(write(2, 1000));
  const words = assertCode(FULL, state);
  lanes.set(2, { least: state.durable, most: state.committed });
  console.log(`at the quota batch ${state.committed + 1} is refused: ${words}`);
  await liftLimit();
  await assertLane(2, 50);
  console.log('with more quota the next batches are committed');
}

/** Another browser, whose OPFS is on a disk of its own: small, and soon full. */
async function testFullDisk() {
  const profile = `${options.profile}-on-a-small-disk`;
  const disk = join(profile, 'Default', 'File System');
  await rm(profile, { recursive: true, force: true });
  await mkdir(disk, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    console.log(`skipped: a full disk, since none can be mounted here (${error.stderr ?? error.message})`);
    return;
  }
  const other = browser;
  browser = new Browser(chromium, { ...options, profile, origin: server.origin });
  try {
    await browser.start();
    const state = await run(write(4, 1000));
    const words = assertCode(FULL, state);
    console.log(`on a full disk batch ${state.committed + 1} is refused: ${words}`);
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    lanes.set(4, { least: state.durable, most: state.committed });
    await assertLane(4, 50);
    console.log('with more room the next batches are committed');
  } finally {
    await browser.close();
    execFileSync('umount', [disk]);
    browser = other;
  }
}

async function testClosed() {
  for (let at = 1; at <= 40; at += 3) {
    const state = await run(write(3, WITHOUT_END, { at, part: 'none', how: 'close' }));
    const words = state.said.at(-1);
    assert.ok(state.failed === null && state.code > FULL && words.includes('InvalidStateError'), JSON.stringify(state));
    const { least, most } = lanes.get(3) ?? { least: 0, most: 0 };
    lanes.set(3, { least: state.durable ?? least, most: (state.committed ?? most) + 1 });
    if (at === 40) {
      console.log(`a handle that is closed under the database, 14 times: ${words}`);
    }
  }
  await assertLane(3, 5);
}

/**
 * A medium that says that a sync is done before it has written what came before it: what is acknowledged then is lost, and the
 * kills above must tell.
 */
async function testPlanted() {
  const before = { ...kills };
  for (let kill = 1; kill <= PLANTED_KILLS_MAX; kill += 1) {
    try {
      await killFrozen(30, 'late-writes');
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || !/was acknowledged|check\(\) found/.test(error.message)) {
        throw error;
      }
      lanes.delete(30);
      Object.assign(kills, before);
      console.log(`planted: a sync that is acknowledged before what came before it is written; found out by kill ${kill}`);
      return;
    }
  }
  assert.fail(`seed ${seed}: a planted bug was not found out by ${PLANTED_KILLS_MAX} kills`);
}

async function testKills() {
  // A quarter of the workers is killed while it is busy, four at a time, since that takes two seconds.
  const rounds = Math.floor(wanted.worker / 16);
  for (let kill = 0; kill < wanted.worker - 4 * rounds; kill += 1) {
    await killFrozen(10 + (kill % 3));
  }
  for (let round = 0; round < rounds; round += 1) {
    await killBusy([20, 21, 22, 23]);
  }
  for (let kill = 0; kill < wanted.tab; kill += 1) {
    await killProcess('tab', [20, 21]);
  }
  for (let kill = 0; kill < wanted.browser; kill += 1) {
    await killProcess('browser', [21, 22]);
  }
  for (const lane of [10, 11, 12, 20, 21, 22, 23]) {
    await assertLane(lane, 3);
  }
}

try {
  const isolated = await browser.page.evaluate(() => crossOriginIsolated);
  assert.equal(isolated, false);
  console.log(`Chromium ${browser.version()} at ${server.origin}, no special headers`);
  if (!options['kills-only']) {
    await testContract();
    await testSecondOpener();
    await testFull();
    await testFullDisk();
    await testClosed();
  }
  await testPlanted();
  await testKills();
  const batches = [...lanes.values()].reduce((sum, { least }) => sum + least, 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `killed while writing: ${kills.worker} workers, ${kills.tab} tabs, ${kills.browser} browsers; ` +
      `${batches} batches, ${kills.uncommitted} kills before a commit`,
  );
  const count = kills.worker + kills.tab + kills.browser;
  console.log(`battery browser-kill: ${count} kills, 0 failures, seed ${seed}, ${seconds} s`);
} finally {
  await browser.close();
  server.close();
}
