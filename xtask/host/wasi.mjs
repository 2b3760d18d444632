// Runs a wasm32-wasip1 command in Node and exits with its code:
//
//     node wasi.mjs MODULE DIRECTORY [ARGUMENT..]
//
// The module sees DIRECTORY as /data and nothing else of this machine.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import process from 'node:process';
import { WASI } from 'node:wasi';

const [modulePath, directory, ...rest] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: node wasi.mjs MODULE DIRECTORY [ARGUMENT..]');
  process.exit(2);
}

const wasi = new WASI({
  version: 'preview1',
  args: [basename(modulePath), ...rest],
  env: { RUST_BACKTRACE: '1' },
  preopens: { '/data': directory },
  returnOnExit: true,
});
const module = await WebAssembly.compile(await readFile(modulePath));
const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
process.exitCode = wasi.start(instance);
