// Types of what is said of rows, for `wasm-dbms/tables`.

import type { Parameter } from './sync.js';

/** What is computed of a row or of a group: made by `col`, `add`, `sum`, .. */
export class Expression {
  private constructor();
  private readonly text: string;
}

/** What may be true of a value: made by `gt`, `like`, .. */
export interface Test {
  readonly on: (left: Expression) => Expression;
}

/** How rows are ordered: made by `asc` and `desc`. */
export interface Order {
  readonly words: string;
}

/** A value, or something to be computed. */
export type Operand = Parameter | Expression;

/** A column by its name (`name`, `table.name`), or something to be computed. */
export type Named = string | Expression;

/** `{ column: value or test, .. }`, all of which must hold, or what `and`, `or`, `not`, `is` made. `{}` is true of every row. */
export type Where = Record<string, Operand | Test> | Expression;

/** A column, by its name or as `table.column`. */
export function col(name: string): Expression;
export function add(left: Operand, right: Operand): Expression;
export function sub(left: Operand, right: Operand): Expression;
export function mul(left: Operand, right: Operand): Expression;
export function div(left: Operand, right: Operand): Expression;
export function rem(left: Operand, right: Operand): Expression;

/** `distinct`: of equal values one counts. */
export interface AggregateOptions {
  distinct?: boolean;
}

/** How many rows a group has; of a column, in how many it is not null. */
export function count(of?: Named, options?: AggregateOptions): Expression;
export function sum(of: Named, options?: AggregateOptions): Expression;
export function avg(of: Named, options?: AggregateOptions): Expression;
export function min(of: Named): Expression;
export function max(of: Named): Expression;

export function eq(value: Operand): Test;
/** Of null: that there is a value. */
export function ne(value: Operand): Test;
export function lt(value: Operand): Test;
export function le(value: Operand): Test;
export function gt(value: Operand): Test;
export function ge(value: Operand): Test;
/** `%` stands for any text, `_` for one character, `\` makes the next one plain. */
export function like(pattern: Operand): Test;
/** As `like`; capital letters are as small ones. */
export function ilike(pattern: Operand): Test;
export function between(low: Operand, high: Operand): Test;
export function among(values: readonly Operand[]): Test;

/** Whether a test is true of an expression, or of the column of this name. */
export function is(what: Named, test: Operand | Test): Expression;
export function not(test: Test): Test;
export function not(where: Where): Expression;
/** Tests of one column, or conditions. */
export function and(...tests: [Test, ...(Test | Parameter)[]]): Test;
export function and(...wheres: Where[]): Expression;
export function or(...tests: [Test, ...(Test | Parameter)[]]): Test;
export function or(...wheres: Where[]): Expression;

export interface OrderOptions {
  /** Where null comes; it counts as smallest. */
  nulls?: 'first' | 'last';
}
export function asc(what: Named, options?: OrderOptions): Order;
export function desc(what: Named, options?: OrderOptions): Order;

/** In `set`: the column becomes its default. */
export const byDefault: unique symbol;
