// `wasm-dbms/tables` in Node.

import { openWith } from './node_open.js';
import { Tables } from './tables.js';
import { compile } from './tables_node_sync.js';
import { texts } from './tables_texts.js';

export * from './tables_words.js';
export { DatabaseError } from './wire.js';

/** Opens the database in a file, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`. */
export const open = async (name, options) => new Tables(await openWith(await compile(), texts, name, options));
