// Builds the example and opens it in Chromium, then the same as Vite serves it while one works on it:
//
//     node drive.mjs --folder COPY_OF_THE_EXAMPLE --executable CHROMIUM --packages NODE_MODULES --profile DIRECTORY

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

const { values: options } = parseArgs({
  options: Object.fromEntries(['folder', 'executable', 'packages', 'profile'].map((name) => [name, { type: 'string' }])),
});
const { chromium } = createRequire(join(options.packages, 'package.json'))('playwright-core');
const vite = await import(pathToFileURL(createRequire(join(options.folder, 'package.json')).resolve('vite')));

await rm(options.profile, { recursive: true, force: true });
const context = await chromium.launchPersistentContext(options.profile, {
  executablePath: options.executable,
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

/** Adds a note, which is there for the page and for the next; the bytes of wasm that came. */
const tryPage = async (url) => {
  let wasmBytes = 0;
  context.on('response', async (response) => {
    if (response.url().includes('.wasm')) {
      wasmBytes = (await response.body()).length;
    }
  });
  for (const expected of [['kept'], ['kept', 'kept']]) {
    const page = await context.newPage();
    page.on('pageerror', (error) => assert.fail(`error in the page: ${error}`));
    await page.goto(url);
    await page.waitForSelector('body[data-state=ready]');
    await page.fill('input', 'kept');
    await page.click('button');
    await page.waitForFunction((count) => document.querySelectorAll('li').length === count, expected.length);
    assert.deepEqual(await page.$$eval('li', (notes) => notes.map(({ textContent }) => textContent)), expected);
    await page.close();
  }
  assert.ok(wasmBytes > 500_000, `${wasmBytes} bytes of wasm`);
};

const usual = { root: options.folder, logLevel: 'warn' };
try {
  await vite.build(usual);
  const preview = await vite.preview({ ...usual, preview: { port: 0, host: '127.0.0.1' } });
  await tryPage(preview.resolvedUrls.local[0]);
  await preview.close();

  const server = await vite.createServer({ ...usual, server: { port: 0, host: '127.0.0.1' } });
  await server.listen();
  await tryPage(server.resolvedUrls.local[0]);
  await server.close();
  console.log(`Vite ${vite.version}: built and served, the notes stay`);
} finally {
  await context.close();
}
process.exit();
