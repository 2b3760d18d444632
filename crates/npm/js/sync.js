// The database in this thread, answering at once: for scripts, tests, and workers of your own. On a page it would hold up
// everything else; there `open` of the package's main entry is the one to take.

import { Engine, Statements, gather } from './engine.js';

/** Loads the module. `files` gives it files: `new NodeFiles()`, or an `Opfs` inside a dedicated worker. */
export const load = async (module, files) => new Databases(await Engine.load(module, files));

class Databases {
  #engine;

  constructor(engine) {
    this.#engine = engine;
  }

  /** A new database in memory, or one that was exported. */
  memory({ bytes = null, pageSize = null, cacheBytes = null, databaseId = null } = {}) {
    const what = bytes === null ? ['memory', null] : ['bytes', bytes];
    return new SyncDatabase(this.#engine, this.#engine.open(...what, pageSize, cacheBytes, databaseId));
  }

  /** The database in a file that `files` has prepared under this name. */
  file(name, { pageSize = null, cacheBytes = null, databaseId = null } = {}) {
    return new SyncDatabase(this.#engine, this.#engine.open('file', name, pageSize, cacheBytes, databaseId));
  }
}

export class SyncDatabase {
  #engine;
  #database;
  #session;
  #statements;

  constructor(engine, database) {
    this.#engine = engine;
    this.#database = database;
    this.#session = engine.begin(database);
    this.#statements = new Statements(engine);
  }

  /** Runs the statements of a script. */
  exec(script) {
    this.#engine.script(this.#database, this.#session, script);
  }

  /** The rows that a statement answers. */
  query(text, parameters = [], options) {
    return gather(this.#engine, this.#database, this.#session, this.#statements.of(text), parameters, options);
  }

  /** Runs a statement; how many rows it wrote. */
  execute(text, parameters = []) {
    return this.#engine.run(this.#database, this.#session, this.#statements.of(text), parameters, () => {});
  }

  /** Puts rows in, arrays with a value for each of these columns, of all columns if none is named: all or none. How many. */
  insert(table, columns, rows) {
    return this.#engine.insert(this.#database, this.#session, table, columns, rows);
  }

  prepare(text) {
    const statement = this.#engine.prepare(text);
    const engine = this.#engine;
    const [database, session] = [this.#database, this.#session];
    return {
      query: (parameters = [], options) => gather(engine, database, session, statement, parameters, options),
      execute: (parameters = []) => engine.run(database, session, statement, parameters, () => {}),
      free: () => engine.forget(statement),
    };
  }

  /** Runs `work` in a transaction: committed if it returns, undone if it throws. */
  transaction(work) {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work(this);
      this.exec('COMMIT');
      return result;
    } catch (error) {
      try {
        this.exec('ROLLBACK');
      } catch {
        // The commit was refused, and is undone already.
      }
      throw error;
    }
  }

  /** The database as bytes: the same on every host for the same operations and options. */
  export() {
    return this.#engine.export(this.#database);
  }

  close() {
    this.#engine.close(this.#database);
  }
}
