// The module of the bench: this project's engine, the workloads in Rust, and the data of a run (`bench/module`).

const decoder = new TextDecoder();

export class BenchModule {
  #exports;

  /** The module of these bytes. */
  static async load(bytes) {
    const { instance } = await WebAssembly.instantiate(bytes, {});
    const module = new BenchModule();
    module.#exports = instance.exports;
    return module;
  }

  #words() {
    const { memory, words, words_length: length } = this.#exports;
    return decoder.decode(new Uint8Array(memory.buffer, words() >>> 0, length() >>> 0));
  }

  #succeed(code, what) {
    if (code !== 0) {
      throw new Error(`${what}: ${this.#words()}`);
    }
  }

  /** Draws the rows and operations of a run; the steps of a round. */
  draw(seed, rows) {
    this.#succeed(this.#exports.draw(seed, rows), 'drawing');
    return Array.from({ length: this.#exports.steps() }, (_, number) => {
      this.#exports.step_name(number);
      return { number, name: this.#words(), operations: this.#exports.operations(number) };
    });
  }

  /** The data of a kind, a line for each row. */
  lines(kind) {
    this.#exports.data(kind);
    return this.#words().split('\n').slice(0, -1);
  }

  /** A face of the engine inside the module: 0 the typed API, 1 SQL. */
  face(number, title) {
    return {
      title,
      isInside: true,
      create: () => {
        this.#succeed(this.#exports.create(number), title);
        return {
          act: (step) => this.#succeed(this.#exports.act(number, step), title),
          check: (step) => this.#succeed(this.#exports.check(number, step), title),
          close: () => {},
        };
      },
    };
  }
}
