// The imports `opfs` of a wasm module (crates/web/src/imports.rs) over the origin private file system. For a dedicated
// worker: only there has a file a synchronous handle. To open one is asynchronous, so that comes first:
//
//     const opfs = new Opfs();
//     await opfs.prepare('app.db');
//     const { instance } = await WebAssembly.instantiateStreaming(fetch('module.wasm'), { opfs: opfs.imports });
//     opfs.memory = instance.exports.memory;
//     instance.exports.start();     // may call OpfsProvider::open("app.db")

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Opfs {
  /** The memory of the module; set it before the module's first call. */
  memory;

  /** What the module imports as `opfs`. */
  imports;

  /** The outcome of each prepare() that no open() has taken yet: { handle } or { refusal }. */
  #prepared = new Map();

  /** Open files by their number. */
  #handles = [];

  /** The last exception. */
  #refusal;

  constructor() {
    this.imports = {
      open: this.#answering((name, length) => this.#open(decoder.decode(this.#bytes(name, length)))),
      close: this.#answering((number) => {
        this.#handle(number).close();
        delete this.#handles[number];
        return 0;
      }),
      size: this.#answering((number) => this.#handle(number).getSize()),
      truncate: this.#answering((number, size) => {
        this.#handle(number).truncate(size);
        return 0;
      }),
      read: this.#answering((number, buffer, length, offset) =>
        this.#handle(number).read(this.#bytes(buffer, length), { at: offset })),
      write: this.#answering((number, bytes, length, offset) =>
        this.#handle(number).write(this.#bytes(bytes, length), { at: offset })),
      flush: this.#answering((number) => {
        this.#handle(number).flush();
        return 0;
      }),
      words: (buffer, capacity) => encoder.encodeInto(String(this.#refusal), this.#bytes(buffer, capacity)).written,
      random: () => crypto.getRandomValues(new Uint32Array(1))[0],
    };
  }

  /**
   * Opens a file, creating it if it is not there; `name` may lead through folders (`notes/app.db`). Never throws: an
   * exception is what the module's OpfsProvider::open(name) returns as its error.
   *
   * A file that another worker has open is waited for `patience` milliseconds: the browser unlocks the file of a worker
   * that was terminated only when that worker has really ended, which Chromium enforces after two seconds.
   */
  async prepare(name, { patience = 0 } = {}) {
    if (this.#prepared.get(name)?.handle !== undefined) {
      return;
    }
    const start = performance.now();
    for (;;) {
      try {
        return void this.#prepared.set(name, { handle: await openFile(name) });
      } catch (refusal) {
        const isLocked = refusal.name === 'NoModificationAllowedError';
        if (!isLocked || performance.now() - start >= patience) {
          return void this.#prepared.set(name, { refusal });
        }
        await new Promise((resume) => setTimeout(resume, 10));
      }
    }
  }

  #open(name) {
    const prepared = this.#prepared.get(name);
    if (prepared === undefined) {
      throw new DOMException('open is called once after each prepare of the name', 'NotFoundError');
    }
    this.#prepared.delete(name);
    if (prepared.refusal !== undefined) {
      throw prepared.refusal;
    }
    return this.#handles.push(prepared.handle) - 1;
  }

  #handle(number) {
    const handle = this.#handles[number];
    if (handle === undefined) {
      throw new DOMException('the file is closed', 'InvalidStateError');
    }
    return handle;
  }

  /** A view for one call only: growing the memory detaches its buffer. Pointers arrive as signed numbers. */
  #bytes(pointer, length) {
    return new Uint8Array(this.memory.buffer, pointer >>> 0, length >>> 0);
  }

  /** An exception must not unwind through the module: it is kept, and -1 says so. */
  #answering(operation) {
    return (one, two, three, four) => {
      try {
        return operation(one, two, three, four);
      } catch (refusal) {
        this.#refusal = refusal;
        return -1;
      }
    };
  }
}

async function openFile(name) {
  const folders = name.split('/');
  const file = folders.pop();
  let directory = await navigator.storage.getDirectory();
  for (const folder of folders) {
    directory = await directory.getDirectoryHandle(folder, { create: true });
  }
  const handle = await directory.getFileHandle(file, { create: true });
  return handle.createSyncAccessHandle();
}
