// `wasm-dbms` in Node.

import { openWith } from './node_open.js';
import { compile } from './node_sync.js';
import { texts } from './sql_texts.js';

export { DatabaseError } from './wire.js';

/** Opens the database in a file, or, under the name `:memory:`, one in memory: a new one, or that of `bytes`. */
export const open = async (name, options) => openWith(await compile(), texts, name, options);
