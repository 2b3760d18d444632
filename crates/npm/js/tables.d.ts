// Types of `wasm-dbms/tables`.

import type { Database, OnStall } from './index.js';
import type { OpenOptions, Parameter, Row, Value } from './sync.js';
import type { Expression, Named, Operand, Order, Where, byDefault } from './tables_words.js';

export * from './tables_words.js';
export { DatabaseError } from './sync.js';
export type { ErrorKind, OpenOptions, Parameter, Row, Value } from './sync.js';
export type { Change, OnStall, Storage } from './index.js';
export { persist, storage } from './index.js';

export type ColumnType =
  | 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64'
  | 'text' | 'bytes' | 'decimal' | 'date' | 'datetime' | 'uuid' | 'json';

/** What happens to referring rows when the row that they refer to goes or changes. */
export type Action = 'restrict' | 'cascade' | 'set null' | 'set default';

export interface Reference {
  table: string;
  /** Its columns; one name, or as many as refer. */
  to: string | readonly string[];
  onDelete?: Action;
  onUpdate?: Action;
}

interface ColumnOptions {
  nullable?: boolean;
  default?: Parameter;
  /** The database counts up where a row has no value. */
  autoincrement?: boolean;
  primaryKey?: boolean;
  unique?: boolean;
  index?: boolean;
  references?: Reference;
}

/** A type alone, or what else is to be said. `choices` makes a column of one of these names, in their order. */
export type Column =
  | ColumnType
  | (ColumnOptions & ({ type: ColumnType } | { choices: readonly string[] }));

export type Index =
  | string
  | readonly (string | Order)[]
  | {
      columns: string | readonly (string | Order)[];
      unique?: boolean;
      /** Columns that the index has beside those that it is ordered by. */
      include?: readonly string[];
      name?: string;
    };

export interface Table {
  columns: Record<string, Column>;
  primaryKey?: string | readonly string[];
  /** A list of indexes, of which each is a column, a list of columns, or an object. */
  indexes?: readonly Index[];
  references?: readonly (Reference & { columns: string | readonly string[] })[];
  /** Conditions that hold for every row, by their names. */
  checks?: Record<string, Where>;
}

/** A table, and what it is called here. */
export type Source = string | { table: string; as?: string };

export interface Join {
  table: string;
  as?: string;
  /** `inner` if nothing is said. */
  kind?: 'inner' | 'left';
  on: Where;
}

/** Columns of an answer: by their names, or as `{ name: column or expression, .. }`. */
export type Columns = readonly Named[] | string | Record<string, Named>;

export interface Question {
  from: Source;
  joins?: Join | readonly Join[];
  where?: Where;
  groupBy?: Named | readonly Named[];
  /** Every column, if nothing is said. */
  columns?: Columns;
  /** As `where`, of groups: names of `columns` stand for what they are. */
  having?: Where;
  distinct?: boolean;
  orderBy?: Named | Order | readonly (Named | Order)[];
  limit?: number;
  offset?: number;
}

export interface Returning {
  returning: Columns;
}

export interface UpsertOptions {
  /** The columns of a unique key; of the primary key if nothing is said. */
  key?: string | readonly string[];
  /** The row that is there stays as it is. */
  skip?: boolean;
  /** It takes these columns of the new one; all that the new one has, if nothing is said here and in `set`. */
  take?: string | readonly string[];
  /** What its columns become: of the old row by the name of the table, of the new one by `excluded`. */
  set?: Record<string, Operand>;
  /** It stays as it is unless this is true. */
  where?: Where;
}

/** A value of a key with one column, the values of one with several, or `{ column: value, .. }`. */
export type Key = Parameter | readonly Parameter[] | Record<string, Operand>;

export type NewRow = Record<string, Parameter>;

/** What can be asked; `Answer` says whether the answer comes at once or as a promise. */
interface Verbs<Mode extends 'now' | 'later'> {
  createTable(name: string, table: Table, options?: { ifNotExists?: boolean }): Answer<void, Mode>;
  createIndex(table: string, index: Index, options?: { ifNotExists?: boolean }): Answer<void, Mode>;
  dropTable(name: string, options?: { ifExists?: boolean }): Answer<void, Mode>;
  dropIndex(name: string, options?: { ifExists?: boolean }): Answer<void, Mode>;
  /** The rows that a question answers. */
  select<R = Row>(question: Question): Answer<R[], Mode>;
  select<R = Value[]>(question: Question & { rows: 'arrays' }): Answer<R[], Mode>;
  /** The row of a primary key, or of `{ column: value, .. }`, if there is one. */
  get<R = Row>(table: string, key: Key): Answer<R | undefined, Mode>;
  count(table: string, where?: Where): Answer<number, Mode>;
  exists(table: string, where?: Where): Answer<boolean, Mode>;
  /** Puts a row in, or many of the same columns: all or none. How many, or what `returning` says of each. */
  insert(table: string, rows: NewRow | readonly NewRow[]): Answer<number, Mode>;
  insert<R = Row>(table: string, rows: NewRow | readonly NewRow[], options: Returning): Answer<R[], Mode>;
  /** As `insert`, but a row that has the key of a new one takes its values. */
  upsert(table: string, rows: NewRow | readonly NewRow[], options?: UpsertOptions): Answer<number, Mode>;
  upsert<R = Row>(table: string, rows: NewRow | readonly NewRow[], options: UpsertOptions & Returning): Answer<R[], Mode>;
  /** Changes rows; which must be said: `where: {}` is all of them. */
  update(table: string, what: { set: Setting; where: Where }): Answer<number, Mode>;
  update<R = Row>(table: string, what: { set: Setting; where: Where } & Returning): Answer<R[], Mode>;
  /** Deletes rows; which must be said: `where: {}` is all of them. */
  delete(table: string, what: { where: Where }): Answer<number, Mode>;
  delete<R = Row>(table: string, what: { where: Where } & Returning): Answer<R[], Mode>;
}

type Answer<T, Mode extends 'now' | 'later'> = Mode extends 'now' ? T : Promise<T>;

/** What columns become: values, or what is computed of the row as it was. */
export type Setting = Record<string, Operand | typeof byDefault>;

export type Transaction = Verbs<'later'>;
export type SyncTransaction = Verbs<'now'>;

export interface Tables extends Verbs<'later'>, Pick<Database, 'subscribe' | 'export' | 'import' | 'close'> {
  /** As that of SQL: run again if others were first. */
  transaction<R>(work: (transaction: Transaction) => Promise<R>, options?: { attempts?: number }): Promise<R>;
}

export interface SyncTables extends Verbs<'now'> {
  /** Committed if `work` returns, undone if it throws. */
  transaction<R>(work: (transaction: SyncTransaction) => R): R;
  /** The database as bytes. */
  export(): Uint8Array;
  close(): void;
}

/**
 * Opens the database of this name: in a browser a file of the origin, in Node a file. `:memory:` is one in memory: a new one,
 * or that of `bytes`. It is the same file with SQL and without.
 */
export function open(name: string, options?: OpenOptions & { bytes?: Uint8Array; onStall?: OnStall }): Promise<Tables>;
