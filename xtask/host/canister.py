"""A host of our own for a canister: the imports `ic0` over wasmtime, and what must be true of examples/canister there.

    python3 canister.py PACKAGES MODULE SCRIPT EXPORT [SEED]

PACKAGES is the folder that holds the package `wasmtime`. A message that traps leaves no trace: its heap and its stable memory
are those of before. An upgrade keeps stable memory alone. Instructions are wasmtime's fuel. SCRIPT, of crates/npm/identity,
must export what it exported natively: EXPORT.
"""

import random
import sys
import time

PAGE = 64 << 10
PLENTY = 1 << 62

# What a message may take where the budget is tried.
BUDGET = 60_000_000


class Trap(Exception):
    pass


def leb(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def candid_text(text):
    raw = text.encode()
    return b"DIDL\x00\x01\x71" + leb(len(raw)) + raw


def content(message):
    """The bytes of the one text or blob of an answer."""
    for head in (b"DIDL\x00\x01\x71", b"DIDL\x01\x6d\x7b\x01\x00"):
        if message.startswith(head):
            at, shift, length = len(head), 0, 0
            while True:
                byte = message[at]
                length |= (byte & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if byte < 0x80:
                    break
            assert len(message) == at + length, "an answer of another length than it says"
            return message[at:]
    raise AssertionError(f"an answer of another type: {message[:20]!r}")


class Canister:
    def __init__(self, wasmtime, path):
        self.wasmtime = wasmtime
        config = wasmtime.Config()
        config.consume_fuel = True
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module.from_file(self.engine, path)
        self.stable = bytearray()
        self.pages_max = 1 << 16
        self.instance = None

    # The imports

    def call(self):
        """Every call of the system passes here: the one that is asked for traps."""
        self.calls += 1
        if self.calls == self.trap_at:
            raise Trap(f"call {self.calls} of the system")

    def linker(self):
        types = {"i": self.wasmtime.ValType.i32(), "I": self.wasmtime.ValType.i64()}
        linker = self.wasmtime.Linker(self.engine)

        def define(name, takes, gives, function):
            def called(*values):
                self.call()
                return function(*values)

            kind = self.wasmtime.FuncType([types[t] for t in takes], [types[t] for t in gives])
            linker.define_func("ic0", name, kind, called)

        define("msg_arg_data_size", "", "i", lambda: len(self.argument))
        define("msg_arg_data_copy", "iii", "", lambda to, at, size: self.put(to, self.argument[at : at + size]))
        define("msg_reply_data_append", "ii", "", lambda at, size: self.reply.extend(self.get(at, size)))
        define("msg_reply", "", "", self.replied)
        define("trap", "ii", "", self.trapped)
        define("debug_print", "ii", "", lambda at, size: print(bytes(self.get(at, size)).decode()))
        define("time", "", "I", lambda: time.time_ns())
        define("performance_counter", "i", "I", lambda kind: self.budget - self.store.get_fuel())
        define("stable64_size", "", "I", lambda: len(self.stable) // PAGE)
        define("stable64_grow", "I", "I", self.grow)
        define("stable64_read", "III", "", lambda to, at, size: self.put(to, self.within(at, size)))
        define("stable64_write", "III", "", self.write)
        return linker

    def put(self, at, data):
        self.memory.write(self.store, data, at & 0xFFFFFFFF)

    def get(self, at, size):
        at &= 0xFFFFFFFF
        return self.memory.read(self.store, at, at + size)

    def replied(self):
        self.is_replied = True

    def trapped(self, at, size):
        raise Trap(bytes(self.get(at, size)).decode())

    def grow(self, pages):
        before = len(self.stable) // PAGE
        if before + pages > self.pages_max:
            return -1
        self.stable.extend(bytes(pages * PAGE))
        return before

    def within(self, at, size):
        if at + size > len(self.stable):
            raise Trap("beyond stable memory")
        return bytes(self.stable[at : at + size])

    def write(self, at, source, size):
        self.within(at, size)
        if self.is_query:
            raise Trap("a query that writes to stable memory")
        if self.undo is not None:
            self.undo.append((at, bytes(self.stable[at : at + size])))
        self.stable[at : at + size] = self.get(source, size)

    # Messages

    def start(self, heap=None):
        """A new instance, on the heap that a message left: between messages its globals are as at the start."""
        self.store = self.wasmtime.Store(self.engine)
        self.store.set_fuel(PLENTY)
        self.instance = self.linker().instantiate(self.store, self.module)
        self.exports = self.instance.exports(self.store)
        self.memory = self.exports["memory"]
        if heap is not None:
            missing = len(heap) - self.memory.data_len(self.store)
            if missing > 0:
                self.memory.grow(self.store, missing // PAGE)
            self.memory.write(self.store, heap, 0)

    def heap(self):
        return bytes(self.memory.read(self.store, 0, self.memory.data_len(self.store)))

    def message(self, name, text="", trap_at=0, budget=PLENTY, keeps=False):
        """Sends a message; `keeps` says that it may trap, so that what was there is put back."""
        kept = (self.heap(), len(self.stable)) if keeps else None
        self.undo = [] if keeps else None
        self.argument, self.reply, self.calls, self.trap_at = candid_text(text), bytearray(), 0, trap_at
        self.is_replied, self.is_query, self.budget = False, name.startswith("canister_query"), budget
        self.store.set_fuel(budget)
        try:
            self.exports[name](self.store)
        except Exception as error:
            if kept is None:
                raise
            heap, length = kept
            for at, data in reversed(self.undo):
                self.stable[at : at + len(data)] = data
            del self.stable[length:]
            self.trap_at = 0
            self.start(heap)
            raise Trap(str(error)) from error
        self.used = budget - self.store.get_fuel()
        if name in ("canister_init", "canister_post_upgrade"):
            return None
        assert self.is_replied, f"{name} did not reply"
        return content(bytes(self.reply))

    def text(self, name, text="", **options):
        return self.message(name, text, **options).decode()

    def install(self, number=""):
        self.stable = bytearray()
        self.start()
        self.message("canister_init", number)

    def upgrade(self):
        self.start()
        self.message("canister_post_upgrade")

    def exec(self, script, **options):
        return self.text("canister_update exec", script, **options)

    def query(self, text):
        return self.text("canister_query query", text)

    def is_sound(self):
        found = self.text("canister_query check")
        assert found == "sound", found


def rows(canister):
    return canister.query("SELECT n, length(s) FROM t ORDER BY n") + canister.query("SELECT count(*) FROM t WHERE s >= 'x'")


def traps(canister, drawn):
    """Each message traps at each of its calls; then everything is as before, on the same heap and after an upgrade."""
    canister.install()
    assert canister.exec("CREATE TABLE t (n integer PRIMARY KEY, s text); CREATE INDEX t_s ON t (s)") == "done"
    count = tries = 0
    for _ in range(12):
        first = drawn.randrange(1000)
        script = "; ".join(
            drawn.choice(
                [
                    f"INSERT INTO t VALUES ({first + i}, '{'x' * drawn.randrange(3000)}') ON CONFLICT (n) DO NOTHING",
                    f"UPDATE t SET s = s || 'y' WHERE n > {first}",
                    f"DELETE FROM t WHERE n < {first // 4}",
                ]
            )
            for i in range(drawn.randrange(1, 6))
        )
        before = rows(canister)
        at = 0
        while True:
            at += 1
            try:
                assert canister.exec(script, trap_at=at, keeps=True) == "done"
                break
            except Trap:
                tries += 1
                assert rows(canister) == before, f"a trap at call {at} of `{script}` left a trace"
                if tries % 4 == 0:
                    canister.upgrade()
                    canister.is_sound()
                    assert rows(canister) == before, f"an upgrade after a trap at call {at} of `{script}` lost something"
        count += 1
        after = rows(canister)
        canister.upgrade()
        canister.is_sound()
        assert rows(canister) == after, f"an upgrade after `{script}` lost something"
    print(f"canister: {count} messages trapped at each of their calls, {tries} traps and {count + tries // 4} upgrades: 0 lost")


def budgets(canister):
    """A migration that is too much for one message is none in one message, and done in several."""
    canister.install()
    canister.exec("CREATE TABLE t (n integer PRIMARY KEY, s text)")
    for start in range(0, 20_000, 500):
        values = ", ".join(f"({n}, 'row {n * 7919 % 20_000}')" for n in range(start, start + 500))
        assert canister.exec(f"INSERT INTO t VALUES {values}") == "done"
    try:
        canister.text("canister_update index_at_once", "t s", budget=BUDGET, keeps=True)
        raise AssertionError("the whole migration fits into one message: nothing is tried")
    except Trap:
        pass
    canister.is_sound()
    messages = most = 0
    answer = ""
    while answer != "done":
        answer = canister.text("canister_update index", "t s", budget=BUDGET, keeps=True)
        assert not answer.startswith("refused"), answer
        messages, most = messages + 1, max(most, canister.used)
        if messages == 2:
            canister.upgrade()
    canister.is_sound()
    assert canister.query("SELECT n FROM t WHERE s = 'row 7919'") == "1"
    print(
        f"canister: an index on 20,000 rows traps in one message of {BUDGET:,} instructions and leaves nothing; "
        f"it is done in {messages} messages of {most:,} at most, an upgrade between them"
    )


def full(canister):
    canister.install()
    canister.exec("CREATE TABLE t (n integer PRIMARY KEY, s text)")
    canister.pages_max = len(canister.stable) // PAGE + 8
    count = 0
    while True:
        answer = canister.exec(f"INSERT INTO t VALUES ({count}, '{'x' * 4000}')")
        if answer != "done":
            break
        count += 1
    assert "stable memory does not grow" in answer, answer
    assert canister.query("SELECT count(*) FROM t") == str(count)
    canister.upgrade()
    canister.is_sound()
    canister.pages_max = 1 << 16
    assert canister.exec(f"INSERT INTO t VALUES ({count}, 'y')") == "done"
    print(f"canister: stable memory that does not grow: {answer}; {count} rows stay, and with room it goes on")


def identity(canister, script, exported):
    canister.install("7")
    refused = 0
    with open(script, encoding="utf-8") as lines:
        statements = lines.read().split("\n")[:-1]
    for statement in statements:
        refused += canister.exec(statement) != "done"
    length = int(canister.text("canister_update export"))
    parts = bytearray()
    while len(parts) < length:
        parts += canister.message("canister_query part", str(len(parts)))
    with open(exported, "rb") as file:
        expected = file.read()
    assert bytes(parts) == expected, f"the canister exports other bytes, {len(parts)} and {len(expected)}"
    canister.upgrade()
    canister.is_sound()
    print(f"canister: {len(statements)} statements, each a message, {refused} refused: {length} bytes equal to those of here")


def main(packages, path, script, exported, seed="1"):
    sys.path.insert(0, packages)
    import wasmtime

    canister = Canister(wasmtime, path)
    drawn = random.Random(int(seed))
    traps(canister, drawn)
    budgets(canister)
    full(canister)
    identity(canister, script, exported)


main(*sys.argv[1:])
