// The tables of a run, as Markdown.

const ORDER = ['W1', 'W1b', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7', 'W8', 'W9', 'W10'];

/** Three digits or so: more would be noise. */
const figure = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value >= 0.1 ? value.toFixed(2) : value.toFixed(3));

const table = (head, rows) => {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

/** Two tables: what each workload costs, and ratios. */
const tables = (engines, best, measure) => {
  const workloads = ORDER.filter((name) => best[engines[0].title][name] !== undefined);
  const head = ['', ...workloads];
  const row = (title, cell) => [title, ...workloads.map(cell)];
  const costs = engines.map(({ title }) => row(title, (name) => figure(best[title][name])));
  const ratio = (one, two, name) => figure(best[one.title][name] / best[two.title][name]);
  const [ours, others] = [engines.filter(({ version }) => version === undefined), engines.filter(({ version }) => version !== undefined)];
  const ratios = others.flatMap((other) =>
    ours.map((own) => row(`${own.title} / ${other.title}`, (name) => ratio(own, other, name))),
  );
  return `${measure} per operation:

${table(head, costs)}

As a ratio; below 1 the first takes less:

${table(head, ratios)}
`;
};

const today = () => new Date().toISOString().slice(0, 10);
const versions = (engines) =>
  engines
    .filter(({ version }) => version !== undefined)
    .map(({ title, version }) => `${title} is of SQLite ${version}`)
    .join(', ');

export const inNode = ({ engines, best, options, node }) => `# Side by side inside Node

${today()}: ${options.rows} rows per table, seed ${options.seed}, best of ${options.rounds} rounds, engines alternating, every answer checked,
in memory, Node ${node}; ${versions(engines)}. ${options.note ?? ''}

The workloads are those of [the native bench](README.md). SQLite is spoken to from JavaScript by prepared statements:
\`sqlite-wasm\` by its C functions, \`sql.js\` by its own. \`wasm-dbms, typed\` and \`wasm-dbms, SQL\` are a Rust program in the
same module as the engine, with structs and with prepared statements: its rows do not leave the module. \`wasm-dbms, npm\` is
this project's npm package, spoken to from JavaScript by prepared statements, whose rows are arrays; many rows go in by \`insert\` (W1).

${tables(engines, best, 'CPU microseconds')}`;

const opfsTable = ({ commits, loads }) => {
  const { mean: bare } = commits.find(({ name }) => name === 'bare');
  const rows = commits.map(({ name, mean, calls }) => [
    name, mean.toFixed(0), (mean / bare).toFixed(2), calls.write.toFixed(2), calls.write_us.toFixed(0),
    calls.flush.toFixed(2), calls.flush_us.toFixed(0), calls.read.toFixed(2),
  ]);
  const best = (name) => loads.find((one) => one.name === name);
  const bulk = loads.map(({ name, milliseconds, calls }) => [
    name, milliseconds.toFixed(0), (milliseconds / best('sqlite-wasm').milliseconds).toFixed(2), String(calls.write), String(calls.flush),
  ]);
  return `${table(['a durable commit', 'mean, us', 'to bare', 'writes', 'us', 'flushes', 'us', 'reads'], rows)}

${table(['bulk insert', 'ms', 'to sqlite-wasm', 'writes', 'flushes'], bulk)}
`;
};

export const inBrowser = ({ engines, best, opfs, options, browser }) => `# Side by side in Chromium

${today()}: Chromium ${browser}, in a dedicated worker, no special headers; ${options.rows} rows per table, seed ${options.seed}, best of
${options.rounds} rounds, engines alternating, every answer checked; ${versions(engines)}. ${options.note ?? ''}

In memory, as inside Node:

${tables(engines, best, 'Microseconds')}
On OPFS. \`bare\` is a write of 4 KiB and a flush of a file that has its size; \`wasm-dbms\` the npm package on its own file;
\`sqlite-wasm\` the database of its SAH pool, with the settings that it opens with (FULL, a rollback journal). A commit is one row that is inserted by a
prepared statement, ${opfs.commits[0].count} of each in turns by blocks of 50, the best of ${opfs.loads[0].rounds} such rounds in one file, after ${opfs.warmUpRounds} to warm up; writes, flushes and reads are calls of the browser for each.
The clock of the browser ticks every 100 us, and a flush takes .1 ms or several as the disk has it, so the mean counts. The bulk insert is W1 of
${options.rows} rows in one transaction, the best of ${opfs.loads[0].rounds}, each in a new file.

${opfsTable(opfs)}`;
