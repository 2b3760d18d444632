// Rounds in which engines take turns, step by step, another one first each time; every answer is checked. The first round is not
// counted: in it every byte of every answer is compared, and the engines of the host compile.

import { Answer } from './answer.mjs';
import { Model } from './model.mjs';
import { STEPS, everything } from './steps.mjs';

/** The steps that are done, each with what it is in JavaScript and what it must answer. */
export const plan = (steps, data, chosen) => {
  const model = new Model();
  const untimed = ['reinsert', 'posts'];
  const all = steps.map((step) => ({ ...step, act: STEPS[step.name || untimed.shift()] }));
  const until = chosen === undefined ? all.length : 1 + all.findLastIndex(({ name }) => chosen.includes(name));
  return all
    .slice(0, until)
    .filter(({ name, act }) => chosen === undefined || act.writes || name === '' || chosen.includes(name))
    .map((step) => {
      const expected = [true, false].map((isTimed) => new Answer({ isTimed }));
      const contents = new Answer({ isTimed: false });
      // What changes rows is done once, and counts the same for both.
      step.act.act(model, data, expected[0]);
      step.act.writes ? expected[1].addChanged(expected[0].rows) : step.act.act(model, data, expected[1]);
      if (step.act.writes) {
        model.usersInRanges(everything(data), contents);
      }
      const words = (answer) => answer.words(step.act.isOrdered);
      return { ...step, timed: words(expected[0]), whole: words(expected[1]), contents: contents.words(true) };
    });
};

const same = (got, expected, where) => {
  if (got !== expected) {
    throw new Error(`${where}: ${got}, the model has ${expected}`);
  }
};

/** Performs a step on an engine that is spoken to from here; the microseconds that `clock` tells. */
const perform = ({ title, database, isInside }, data, step, isCounted, clock) => {
  const answer = new Answer({ isTimed: isCounted });
  const work = isInside ? () => database.act(step.number) : () => step.act.act(database, data, answer);
  const before = clock();
  work();
  const microseconds = clock() - before;
  const where = `${title}, ${step.name || 'an untimed step'}`;
  if (isInside) {
    database.check(step.number);
    return microseconds;
  }
  same(answer.words(step.act.isOrdered), isCounted ? step.timed : step.whole, where);
  if (step.act.writes) {
    const contents = new Answer({ isTimed: false });
    database.usersInRanges(everything(data), contents);
    same(contents.words(true), step.contents, `${where}: the table afterwards`);
  }
  return microseconds;
};

/** The best of so many rounds: for each engine, microseconds an operation of each workload. */
export const compete = (engines, planned, data, count, clock, tell) => {
  const best = Object.fromEntries(engines.map(({ title }) => [title, {}]));
  for (let round = 0; round <= count; round += 1) {
    tell(round === 0 ? 'a round to warm up' : `round ${round} of ${count}`);
    const alive = engines.map((engine) => ({ ...engine, database: engine.create() }));
    const turned = alive.slice(round % alive.length).concat(alive.slice(0, round % alive.length));
    for (const step of planned) {
      for (const engine of turned) {
        const cost = perform(engine, data, step, round > 0, clock) / step.operations;
        if (round > 0 && step.name !== '') {
          const figures = best[engine.title];
          figures[step.name] = Math.min(figures[step.name] ?? Infinity, cost);
        }
      }
    }
    alive.forEach(({ database }) => database.close());
  }
  return best;
};
