// What is said of rows, without SQL: columns, conditions, orders. What none of these made is a value, wherever it comes from, and
// stays one: nothing in it is ever read as a condition.

/** A text of the notation (crates/tables/src/notation), and the values of its parameters. */
export class Expression {
  constructor(text, values = []) {
    this.text = text;
    this.values = values;
  }
}

/** What may be true of something: `on` makes a condition of what it is asked of. */
class Test {
  constructor(on) {
    this.on = on;
  }
}

/** An expression, and how rows are ordered by it. */
export class Order {
  constructor(expression, words) {
    this.expression = expression;
    this.words = words;
  }
}

/** What a column becomes that is set to its default. */
export const byDefault = Symbol('byDefault');

/** A name as the notation has it. */
export const quoted = (name) => {
  if (typeof name !== 'string') {
    throw new TypeError(`a name is a text, not ${name}`);
  }
  return `"${name.replaceAll('"', '""')}"`;
};

/** A column, by its name or as `table.column`. */
export const col = (name) => new Expression(quoted(name));

/** What is made, or a column of this name. */
export const named = (what) => (what instanceof Expression ? what : col(what));

const operand = (what) => {
  if (what === undefined || what instanceof Test) {
    throw new TypeError('a value is missing');
  }
  return what instanceof Expression ? what : new Expression('?', [what]);
};

const joined = (parts, word) =>
  new Expression([...parts.map(({ text }) => text), word].join(' '), parts.flatMap(({ values }) => values));

const computed = (word) => (left, right) => joined([operand(left), operand(right)], word);

export const add = computed('+');
export const sub = computed('-');
export const mul = computed('*');
export const div = computed('/');
export const rem = computed('%');

const aggregate = (word) => (of, { distinct = false } = {}) => joined([named(of)], distinct ? `different ${word}` : word);

/** How many rows a group has; of a column, in how many it is not null. */
export const count = (of, options) => (of === undefined ? new Expression('count') : aggregate('countof')(of, options));
export const sum = aggregate('sum');
export const avg = aggregate('avg');
export const min = aggregate('min');
export const max = aggregate('max');

const compares = (word) => (value) => new Test((left) => joined([left, operand(value)], word));
const isNull = new Test((left) => joined([left], 'isnull'));

export const eq = (value) => (value === null ? isNull : compares('=')(value));
export const ne = (value) => (value === null ? not(isNull) : compares('!=')(value));
export const lt = compares('<');
export const le = compares('<=');
export const gt = compares('>');
export const ge = compares('>=');
/** `%` stands for any text, `_` for one character. */
export const like = compares('like');
export const ilike = compares('ilike');
export const between = (low, high) => and(ge(low), le(high));
export const among = (values) =>
  new Test((left) => joined([left, ...Array.from(values, operand)], `in ${values.length ?? values.size}`));

/** Whether a test is true of an expression, or of the column of this name. */
export const is = (what, test) => testOf(test).on(named(what));

const testOf = (value) => (value instanceof Test ? value : eq(value));

export const not = (what) =>
  what instanceof Test ? new Test((left) => joined([what.on(left)], 'not')) : joined([conditionOf(what) ?? always], 'not');

const always = new Expression('?', [true]);

/** A tree of few levels, however many there are. */
const combined = (parts, word) => {
  if (parts.length < 2) {
    return parts[0];
  }
  const half = parts.length >> 1;
  return joined([combined(parts.slice(0, half), word), combined(parts.slice(half), word)], word);
};

const combines = (word, ofNone) => (...parts) =>
  parts.some((part) => part instanceof Test)
    ? new Test((left) => combined(parts.map((part) => testOf(part).on(left)), word))
    : combined(parts.map((part) => conditionOf(part) ?? always), word) ?? operand(ofNone);

export const and = combines('and', true);
export const or = combines('or', false);

/** What `{ column: value or test, .. }` says, or what was made; nothing of `{}`. `outputs` are names that stand for more. */
export const conditionOf = (where, outputs = undefined) => {
  if (where instanceof Expression) {
    return where;
  }
  if (where === null || typeof where !== 'object' || where instanceof Test) {
    throw new TypeError('a condition is an object of columns, or made by and, or, not, is');
  }
  const parts = Object.entries(where).map(([name, value]) => testOf(value).on(outputs?.get(name) ?? col(name)));
  return combined(parts, 'and');
};

const ordered = (word) => (what, { nulls } = {}) =>
  new Order(named(what), nulls === undefined ? word : `${word} ${nulls === 'first' ? 'nullsfirst' : 'nullslast'}`);

export const asc = ordered('asc');
export const desc = ordered('desc');

export const valueOf = operand;
