// Types of `wasm-dbms`.

import type { ArrayRows, OpenOptions, Parameter, Row, Value } from './sync.js';

export type { ArrayRows, ErrorKind, OpenOptions, Parameter, Row, Value } from './sync.js';
export { DatabaseError } from './sync.js';
import type { DatabaseError } from './sync.js';

export interface Session {
  /** Runs the statements of a script; what they answer is dropped. */
  exec(script: string): Promise<void>;
  query<R = Row>(text: string, parameters?: readonly Parameter[]): Promise<R[]>;
  query<R = Value[]>(text: string, parameters: readonly Parameter[], options: ArrayRows): Promise<R[]>;
  /** How many rows it wrote. */
  execute(text: string, parameters?: readonly Parameter[]): Promise<number>;
  /**
   * Puts many rows in at once, all or none: each an array with a value for each of these columns, for all columns if none is named.
   * The quickest way in. How many there were.
   */
  insert(table: string, columns: readonly string[], rows: readonly (readonly Parameter[])[]): Promise<number>;
  prepare(text: string): Statement;
}

/** A text that is run many times. */
export interface Statement {
  query<R = Row>(parameters?: readonly Parameter[]): Promise<R[]>;
  query<R = Value[]>(parameters: readonly Parameter[], options: ArrayRows): Promise<R[]>;
  execute(parameters?: readonly Parameter[]): Promise<number>;
}

/** A row that a commit changed. */
export interface Change {
  table: string;
  /** The number of the commit since the database was opened. */
  commit: number;
  /** The values of its primary key. */
  key: Value[];
  /** The row before; null if it was inserted. */
  old: Row | null;
  /** The row after; null if it was deleted. */
  new: Row | null;
}

export interface Database extends Session {
  /**
   * Runs `work` in a transaction of its own: committed when it resolves, undone when it rejects, run again if others were
   * first.
   */
  transaction<R>(work: (transaction: Session) => Promise<R>, options?: { attempts?: number }): Promise<R>;
  /**
   * Tells of the rows that each commit changes, of these tables or, if none is named, of all. An error of kind `lagged` says
   * that changes were missed: read the tables anew. Resolves to what ends it.
   */
  subscribe(
    tables: readonly string[],
    listener: (changes: Change[], error?: DatabaseError) => void,
  ): Promise<() => Promise<void>>;
  /** The database as bytes. */
  export(): Promise<Uint8Array>;
  /**
   * Puts an exported database in the place of this one, whole or not at all. Transactions that are open are undone or stand in
   * its way; subscribers hear `lagged`. Bytes that are no database are refused (`corrupt`, `other`), and nothing changes.
   */
  import(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database of this name: in a browser a file of the origin, in Node a file. `:memory:` is one in memory: a new one,
 * or that of `bytes`.
 */
export function open(name: string, options?: OpenOptions & { bytes?: Uint8Array; onStall?: OnStall }): Promise<Database>;

/**
 * In a browser: called with true where the tab that has the file has not been heard of for five seconds while an answer of it is
 * missing, with false when it is heard again, or another tab has the file. Nothing is lost meanwhile; what was asked waits.
 */
export type OnStall = (isStalled: boolean) => void;

/** What the browser grants the files of this origin. */
export interface Storage {
  /** Whether there can be files: private windows of some browsers have none; `:memory:` works there. */
  hasFiles: boolean;
  /** Whether it keeps them even when it runs out of room. */
  isPersistent: boolean;
  quotaBytes?: number;
  usedBytes?: number;
}

/** In browsers only. */
export function storage(): Promise<Storage>;
/** Asks the browser, and in some browsers the user, to keep the files of this origin; whether it does. In browsers only. */
export function persist(): Promise<boolean>;
