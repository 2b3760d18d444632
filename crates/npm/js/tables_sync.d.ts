// Types of `wasm-dbms/tables/sync`.

import type { Files, OpenOptions } from './sync.js';
import type { SyncTables } from './tables.js';

export * from './tables_words.js';
export { DatabaseError } from './sync.js';
export type { Files, OpenOptions } from './sync.js';
export type { SyncTables, SyncTransaction } from './tables.js';

export interface SyncTablesDatabases {
  /** A new database in memory, or one that was exported. */
  memory(options?: OpenOptions & { bytes?: Uint8Array }): SyncTables;
  /** The database in a file; a new one if there is none. */
  file(name: string, options?: OpenOptions): SyncTables;
}

/** Loads the module. In Node it needs nothing; elsewhere the compiled module, and what gives it files. */
export function load(module?: WebAssembly.Module, files?: Files): Promise<SyncTablesDatabases>;
