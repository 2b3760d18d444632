// Values between JavaScript and the module: both sides of crates/npm/src/wire.rs.

/** What an error can be, by the number that the module has for it. */
const KINDS = [
  'other', 'syntax', 'constraint', 'conflict', 'full', 'corrupt', 'in-doubt', 'locked', 'lagged', 'interrupted',
];

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const WHOLE = 3;
const FLOAT = 4;
const SIGNED = 5;
const UNSIGNED = 6;
const TEXT = 7;
const BYTES = 8;
const MOMENT = 9;
const JSON_TEXT = 10;

/** Up to so many characters a text is looked at one by one. */
const SHORT_TEXT = 48;

/** Most statements have parameters of fewer bytes. */
const FIRST_ROOM = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An error of the database. `kind` says what it is; `line` and `column` where in the statement, if it says so. */
export class DatabaseError extends Error {
  constructor({ kind, message, line, column }) {
    super(message);
    this.name = 'DatabaseError';
    this.kind = kind;
    if (line > 0) {
      this.line = line;
      this.column = column;
    }
  }

  static of(number, message, line, column) {
    return new DatabaseError({ kind: KINDS[number] ?? 'other', message, line, column });
  }

  /** As it crosses to another thread. */
  get parts() {
    const { kind, message, line, column } = this;
    return { kind, message, line, column };
  }
}

/** Writes parameters one after the other into the bytes that `room` gives for a length; they stay until it gives others. */
export class Writer {
  #bytes = new Uint8Array();
  #view;
  #length;
  #room;

  constructor(room) {
    this.#room = room;
  }

  /** Takes room for so many bytes. */
  #take(count) {
    this.#bytes = this.#room(count);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** Writes all values; how many bytes they are. */
  write(values) {
    // Where the memory has grown, none of the bytes are left.
    if (this.#bytes.length < FIRST_ROOM) {
      this.#take(FIRST_ROOM);
    }
    this.#length = 0;
    for (const value of values) {
      this.#value(value);
    }
    return this.#length;
  }

  /** Writes what `Server::insert` reads. */
  rows(table, columns, rows) {
    const width = rows[0].length;
    this.write([table, columns.length, ...columns, width]);
    rows.forEach((row, number) => {
      if (row.length !== width) {
        throw new DatabaseError({ kind: 'other', message: `row ${number} has ${row.length} values, the first has ${width}` });
      }
      for (let place = 0; place < width; place += 1) {
        this.#value(row[place]);
      }
    });
    return this.#length;
  }

  /** Writes a text alone; how many bytes it is. */
  text(text) {
    this.#take(3 * text.length);
    const { written } = encoder.encodeInto(text, this.#bytes);
    return written;
  }

  /** Makes room for so many bytes more. */
  #reserve(count) {
    if (this.#length + count > this.#bytes.length) {
      const before = this.#bytes.slice(0, this.#length);
      this.#take(2 * (this.#length + count));
      this.#bytes.set(before);
    }
  }

  #tag(tag) {
    this.#bytes[this.#length++] = tag;
  }

  #double(tag, number) {
    this.#tag(tag);
    this.#view.setFloat64(this.#length, number, true);
    this.#length += 8;
  }

  #text(tag, text) {
    this.#reserve(5 + 3 * text.length);
    this.#tag(tag);
    const written = this.#ascii(text) ?? encoder.encodeInto(text, this.#bytes.subarray(this.#length + 4)).written;
    this.#view.setUint32(this.#length, written, true);
    this.#length += 4 + written;
  }

  /** Writes a short text of ASCII, the common one, which takes half the time of `encodeInto`; nothing for another. */
  #ascii(text) {
    const { length } = text;
    if (length > SHORT_TEXT) {
      return undefined;
    }
    const bytes = this.#bytes;
    const start = this.#length + 4;
    for (let place = 0; place < length; place += 1) {
      const code = text.charCodeAt(place);
      if (code > 127) {
        return undefined;
      }
      bytes[start + place] = code;
    }
    return length;
  }

  #value(value) {
    this.#reserve(16);
    switch (typeof value) {
      case 'number':
        return this.#double(Number.isSafeInteger(value) && !Object.is(value, -0) ? WHOLE : FLOAT, value);
      case 'string':
        return this.#text(TEXT, value);
      case 'boolean':
        return this.#tag(value ? TRUE : FALSE);
      case 'bigint':
        return this.#bigint(value);
      case 'undefined':
        return this.#tag(NULL);
      case 'object':
        return this.#object(value);
      default:
        throw new TypeError(`a ${typeof value} cannot be stored`);
    }
  }

  #bigint(value) {
    if (BigInt.asIntN(64, value) === value) {
      this.#tag(SIGNED);
      this.#view.setBigInt64(this.#length, value, true);
    } else if (BigInt.asUintN(64, value) === value) {
      this.#tag(UNSIGNED);
      this.#view.setBigUint64(this.#length, value, true);
    } else {
      throw new RangeError(`${value} needs more than 64 bits`);
    }
    this.#length += 8;
  }

  #object(value) {
    if (value === null) {
      return this.#tag(NULL);
    }
    if (value instanceof Date) {
      return this.#double(MOMENT, value.getTime());
    }
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      this.#reserve(5 + bytes.length);
      this.#tag(BYTES);
      this.#view.setUint32(this.#length, bytes.length, true);
      this.#bytes.set(bytes, this.#length + 4);
      this.#length += 4 + bytes.length;
      return;
    }
    this.#text(JSON_TEXT, JSON.stringify(value));
  }
}

