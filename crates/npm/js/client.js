// The database as whoever uses it sees it: every answer is a promise. What is behind it takes requests (service.js) through
// `port.post(message)` and answers through `port.onmessage`.

import { Cells, DatabaseError, addRows } from './wire.js';

/** How often a transaction is begun that lost against others. */
const ATTEMPTS = 5;

class Connection {
  #port;
  #last = 0;
  #waiting = new Map();
  #listeners = new Map();
  #ended;

  constructor(port) {
    this.#port = port;
    port.onmessage = (message) => this.#receive(message);
    port.onend = (error) => this.end(error);
  }

  /** Asks; `visit` gets the rows of each batch, and nothing where they come from the beginning again. */
  call(op, request = {}, visit = undefined) {
    if (this.#ended !== undefined) {
      return Promise.reject(this.#ended);
    }
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, visit });
      try {
        this.#port.post({ id, op, ...request });
      } catch (error) {
        this.#waiting.delete(id);
        reject(error);
      }
    });
  }

  listen(subscription, listener) {
    this.#listeners.set(subscription, listener);
  }

  unlisten(subscription) {
    this.#listeners.delete(subscription);
  }

  /** From now on nothing is answered, and what was asked neither. */
  end(error) {
    this.#ended ??= error;
    this.#waiting.forEach(({ reject }) => reject(error));
    this.#waiting.clear();
    this.#listeners.clear();
  }

  #receive(message) {
    if ('stalled' in message) {
      return void this.#port.onstall?.(message.stalled);
    }
    if ('event' in message) {
      const error = message.error && new DatabaseError(message.error);
      this.#listeners.get(message.event)?.(message.changes ?? [], error);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) {
      return;
    }
    if ('batch' in message) {
      waiting.visit?.(new Cells(message.batch), message.columns, message.names);
      return;
    }
    if ('restart' in message) {
      waiting.visit?.();
      return;
    }
    this.#waiting.delete(message.id);
    'error' in message ? waiting.reject(new DatabaseError(message.error)) : waiting.resolve(message.result);
  }
}

/** What a database and a transaction of it can be asked. */
class Session {
  connection;
  #session;

  constructor(connection, session) {
    this.connection = connection;
    this.#session = session;
  }

  async exec(script) {
    await this.connection.call('exec', { session: this.#session, text: script });
  }

  async query(text, parameters = [], { rows: form } = {}) {
    const rows = [];
    await this.connection.call('query', { session: this.#session, text, parameters }, (cells, columns, names) => {
      if (cells === undefined) {
        rows.length = 0;
      } else {
        addRows(rows, cells, columns, form === 'arrays' ? undefined : names);
      }
    });
    return rows;
  }

  execute(text, parameters = []) {
    return this.connection.call('query', { session: this.#session, text, parameters });
  }

  /** Puts rows in, arrays of values: all or none. How many. */
  insert(table, columns, rows) {
    return this.connection.call('insert', { session: this.#session, table, columns, rows });
  }

  /** A text that is run many times: it is read and planned once. */
  prepare(text) {
    return {
      query: (parameters, options) => this.query(text, parameters, options),
      execute: (parameters) => this.execute(text, parameters),
    };
  }
}

export class Database extends Session {
  #close;

  constructor(port, close) {
    super(new Connection(port));
    this.#close = close;
  }

  /**
   * Runs `work` in a transaction of its own: committed when it resolves, undone when it rejects. If others were first
   * (`conflict`), it is run again.
   */
  async transaction(work, { attempts = ATTEMPTS } = {}) {
    for (let attempt = 1; ; attempt += 1) {
      const session = await this.connection.call('begin');
      const transaction = new Session(this.connection, session);
      try {
        await transaction.exec('BEGIN');
        const result = await work(transaction);
        await transaction.exec('COMMIT');
        return result;
      } catch (error) {
        if (error.kind !== 'conflict' || attempt >= attempts) {
          throw error;
        }
      } finally {
        // A transaction that is still open is undone with its session.
        await this.connection.call('end', { session }).catch(() => {});
      }
    }
  }

  /**
   * Calls `listener(changes, error)` with the rows that each commit changes, of these tables or, if none is named, of all. An
   * error of kind `lagged` says that changes were missed. What it resolves to ends it.
   */
  async subscribe(tables, listener) {
    const subscription = await this.connection.call('subscribe', { tables });
    this.connection.listen(subscription, listener);
    return async () => {
      this.connection.unlisten(subscription);
      await this.connection.call('unsubscribe', { subscription });
    };
  }

  /** The database as bytes. */
  export() {
    return this.connection.call('export');
  }

  /** Puts an exported database in the place of this one, whole or not at all; who listens hears that changes were missed. */
  async import(bytes) {
    await this.connection.call('import', { bytes });
  }

  /** Closes it: what is not answered by then never is. */
  async close() {
    const close = this.#close;
    this.#close = async () => {};
    await close(this.connection);
    this.connection.end(new DatabaseError({ kind: 'other', message: 'the database is closed' }));
  }
}
