// Types of `wasm-dbms/sync`.

/** What a parameter can be. Objects and arrays are stored as JSON. */
export type Parameter =
  | null | undefined | boolean | number | bigint | string | Date | ArrayBuffer | ArrayBufferView | object;

/** What a column can come to; JSON comes as it was parsed. */
export type Value = null | boolean | number | bigint | string | Uint8Array | object;

export type Row = Record<string, Value>;

/** What an error is. */
export type ErrorKind =
  | 'other' | 'syntax' | 'constraint' | 'conflict' | 'full' | 'corrupt' | 'in-doubt' | 'locked' | 'lagged' | 'interrupted';

export class DatabaseError extends Error {
  readonly kind: ErrorKind;
  /** Where in the statement, from 1 on. */
  readonly line?: number;
  readonly column?: number;
}

/** How a database is opened; what it was made with counts for one that is there. */
export interface OpenOptions {
  /** The size of a page in bytes: a power of two, 4096 to 65536. */
  pageSize?: number;
  /** How much of the database is kept in memory, in bytes. */
  cacheBytes?: number;
  /** The number of a new database: the same operations on databases of one number give the same bytes. */
  databaseId?: number;
}

export interface ArrayRows {
  rows: 'arrays';
}

export interface Statement {
  query<R = Row>(parameters?: readonly Parameter[]): R[];
  query<R = Value[]>(parameters: readonly Parameter[], options: ArrayRows): R[];
  /** How many rows it wrote. */
  execute(parameters?: readonly Parameter[]): number;
  /** Forgets it. */
  free(): void;
}

export interface SyncDatabase {
  /** Runs the statements of a script; what they answer is dropped. */
  exec(script: string): void;
  query<R = Row>(text: string, parameters?: readonly Parameter[]): R[];
  query<R = Value[]>(text: string, parameters: readonly Parameter[], options: ArrayRows): R[];
  /** How many rows it wrote. */
  execute(text: string, parameters?: readonly Parameter[]): number;
  /**
   * Puts many rows in at once, all or none: each an array with a value for each of these columns, for all columns if none is named.
   * The quickest way in: no text is read, and all rows cross to the module together. How many there were.
   */
  insert(table: string, columns: readonly string[], rows: readonly (readonly Parameter[])[]): number;
  prepare(text: string): Statement;
  /** Committed if `work` returns, undone if it throws. */
  transaction<R>(work: (database: this) => R): R;
  /** The database as bytes. */
  export(): Uint8Array;
  close(): void;
}

export interface Databases {
  /** A new database in memory, or one that was exported. */
  memory(options?: OpenOptions & { bytes?: Uint8Array }): SyncDatabase;
  /** The database in a file; a new one if there is none. */
  file(name: string, options?: OpenOptions): SyncDatabase;
}

/** What gives files to a module: `NodeFiles`, `Opfs`. */
export interface Files {
  memory: WebAssembly.Memory | undefined;
  readonly imports: WebAssembly.ModuleImports;
}

/** Loads the module. In Node it needs nothing; elsewhere the compiled module, and what gives it files. */
export function load(module?: WebAssembly.Module, files?: Files): Promise<Databases>;
