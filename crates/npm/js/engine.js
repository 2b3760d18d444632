// The module, in this thread: every call is answered at once. What it exports is said in crates/npm/src/exports.rs.

import { Cells, DatabaseError, Writer, addRows, decode } from './wire.js';

/** How many texts a session keeps prepared. */
const MAX_STATEMENTS = 128;

/**
 * Files for a module that has none: every name is refused. What gives files has the same two members (opfs.js,
 * node_files.js).
 */
const noFiles = () => ({
  memory: undefined,
  imports: Object.fromEntries(
    ['open', 'close', 'size', 'truncate', 'read', 'write', 'flush', 'words', 'random'].map((name) => [name, () => -1]),
  ),
});

export class Engine {
  #exports;
  #memory;
  #bytes = new Uint8Array();
  #output;
  #writer = new Writer((length) => this.#room(length));
  #chunks = [];

  /** Makes an instance of a compiled module, with `files` for what is not in memory. */
  static async load(module, files = noFiles()) {
    const engine = new Engine();
    const host = {
      chunk: (pointer, length) => engine.#chunks.push(engine.#view(pointer >>> 0, length >>> 0).slice()),
    };
    const { exports } = await WebAssembly.instantiate(module, { opfs: files.imports, host });
    engine.#exports = exports;
    engine.#memory = exports.memory;
    files.memory = exports.memory;
    return engine;
  }

  /** The memory as bytes; a new view where it has grown. */
  #all() {
    if (this.#bytes.buffer !== this.#memory.buffer) {
      this.#bytes = new Uint8Array(this.#memory.buffer);
      this.#output = undefined;
    }
    return this.#bytes;
  }

  #view(pointer, length) {
    return this.#all().subarray(pointer, pointer + length);
  }

  /** Room for parameters: what the module reads next. */
  #room(length) {
    const pointer = this.#exports.input(length) >>> 0;
    return this.#view(pointer, length);
  }

  /** The number that a call answers, or what it says went wrong. */
  #number(answer) {
    if (answer >= 0) {
      return answer;
    }
    const pointer = this.#exports.failure() >>> 0;
    const [kind, line, column, words, length] = new Float64Array(this.#memory.buffer, pointer, 5);
    throw DatabaseError.of(kind, decode(this.#view(words, length)), line, column);
  }

  /** Where the rows are that the last call wrote. */
  #written() {
    this.#all();
    this.#output ??= new Float64Array(this.#memory.buffer, this.#exports.output() >>> 0, 10);
    const output = this.#output;
    return {
      changed: output[0], cells: output[1], columns: output[2], isRenamed: output[3] === 1, hasMore: output[4] === 1,
      tags: output[5], numbers: output[6], text: output[7], textLength: output[8], bytes: output[9],
    };
  }

  /** The rows that the last call wrote, to be read before the next. */
  #cells({ cells, tags, numbers, text, textLength, bytes }) {
    const { buffer } = this.#memory;
    return new Cells({
      tags: new Uint8Array(buffer, tags, cells),
      numbers: new Float64Array(buffer, numbers, cells),
      text: textLength === 0 ? '' : decode(this.#view(text, textLength)),
      bytes: this.#bytes.subarray(bytes),
    });
  }

  #row() {
    const written = this.#written();
    return this.#cells(written).take(written.cells);
  }

  /** Opens a database: words as `Server::open` wants them. */
  open(...words) {
    return this.#number(this.#exports.open(this.#writer.write(words)));
  }

  close(database) {
    this.#number(this.#exports.close(database));
  }

  begin(database) {
    return this.#number(this.#exports.begin(database));
  }

  end(database, session) {
    this.#number(this.#exports.end(database, session));
  }

  script(database, session, text) {
    this.#number(this.#exports.script(database, session, this.#writer.text(text)));
  }

  prepare(text) {
    return { text, number: this.#number(this.#exports.prepare(this.#writer.text(text))), columns: [] };
  }

  forget({ number }) {
    this.#exports.forget(number);
  }

  /**
   * Runs a prepared text and calls `visit` with the cells of each batch of rows; how many rows it wrote, or answers if it
   * is a query. `statement.columns` are the names from then on.
   */
  run(database, session, statement, parameters, visit) {
    const { number } = statement;
    this.#number(this.#exports.run(database, session, number, this.#writer.write(parameters)));
    let written = this.#written();
    const { changed, columns } = written;
    if (written.isRenamed) {
      // What was written before is kept until it is read.
      const first = this.#cells(written);
      const kept = written.cells === 0 ? undefined : first.copy();
      this.#number(this.#exports.names(number));
      statement.columns = this.#row();
      if (kept !== undefined) {
        visit(kept, columns);
      }
    } else if (written.cells > 0) {
      visit(this.#cells(written), columns);
    }
    while (written.hasMore) {
      this.#number(this.#exports.next_batch());
      written = this.#written();
      if (written.cells > 0) {
        visit(this.#cells(written), columns);
      }
    }
    return changed;
  }

  /** Puts rows in, arrays of values; how many. */
  insert(database, session, table, columns, rows) {
    if (rows.length === 0) {
      return 0;
    }
    const { length } = rows[0];
    this.#number(this.#exports.insert(database, session, this.#writer.write([table, columns.length, ...columns, length], rows, length)));
    return this.#written().changed;
  }

  subscribe(database, tables) {
    return this.#number(this.#exports.subscribe(database, this.#writer.write(tables)));
  }

  unsubscribe(database, subscription) {
    this.#number(this.#exports.unsubscribe(database, subscription));
  }

  /** The next changes that a subscription has heard of: none if there are none by now. */
  poll(database, subscription) {
    this.#number(this.#exports.poll(database, subscription));
    const written = this.#written();
    const cells = this.#cells(written);
    return Array.from({ length: written.columns }, () => {
      const [table, commit, ...counts] = cells.take(5);
      const [key, old, fresh] = counts.map((count) => cells.take(count));
      return { table, commit, key, old: counts[1] === 0 ? null : old, new: counts[2] === 0 ? null : fresh };
    });
  }

  tableColumns(database, table) {
    this.#number(this.#exports.table_columns(database, this.#writer.text(table)));
    return this.#row();
  }

  /** A copy of the database, in one piece. */
  export(database) {
    this.#chunks = [];
    this.#number(this.#exports.export_database(database));
    const whole = new Uint8Array(this.#chunks.reduce((length, chunk) => length + chunk.length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [];
    return whole;
  }
}

/** Texts that were run last, prepared. */
export class Statements {
  #engine;
  #kept = new Map();

  constructor(engine) {
    this.#engine = engine;
  }

  of(text) {
    const known = this.#kept.get(text);
    if (known !== undefined) {
      return known;
    }
    if (this.#kept.size >= MAX_STATEMENTS) {
      const [oldest, statement] = this.#kept.entries().next().value;
      this.#kept.delete(oldest);
      this.#engine.forget(statement);
    }
    const statement = this.#engine.prepare(text);
    this.#kept.set(text, statement);
    return statement;
  }
}

/** Runs a text and gathers its rows, as objects or, if `rows` is 'arrays', as arrays. */
export const gather = (engine, database, session, statement, parameters, { rows: form } = {}) => {
  const rows = [];
  engine.run(database, session, statement, parameters, (cells, columns) =>
    addRows(rows, cells, columns, form === 'arrays' ? undefined : statement.columns));
  return rows;
};
