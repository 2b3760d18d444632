// The bench in a dedicated worker: the workloads in memory, then commits and bulk inserts on OPFS.

import { dataOf } from '../data.mjs';
import { BenchModule } from '../module.mjs';
import * as ours from '../ours.mjs';
import { compete, plan } from '../rounds.mjs';
import * as sqlJs from '../sql_js.mjs';
import * as sqliteWasm from '../sqlite_wasm.mjs';
import { measureOpfs } from './opfs.mjs';

const bytes = async (path) => (await fetch(path)).arrayBuffer();
const tell = (told) => postMessage({ told });

/** sql.js is a script of an older kind, which leaves its name behind. */
const loadSqlJs = async () => {
  (0, eval)(await (await fetch('/sql-wasm.js')).text());
  return globalThis.initSqlJs({ locateFile: () => '/sql-wasm.wasm' });
};

const measure = async ({ rows, seed, rounds, only }) => {
  const module = await BenchModule.load(await bytes('/bench_module.wasm'));
  const steps = module.draw(seed, rows);
  const data = dataOf(module);
  const { load } = await import('/npm/sync.js');
  const compiled = await WebAssembly.compile(await bytes('/npm/wasm_dbms.wasm'));
  const { default: initialise } = await import('/sqlite/index.mjs');
  const sqlite = await initialise();
  const engines = [
    module.face(0, 'wasm-dbms, typed'),
    module.face(1, 'wasm-dbms, SQL'),
    ours.engine(await load(compiled)),
    sqliteWasm.engine(sqlite),
    sqlJs.engine(await loadSqlJs()),
  ];
  const best = compete(engines, plan(steps, data, only), data, rounds, () => performance.now() * 1000, tell);
  tell('on OPFS');
  const opfs = await measureOpfs({ compiled, sqlite, data, rounds, tell });
  return { engines: engines.map(({ title, version }) => ({ title, version })), best, opfs };
};

onmessage = async ({ data: options }) => {
  try {
    postMessage({ result: await measure(options) });
  } catch (error) {
    postMessage({ failed: error.stack ?? String(error) });
  }
};
