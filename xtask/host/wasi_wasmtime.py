"""Runs a wasm32-wasip1 command in wasmtime and exits with its code.

    python3 wasi_wasmtime.py PACKAGES MODULE DIRECTORY MODE [ARGUMENT..]

PACKAGES is the folder that holds the package `wasmtime`. The module sees DIRECTORY as /data, to be read alone where MODE is
`ro` and not `rw`, and nothing else of this machine.
"""

import os
import sys


def main(packages, path, directory, mode, *arguments):
    sys.path.insert(0, packages)
    import wasmtime

    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    store = wasmtime.Store(engine)
    wasi = wasmtime.WasiConfig()
    wasi.argv = [os.path.basename(path), *arguments]
    wasi.inherit_stdout()
    wasi.inherit_stderr()
    wasi.preopen_dir(directory, "/data", mode != "ro")
    store.set_wasi(wasi)
    instance = linker.instantiate(store, wasmtime.Module.from_file(engine, path))
    try:
        instance.exports(store)["_start"](store)
    except wasmtime.ExitTrap as end:
        return end.code
    return 0


sys.exit(main(*sys.argv[1:]))
