// What answers the requests of clients, where the module is: in a worker, or in the thread of the client.
//
// A request is { id, op, .. }, an answer { id, result } or { id, error }. The rows of a query come before its result, as
// { id, names, batch }, a batch at a time. { event, changes } or { event, error } tells what a subscription has heard of.
// Requests are answered in the order in which they come.

import { Statements, gather } from './engine.js';
import { DatabaseError } from './wire.js';

// What was asked with a key { client, request, settled } is put down by it in the same transaction, so that it is done once,
// however often it is asked. What the client has had an answer to is forgotten after a while.
const REQUESTS = `CREATE TABLE IF NOT EXISTS wasm_dbms_requests (
  client text, request bigint, changed bigint NOT NULL, has_rows boolean NOT NULL, PRIMARY KEY (client, request))`;
const PUT_DOWN = 'INSERT INTO wasm_dbms_requests VALUES (?, ?, ?, ?)';
const FIND = 'SELECT changed, has_rows FROM wasm_dbms_requests WHERE client = ? AND request = ?';
const FORGET = 'DELETE FROM wasm_dbms_requests WHERE client = ? AND request < ?';

/** After how many keys those are forgotten that nobody asks for again. */
const KEYS_KEPT = 64;

export class Service {
  #engine;
  #database;
  #statements;
  /** The session that no transaction has for itself. */
  #session;
  #hasKeys = false;
  #keys = 0;
  /** By the number of each subscription: who is told, and the columns of the tables that it has told of. */
  #subscribers = new Map();

  constructor(engine, database) {
    this.#engine = engine;
    this.#database = database;
    this.#statements = new Statements(engine);
    this.#session = engine.begin(database);
  }

  /** Does what is asked. `reply(message, transfer)` is how whoever asked is answered. */
  handle(request, reply) {
    const { id } = request;
    try {
      const { result, transfer } = this.#perform(request, reply);
      reply({ id, result }, transfer);
    } catch (error) {
      reply({ id, error: partsOf(error) });
    }
    this.#tell();
  }

  #perform(request, reply) {
    const { op, session = this.#session } = request;
    const engine = this.#engine;
    const database = this.#database;
    switch (op) {
      case 'exec':
        if (request.key !== undefined) {
          this.#putDown(session, request.key, 0, false);
        }
        engine.script(database, session, request.text);
        return {};
      case 'query':
        return { result: request.key === undefined ? this.#query(session, request, reply) : this.#once(request, reply) };
      case 'find':
        return { result: this.#find(this.#session, request.key) !== undefined };
      case 'begin':
        return { result: engine.begin(database) };
      case 'end':
        engine.end(database, session);
        return {};
      case 'subscribe': {
        const number = engine.subscribe(database, request.tables);
        this.#subscribers.set(number, { reply, columns: new Map() });
        return { result: number };
      }
      case 'unsubscribe':
        this.#subscribers.delete(request.subscription);
        engine.unsubscribe(database, request.subscription);
        return {};
      case 'export': {
        const bytes = engine.export(database);
        return { result: bytes, transfer: [bytes.buffer] };
      }
      default:
        throw new DatabaseError({ kind: 'other', message: `there is no request \`${op}\`` });
    }
  }

  #query(session, { id, text, parameters }, reply) {
    const statement = this.#statements.of(text);
    return this.#engine.run(this.#database, session, statement, parameters, (cells, columns) => {
      const { parts, transfer } = cells.toMessage();
      reply({ id, names: statement.columns, columns, batch: parts }, transfer);
    });
  }

  /** Runs a statement in a transaction of its own, together with its key; not again if the key is there. */
  #once(request, reply) {
    const engine = this.#engine;
    const database = this.#database;
    this.#makeKeys();
    const session = engine.begin(database);
    try {
      engine.script(database, session, 'BEGIN IMMEDIATE');
      const found = this.#find(session, request.key);
      if (found !== undefined) {
        if (found.hasRows) {
          throw new DatabaseError({ kind: 'in-doubt', message: 'this was committed; the rows that it returned are gone' });
        }
        return found.changed;
      }
      let hasRows = false;
      const changed = this.#query(session, request, (answer, transfer) => {
        hasRows = true;
        reply(answer, transfer);
      });
      this.#putDown(session, request.key, changed, hasRows);
      engine.script(database, session, 'COMMIT');
      return changed;
    } finally {
      // A transaction that is still open is undone with its session.
      engine.end(database, session);
    }
  }

  #makeKeys() {
    if (!this.#hasKeys) {
      this.#engine.script(this.#database, this.#session, REQUESTS);
      this.#hasKeys = true;
    }
  }

  #find(session, { client, request }) {
    this.#makeKeys();
    const statement = this.#statements.of(FIND);
    const [row] = gather(this.#engine, this.#database, session, statement, [client, request], { rows: 'arrays' });
    return row && { changed: row[0], hasRows: row[1] };
  }

  #putDown(session, { client, request, settled }, changed, hasRows) {
    this.#makeKeys();
    const run = (text, parameters) =>
      this.#engine.run(this.#database, session, this.#statements.of(text), parameters, () => {});
    run(PUT_DOWN, [client, request, changed, hasRows]);
    this.#keys += 1;
    if (this.#keys % KEYS_KEPT === 0) {
      run(FORGET, [client, settled]);
    }
  }

  /** Tells every subscriber what was committed since. */
  #tell() {
    for (const [event, { reply, columns }] of this.#subscribers) {
      try {
        for (;;) {
          const changes = this.#engine.poll(this.#database, event);
          if (changes.length === 0) {
            break;
          }
          reply({ event, changes: changes.map((change) => this.#named(change, columns)) });
        }
      } catch (error) {
        // Tables may have other columns now.
        columns.clear();
        reply({ event, error: partsOf(error) });
      }
    }
  }

  #named({ table, commit, key, old, new: fresh }, columns) {
    if (!columns.has(table)) {
      columns.set(table, this.#engine.tableColumns(this.#database, table));
    }
    const names = columns.get(table);
    const row = (values) => values && Object.fromEntries(values.map((value, index) => [names[index], value]));
    return { table, commit, key, old: row(old), new: row(fresh) };
  }

  /** A session for a client that asks with keys: their table comes first, since a transaction does not outlive a new table. */
  begin() {
    this.#makeKeys();
    return this.#engine.begin(this.#database);
  }

  /** Ends sessions and subscriptions of a client that is gone, and forgets what it asked. */
  release(client, { sessions, subscriptions }) {
    sessions.forEach((session) => this.#engine.end(this.#database, session));
    subscriptions.forEach((subscription) => {
      this.#subscribers.delete(subscription);
      this.#engine.unsubscribe(this.#database, subscription);
    });
    if (this.#hasKeys) {
      const forget = this.#statements.of(FORGET);
      this.#engine.run(this.#database, this.#session, forget, [client, Number.MAX_SAFE_INTEGER], () => {});
    }
  }

  close() {
    this.#engine.close(this.#database);
  }
}

/** An error as it crosses to another thread. */
export const partsOf = (error) => error.parts ?? { kind: 'other', message: String(error) };
