// Tables as whoever uses them sees them, over a session that takes texts (client.js, sync.js): what is said by objects becomes a
// text in the notation of crates/tables/src/notation, and its values parameters. Of a session that answers at once these do too.

import { Order, asc, byDefault, conditionOf, count, named, quoted, valueOf } from './tables_words.js';

/** A text that grows, and its values. */
class Text {
  words;
  values = [];

  constructor(...words) {
    this.words = words;
  }

  add(...words) {
    this.words.push(...words);
    return this;
  }

  /** An expression, if there is one, and what is done with it. */
  with(expression, ...words) {
    if (expression !== undefined) {
      this.add(expression.text, ...words);
      this.values.push(...expression.values);
    }
    return this;
  }

  names(word, names) {
    return this.add(...names.map((name) => `${word} ${quoted(name)}`));
  }

  toString() {
    return this.words.join(' ');
  }
}

const listOf = (what) => (what === undefined ? [] : Array.isArray(what) ? what : [what]);

/** Does it with what comes, now or later. */
const after = (answer, use) => (answer instanceof Promise ? answer.then(use) : use(answer));

const isPlain = (what) => {
  const prototype = what === null || typeof what !== 'object' ? undefined : Object.getPrototypeOf(what);
  return prototype === Object.prototype || prototype === null;
};

/** Columns of an answer as pairs of a name, or nothing, and an expression. */
const outputsOf = (columns) =>
  isPlain(columns)
    ? Object.entries(columns).map(([name, what]) => [name, named(what)])
    : listOf(columns).map((what) => [undefined, named(what)]);

const answering = (text, outputs) => {
  outputs.forEach(([name, what]) => (name === undefined ? text.with(what, 'out') : text.with(what, 'outas', quoted(name))));
  return text;
};

const source = (word, what) => {
  const { table, as } = typeof what === 'string' ? { table: what } : what;
  return [word, quoted(table), ...(as === undefined ? [] : ['as', quoted(as)])];
};

const KINDS = { inner: 'join', left: 'left' };

const wordOf = (words, name) => {
  if (!Object.hasOwn(words, name)) {
    throw new TypeError(`${name} is none of ${Object.keys(words).join(', ')}`);
  }
  return words[name];
};

const questionOf = ({ from, joins, where = {}, groupBy, columns, having = {}, distinct = false, orderBy, limit, offset }) => {
  const text = new Text(...source('select', from));
  for (const join of listOf(joins)) {
    text.add(...source(wordOf(KINDS, join.kind ?? 'inner'), join)).with(conditionOf(join.on ?? {}), 'on');
  }
  const outputs = outputsOf(columns);
  text.with(conditionOf(where), 'where');
  listOf(groupBy).forEach((what) => text.with(named(what), 'group'));
  answering(text, outputs).with(conditionOf(having, new Map(outputs)), 'having').add(...(distinct ? ['distinct'] : []));
  listOf(orderBy).forEach((what) => {
    const { expression, words } = what instanceof Order ? what : asc(what);
    text.with(expression, words);
  });
  [[limit, 'limit'], [offset, 'offset']].forEach(([what, word]) => what !== undefined && text.with(valueOf(what), word));
  return text;
};

/** Columns and rows of values, of one object or several of the same columns. */
const rowsOf = (rows) => {
  const columns = Object.keys(rows[0] ?? {});
  const values = rows.map((row, number) => {
    if (Object.keys(row).length !== columns.length || !columns.every((column) => Object.hasOwn(row, column))) {
      throw new TypeError(`row ${number} has other columns than the first`);
    }
    return columns.map((column) => row[column]);
  });
  return { columns, values };
};

const setting = (text, set) => {
  Object.entries(set).forEach(([column, what]) =>
    what === byDefault ? text.add('reset', quoted(column)) : text.with(valueOf(what), 'set', quoted(column)));
  return text;
};

/** Which rows: those who mean all say `{}`. */
const rowsWhere = (text, where) => {
  if (where === undefined) {
    throw new TypeError('it is not said which rows (`where: {}` is all of them)');
  }
  return text.with(conditionOf(where), 'where');
};

const ACTIONS = { restrict: 'restrict', cascade: 'cascade', 'set null': 'setnull', 'set default': 'setdefault' };

const reference = (text, columns, what) => {
  const { table, to, onDelete, onUpdate } = what;
  text.add('references', quoted(table)).names('from', columns).names('to', listOf(to));
  [['ondelete', onDelete], ['onupdate', onUpdate]].forEach(
    ([word, action]) => action !== undefined && text.add(word, wordOf(ACTIONS, action)),
  );
};

const index = (text, what) => {
  const { columns, unique = false, include, name = '' } = isPlain(what) ? what : { columns: what };
  text.add(unique ? 'unique' : 'index', quoted(name));
  listOf(columns).forEach((column) => {
    const { expression, words } = column instanceof Order ? column : asc(column);
    text.add(words === 'desc' ? 'down' : 'over', expression.text);
  });
  text.names('include', listOf(include));
};

