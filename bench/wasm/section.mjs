// A file of Markdown whose parts, each under a heading of the first level, are written by several programs.

import { readFile, writeFile } from 'node:fs/promises';

/** Puts a part where the one with its heading stood, or behind all others. */
export const keep = async (file, part) => {
  const known = await readFile(file, 'utf8').catch(() => '');
  const parts = known.split(/^(?=# )/m).filter((text) => text.trim() !== '');
  const heading = part.split('\n', 1)[0];
  const place = parts.findIndex((text) => text.split('\n', 1)[0] === heading);
  parts.splice(place === -1 ? parts.length : place, place === -1 ? 0 : 1, part);
  await writeFile(file, `${parts.map((text) => text.trimEnd()).join('\n\n')}\n`);
};
