"""Drives the component from Python:

    python3 main.py PACKAGES COMPONENT SCRIPT EXPORT

where EXPORT is what SCRIPT exports natively."""

import sys
import tempfile
import time
import unittest

PACKAGES, COMPONENT, SCRIPT, EXPORT = sys.argv[1:]
sys.path.insert(0, PACKAGES)

from wasmtime.component import Variant  # noqa: E402

from component import Host, Refused, load, record, row, value  # noqa: E402
from media import Folder  # noqa: E402

MEMORY = Variant("memory")
LOADED = load(COMPONENT)


def column(name, data_type, **more):
    usual = {"is_nullable": False, "is_autoincrement": False, "default": None, "choices": []}
    return record(name=name, data_type=data_type, **{**usual, **more})


def table(name, columns, primary_key, **more):
    usual = {"indexes": [], "foreign_keys": [], "checks": []}
    return record(name=name, columns=columns, primary_key=primary_key, **{**usual, **more})


def question(table, **more):
    usual = {
        "alias": None, "joins": [], "filter": None, "group_by": [], "having": None, "outputs": [],
        "is_distinct": False, "order_by": [], "limit": None, "offset": None,
    }
    return record(table=table, **{**usual, **more})


def compare(name, comparison, of):
    return [
        Variant("column", name),
        of if isinstance(of, Variant) and of.tag == "parameter" else Variant("literal", value(of)),
        Variant("compare", record(comparison=comparison, left=0, right=1)),
    ]


def named(name):
    return [Variant("column", name)]


USERS = table(
    "users",
    [
        column("id", "u64", is_autoincrement=True),
        column("name", "text"),
        column("age", "u8", is_nullable=True),
        column("state", "choice", choices=["new", "old"], default=value("new")),
    ],
    ["id"],
    indexes=[record(name="", columns=[record(name="name", is_descending=False)], included=[], is_unique=True)],
    checks=[record(name="grown", condition=compare("age", "greater-or-equal", 18))],
)
POSTS = table(
    "posts",
    [column("id", "u64"), column("author", "u64"), column("title", "text"), column("price", "decimal", is_nullable=True)],
    ["id"],
    foreign_keys=[
        record(
            name="", columns=["author"], table="users", references=["id"], on_delete="cascade", on_update="restrict",
        )
    ],
)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.media = Folder(self.folder.name)
        self.host = Host(*LOADED, self.media)
        self.db = self.host.open(MEMORY)

    def tearDown(self):
        self.folder.cleanup()

    def blog(self):
        self.db.create_tables([USERS, POSTS])
        people = [row("Ada", 36), row("Alan", 41), row("Grace", None)]
        self.assertEqual(self.db.insert("users", ["name", "age"], people), 3)
        posts = [row(1, 1, "Engines", None), row(2, 1, "Notes", None), row(3, 2, "Machines", None)]
        self.assertEqual(self.db.insert("posts", [], posts), 3)

    def refused(self, kind, call, *arguments):
        with self.assertRaises(Refused) as caught:
            call(*arguments)
        self.assertEqual(caught.exception.kind, kind)
        return caught.exception.about


