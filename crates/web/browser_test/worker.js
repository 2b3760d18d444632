// A dedicated worker that runs one call of the test module and posts what happens:
//
//     { said: line }   { opened: batch }   { committed: batch, isDurable }   { code }   { failed: words }
//
// Order: { module, files, patience, call: [export, ..numbers], stop: { at, part, how, number } }. Where there is a `stop`,
// the `at`th call that changes a file is done in part ('none', 'half' or 'whole'); then the worker freezes until it is
// terminated (how: 'freeze'), which it reports under the number, or its files are closed under it (how: 'close').

import { Opfs } from './opfs.js';

const SECTOR_BYTES = 512;

const decoder = new TextDecoder();
const progress = { calls: 0, opened: null, committed: null, durable: null };

onmessage = async ({ data: { module, files, patience, call: [name, ...numbers], stop } }) => {
  try {
    const opfs = new Opfs();
    const host = {
      say: (pointer, length) =>
        postMessage({ said: decoder.decode(new Uint8Array(opfs.memory.buffer, pointer >>> 0, length >>> 0)) }),
      opened: (batch) => {
        progress.opened = progress.committed = progress.durable = batch;
        postMessage({ opened: batch });
      },
      committed: (batch, isDurable) => {
        progress.committed = batch;
        progress.durable = isDurable === 1 ? batch : progress.durable;
        postMessage({ committed: batch, isDurable: isDurable === 1 });
      },
    };
    for (const file of files) {
      await opfs.prepare(file, { patience });
    }
    const imports = stop === undefined ? opfs.imports : stopping(opfs.imports, stop);
    const instance = await WebAssembly.instantiate(module, { opfs: imports, host });
    opfs.memory = instance.exports.memory;
    postMessage({ code: instance.exports[name](...numbers) });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
};

/** The imports, of which one call is the last that is heard of. */
function stopping(imports, { at, part, how, number: freezing }) {
  const stopped = { ...imports };
  for (const name of ['write', 'truncate', 'flush']) {
    stopped[name] = (number, ...rest) => {
      progress.calls += 1;
      if (progress.calls !== at) {
        return imports[name](number, ...rest);
      }
      if (part === 'whole' || (part === 'half' && name !== 'write')) {
        imports[name](number, ...rest);
      } else if (part === 'half') {
        const [pointer, length, offset] = rest;
        imports.write(number, pointer, firstSectors(offset, length), offset);
      }
      if (how === 'close') {
        imports.close(number);
        return imports[name](number, ...rest);
      }
      freeze(freezing, name);
    };
  }
  return stopped;
}

/** About half of a write, cut where a sector ends: what is below keeps sectors whole. */
function firstSectors(offset, length) {
  const end = Math.floor((offset + length / 2) / SECTOR_BYTES) * SECTOR_BYTES;
  return Math.max(0, end - offset);
}

/**
 * Waits for an answer that does not come. A worker that waits so is terminated at once; one that is busy is not. The
 * request says all that was posted before, of which the page may have heard nothing yet when it terminates the worker.
 */
function freeze(number, call) {
  const request = new XMLHttpRequest();
  request.open('POST', `frozen/${number}`, false);
  request.send(JSON.stringify({ call, ...progress }));
  throw new Error('a frozen worker went on');
}
