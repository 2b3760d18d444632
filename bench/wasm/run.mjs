// The bench inside Node: this project's engine as a wasm module beside the wasm builds of SQLite, in memory:
//
//     node run.mjs --module MODULE --package FOLDER --packages FOLDER --rows N --seed N --rounds N [--only W1,W2] [--output FILE] [--note WORDS]

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { dataOf } from './data.mjs';
import { BenchModule } from './module.mjs';
import * as ours from './ours.mjs';
import { inNode } from './report.mjs';
import { compete, plan } from './rounds.mjs';
import { keep } from './section.mjs';
import * as sqlJs from './sql_js.mjs';
import * as sqliteWasm from './sqlite_wasm.mjs';

const string = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    module: string,
    package: string,
    packages: string,
    rows: { ...string, default: '100000' },
    seed: { ...string, default: '42' },
    rounds: { ...string, default: '5' },
    only: string,
    output: string,
    note: string,
  },
});

const load = async (file) => import(pathToFileURL(file));
const module = await BenchModule.load(await readFile(options.module));
const steps = module.draw(Number(options.seed), Number(options.rows));
const data = dataOf(module);
const { load: loadPackage } = await load(`${options.package}/node_sync.js`);
const { default: initialise } = await load(`${options.packages}/@sqlite.org/sqlite-wasm/dist/node.mjs`);
const engines = [
  module.face(0, 'wasm-dbms, typed'),
  module.face(1, 'wasm-dbms, SQL'),
  ours.engine(await loadPackage()),
  sqliteWasm.engine(await initialise()),
  sqlJs.engine(await createRequire(import.meta.url)(`${options.packages}/sql.js/dist/sql-wasm.js`)()),
];

const clock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const planned = plan(steps, data, options.only?.split(','));
const best = compete(engines, planned, data, Number(options.rounds), clock, console.error);

const text = inNode({ engines, best, options, node: process.version });
console.log(text);
if (options.output !== undefined) {
  await keep(options.output, text);
}
