// `wasm-dbms` in a browser.

import { openIn } from './page_open.js';

export { persist, storage } from './page_open.js';
export { DatabaseError } from './wire.js';

/** Opens the database of this name: a file of the origin, or, under the name `:memory:`, one in memory. */
export const open = (name, options) =>
  openIn(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), name, options);
