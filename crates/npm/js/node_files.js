// Files of Node for the module: the imports `opfs` (crates/web/src/imports.rs) over `node:fs`. Every call is answered at
// once, and so waits for the disk.

import { randomBytes } from 'node:crypto';
import {
  closeSync, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, renameSync, unlinkSync, writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the system calls a medium that is full. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

export class NodeFiles {
  memory;
  imports;
  #files = [];
  #refusal = '';

  constructor() {
    const file = (number) => {
      const found = this.#files[number];
      if (found === undefined) {
        throw Object.assign(new Error('the file is closed'), { name: 'InvalidStateError' });
      }
      return found;
    };
    this.imports = {
      open: this.#answering((name, length) => this.#files.push(openLocked(decoder.decode(this.#bytes(name, length)))) - 1),
      close: this.#answering((number) => {
        const { descriptor, lock } = file(number);
        delete this.#files[number];
        closeSync(descriptor);
        unlinkSync(lock);
        return 0;
      }),
      size: this.#answering((number) => fstatSync(file(number).descriptor).size),
      truncate: this.#answering((number, size) => {
        ftruncateSync(file(number).descriptor, size);
        return 0;
      }),
      read: this.#answering((number, buffer, length, offset) =>
        readSync(file(number).descriptor, this.#bytes(buffer, length), 0, length >>> 0, offset)),
      write: this.#answering((number, bytes, length, offset) =>
        writeSync(file(number).descriptor, this.#bytes(bytes, length), 0, length >>> 0, offset)),
      flush: this.#answering((number) => {
        fdatasyncSync(file(number).descriptor);
        return 0;
      }),
      words: (buffer, capacity) => encoder.encodeInto(this.#refusal, this.#bytes(buffer, capacity)).written,
      random: () => randomBytes(4).readUInt32LE(),
    };
  }

  /**
   * Puts these bytes in the place of a file that `release` closes, and answers what `reopen` does. Killed before the rename, the
   * old file is what there is.
   */
  replace(name, bytes, release, reopen) {
    const spare = `${name}.import`;
    writeFileSync(spare, bytes, { flush: true });
    release();
    // Nobody else has it open while it changes.
    const lock = takeLock(name);
    try {
      renameSync(spare, name);
      syncFolder(dirname(name));
    } finally {
      unlinkSync(lock);
    }
    return reopen();
  }

  /** Nothing is to be prepared: the file is opened when the module asks for it. */
  async prepare() {}

  #bytes(pointer, length) {
    return new Uint8Array(this.memory.buffer, pointer >>> 0, length >>> 0);
  }

  #answering(operation) {
    return (one, two, three, four) => {
      try {
        return operation(one, two, three, four);
      } catch (error) {
        const name = FULL.has(error.code) ? 'QuotaExceededError' : error.name;
        this.#refusal = `${name}: ${error.message}`;
        return -1;
      }
    };
  }
}

/** Opens a file, creating it if it is not there, and a lock beside it. */
const openLocked = (name) => {
  const lock = takeLock(name);
  try {
    return { descriptor: openSync(name, openFlags(name)), lock };
  } catch (error) {
    unlinkSync(lock);
    throw error;
  }
};

/**
 * Node has no locks of files: `NAME.lock` holds the number of the process. That of a process which has ended is taken over.
 */
const takeLock = (name) => {
  const lock = `${name}.lock`;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const descriptor = openSync(lock, 'wx');
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return lock;
    } catch (error) {
      if (error.code !== 'EEXIST' || attempt > 0) {
        throw error;
      }
      const holder = Number(readFileSync(lock, 'utf8'));
      if (holder === process.pid || isAlive(holder)) {
        throw Object.assign(new Error(`process ${holder} has it open`), { name: 'NoModificationAllowedError' });
      }
      unlinkSync(lock);
    }
  }
};

/** The new name survives a crash; where folders cannot be synced (Windows) the system sees to it. */
const syncFolder = (folder) => {
  try {
    const descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  } catch (error) {
    if (process.platform !== 'win32') {
      throw error;
    }
  }
};

/** For reading and writing, without cutting what is there. */
const openFlags = (name) => {
  try {
    closeSync(openSync(name, 'wx'));
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error;
    }
  }
  return 'r+';
};

const isAlive = (holder) => {
  if (!Number.isInteger(holder) || holder <= 0) {
    // Its maker has not come to writing its number.
    return true;
  }
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** What compiles a module of the package, the first time that it is called. */
export const compiler = (name) => {
  let compiled;
  return () => {
    compiled ??= readFile(new URL(name, import.meta.url)).then((bytes) => WebAssembly.compile(bytes));
    return compiled;
  };
};
