// `wasm-dbms/sync` in Node: databases in memory and in files, in this thread.

import { readFile } from 'node:fs/promises';

import { NodeFiles } from './node_files.js';
import { load as loadWith } from './sync.js';

export { SyncDatabase } from './sync.js';
export { DatabaseError } from './wire.js';
export { NodeFiles };

let compiled;

/** The module of the package, compiled once. */
export const compile = () => {
  compiled ??= readFile(new URL('./wasm_dbms.wasm', import.meta.url)).then((bytes) => WebAssembly.compile(bytes));
  return compiled;
};

/** Loads the package's module, with files of Node. */
export const load = async () => loadWith(await compile(), new NodeFiles());