class Tables(Case):
    def test_rows_are_found_by_key_and_by_typed_filters(self):
        self.blog()
        self.assertEqual([cell.payload for cell in self.db.get("users", row(2))][:3], [2, "Alan", 41])
        self.assertIsNone(self.db.get("users", row(9)))
        old = question("users", filter=compare("age", "greater", Variant("parameter", 1)))
        self.assertEqual([found[1] for found in self.db.query(old, row(40)).all()], ["Alan"])

    def test_joins_groups_and_orders_are_data(self):
        self.blog()
        on = [
            Variant("column", "posts.author"),
            Variant("column", "users.id"),
            Variant("compare", record(comparison="equal", left=0, right=1)),
        ]
        count = [Variant("aggregate", record(function="count", argument=None, is_distinct=False))]
        asked = question(
            "posts",
            joins=[record(kind="inner", table="users", alias=None, on=on)],
            group_by=[named("users.name")],
            outputs=[record(expression=named("users.name"), name="name"), record(expression=count, name="posts")],
            order_by=[record(expression=named("posts"), is_descending=True, are_nulls_first=None)],
        )
        rows = self.db.query(asked, [])
        self.assertEqual(rows.columns(), ["name", "posts"])
        self.assertEqual(rows.all(), [["Ada", 2], ["Alan", 1]])

    def test_changes_take_expressions_and_follow_references(self):
        self.blog()
        older = [
            Variant("column", "age"),
            Variant("literal", value(1)),
            Variant("arithmetic", record(operator="add", left=0, right=1)),
        ]
        grow = [record(column="age", value=older), record(column="state", value=[Variant("literal", value("old"))])]
        self.assertEqual(self.db.update("users", grow, compare("name", "equal", "Ada"), []), 1)
        choice = self.db.get("users", row(1))[3]
        self.assertEqual((choice.tag, choice.payload.number, choice.payload.name), ("choice", 1, "old"))
        self.assertEqual(self.db.delete("users", compare("id", "equal", 1), []), 1)
        self.assertEqual(self.db.select("SELECT id FROM posts", []).all(), [[3]])

    def test_errors_name_what_they_are_about(self):
        self.blog()
        unique = self.refused("unique", self.db.insert, "users", ["name"], [row("Ada")])
        self.assertEqual((unique.table, unique.columns), ("users", "name"))
        reference = self.refused("foreign-key", self.db.insert, "posts", [], [row(4, 77, "Lost", None)])
        self.assertEqual((reference.other, getattr(reference, "is-referred-to")), ("users", False))
        self.assertEqual(self.refused("check", self.db.insert, "users", ["name", "age"], [row("Kid", 7)]).check, "grown")
        mismatch = self.refused("mismatch", self.db.insert, "users", ["name", "age"], [row("Old", 300)])
        self.assertEqual((mismatch.column, mismatch.value.payload), ("age", 300))
        self.assertEqual(self.refused("unknown", self.db.get, "cats", row(1)).name, "cats")
        self.refused("nonsense", self.db.insert, "users", ["name"], [row("A"), row("B", 1)])
        syntax = self.refused("syntax", self.db.execute, "SELECT\n  1 +", [])
        self.assertEqual(syntax.line, 2)
        twice = [Variant("column", "age"), Variant("all-of", [0, 0])]
        self.refused("nonsense", self.db.delete, "users", twice, [])

    def test_schemas_come_back(self):
        self.blog()
        users, posts = sorted(self.db.tables(), key=lambda table: table.name, reverse=True)
        self.assertEqual([column.name for column in users.columns], ["id", "name", "age", "state"])
        self.assertEqual(getattr(posts, "foreign-keys")[0].table, "users")
        self.db.drop_table("posts")
        self.assertEqual(len(self.db.tables()), 1)


class Sql(Case):
    def test_every_type_goes_in_and_comes_out(self):
        self.db.execute(
            "CREATE TABLE t (a bigint, b double precision, c text, d bytea, e numeric, f date, g timestamptz, h uuid, i jsonb, j boolean)", []
        )
        moment = record(microseconds=-1, offset_seconds=0)
        sent = [
            *row(-(2**63), 0.5, "é漢🐎", bytes(range(256))),
            Variant("decimal", record(is_negative=True, high=1, low=2, scale=3)),
            Variant("date", record(year=-44, month=3, day=15)),
            Variant("moment", moment),
            Variant("uuid", record(high=2**64 - 1, low=1)),
            Variant("json", '{"a":[1,null]}'),
            value(True),
        ]
        places = ", ".join("?" * len(sent))
        self.assertEqual(self.db.execute(f"INSERT INTO t VALUES ({places})", sent), 1)
        rows = self.db.select("SELECT * FROM t", [])
        come = rows.next(10)[0]
        self.assertEqual([cell.tag for cell in come], [cell.tag for cell in sent])
        self.assertEqual([vars(cell.payload) if hasattr(cell.payload, "__dict__") else cell.payload for cell in come],
                         [vars(cell.payload) if hasattr(cell.payload, "__dict__") else cell.payload for cell in sent])

    def test_rows_come_in_batches_of_what_was_there(self):
        self.db.execute("CREATE TABLE t (n integer)", [])
        self.db.insert("t", ["n"], [row(n) for n in range(2500)])
        rows = self.db.select("SELECT n FROM t", [])
        first = rows.next(1000)
        self.db.execute("DELETE FROM t", [])
        rest = rows.all(1000)
        self.assertEqual(len(first) + len(rest), 2500)

    def test_a_session_has_its_transactions(self):
        session = self.db.begin_session()
        session.run("CREATE TABLE t (n integer); BEGIN; INSERT INTO t VALUES (1)")
        self.assertTrue(session.is_in_transaction())
        self.refused("busy", self.db.close)
        self.assertEqual(self.db.select("SELECT n FROM t", []).all(), [])
        session.execute("COMMIT", [])
        self.assertEqual(session.select("SELECT n FROM t WHERE n = ?", row(1)).all(), [[1]])
        session.drop()
        self.db.close()
        self.refused("closed", self.db.execute, "SELECT 1", [])


