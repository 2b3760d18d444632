// The playground: a database in a file of this origin, asked in SQL.

import { open } from './wasm-dbms/browser.js';
import { LEGEND, draw, pagesOf } from './pages.js';
import { EXAMPLES, SAMPLE } from './sample.js';

/** The file of the origin that is played with. */
const FILE = 'playground.db';

/** No more rows than this are shown. */
const SHOWN_ROWS_MAX = 500;

/** Up to so many bytes are looked at for the picture of the pages. */
const PICTURE_BYTES_MAX = 64 << 20;

const part = (id) => document.getElementById(id);
const element = (name, content = '', properties = {}) => Object.assign(document.createElement(name), { textContent: content, ...properties });

let db;
let pages;
/** The pages that they are compared with. */
let pagesBefore;

/** The statements of a script; what stands in quotes or a comment ends none. */
const statementsOf = (script) => {
  const pieces = script.match(/'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[^'";/-]+|[\s\S]/g) ?? [];
  const statements = [''];
  for (const piece of pieces) {
    piece === ';' ? statements.push('') : (statements[statements.length - 1] += piece);
  }
  return statements.filter((text) => text.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, '').trim() !== '');
};

const answers = (text) => /^\s*(select|values|with|explain)\b/i.test(text) || /\breturning\b/i.test(text);
const isQuestion = (text) => /^\s*(select|values|with)\b/i.test(text) && !/\b(insert|update|delete)\b/i.test(text);

const isNumber = (value) => typeof value === 'number' || typeof value === 'bigint' || /^-?\d+(\.\d+)?$/.test(value);

const say = (words, isRefused = false) => {
  part('message').textContent = words;
  part('message').classList.toggle('refused', isRefused);
};

const showRows = (rows) => {
  part('rows').replaceChildren();
  if (rows.length === 0) {
    return;
  }
  const table = element('table');
  const names = Object.keys(rows[0]);
  const head = table.createTHead().insertRow();
  const isOfNumbers = (name) => rows.every((row) => row[name] === null || isNumber(row[name]));
  const kinds = new Map(names.map((name) => [name, isOfNumbers(name) ? 'number' : '']));
  names.forEach((name) => head.append(element('th', name, { className: kinds.get(name) })));
  const body = table.createTBody();
  for (const row of rows.slice(0, SHOWN_ROWS_MAX)) {
    const line = body.insertRow();
    for (const name of names) {
      const value = row[name];
      const cell = line.insertCell();
      cell.textContent = value === null ? 'NULL' : typeof value === 'object' ? JSON.stringify(value) : String(value);
      cell.className = value === null ? 'null' : kinds.get(name);
      cell.title = cell.textContent;
    }
  }
  part('rows').append(table);
};

/** The lines of a plan, each under the one that it is indented below. */
const showPlan = (lines) => {
  const root = element('ul');
  const path = [{ depth: -1, list: root }];
  for (const line of lines) {
    const depth = line.search(/\S|$/);
    while (path.at(-1).depth >= depth) {
      path.pop();
    }
    const item = element('li', line.trim());
    path.at(-1).list.append(item);
    const list = element('ul');
    item.append(list);
    path.push({ depth, list });
  }
  root.querySelectorAll('ul:empty').forEach((list) => list.remove());
  part('plan').replaceChildren(root);
};

const explain = async (text) => {
  const rows = await db.query(`EXPLAIN ${text}`, [], { rows: 'arrays' });
  showPlan(rows.flatMap((row) => String(row[0]).split('\n')));
};

const showPages = async () => {
  const bytes = await db.export();
  if (bytes.length > PICTURE_BYTES_MAX) {
    part('counts').textContent = 'too many to draw';
    return;
  }
  const { size, pages: found } = pagesOf(bytes);
  const changed = draw(part('pages'), found, pages);
  [pagesBefore, pages] = [pages, found];
  part('counts').textContent = `${found.length} of ${size / 1024} KiB, ${changed} changed`;
};

