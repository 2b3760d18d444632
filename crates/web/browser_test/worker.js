// A dedicated worker that runs one call of the test module and posts what happens:
//
//     { said: line }   { opened: batch }   { committed: batch, isDurable }   { code }   { failed: words }
//
// Order: { module, files, patience, call: [export, ..numbers], stop: { at, part, how, number }, plant }. Where there is a `stop`,
// the `at`th call that changes a file is done in part ('none', 'half' or 'whole'); then the worker freezes until it is
// terminated (how: 'freeze'), which it reports under the number, or its files are closed under it (how: 'close'). Where
// there is a `plant`, it is 'late-writes': a bug that the test must find out.

import { Opfs } from './opfs.js';

const SECTOR_BYTES = 512;

const decoder = new TextDecoder();
const progress = { calls: 0, opened: null, committed: null, durable: null };

onmessage = async ({ data: { module, files, patience, call: [name, ...numbers], stop, plant } }) => {
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
    const honest = plant === undefined ? opfs.imports : lateWrites(opfs);
    const imports = stop === undefined ? honest : stopping(honest, stop);
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

/** Imports that keep what is written for later, and acknowledge a sync all the same. Whatever else is asked comes after it. */
function lateWrites(opfs) {
  const { imports } = opfs;
  const kept = [];
  const late = { ...imports };
  late.write = (number, pointer, length, offset) => {
    kept.push([number, new Uint8Array(opfs.memory.buffer, pointer >>> 0, length >>> 0).slice(), offset]);
    return length;
  };
  late.flush = () => 0;
  for (const name of ['read', 'size', 'truncate', 'close']) {
    late[name] = (number, ...rest) => {
      const { memory } = opfs;
      for (const [of, bytes, offset] of kept.splice(0)) {
        opfs.memory = bytes;
        imports.write(of, 0, bytes.length, offset);
      }
      opfs.memory = memory;
      return imports[name](number, ...rest);
    };
  }
  return late;
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
