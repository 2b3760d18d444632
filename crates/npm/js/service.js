// What answers the requests of clients, where the module is: in a worker, or in the thread of the client.
//
// A request is { id, op, .. }, an answer { id, result } or { id, error }. The rows of a query come before its result, as
// { id, names, batch }, a batch at a time. { event, changes } or { event, error } tells what a subscription has heard of.
// Requests are answered in the order in which they come.

import { Statements, gather } from './engine.js';
import { DatabaseError, decode } from './wire.js';

/** What every database begins with. */
const MAGIC = 'wasmdbms';

/** After how many keys those are forgotten that nobody asks for again. */
const KEYS_KEPT = 64;

export class Service {
  #engine;
  #database;
  #statements;
  #texts;
  #replace;
  /** How many sessions of their own transactions have. */
  #sessions = 0;
  /** The session that no transaction has for itself. */
  #session;
  #hasKeys = false;
  #keys = 0;
  /**
   * Subscriptions by the number that their client knows: that of the engine, the tables, who is told, and the columns of the tables
   * that it was told of.
   */
  #subscribers = new Map();
  #events = 0;

  /**
   * `texts` is what it says itself, in the language of the module (sql_texts.js, tables_texts.js). `replace(bytes)` puts another
   * database in the place of this one, and gives its number; a tab does that by itself.
   */
  constructor(engine, database, texts, replace) {
    this.#engine = engine;
    this.#database = database;
    this.#texts = texts;
    this.#replace = replace;
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
      case 'insert':
        return { result: request.key === undefined ? this.#change(session, request, reply) : this.#once(request, reply) };
      case 'find':
        return { result: this.#find(this.#session, request.key) !== undefined };
      case 'begin':
        this.#sessions += 1;
        return { result: engine.begin(database) };
      case 'end':
        this.#sessions -= 1;
        engine.end(database, session);
        return {};
      case 'import':
        this.#import(request.bytes);
        return {};
      case 'subscribe': {
        const number = engine.subscribe(database, request.tables);
        const event = (this.#events += 1);
        this.#subscribers.set(event, { number, reply, tables: request.tables, columns: new Map() });
        return { result: event };
      }
      case 'unsubscribe':
        this.#unsubscribe(request.subscription);
        return {};
      case 'export': {
        const bytes = engine.export(database);
        return { result: bytes, transfer: [bytes.buffer] };
      }
      default:
        throw new DatabaseError({ kind: 'other', message: `there is no request \`${op}\`` });
    }
  }

  /** Refuses bytes that are no database. Zeros would open as a new one. */
  verify(bytes) {
    const engine = this.#engine;
    if (decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
      throw new DatabaseError({ kind: 'corrupt', message: 'these bytes are no database' });
    }
    engine.close(engine.open('bytes', bytes, null, null, null));
  }

  #import(bytes) {
    if (this.#sessions > 0) {
      throw new DatabaseError({ kind: 'other', message: 'a transaction is open: an import would take its database away' });
    }
    this.verify(bytes);
    this.#database = this.#replace(this.#database, bytes);
    this.#session = this.#engine.begin(this.#database);
    this.#hasKeys = false;
    // Who listens goes on under the number that it knows.
    for (const [event, subscriber] of this.#subscribers) {
      try {
        subscriber.number = this.#engine.subscribe(this.#database, subscriber.tables);
        subscriber.columns.clear();
        subscriber.reply({ event, error: { kind: 'lagged', message: 'another database was imported' } });
      } catch (error) {
        // A table that is there no more.
        this.#subscribers.delete(event);
        subscriber.reply({ event, error: partsOf(error) });
      }
    }
  }

  #change(session, request, reply) {
    const { op, table, columns, rows } = request;
    return op === 'insert'
      ? this.#engine.insert(this.#database, session, table, columns, rows)
      : this.#query(session, request, reply);
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
      const changed = this.#change(session, request, (answer, transfer) => {
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
      this.#engine.script(this.#database, this.#session, this.#texts.requests);
      this.#hasKeys = true;
    }
  }

  #find(session, { client, request }) {
    this.#makeKeys();
    const statement = this.#statements.of(this.#texts.find);
    const [row] = gather(this.#engine, this.#database, session, statement, [client, request], { rows: 'arrays' });
    return row && { changed: row[0], hasRows: row[1] };
  }

  #putDown(session, { client, request, settled }, changed, hasRows) {
    this.#makeKeys();
    const run = (text, parameters) =>
      this.#engine.run(this.#database, session, this.#statements.of(text), parameters, () => {});
    run(this.#texts.putDown, [client, request, changed, hasRows]);
    this.#keys += 1;
    if (this.#keys % KEYS_KEPT === 0) {
      run(this.#texts.forget, [client, settled]);
    }
  }

  #unsubscribe(event) {
    const known = this.#subscribers.get(event);
    this.#subscribers.delete(event);
    if (known !== undefined) {
      this.#engine.unsubscribe(this.#database, known.number);
    }
  }

  /** Tells every subscriber what was committed since. */
  #tell() {
    for (const [event, { number, reply, columns }] of this.#subscribers) {
      try {
        for (;;) {
          const changes = this.#engine.poll(this.#database, number);
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
    subscriptions.forEach((subscription) => this.#unsubscribe(subscription));
    if (this.#hasKeys) {
      const forget = this.#statements.of(this.#texts.forget);
      this.#engine.run(this.#database, this.#session, forget, [client, Number.MAX_SAFE_INTEGER], () => {});
    }
  }

  close() {
    this.#engine.close(this.#database);
  }
}

/** An error as it crosses to another thread. */
export const partsOf = (error) => error.parts ?? { kind: 'other', message: String(error) };
