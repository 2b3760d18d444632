// Drives a browser through the playground, and leaves pictures of it:
//
//     node drive.mjs --folder FOLDER --executable CHROMIUM --packages NODE_MODULES --profile DIRECTORY

import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { serve } from './serve.mjs';

const { values: options } = parseArgs({
  options: Object.fromEntries(['folder', 'executable', 'packages', 'profile'].map((name) => [name, { type: 'string' }])),
});
const { chromium } = createRequire(join(options.packages, 'package.json'))('playwright-core');

const server = await serve(options.folder, 0);
await rm(options.profile, { recursive: true, force: true });
const context = await chromium.launchPersistentContext(options.profile, {
  executablePath: options.executable,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  viewport: { width: 1280, height: 860 },
  acceptDownloads: true,
});

const open = async () => {
  const page = await context.newPage();
  page.on('pageerror', (error) => assert.fail(`error in the page: ${error}`));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.isReady === true);
  return page;
};
const idle = (page) => page.waitForFunction(() => !document.getElementById('run').disabled);
const run = async (page, text) => {
  await page.fill('#sql', text);
  await page.press('#sql', 'Control+Enter');
  await idle(page);
};
const shown = (page) => page.$$eval('#rows tbody tr', (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
const message = (page) => page.textContent('#message');
const picture = (page, name) => page.screenshot({ path: join(options.profile, `${name}.png`), fullPage: true });

try {
  const page = await open();
  assert.match(await page.textContent('#database'), /a file of this origin/);
  await page.click('#sample');
  await page.waitForSelector('#rows tbody tr');
  await idle(page);
  assert.equal((await shown(page)).length, 6);
  assert.ok((await page.$$('#plan li')).length >= 3, 'the plan of a join is no tree');
  assert.ok((await page.$$('#tables details')).length === 2);
  await picture(page, 'desktop');

  await run(page, "UPDATE customers SET city = 'Turing; \"Town\"' -- not; the end\n WHERE id = 5; SELECT city FROM customers WHERE id = 5");
  assert.deepEqual(await shown(page), [['Turing; "Town"']]);
  assert.match(await message(page), /1 changed/);
  const changed = Number(/(\d+) changed/.exec(await page.textContent('#counts'))[1]);
  assert.ok(changed >= 1 && changed < 10, `one row changed ${changed} pages`);
  assert.match(await page.textContent('#counts'), /^\d+ of 8 KiB/);

  await run(page, 'SELECT nam\nFROM customers');
  assert.match(await message(page), /other: .*nam.*line 1, column 8/s);

  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#export')]);
  const path = await download.path();
  assert.ok((await readFile(path)).subarray(0, 8).equals(Buffer.from('wasmdbms')));
  await run(page, 'DELETE FROM orders; SELECT count(*) AS n FROM orders');
  assert.deepEqual(await shown(page), [['0']]);
  await page.setInputFiles('#import', path);
  await page.waitForFunction(() => document.getElementById('database').textContent.includes('a copy in memory'));
  await idle(page);
  await run(page, 'SELECT count(*) AS n FROM orders');
  assert.deepEqual(await shown(page), [['2000']]);
  await page.close();

  const again = await open();
  await run(again, 'SELECT count(*) AS n FROM customers');
  assert.deepEqual(await shown(again), [['6']], 'the file of the origin did not stay');
  await again.setViewportSize({ width: 390, height: 844 });
  await again.click('#sample');
  await idle(again);
  assert.equal(await again.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'a phone scrolls sideways');
  await picture(again, 'phone');
  console.log(`the playground in Chromium: sample, plan, ${changed} pages changed by a row, a mistake, export, import, a phone`);
} finally {
  await context.close();
  server.close();
}
