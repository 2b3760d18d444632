// `wasm-dbms/sync` in Node: databases in memory and in files, in this thread.

import { NodeFiles, compiler } from './node_files.js';
import { load as loadWith } from './sync.js';

export { SyncDatabase } from './sync.js';
export { DatabaseError } from './wire.js';
export { NodeFiles };

/** The module with SQL, compiled once. */
export const compile = compiler('./wasm_dbms.wasm');

/** Loads it, with files of Node. */
export const load = async () => loadWith(await compile(), new NodeFiles());
