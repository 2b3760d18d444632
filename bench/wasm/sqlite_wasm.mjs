// SQLite's own build for wasm, in memory, by its C functions as the module exports them: no wrapper in between. Statements
// are prepared once for a batch, texts go through one buffer, integers that may be wide as doubles or BigInt.

import * as sql from './sql.mjs';

const ROW = 100;
const DONE = 101;
const TRANSIENT = -1;
const BUFFER_BYTES = 4096;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The engine, of what the package has loaded. */
export const engine = (sqlite) => ({
  title: 'sqlite-wasm',
  version: sqlite.version.libVersion,
  create: () => new SqliteWasm(sqlite, new sqlite.oo1.DB(':memory:')),
});

/** The workloads on a database that is empty. */
export class SqliteWasm {
  #database;
  #functions;
  #heap;
  #buffer;
  #capi;

  constructor(sqlite, database) {
    this.#functions = sqlite.wasm.exports;
    this.#heap = sqlite.wasm.heap8u;
    this.#capi = sqlite.capi;
    this.#database = database;
    this.#buffer = this.#functions.sqlite3_malloc(BUFFER_BYTES);
    this.#database.exec(sql.SCHEMA);
  }

  close() {
    this.#functions.sqlite3_free(this.#buffer);
    this.#database.close();
  }

  #prepared(text, work) {
    const statement = this.#database.prepare(text);
    try {
      return work(statement.pointer);
    } finally {
      statement.finalize();
    }
  }

  #inTransaction(work) {
    this.#database.exec('BEGIN');
    const result = work();
    this.#database.exec('COMMIT');
    return result;
  }

  #bindText(statement, place, text) {
    const { written } = encoder.encodeInto(text, this.#heap().subarray(this.#buffer, this.#buffer + BUFFER_BYTES));
    this.#functions.sqlite3_bind_text(statement, place, this.#buffer, written, TRANSIENT);
  }

  #text(statement, place) {
    const pointer = this.#functions.sqlite3_column_text(statement, place);
    const length = this.#functions.sqlite3_column_bytes(statement, place);
    return decoder.decode(this.#heap().subarray(pointer, pointer + length));
  }

  /** Runs a statement that answers nothing. */
  #run(statement) {
    const code = this.#functions.sqlite3_step(statement);
    if (code !== DONE) {
      throw new Error(`sqlite3_step answers ${code}`);
    }
    this.#functions.sqlite3_reset(statement);
  }

  #user(statement, start) {
    const { sqlite3_column_int: integer, sqlite3_column_double: double } = this.#functions;
    return {
      id: integer(statement, start),
      name: this.#text(statement, start + 1),
      email: this.#text(statement, start + 2),
      age: integer(statement, start + 3),
      balance: double(statement, start + 4),
    };
  }

  #readUsers(statement, answer) {
    const { sqlite3_step: step, sqlite3_reset: reset } = this.#functions;
    while (step(statement) === ROW) {
      answer.addUser(this.#user(statement, 0));
    }
    reset(statement);
  }

  #insert(users) {
    const { sqlite3_bind_int: bindInteger, sqlite3_bind_int64: bindWide } = this.#functions;
    this.#prepared(sql.INSERT_USER, (statement) => {
      for (const { id, name, email, age, balance } of users) {
        bindInteger(statement, 1, id);
        this.#bindText(statement, 2, name);
        this.#bindText(statement, 3, email);
        bindInteger(statement, 4, age);
        bindWide(statement, 5, BigInt(balance));
        this.#run(statement);
      }
    });
  }

  insertUsers(users) {
    this.#inTransaction(() => this.#insert(users));
  }

  insertUsersSingly(users) {
    this.#insert(users);
  }

  insertPosts(posts) {
    const { sqlite3_bind_int: bindInteger } = this.#functions;
    this.#inTransaction(() =>
      this.#prepared(sql.INSERT_POST, (statement) => {
        for (const { id, authorId, title, body, score } of posts) {
          bindInteger(statement, 1, id);
          bindInteger(statement, 2, authorId);
          this.#bindText(statement, 3, title);
          this.#bindText(statement, 4, body);
          bindInteger(statement, 5, score);
          this.#run(statement);
        }
      }),
    );
  }

  usersById(ids, answer) {
    this.#inTransaction(() =>
      this.#prepared(sql.BY_ID, (statement) => {
        for (const id of ids) {
          this.#functions.sqlite3_bind_int(statement, 1, id);
          this.#readUsers(statement, answer);
        }
      }),
    );
  }

  usersByEmail(emails, answer) {
    this.#inTransaction(() =>
      this.#prepared(sql.BY_EMAIL, (statement) => {
        for (const email of emails) {
          this.#bindText(statement, 1, email);
          this.#readUsers(statement, answer);
        }
      }),
    );
  }

  usersInRanges(ranges, answer) {
    this.#inTransaction(() =>
      this.#prepared(sql.IN_RANGE, (statement) => {
        for (const { first, last } of ranges) {
          this.#functions.sqlite3_bind_int(statement, 1, first);
          this.#functions.sqlite3_bind_int(statement, 2, last);
          this.#readUsers(statement, answer);
        }
      }),
    );
  }

  usersOfAges(first, last, answer) {
    this.#prepared(sql.OF_AGES, (statement) => {
      this.#functions.sqlite3_bind_int(statement, 1, first);
      this.#functions.sqlite3_bind_int(statement, 2, last);
      this.#readUsers(statement, answer);
    });
  }

  totalsByAge(answer) {
    const { sqlite3_column_int: integer, sqlite3_column_double: double, sqlite3_step: step } = this.#functions;
    this.#prepared(sql.TOTALS, (statement) => {
      while (step(statement) === ROW) {
        answer.addTotal(integer(statement, 0), integer(statement, 1), double(statement, 2), double(statement, 3));
      }
    });
  }

  poorestUsers(limit, answer) {
    this.#prepared(sql.POOREST, (statement) => {
      this.#functions.sqlite3_bind_int(statement, 1, limit);
      this.#readUsers(statement, answer);
    });
  }

  postsOfAge(age, answer) {
    const { sqlite3_column_int: integer, sqlite3_step: step } = this.#functions;
    this.#prepared(sql.POSTS_OF_AGE, (statement) => {
      this.#functions.sqlite3_bind_int(statement, 1, age);
      while (step(statement) === ROW) {
        const post = {
          id: integer(statement, 0),
          authorId: integer(statement, 1),
          title: this.#text(statement, 2),
          body: this.#text(statement, 3),
          score: integer(statement, 4),
        };
        answer.addPair(post, this.#user(statement, 5));
      }
    });
  }

  /** Runs a statement for each and counts the rows that it changed. */
  #change(text, all, bind) {
    return this.#inTransaction(() =>
      this.#prepared(text, (statement) => {
        const before = this.#capi.sqlite3_total_changes(this.#database.pointer);
        for (const one of all) {
          bind(statement, one);
          this.#run(statement);
        }
        return this.#capi.sqlite3_total_changes(this.#database.pointer) - before;
      }),
    );
  }

  updateBalances(changes) {
    const { sqlite3_bind_int: bindInteger, sqlite3_bind_int64: bindWide } = this.#functions;
    return this.#change(sql.UPDATE_BALANCE, changes, (statement, { id, balance }) => {
      bindWide(statement, 1, BigInt(balance));
      bindInteger(statement, 2, id);
    });
  }

  deleteUsers(ids) {
    return this.#change(sql.DELETE_USER, ids, (statement, id) => this.#functions.sqlite3_bind_int(statement, 1, id));
  }
}