class Transactions(Case):
    def test_the_first_to_commit_wins(self):
        self.blog()
        one, two = self.db.begin("serializable"), self.db.begin("serializable")
        for transaction, name in [(one, "One"), (two, "Two")]:
            to = [record(column="name", value=[Variant("literal", value(name))])]
            self.assertEqual(transaction.update("users", to, compare("id", "equal", 1), []), 1)
        one.commit("full")
        conflict = self.refused("conflict", two.commit, "full")
        self.assertEqual(conflict.table, "users")
        self.refused("closed", two.commit, "full")
        self.assertEqual(self.db.get("users", row(1))[1].payload, "One")

    def test_what_is_rolled_back_or_dropped_never_was(self):
        self.blog()
        for end in ["rollback", "drop"]:
            transaction = self.db.begin("snapshot")
            transaction.execute("DELETE FROM posts", [])
            self.assertEqual(transaction.select("SELECT id FROM posts", []).all(), [])
            getattr(transaction, end)()
            self.assertEqual(len(self.db.select("SELECT id FROM posts", []).all()), 3)


class Media(Case):
    def test_a_database_on_a_medium_of_the_host_is_there_again(self):
        disk = self.host.open(Variant("medium", "app.db"))
        self.refused("locked", self.host.open, Variant("medium", "app.db"))
        disk.execute("CREATE TABLE t (n integer)", [])
        before = self.media.counts["sync"]
        disk.execute("INSERT INTO t VALUES (7)", [])
        self.assertEqual(self.media.counts["sync"] - before, 1)
        disk.close()
        again = self.host.open(Variant("medium", "app.db"))
        self.assertEqual(again.select("SELECT n FROM t", []).all(), [[7]])
        self.assertEqual(again.verify(), [])

    def test_a_full_medium_says_so_and_what_was_there_stays(self):
        disk = self.host.open(Variant("medium", "full.db"))
        disk.execute("CREATE TABLE t (x text)", [])
        self.media.limit_bytes = 400_000
        with self.assertRaises(Refused) as caught:
            for _ in range(200):
                disk.execute("INSERT INTO t VALUES (?)", row("x" * 8000))
        self.assertEqual(caught.exception.kind, "full")
        kept = disk.select("SELECT count(*) FROM t", []).all()[0][0]
        self.assertGreater(kept, 10)
        self.media.limit_bytes = None
        disk.execute("INSERT INTO t VALUES ('more')", [])
        self.assertEqual(disk.select("SELECT count(*) FROM t", []).all(), [[kept + 1]])

    def test_an_export_opens_again(self):
        self.blog()
        exported = self.db.export().bytes()
        copy = self.host.open(Variant("exported", self.host.image(exported)))
        self.assertEqual(copy.export().bytes(), exported)
        self.refused("corrupt", self.host.open, Variant("exported", self.host.image(b"x" * 9000)))


class Identity(Case):
    def test_the_script_exports_the_bytes_of_every_host(self):
        db = self.host.open(MEMORY, database_id=7)
        session = db.begin_session()
        refused = 0
        start = time.monotonic()
        with open(SCRIPT, encoding="utf-8") as script:
            statements = script.read().split("\n")[:-1]
        for statement in statements:
            try:
                session.run(statement)
            except Refused as error:
                if error.kind not in ["unique", "foreign-key", "check", "not-null", "mismatch", "validation"]:
                    raise
                refused += 1
        session.drop()
        with open(EXPORT, "rb") as export:
            self.assertTrue(db.export().bytes() == export.read(), "the exports differ")
        print(f"{len(statements)} statements, {refused} refused, the bytes of every host, {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
