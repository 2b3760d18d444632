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

/** Bytes before the numbers. */
const HEADER = 8;

/** Bytes of a number. */
const NUMBER = 8;

/** Texts are encoded together until they have so many characters. */
const CHARACTERS_AT_ONCE = 4096;

/** Up to so many are looked at one by one. */
const FEW_CHARACTERS = 96;

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

/** Writes values into the bytes that `room` gives for a length; they stay until it gives others. */
export class Writer {
  #bytes = new Uint8Array();
  #view;
  #room;
  /** Where the next number, the next tag and the next piece go. */
  #numberAt;
  #tagAt;
  #pieceAt;
  /** Texts that are no pieces yet. */
  #texts = '';

  constructor(room) {
    this.#room = room;
  }

  /** Takes room for so many bytes. */
  #take(count) {
    this.#bytes = this.#room(count);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.byteLength);
  }

  /** Writes all values, and those of rows, so many each; how many bytes they are. */
  write(values, rows = [], width = 0) {
    const count = values.length + rows.length * width;
    this.#texts = '';
    this.#numberAt = HEADER;
    this.#tagAt = HEADER + NUMBER * count;
    this.#pieceAt = this.#tagAt + count;
    // Where the memory has grown, none of the bytes are left.
    if (this.#bytes.length < this.#pieceAt) {
      this.#take(this.#pieceAt);
    }
    this.#view.setFloat64(0, count, true);
    for (const value of values) {
      this.#value(value);
    }
    for (let number = 0; number < rows.length; number += 1) {
      const row = rows[number];
      if (row.length !== width) {
        throw new DatabaseError({ kind: 'other', message: `row ${number} has ${row.length} values, the first has ${width}` });
      }
      for (let place = 0; place < width; place += 1) {
        this.#value(row[place]);
      }
    }
    this.#encode();
    return this.#pieceAt;
  }

  /** Writes a text alone; how many bytes it is. */
  text(text) {
    this.#take(3 * text.length);
    return encoder.encodeInto(text, this.#bytes).written;
  }

  /** Makes room for pieces of so many bytes more. */
  #reserve(count) {
    if (this.#pieceAt + count > this.#bytes.length) {
      const before = this.#bytes.slice(0, this.#pieceAt);
      this.#take(2 * (this.#pieceAt + count));
      this.#bytes.set(before);
    }
  }

  #put(tag, number = 0) {
    this.#view.setFloat64(this.#numberAt, number, true);
    this.#numberAt += NUMBER;
    this.#bytes[this.#tagAt++] = tag;
  }

  #text(tag, text) {
    this.#put(tag, text.length);
    this.#texts += text;
    if (this.#texts.length >= CHARACTERS_AT_ONCE) {
      this.#encode();
    }
  }

  /** Makes pieces of texts: of many in a third of the time that it would take one by one, of a few without `encodeInto`. */
  #encode() {
    const texts = this.#texts;
    const { length } = texts;
    this.#texts = '';
    this.#reserve(3 * length);
    const bytes = this.#bytes;
    let place = 0;
    if (length <= FEW_CHARACTERS) {
      for (let code; place < length && (code = texts.charCodeAt(place)) < 128; place += 1) {
        bytes[this.#pieceAt + place] = code;
      }
    }
    this.#pieceAt += place < length ? encoder.encodeInto(texts, bytes.subarray(this.#pieceAt)).written : place;
  }

  #value(value) {
    switch (typeof value) {
      case 'number':
        return this.#put(Number.isSafeInteger(value) && !Object.is(value, -0) ? WHOLE : FLOAT, value);
      case 'string':
        return this.#text(TEXT, value);
      case 'boolean':
        return this.#put(value ? TRUE : FALSE);
      case 'bigint':
        return this.#bigint(value);
      case 'undefined':
      case 'object':
        return this.#object(value);
      default:
        throw new TypeError(`a ${typeof value} cannot be stored`);
    }
  }

  #bigint(value) {
    const isSigned = BigInt.asIntN(64, value) === value;
    if (!isSigned && BigInt.asUintN(64, value) !== value) {
      throw new RangeError(`${value} needs more than 64 bits`);
    }
    this.#put(isSigned ? SIGNED : UNSIGNED);
    this.#view.setBigInt64(this.#numberAt - NUMBER, value, true);
  }

  #object(value) {
    if (value == null) {
      return this.#put(NULL);
    }
    if (value instanceof Date) {
      return this.#put(MOMENT, value.getTime());
    }
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
      const { buffer = value, byteOffset, byteLength } = value;
      const bytes = new Uint8Array(buffer, byteOffset, byteLength);
      this.#encode();
      this.#reserve(bytes.length);
      this.#bytes.set(bytes, this.#pieceAt);
      this.#pieceAt += bytes.length;
      return this.#put(BYTES, bytes.length);
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
