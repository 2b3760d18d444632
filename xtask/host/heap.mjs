// Runs a wasm32-unknown-unknown module (examples/world, examples/one-table) in Node and exits with what its run() returns:
//
//     node heap.mjs MODULE EXPORT
//
// A host that gives next to nothing: no clock, no randomness, no files. The module imports two functions of
// `host`: log(pointer, length), a line of text, which is printed; and export(pointer, length), the next bytes of
// the exported database, which go to the file EXPORT.

import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import process from 'node:process';

const [modulePath, exportPath] = process.argv.slice(2);
if (exportPath === undefined) {
  console.error('usage: node heap.mjs MODULE EXPORT');
  process.exit(2);
}

const exportFile = openSync(exportPath, 'w');
const decoder = new TextDecoder('utf-8', { fatal: true });
let memory;

// A view of this call only: growing the memory detaches the buffer. Pointers arrive as signed numbers.
const bytes = (pointer, length) => new Uint8Array(memory.buffer, pointer >>> 0, length >>> 0);

const host = {
  log: (pointer, length) => console.log(decoder.decode(bytes(pointer, length))),
  export: (pointer, length) => {
    const chunk = bytes(pointer, length);
    for (let written = 0; written < chunk.length; ) {
      written += writeSync(exportFile, chunk, written);
    }
  },
};

const module = await WebAssembly.compile(readFileSync(modulePath));
const unknown = WebAssembly.Module.imports(module).filter(({ module, name }) => module !== 'host' || !(name in host));
if (unknown.length > 0) {
  const names = unknown.map(({ module, name }) => `${module}.${name}`).join(', ');
  console.error(`${modulePath} imports what this host does not have: ${names}`);
  process.exit(2);
}
const instance = await WebAssembly.instantiate(module, { host });
memory = instance.exports.memory;
process.exitCode = instance.exports.run();
closeSync(exportFile);
