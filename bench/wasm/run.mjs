// The bench inside Node: this project's engine as a wasm module beside the wasm builds of SQLite, in memory:
//
//     node run.mjs --module MODULE --package FOLDER --packages FOLDER --rows N --seed N --rounds N [--only W1,W2] [--output FILE] [--note WORDS]
//
// In every round the engines take turns, step by step, another one first each time; every answer is checked. The first
// round is not counted: in it every byte of every answer is compared, and the engines of the host compile.

import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { Answer } from './answer.mjs';
import { dataOf } from './data.mjs';
import { Model } from './model.mjs';
import { BenchModule } from './module.mjs';
import * as ours from './ours.mjs';
import { report } from './report.mjs';
import * as sqlJs from './sql_js.mjs';
import * as sqliteWasm from './sqlite_wasm.mjs';
import { STEPS, everything } from './steps.mjs';

const string = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    module: string,
    package: string,
    packages: string,
    rows: { ...string, default: '100000' },
    seed: { ...string, default: '42' },
    rounds: { ...string, default: '5' },
    only: string,
    output: string,
    note: string,
  },
});

const rounds = Number(options.rounds);
const module = await BenchModule.load(options.module);
const steps = module.draw(Number(options.seed), Number(options.rows));
const data = dataOf(module);
const packages = pathToFileURL(options.packages).href;
const engines = [
  module.face(0, 'wasm-dbms, typed'),
  module.face(1, 'wasm-dbms, SQL'),
  await ours.load(pathToFileURL(options.package).href),
  await sqliteWasm.load(packages),
  await sqlJs.load(packages),
];
const chosen = options.only?.split(',');

/** The steps that are done, each with what it is in JavaScript and what it must answer. */
const plan = () => {
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

/** Performs a step on an engine that is spoken to from here; microseconds of CPU and of the wall clock. */
const perform = ({ title, database, isInside }, step, isCounted) => {
  const answer = new Answer({ isTimed: isCounted });
  const work = isInside ? () => database.act(step.number) : () => step.act.act(database, data, answer);
  const wallBefore = performance.now();
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  const wall = (performance.now() - wallBefore) * 1000;
  const where = `${title}, ${step.name || 'an untimed step'}`;
  if (isInside) {
    database.check(step.number);
    return { cpu: user + system, wall };
  }
  same(answer.words(step.act.isOrdered), isCounted ? step.timed : step.whole, where);
  if (step.act.writes) {
    const contents = new Answer({ isTimed: false });
    database.usersInRanges(everything(data), contents);
    same(contents.words(true), step.contents, `${where}: the table afterwards`);
  }
  return { cpu: user + system, wall };
};

const planned = plan();
const best = new Map(engines.map(({ title }) => [title, {}]));
for (let round = 0; round <= rounds; round += 1) {
  console.error(round === 0 ? 'a round to warm up' : `round ${round} of ${rounds}`);
  const alive = engines.map((engine) => ({ ...engine, database: engine.create() }));
  const turned = alive.slice(round % alive.length).concat(alive.slice(0, round % alive.length));
  for (const step of planned) {
    for (const engine of turned) {
      const { cpu, wall } = perform(engine, step, round > 0);
      if (round > 0 && step.name !== '') {
        const figures = best.get(engine.title);
        const last = figures[step.name] ?? { cpu: Infinity, wall: Infinity };
        figures[step.name] = {
          cpu: Math.min(last.cpu, cpu / step.operations),
          wall: Math.min(last.wall, wall / step.operations),
        };
      }
    }
  }
  alive.forEach(({ database }) => database.close());
}

const text = report({ engines, best, options, node: process.version });
console.log(text);
if (options.output !== undefined) {
  await writeFile(options.output, text);
}
