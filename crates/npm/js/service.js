// What answers the requests of clients, where the module is: in a worker, or in the thread of the client.
//
// A request is { id, op, .. }, an answer { id, result } or { id, error }. The rows of a query come before its result, as
// { id, names, batch }, a batch at a time. { event, changes } or { event, error } tells what a subscription has heard of.
// Requests are answered in the order in which they come.

import { Statements } from './engine.js';
import { DatabaseError } from './wire.js';

export class Service {
  #engine;
  #database;
  #statements;
  /** The session that no transaction has for itself. */
  #session;
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
        engine.script(database, session, request.text);
        return {};
      case 'query':
        return { result: this.#query(session, request, reply) };
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

  /** A session for a client of its own. */
  begin() {
    return this.#engine.begin(this.#database);
  }

  /** Ends sessions and subscriptions of a client that is gone. */
  release({ sessions, subscriptions }) {
    sessions.forEach((session) => this.#engine.end(this.#database, session));
    subscriptions.forEach((subscription) => {
      this.#subscribers.delete(subscription);
      this.#engine.unsubscribe(this.#database, subscription);
    });
  }

  close() {
    this.#engine.close(this.#database);
  }
}

/** An error as it crosses to another thread. */
export const partsOf = (error) => error.parts ?? { kind: 'other', message: String(error) };