/** Reads the cells of a batch, one after the other: { tags, numbers, text, bytes }. */
export class Cells {
  #tags;
  #numbers;
  #integers;
  #text;
  #bytes;
  #cell = 0;
  #textAt = 0;
  #bytesAt = 0;

  constructor({ tags, numbers, text, bytes }) {
    this.#tags = tags;
    this.#numbers = numbers;
    this.#text = text;
    this.#bytes = bytes;
  }

  /** The same cells, apart from the memory of the module. */
  copy() {
    return new Cells(this.toMessage().parts);
  }

  /** How many bytes the cells name. */
  #bytesLength() {
    return this.#tags.reduce((length, tag, cell) => (tag === BYTES ? length + this.#numbers[cell] : length), 0);
  }

  /** A copy as it crosses to another thread, and what is handed over with it. */
  toMessage() {
    const parts = {
      tags: this.#tags.slice(),
      numbers: this.#numbers.slice(),
      text: this.#text,
      bytes: this.#bytes.slice(0, this.#bytesLength()),
    };
    return { parts, transfer: [parts.tags.buffer, parts.numbers.buffer, parts.bytes.buffer] };
  }

  get isEmpty() {
    return this.#cell >= this.#tags.length;
  }

  next() {
    const cell = this.#cell++;
    switch (this.#tags[cell]) {
      case WHOLE:
      case FLOAT:
        return this.#numbers[cell];
      case TEXT:
        return this.#piece(cell);
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case SIGNED:
        return BigInt.asIntN(64, this.#bits(cell));
      case UNSIGNED:
        return this.#bits(cell);
      case BYTES: {
        const start = this.#bytesAt;
        this.#bytesAt += this.#numbers[cell];
        return this.#bytes.slice(start, this.#bytesAt);
      }
      default:
        return JSON.parse(this.#piece(cell));
    }
  }

  #piece(cell) {
    const start = this.#textAt;
    this.#textAt += this.#numbers[cell];
    return this.#text.substring(start, this.#textAt);
  }

  #bits(cell) {
    const { buffer, byteOffset, length } = this.#numbers;
    this.#integers ??= new BigUint64Array(buffer, byteOffset, length);
    return this.#integers[cell];
  }

  /** The next so many values. */
  take(count) {
    const values = new Array(count);
    for (let index = 0; index < count; index += 1) {
      values[index] = this.next();
    }
    return values;
  }
}

/** Adds the rows of a batch to `rows`, as arrays, or as objects where there are names. */
export const addRows = (rows, cells, columns, names) => {
  if (columns === 0) {
    return;
  }
  while (!cells.isEmpty) {
    if (names === undefined) {
      rows.push(cells.take(columns));
      continue;
    }
    rows.push(rowOf(names, cells));
  }
};

/** A row as an object. A column may be called `__proto__`, which an assignment would take for something else. */
const rowOf = (names, cells) => {
  const row = {};
  for (const name of names) {
    if (name === '__proto__') {
      Object.defineProperty(row, name, { value: cells.next(), enumerable: true, configurable: true, writable: true });
    } else {
      row[name] = cells.next();
    }
  }
  return row;
};

export const decode = (bytes) => decoder.decode(bytes);
