// `wasm-dbms/tables/sync` in Node: databases in memory and in files, in this thread.

import { NodeFiles, compiler } from './node_files.js';
import { load as loadWith } from './tables_sync.js';

export * from './tables_words.js';
export { DatabaseError } from './wire.js';
export { NodeFiles };

/** The module without SQL, compiled once. */
export const compile = compiler('./wasm_dbms_tables.wasm');

/** Loads it, with files of Node. */
export const load = async () => loadWith(await compile(), new NodeFiles());
