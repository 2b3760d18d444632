// `wasm-dbms/tables` in a browser.

import { openIn } from './page_open.js';
import { Tables } from './tables.js';

export { persist, storage } from './page_open.js';
export * from './tables_words.js';
export { DatabaseError } from './wire.js';

/** Opens the database of this name: a file of the origin, or, under the name `:memory:`, one in memory. */
export const open = async (name, options) =>
  new Tables(await openIn(new Worker(new URL('./tables_worker.js', import.meta.url), { type: 'module' }), name, options));
