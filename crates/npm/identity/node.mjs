// The script of main.rs by the npm package, in memory:
//
//     node node.mjs PACKAGE SCRIPT EXPORT

import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, script, exported] = process.argv.slice(2);
const { load } = await import(pathToFileURL(`${folder}/node_sync.js`));

const db = (await load()).memory({ databaseId: 7 });
let refused = 0;
for (const statement of readFileSync(script, 'utf8').split('\n').slice(0, -1)) {
  try {
    db.exec(statement);
  } catch (error) {
    if (error.kind !== 'constraint') {
      throw error;
    }
    refused += 1;
  }
}
writeFileSync(exported, db.export());
db.close();
console.log(`refused: ${refused}`);
