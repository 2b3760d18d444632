"""The component in Python, by the package `wasmtime`: calls by name, records and variants made short, errors raised."""

from wasmtime import Config, Engine, Store
from wasmtime.component import Component, Linker, Record, ResourceAny, ResourceHost, ResourceType, Variant

STORE = "wasm-dbms:database/store@0.1.0"
MEDIA = "wasm-dbms:database/media@0.1.0"

# What goes over the edge at once: wasmtime bounds it.
PIECE_BYTES = 1 << 20


class Refused(Exception):
    """An error of the component: which it is, and what it tells."""

    def __init__(self, error):
        super().__init__(f"{error.tag}: {getattr(error.payload, '__dict__', error.payload)}")
        self.kind = error.tag
        self.about = error.payload


def record(**fields):
    """A record; in names `_` stands for `-`."""
    made = Record()
    for name, value in fields.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def value(of):
    """A value of Python as one of a column."""
    kinds = {type(None): "null", bool: "boolean", int: "integer", float: "float", str: "text", bytes: "bytes"}
    return of if isinstance(of, Variant) else Variant(kinds[type(of)], of)


def plain(of):
    """A value of a column as one of Python; records stay what they are."""
    return of.payload


def row(*values):
    return [value(each) for each in values]


def load(file):
    """The engine of wasmtime, and the component compiled for it."""
    engine = Engine(Config())
    return engine, Component.from_file(engine, file)


class Host:
    """An instance of the component, with media for it."""

    def __init__(self, engine, component, media):
        self.engine = engine
        self.store = Store(self.engine)
        linker = Linker(self.engine)
        self.kind = ResourceType.host(1)
        with linker.root() as root, root.add_instance(MEDIA) as instance:
            instance.add_resource("medium", self.kind, lambda _, number: media.close(number))
            instance.add_func("open", self.answer(lambda name: self.medium(media.open(name))))
            for method in ["size", "set-size", "read", "write", "sync"]:
                call = getattr(media, method.replace("-", "_"))
                instance.add_func(f"[method]medium.{method}", self.answer(call))
            instance.add_func("[method]medium.is-persistent", lambda *_: True)
        self.instance = linker.instantiate(self.store, component)
        self.functions = {}
        self.index = self.instance.get_export_index(self.store, STORE)

    def medium(self, number):
        return ResourceHost.own(number, 1)

    def answer(self, call):
        """A function of the host: what it raises is a refusal."""

        def run(store, *arguments):
            numbers = [each.to_host(store).rep if isinstance(each, ResourceAny) else each for each in arguments]
            try:
                return call(*numbers)
            except Refusal as refusal:
                return record(cause=refusal.args[0], words=refusal.args[1])

        return run

    def call(self, name, *arguments):
        if name not in self.functions:
            index = self.instance.get_export_index(self.store, name, self.index)
            function = self.instance.get_func(self.store, index)
            # The package asks for the type at each call, which takes longer than the call.
            known = function.type(self.store)
            function.type = lambda _: known
            self.functions[name] = function
        result = self.functions[name](self.store, *arguments)
        if isinstance(result, Variant):
            if result.tag != "ok":
                raise Refused(result.payload if result.tag == "err" else result)
            return result.payload
        return result

    def open(self, storage, page_size=None, cache_bytes=None, database_id=None):
        # Of this variant the package tells the cases apart by the types of what they hold.
        options = record(page_size=page_size, cache_bytes=cache_bytes, database_id=database_id)
        return Resource(self, "database", self.call("[static]database.open", storage.payload, options))

    def image(self, whole):
        """Bytes as an `image`."""
        handle = self.call("[constructor]image")
        for start in range(0, len(whole), PIECE_BYTES):
            self.call("[method]image.append", handle, whole[start : start + PIECE_BYTES])
        return handle


class Refusal(Exception):
    """What a medium does not do: the cause, and words."""

    def image(self, whole):
        """Bytes as an `image`."""
        handle = self.call("[constructor]image")
        for start in range(0, len(whole), PIECE_BYTES):
            self.call("[method]image.append", handle, whole[start : start + PIECE_BYTES])
        return handle


class Resource:
    """A resource: its methods are those of Python, `_` for `-`."""

    def __init__(self, host, kind, handle):
        self.host, self.kind, self.handle = host, kind, handle

    def __getattr__(self, name):
        method = name.replace("_", "-")

        def call(*arguments):
            answer = self.host.call(f"[method]{self.kind}.{method}", self.handle, *arguments)
            kind = {"begin": "transaction", "begin-session": "session", "query": "rows", "select": "rows", "export": "image"}.get(method)
            return Resource(self.host, kind, answer) if isinstance(answer, ResourceAny) else answer

        return call

    def drop(self):
        self.handle.drop(self.host.store)

    def bytes(self):
        """Of an image: all of it."""
        pieces = []
        while piece := self.next(PIECE_BYTES):
            pieces.append(piece)
        self.drop()
        return b"".join(pieces)

    def all(self, batch=1000):
        """Of rows: all that are left, as Python has them."""
        rows = []
        while taken := self.next(batch):
            rows += [[plain(cell) for cell in row] for row in taken]
        self.drop()
        return rows