const showTables = async () => {
  const columns = await db.query(`SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_name <> 'wasm_dbms_requests' ORDER BY table_name, ordinal_position`, [], { rows: 'arrays' });
  const tables = Map.groupBy === undefined
    ? columns.reduce((all, column) => all.set(column[0], [...(all.get(column[0]) ?? []), column]), new Map())
    : Map.groupBy(columns, ([table]) => table);
  const shown = [];
  for (const [table, list] of tables) {
    const details = element('details');
    const summary = element('summary', table);
    const [[count]] = await db.query(`SELECT count(*) FROM "${table.replaceAll('"', '""')}"`, [], { rows: 'arrays' });
    summary.append(element('span', `${count} rows`));
    const names = element('ul');
    for (const [, name, type] of list) {
      const item = element('li', name);
      item.append(element('span', String(type).toLowerCase()));
      names.append(item);
    }
    details.append(summary, names);
    shown.push(details);
  }
  part('tables').replaceChildren(...(shown.length > 0 ? shown : [element('p', 'None yet: take the sample data.', { className: 'empty' })]));
};

const refresh = async () => {
  await showTables();
  await showPages();
};

/** Does something while the buttons wait. */
const busy = async (work) => {
  const buttons = document.querySelectorAll('button');
  buttons.forEach((button) => (button.disabled = true));
  try {
    await work();
  } catch (error) {
    showRows([]);
    const place = error.line === undefined ? '' : ` (line ${error.line}, column ${error.column})`;
    say(`${error.kind ?? 'error'}: ${error.message}${place}`, true);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
};

const run = (script) => busy(async () => {
  const start = performance.now();
  let [rows, changed, question, isChanged] = [[], 0, undefined, false];
  try {
    for (const text of statementsOf(script)) {
      isChanged ||= !isQuestion(text);
      if (answers(text)) {
        rows = await db.query(text);
        question = isQuestion(text) ? text : question;
      } else if (/^\s*(insert|update|delete)\b/i.test(text)) {
        changed += await db.execute(text);
      } else {
        await db.exec(text);
      }
    }
    const milliseconds = performance.now() - start;
    showRows(rows);
    const shown = rows.length > SHOWN_ROWS_MAX ? `, the first ${SHOWN_ROWS_MAX} shown` : '';
    say(`${rows.length} rows${shown}${changed > 0 ? `, ${changed} changed` : ''} in ${milliseconds.toFixed(1)} ms`);
    if (question !== undefined) {
      await explain(question);
    }
  } finally {
    if (isChanged) {
      await refresh();
    }
  }
});

/** From now on this is what is played with. */
const take = async (opened, words) => {
  await db?.close();
  db = opened;
  pages = undefined;
  part('database').textContent = words;
  await refresh();
};

const openFile = async () => {
  try {
    await take(await open(FILE), `${FILE}: a file of this origin, it stays`);
  } catch (error) {
    await take(await open(':memory:'), `in memory, since this browser gives no file: ${error.message}`);
  }
};

part('run').onclick = () => run(part('sql').value);
part('explain').onclick = () => busy(async () => {
  const text = statementsOf(part('sql').value).findLast(isQuestion);
  text === undefined ? say('There is no SELECT to plan.') : await explain(text);
});
part('sql').onkeydown = (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run(part('sql').value);
  }
};
part('sample').onclick = async () => {
  await run(SAMPLE);
  part('sql').value = EXAMPLES[0][1];
  await run(EXAMPLES[0][1]);
};
part('examples').onchange = ({ target }) => {
  part('sql').value = EXAMPLES[target.value][1];
};
part('export').onclick = () => busy(async () => {
  const url = URL.createObjectURL(new Blob([await db.export()], { type: 'application/octet-stream' }));
  element('a', '', { href: url, download: FILE }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
});
part('import').onchange = ({ target }) => busy(async () => {
  const [file] = target.files;
  target.value = '';
  const bytes = new Uint8Array(await file.arrayBuffer());
  await take(await open(':memory:', { bytes }), `${file.name}: a copy in memory; Export keeps it`);
  say(`${file.name}: ${bytes.length.toLocaleString()} bytes`);
});
addEventListener('resize', () => pages && draw(part('pages'), pages, pagesBefore));

EXAMPLES.forEach(([name], index) => part('examples').append(element('option', name, { value: index })));
LEGEND.forEach(([kind, words]) => {
  const item = element('li', words);
  item.prepend(element('i', '', { style: `background: var(--${kind})` }));
  part('legend').append(item);
});
part('sql').value = EXAMPLES[0][1];
await openFile();
globalThis.isReady = true;
