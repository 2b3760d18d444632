// The bench in a headless Chromium:
//
//     node drive.mjs --executable CHROMIUM --packages NODE_MODULES --profile DIRECTORY --module MODULE --package FOLDER
//                    --others NODE_MODULES --rows N --seed N --rounds N [--only W1,W2] [--output FILE] [--note WORDS]

import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Browser } from '../../../crates/web/browser_test/browser.mjs';
import { serve } from '../../../crates/web/browser_test/server.mjs';
import { inBrowser } from '../report.mjs';
import { keep } from '../section.mjs';

const names = ['executable', 'packages', 'profile', 'module', 'package', 'others', 'rows', 'seed', 'rounds', 'only', 'output', 'note'];
const { values: options } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) });
const { chromium } = createRequire(join(options.packages, 'package.json'))('playwright-core');

const files = { 'bench_module.wasm': options.module };
const serveAll = (folder, path) => {
  for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())) {
    files[`${path}${name}`] = join(folder, name);
  }
};
serveAll(import.meta.dirname, '');
serveAll(join(import.meta.dirname, '..'), 'bench/');
serveAll(import.meta.dirname, 'bench/browser/');
serveAll(options.package, 'npm/');
serveAll(join(options.others, '@sqlite.org/sqlite-wasm/dist'), 'sqlite/');
for (const name of ['sql-wasm.js', 'sql-wasm.wasm']) {
  files[name] = join(options.others, 'sql.js/dist', name);
}

const server = await serve(files);
await rm(options.profile, { recursive: true, force: true });
const browser = new Browser(chromium, { ...options, origin: server.origin });
await browser.start();
try {
  browser.page.on('console', (message) => console.error(message.text()));
  const [rows, seed, rounds] = [options.rows, options.seed, options.rounds].map(Number);
  const asked = { rows, seed, rounds, only: options.only?.split(',') };
  const result = await browser.page.evaluate((asked) => globalThis.measure(asked), asked);
  const text = inBrowser({ ...result, options, browser: browser.version() });
  console.log(text);
  if (options.output !== undefined) {
    await keep(options.output, text);
  }
} finally {
  await browser.close();
  server.close();
}
