"""Counts what wasmtime executes for each workload, per operation, on a small fixed set of rows.

    python3 fuel.py PACKAGES MODULE

PACKAGES is the folder that holds the package `wasmtime`. Prints a line for each: face, workload, instructions ("fuel") of
one operation. The counts are of the module alone: neither the machine nor its load is in them.
"""

import sys

SEED = 42
ROWS = 2_000
FACES = ("typed", "sql", "log")
# What a log is asked for: the rest is as without one.
WRITES = ("W1", "W1b", "W6", "W7")
PLENTY = 1 << 62


def main(packages, path):
    sys.path.insert(0, packages)
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_fuel(PLENTY)
    exports = wasmtime.Instance(store, wasmtime.Module.from_file(engine, path), []).exports(store)

    def call(name, *arguments):
        return exports[name](store, *arguments)

    def words():
        start = call("words")
        return exports["memory"].read(store, start, start + call("words_length")).decode()

    def succeed(name, *arguments):
        if call(name, *arguments) != 0:
            sys.exit(f"{name}{arguments}: {words()}")

    succeed("draw", SEED, ROWS)
    for face, title in enumerate(FACES):
        succeed("create", face)
        for step in range(call("steps")):
            call("step_name", step)
            name = words()
            before = store.get_fuel()
            succeed("act", face, step)
            spent = before - store.get_fuel()
            succeed("check", face, step)
            if name and (title != "log" or name in WRITES):
                print(title, name, spent // call("operations", step))


if __name__ == "__main__":
    main(*sys.argv[1:])