const column = (text, name, what) => {
  const { type, choices, nullable = false, autoincrement = false, primaryKey = false, ...rest } =
    typeof what === 'string' ? { type: what } : what;
  text.add('column', quoted(name), choices === undefined ? type : 'enum').names('choice', listOf(choices));
  text.add(...(nullable ? ['nullable'] : []), ...(autoincrement ? ['counts'] : []));
  if (rest.default !== undefined) {
    text.with(valueOf(rest.default), 'default');
  }
  if (primaryKey) {
    text.names('key', [name]);
  }
  if (rest.unique || rest.index) {
    index(text, { columns: name, unique: rest.unique });
  }
  if (rest.references !== undefined) {
    reference(text, [name], rest.references);
  }
};

const tableOf = (name, { columns, primaryKey, indexes, references, checks = {} }, ifNotExists) => {
  const text = new Text('create', quoted(name), ...(ifNotExists ? ['unless'] : []));
  Object.entries(columns).forEach(([name, what]) => column(text, name, what));
  text.names('key', listOf(primaryKey));
  listOf(indexes).forEach((what) => index(text, what));
  listOf(references).forEach((what) => reference(text, listOf(what.columns), what));
  Object.entries(checks).forEach(([name, where]) => text.with(conditionOf(where), 'check', quoted(name)));
  return text;
};

/** What a database and a transaction of it can be asked. */
class Verbs {
  session;

  constructor(session) {
    this.session = session;
  }

  #rows(text, options) {
    return this.session.query(text.toString(), text.values, options);
  }

  /** How many rows it wrote, or what it returns of each. */
  #written(text, returning) {
    const outputs = outputsOf(returning);
    return outputs.length === 0
      ? this.session.execute(text.toString(), text.values)
      : this.#rows(answering(text, outputs));
  }

  #defined(text) {
    return after(this.session.execute(text.toString(), text.values), () => undefined);
  }

  createTable(name, table, { ifNotExists = false } = {}) {
    return this.#defined(tableOf(name, table, ifNotExists));
  }

  createIndex(table, what, { ifNotExists = false } = {}) {
    const text = new Text('createindex', quoted(table), ...(ifNotExists ? ['unless'] : []));
    index(text, what);
    return this.#defined(text);
  }

  dropTable(name, { ifExists = false } = {}) {
    return this.#defined(new Text('drop', quoted(name), ...(ifExists ? ['ifthere'] : [])));
  }

  dropIndex(name, { ifExists = false } = {}) {
    return this.#defined(new Text('dropindex', quoted(name), ...(ifExists ? ['ifthere'] : [])));
  }

  /** The rows that a question answers. */
  select(question) {
    return this.#rows(questionOf(question), { rows: question.rows });
  }

  /** The row of a primary key, or of `{ column: value, .. }`, if there is one. */
  get(table, key) {
    const text = isPlain(key)
      ? questionOf({ from: table, where: key, limit: 1 })
      : new Text('select', quoted(table), 'bykey');
    if (!isPlain(key)) {
      text.values = listOf(key);
    }
    return after(this.#rows(text), ([row]) => row);
  }

  count(table, where = {}) {
    return after(this.select({ from: table, where, columns: { n: count() } }), ([{ n }]) => n);
  }

  exists(table, where = {}) {
    return after(this.select({ from: table, where, limit: 1, rows: 'arrays' }), ({ length }) => length > 0);
  }

  /** Puts a row in, or many: all or none. How many, or what `returning` says of each. */
  insert(table, rows, { returning } = {}) {
    const { columns, values } = rowsOf(listOf(rows));
    if (returning === undefined || values.length === 0) {
      return this.session.insert(table, columns, values);
    }
    const text = new Text('insert', quoted(table)).names('into', columns);
    text.values = values.flat();
    return this.#written(text, returning);
  }

  /** As insert, but a row that has the key of a new one takes its values. */
  upsert(table, rows, { key, skip = false, take, set = {}, where = {}, returning } = {}) {
    const { columns, values } = rowsOf(listOf(rows));
    const text = new Text('insert', quoted(table)).names('into', columns).names('key', listOf(key)).add(skip ? 'skip' : 'merge');
    setting(text.names('take', listOf(take)), set).with(conditionOf(where), 'where');
    const outputs = outputsOf(returning);
    answering(text, outputs).values.push(...values.flat());
    return outputs.length === 0 ? this.session.execute(text.toString(), text.values) : this.#rows(text);
  }

  /** Changes rows; how many, or what `returning` says of each. */
  update(table, { set, where, returning }) {
    return this.#written(rowsWhere(setting(new Text('update', quoted(table)), set), where), returning);
  }

  /** Deletes rows; how many, or what `returning` says of each. */
  delete(table, { where, returning }) {
    return this.#written(rowsWhere(new Text('delete', quoted(table)), where), returning);
  }
}

export class Tables extends Verbs {
  /** Runs `work` in a transaction: committed if it succeeds, undone if not. */
  transaction(work, options) {
    return this.session.transaction((transaction) => work(new Verbs(transaction)), options);
  }

  subscribe(tables, listener) {
    return this.session.subscribe(tables, listener);
  }

  export() {
    return this.session.export();
  }

  import(bytes) {
    return this.session.import(bytes);
  }

  close() {
    return this.session.close();
  }
}
