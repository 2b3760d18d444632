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

export const report = ({ engines, best, options, node }) => {
  const workloads = ORDER.filter((name) => best.get(engines[0].title)[name] !== undefined);
  const head = ['', ...workloads];
  const row = (title, cell) => [title, ...workloads.map(cell)];
  const costs = engines.map(({ title }) => row(title, (name) => figure(best.get(title)[name].cpu)));
  const ratio = (one, two, name) => figure(best.get(one.title)[name].cpu / best.get(two.title)[name].cpu);
  const [ours, others] = [engines.filter(({ version }) => version === undefined), engines.filter(({ version }) => version !== undefined)];
  const ratios = others.flatMap((other) =>
    ours.map((own) => row(`${own.title} / ${other.title}`, (name) => ratio(own, other, name))),
  );
  const versions = others.map(({ title, version }) => `${title} is of SQLite ${version}`).join(', ');
  const today = new Date().toISOString().slice(0, 10);
  return `# Side by side inside Node

${today}: ${options.rows} rows per table, seed ${options.seed}, best of ${options.rounds} rounds, engines alternating, every answer checked,
in memory, Node ${node}; ${versions}. ${options.note ?? ''}

The workloads are those of [the native bench](README.md). SQLite is spoken to from JavaScript by prepared statements:
\`sqlite-wasm\` by its C functions, \`sql.js\` by its own. \`wasm-dbms, typed\` and \`wasm-dbms, SQL\` are a Rust program in the
same module as the engine, with structs and with prepared statements: its rows do not leave the module. \`wasm-dbms, npm\` is
this project's npm package, spoken to from JavaScript by prepared statements, whose rows are arrays.

CPU microseconds per operation:

${table(head, costs)}

As a ratio; below 1 the first takes less:

${table(head, ratios)}
`;
};
