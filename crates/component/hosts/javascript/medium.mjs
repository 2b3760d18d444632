// Media in memory, for a component: one opener at a time, a limit on bytes, and a count of what was asked.

const refuse = (cause, words) => {
  throw { payload: { cause, words } };
};

/** What outlives a `Medium`: its bytes by its name. */
export const disks = new Map();

export class Medium {
  #disk;

  constructor(disk) {
    this.#disk = disk;
  }

  size() {
    return BigInt(this.#disk.bytes.length);
  }

  setSize(size) {
    if (size > this.#disk.limit) {
      refuse('full', `${this.#disk.limit} bytes are all there is`);
    }
    const bytes = new Uint8Array(Number(size));
    bytes.set(this.#disk.bytes.subarray(0, bytes.length));
    this.#disk.bytes = bytes;
  }

  read(offset, length) {
    return this.#disk.bytes.slice(Number(offset), Number(offset) + length);
  }

  write(offset, bytes) {
    const end = Number(offset) + bytes.length;
    if (end > this.#disk.bytes.length) {
      this.setSize(BigInt(end));
    }
    this.#disk.bytes.set(bytes, Number(offset));
  }

  sync() {
    this.#disk.syncs += 1;
  }

  isPersistent() {
    return true;
  }

  [Symbol.dispose]() {
    this.#disk.isOpen = false;
  }
}

export const open = (name) => {
  const disk = disks.get(name) ?? { bytes: new Uint8Array(), limit: Infinity, syncs: 0, isOpen: false };
  if (disk.isOpen) {
    refuse('locked', 'it is open here');
  }
  disk.isOpen = true;
  disks.set(name, disk);
  return new Medium(disk);
};
