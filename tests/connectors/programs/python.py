"""The cells of the matrix for the connectors of Python: `python.py CONNECTOR cells|failover`.

What a cell is: ../src/lib.rs. The environment that the harness gives: ../src/environment.rs. Each connector is an adapter below;
the cells are written once, over the adapters."""

import asyncio
import datetime
import decimal
import importlib.metadata
import os
import re
import sys
import time

if sys.argv[2] == "version":
    os.environ.update(MATRIX_HOST="", MATRIX_PORT="0", MATRIX_DATABASE="", MATRIX_COLUMNS="a:i", MATRIX_ROW_1="", MATRIX_ROW_2="")
ENV = {key[len("MATRIX_"):]: value for key, value in os.environ.items() if key.startswith("MATRIX_")}
HOST, PORT, DATABASE = ENV["HOST"], int(ENV["PORT"]), ENV["DATABASE"]
COLUMNS = [column.split(":") for column in ENV["COLUMNS"].split(",")]
NAMES = ", ".join(name for name, _ in COLUMNS)
ROWS = {1: ENV["ROW_1"].split("\t"), 2: ENV["ROW_2"].split("\t")}
MIB_17 = 17 * 1024 * 1024
WARNING = ("Warning", 1365, "Division by 0")


class Skip(Exception):
    """What the connector itself cannot do."""


def check(found, wanted, what=""):
    if found != wanted:
        shown = lambda value: repr(value)[:200]
        raise AssertionError(f"{what}: {shown(found)}, not {shown(wanted)}")


def time_text(value):
    micros = abs(value) // datetime.timedelta(microseconds=1)
    seconds = micros // 1_000_000
    sign = "-" if value < datetime.timedelta(0) else ""
    return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros % 1_000_000:06}"


def native(kind, text):
    """The value of Python that an application would send."""
    if text is None:
        return None
    if kind == "i":
        return int(text)
    if kind == "n":
        return decimal.Decimal(text)
    if kind == "f":
        return float(text)
    if kind == "s":
        return text
    if kind == "b":
        return bytes.fromhex(text)
    if kind == "d":
        return datetime.date.fromisoformat(text)
    if kind == "D":
        return datetime.datetime.fromisoformat(text)
    sign, hours, minutes, seconds, micros = re.fullmatch(r"(-?)(\d+):(\d+):(\d+)\.(\d+)", text).groups()
    size = datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds), microseconds=int(micros))
    return -size if sign else size


def check_row(columns, row, what):
    """Whether what was read is the row: the same values and types of Python."""
    for (name, kind, text), value in zip(columns, row, strict=True):
        if kind == "b" and isinstance(value, bytearray):
            value = bytes(value)
        check(value, native(kind, text), f"{what} {name}")


class PyMySQL:
    has_prepared, has_info, password_needs_tls = False, True, False
    # Columns whose values the connector itself mistakes, as text and prepared: they are put in by the server and not read.
    own_faults = {False: (), True: ()}
    cuts_prepared_results = False

    def __init__(self):
        import pymysql
        self.module, self.errors = pymysql, pymysql.err.Error
        self.version = importlib.metadata.version("PyMySQL")

    def connect(self, user="root", password="", tls=False, found_rows=False, local=False, port=PORT, database=DATABASE, compress=False, timeout=20):
        from pymysql.constants import CLIENT
        if compress:
            raise Skip("has no compression")
        flags = CLIENT.MULTI_STATEMENTS | (CLIENT.FOUND_ROWS if found_rows else 0)
        options = {"ssl": {"check_hostname": False}} if tls else {"ssl_disabled": True}
        return self.module.connect(host=HOST, port=port, user=user, password=password, database=database, client_flag=flags, local_infile=local,
                                   max_allowed_packet=64 << 20, connect_timeout=timeout, read_timeout=timeout, **options)

    def run(self, connection, statement, arguments=None):
        with connection.cursor() as cursor:
            cursor.execute(statement, arguments)
            rows = cursor.fetchall() if cursor.description else None
            return (None if rows is None else list(rows)), cursor.rowcount, cursor.lastrowid

    def info(self, connection):
        # PyMySQL keeps the length in front of the text.
        return connection._result.message.decode().lstrip("(")

    def several(self, connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield list(cursor.fetchall())
            while cursor.nextset():
                yield list(cursor.fetchall())

    def warnings(self, connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            check(cursor.warning_count, 1, "count of warnings")
        return connection.show_warnings()

    def state(self, error):
        return None

    def autocommit(self, connection, mode):
        connection.autocommit(mode)

    def reset(self, connection):
        raise Skip("has neither change user nor reset connection")

    def flags(self, connection):
        """Whether the server says that a transaction is open; whether that autocommit is on."""
        return bool(connection.server_status & 1), bool(connection.server_status & 2)

    def pool(self):
        raise Skip("has no pool")


class MySQLdb(PyMySQL):
    def __init__(self):
        import MySQLdb
        from MySQLdb.release import __version__
        self.module, self.errors = MySQLdb, MySQLdb.Error
        self.version = f"{__version__} ({MySQLdb.get_client_info()})"

    def connect(self, user="root", password="", tls=False, found_rows=False, local=False, port=PORT, database=DATABASE, compress=False, timeout=20):
        from MySQLdb.constants import CLIENT
        flags = CLIENT.MULTI_STATEMENTS | (CLIENT.FOUND_ROWS if found_rows else 0)
        options = {"ssl_mode": "REQUIRED"} if tls else {"ssl_mode": "DISABLED"}
        if local:
            options["local_infile"] = 1
        if compress:
            options["compress"] = True
        return self.module.connect(host=HOST, port=port, user=user, passwd=password, db=database, client_flag=flags, charset="utf8mb4",
                                   connect_timeout=timeout, read_timeout=timeout, **options)

    def warnings(self, connection, statement):
        connection.query(statement)
        connection.store_result()
        check(connection.warning_count(), 1, "count of warnings")
        return connection.show_warnings()

    def info(self, connection):
        return connection.info()

    def reset(self, connection):
        connection.change_user("root", "", DATABASE)

    def flags(self, connection):
        return None, None


class Connector:
    """mysql-connector-python, without and with its C extension."""
    has_prepared, has_info = True, False

    def __init__(self, pure):
        import mysql.connector
        self.module, self.pure, self.errors = mysql.connector, pure, mysql.connector.Error
        # The C extension cuts the last digit of a time with hours of three digits, in prepared statements also bytes at a zero, small
        # doubles and integers above 2^63; both mistake negative times in prepared statements, and the pure one reads a YEAR as a text.
        self.own_faults = {False: (), True: ("tim", "yea")} if pure else {False: ("tim",), True: ("u64", "dbl", "tim", "bin", "vbn", "blo")}
        # Without the extension it reads only the first packet of a prepared statement's long value.
        self.cuts_prepared_results = pure
        self.version = mysql.connector.__version__
        assert pure or mysql.connector.HAVE_CEXT
        self.password_needs_tls = True
        if not pure:
            import _mysql_connector
            self.errors = (mysql.connector.Error, _mysql_connector.MySQLInterfaceError)

    def options(self, user, password, tls, found_rows, local, port, database, compress, timeout):
        from mysql.connector.constants import ClientFlag
        options = dict(host=HOST, port=port, user=user, password=password, database=database, use_pure=self.pure, ssl_disabled=not tls,
                       allow_local_infile=local, compress=compress, connection_timeout=timeout, charset="utf8mb4", collation="utf8mb4_0900_ai_ci")
        if found_rows:
            options["client_flags"] = [ClientFlag.FOUND_ROWS]
        else:
            options["client_flags"] = [-ClientFlag.FOUND_ROWS]
        return options

    def connect(self, user="root", password="", tls=False, found_rows=False, local=False, port=PORT, database=DATABASE, compress=False, timeout=20):
        return self.module.connect(**self.options(user, password, tls, found_rows, local, port, database, compress, timeout))

    def run(self, connection, statement, arguments=None, prepared=False):
        cursor = connection.cursor(prepared=True) if prepared else connection.cursor()
        try:
            cursor.execute(statement, arguments or ())
            rows = [tuple(row) for row in cursor.fetchall()] if cursor.with_rows else None
            return rows, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()

    def several(self, connection, statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)
            yield [tuple(row) for row in cursor.fetchall()] if cursor.with_rows else []
            while cursor.nextset():
                yield [tuple(row) for row in cursor.fetchall()] if cursor.with_rows else []

    def warnings(self, connection, statement):
        connection.get_warnings = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.fetchall()
            check(cursor.warning_count, 1, "count of warnings")
            return cursor.fetchwarnings()

    def state(self, error):
        return error.sqlstate

    def autocommit(self, connection, mode):
        connection.autocommit = mode

    def reset(self, connection):
        connection.cmd_reset_connection()

    def change_user(self, connection):
        connection.cmd_change_user(username="root", password="", database=DATABASE)

    def flags(self, connection):
        return connection.in_transaction, None

    def pool(self):
        from mysql.connector.pooling import MySQLConnectionPool
        options = self.options("root", "", False, False, False, PORT, DATABASE, False, 20)
        pool = MySQLConnectionPool(pool_name="matrix", pool_size=1, **options)
        return pool.get_connection, lambda connection: connection.close()


class Aiomysql(PyMySQL):
    # It calls something of PyMySQL's for bytes that is no function any more.
    own_faults = {False: ("bin", "vbn", "blo"), True: ()}

    def __init__(self):
        import aiomysql
        import pymysql
        self.module, self.errors, self.loop = aiomysql, pymysql.err.Error, asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.version = aiomysql.__version__

    def wait(self, future):
        async def within():
            return await asyncio.wait_for(future, 20)
        try:
            return self.loop.run_until_complete(within())
        except asyncio.TimeoutError as error:
            raise OSError("timed out") from error

    def connect(self, user="root", password="", tls=False, found_rows=False, local=False, port=PORT, database=DATABASE, compress=False, timeout=20):
        import ssl
        from pymysql.constants import CLIENT
        if compress:
            raise Skip("has no compression")
        context = None
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        flags = CLIENT.MULTI_STATEMENTS | (CLIENT.FOUND_ROWS if found_rows else 0)
        return self.wait(self.module.connect(host=HOST, port=port, user=user, password=password, db=database, client_flag=flags, local_infile=local,
                                             charset="utf8mb4", connect_timeout=timeout, ssl=context))

    def run(self, connection, statement, arguments=None):
        async def work():
            async with connection.cursor() as cursor:
                await cursor.execute(statement, arguments)
                rows = await cursor.fetchall() if cursor.description else None
                return (None if rows is None else list(rows)), cursor.rowcount, cursor.lastrowid
        return self.wait(work())

    def info(self, connection):
        message = connection._result.message
        return (message.decode() if isinstance(message, bytes) else message).lstrip("(")

    def several(self, connection, statement):
        async def cursor_of():
            return await connection.cursor()
        cursor = self.wait(cursor_of())
        self.wait(cursor.execute(statement))
        yield list(self.wait(cursor.fetchall()))
        while self.wait(cursor.nextset()):
            yield list(self.wait(cursor.fetchall()))

    def warnings(self, connection, statement):
        self.run(connection, statement)
        return self.wait(connection.show_warnings())

    def autocommit(self, connection, mode):
        self.wait(connection.autocommit(mode))

    def flags(self, connection):
        return connection.get_transaction_status(), bool(connection.get_autocommit())

    def pool(self):
        pool = self.wait(self.module.create_pool(minsize=1, maxsize=1, host=HOST, port=PORT, user="root", db=DATABASE, charset="utf8mb4"))
        def give_back(connection):
            released = pool.release(connection)
            if released is not None:
                self.wait(released)
        return (lambda: self.wait(pool.acquire())), give_back


# --- the cells -------------------------------------------------------------------------------------------------------------


def login(driver, user, tls, is_first=False):
    if not user:
        raise Skip("this server has no mysql_native_password")
    if user == ENV["SHA2_PLAIN_USER"]:
        if driver.password_needs_tls and is_first:
            raise Skip("sends a password for the first time through TLS only")
        if driver.password_needs_tls:
            driver.connect(user=user, password=ENV["PASSWORD"], tls=True).close()
    connection = driver.connect(user=user, password=ENV["PASSWORD"], tls=tls)
    rows, _, _ = driver.run(connection, "SELECT CURRENT_USER()")
    check(rows[0][0], f"{user}@%", "who it is")
    rows, _, _ = driver.run(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    check(rows[0][1] != "", tls, "encrypted")
    connection.close()


def types(driver, prepared, ids, wanted):
    connection = driver.connect()
    how = {"prepared": True} if prepared else {}
    marks = ", ".join(["%s"] * (len(COLUMNS) + 1))
    faults = driver.own_faults[prepared]
    for id in ids:
        values = [id] + [native(kind, text) for (_, kind), text in zip(COLUMNS, wanted[id % 10])] if wanted else [id] + [None] * len(COLUMNS)
        driver.run(connection, f"DELETE FROM written WHERE id = {id}")
        values = [None if name in faults else value for (name, _), value in zip([("id", "i"), *COLUMNS], values)]
        driver.run(connection, f"INSERT INTO written (id, {NAMES}) VALUES ({marks})", values, **how)
        for name in faults:
            driver.run(connection, f"UPDATE written SET {name} = (SELECT {name} FROM expected WHERE id = {id % 10}) WHERE id = {id}")
        connection.commit() if not isinstance(driver, Aiomysql) else driver.wait(connection.commit())
        rows, _, _ = driver.run(connection, ENV["SAME"] + str(id))
        check(rows[0][0], 1, f"row {id} as the server has it")
        for table, key in (("expected", id % 10), ("written", id)):
            texts = wanted[key % 10] if wanted else [None] * len(COLUMNS)
            columns = [(name, kind, text) for (name, kind), text in zip(COLUMNS, texts) if name not in faults]
            names = ", ".join(name for name, _, _ in columns)
            rows, _, _ = driver.run(connection, f"SELECT {names} FROM {table} WHERE id = %s", [key], **how)
            check_row(columns, rows[0], f"{table} {key}")
    connection.close()


def cell_text(driver):
    types(driver, False, (1, 2), ROWS)


def cell_prepared(driver):
    if not driver.has_prepared:
        raise Skip("has no prepared statements of the server")
    types(driver, True, (11, 12), ROWS)


def cell_nulls(driver):
    types(driver, False, (3,), None)
    if driver.has_prepared:
        types(driver, True, (13,), None)


def cell_zero_dates(driver):
    connection = driver.connect()
    driver.run(connection, "SET sql_mode = ''")
    driver.run(connection, "REPLACE INTO zero VALUES (1, %s, %s)", ["0000-00-00", "0000-00-00 00:00:00"])
    for how in [{}] + ([{"prepared": True}] if driver.has_prepared else []):
        rows, _, _ = driver.run(connection, "SELECT d, t, CAST(d AS CHAR) FROM zero WHERE id = %s", [1], **how)
        day, moment, text = rows[0]
        check(text, "0000-00-00", "as text")
        # Python has no such date: connectors give None or the text.
        check(day in (None, "0000-00-00") and moment in (None, "0000-00-00 00:00:00"), True, f"{day!r} {moment!r}")
    connection.close()


def cell_warnings(driver):
    connection = driver.connect()
    check([tuple(line) for line in driver.warnings(connection, "SELECT 1/0")], [WARNING], "warnings")
    connection.close()


def cell_errors(driver):
    connection = driver.connect()
    cases = [("SELECT * FROM missing", 1146, "42S02", f"Table '{DATABASE}.missing' doesn't exist"),
             ("INSERT INTO counts (id) VALUES (1)", 1062, "23000", "Duplicate entry '1' for key 'counts.PRIMARY'"),
             ("SELECT FROM WHERE", 1064, "42000", None),
             ("SELECT nothing FROM counts", 1054, "42S22", "Unknown column 'nothing' in 'field list'")]
    for how in [{}] + ([{"prepared": True}] if driver.has_prepared else []):
        for statement, number, state, message in cases:
            try:
                driver.run(connection, statement, **how)
            except driver.errors as error:
                check(error.args[0], number, statement)
                if driver.state(error) is not None:
                    check(driver.state(error), state, statement)
                if message is not None:
                    check(message in str(error.args[1]), True, f"{error.args[1]}")
            else:
                raise AssertionError(f"no error: {statement}")
    connection.close()


def cell_multi(driver):
    connection = driver.connect()
    check(list(driver.several(connection, "SELECT 1; SELECT 2, 'b'; SELECT 3")), [[(1,)], [(2, "b")], [(3,)]], "results")
    found = []
    try:
        for rows in driver.several(connection, "SELECT 1; DO 0; SELECT 2; SELECT nothing FROM counts; SELECT 3"):
            found.append(rows)
    except driver.errors as error:
        check(getattr(error, "errno", error.args[0]), 1054, "error of the fourth")
    check(found, [[(1,)], [], [(2,)]], "results before the error")
    connection.close()
    connection = driver.connect()
    check(driver.run(connection, "SELECT 4")[0], [(4,)], "afterwards")
    connection.close()


def cell_big(driver):
    connection = driver.connect()
    text = "0123456789abcdef" * (MIB_17 // 16)
    for how in [{}] + ([{"prepared": True}] if driver.has_prepared else []):
        if how and driver.cuts_prepared_results:
            rows, _, _ = driver.run(connection, "SELECT LENGTH(%s)", [text], **how)
            check(rows, [(MIB_17,)], "length at the server")
            continue
        rows, _, _ = driver.run(connection, "SELECT %s AS v", [text], **how)
        check(len(rows[0][0]), MIB_17, "length")
        check(rows[0][0] == text, True, "the same")
    connection.close()


def cell_cursor(driver):
    raise Skip("has no server-side cursors")


def cell_transactions(driver):
    def settle(what):
        done = getattr(connection, what)()
        if done is not None:
            driver.wait(done)
    connection = driver.connect()
    count = lambda: driver.run(connection, "SELECT COUNT(*) FROM transactions")[0][0][0]
    driver.autocommit(connection, True)
    driver.run(connection, "DELETE FROM transactions")
    driver.autocommit(connection, False)
    if driver.flags(connection)[1] is not None:
        check(driver.flags(connection)[1], False, "autocommit in the status")
    for end, left in (("rollback", 0), ("commit", 1), ("rollback", 1)):
        driver.run(connection, "INSERT INTO transactions (v) VALUES (1)")
        if driver.flags(connection)[0] is not None:
            check(driver.flags(connection)[0], True, "in a transaction")
        settle(end)
        if driver.flags(connection)[0] is not None:
            check(driver.flags(connection)[0], False, "in no transaction")
        check(count(), left, f"rows after {end}")
        settle("commit")
    driver.run(connection, "INSERT INTO transactions (v) VALUES (2)")
    driver.run(connection, "SAVEPOINT here")
    driver.run(connection, "INSERT INTO transactions (v) VALUES (3)")
    driver.run(connection, "ROLLBACK TO SAVEPOINT here")
    settle("commit")
    check(count(), 2, "rows after the savepoint")
    connection.close()


def cell_pool(driver):
    take, give_back = driver.pool()
    connection = take()
    driver.run(connection, "DELETE FROM pooled")
    done = connection.commit()
    if done is not None:
        driver.wait(done)
    driver.run(connection, "START TRANSACTION")
    driver.run(connection, "INSERT INTO pooled (id) VALUES (1)")
    give_back(connection)
    connection = take()
    check(driver.run(connection, "SELECT COUNT(*) FROM pooled")[0][0][0], 0, "rows of a transaction that was left open")
    give_back(connection)


def cell_counts(driver):
    for found_rows, affected in ((False, 0), (True, 2)):
        connection = driver.connect(found_rows=found_rows)
        driver.autocommit(connection, True)
        driver.run(connection, "UPDATE counts SET v = 1 WHERE id IN (1, 2)")
        _, rows, _ = driver.run(connection, "UPDATE counts SET v = 1 WHERE id IN (1, 2)")
        check(rows, affected, f"affected rows, found rows {found_rows}")
        if driver.has_info:
            check(driver.info(connection), "Rows matched: 2  Changed: 0  Warnings: 0", "info")
        connection.close()
    connection = driver.connect()
    driver.autocommit(connection, True)
    driver.run(connection, "TRUNCATE TABLE numbered")
    _, rows, last = driver.run(connection, "INSERT INTO numbered (v) VALUES (1), (2), (3)")
    check((rows, last), (3, 1), "affected rows and last id")
    _, rows, last = driver.run(connection, "INSERT INTO numbered (v) VALUES (4)")
    check((rows, last), (1, 4), "affected rows and last id")
    _, rows, _ = driver.run(connection, "INSERT INTO numbered (id, v) VALUES (1, 9) ON DUPLICATE KEY UPDATE v = 9")
    check(rows, 2, "affected rows of an update in place of an insert")
    connection.close()


def cell_load_data(driver):
    connection = driver.connect(local=True)
    driver.autocommit(connection, True)
    driver.run(connection, "DELETE FROM loaded")
    _, rows, _ = driver.run(connection, f"LOAD DATA LOCAL INFILE '{ENV['FILE']}' INTO TABLE loaded FIELDS TERMINATED BY ','")
    check(rows, 3, "affected rows")
    check(driver.run(connection, "SELECT COUNT(*), SUM(id), MAX(v) FROM loaded")[0], [(3, decimal.Decimal(6), "two")], "loaded")
    connection.close()


def cell_compression(driver):
    connection = driver.connect(compress=True)
    check(driver.run(connection, "SHOW SESSION STATUS LIKE 'Compression'")[0], [("Compression", "ON")], "status")
    text = "quorate " * 200_000
    rows, _, _ = driver.run(connection, "SELECT %s AS v", [text])
    check(rows[0][0] == text, True, "the same")
    connection.close()


def cell_reset(driver):
    connection = driver.connect()
    for reset in (driver.reset, getattr(driver, "change_user", driver.reset)):
        driver.run(connection, "SET @a = 1")
        driver.run(connection, "START TRANSACTION")
        driver.run(connection, "INSERT INTO pooled (id) VALUES (2)")
        reset(connection)
        check(driver.run(connection, "SELECT @a, DATABASE()")[0], [(None, DATABASE)], "session afterwards")
        check(driver.run(connection, "SELECT COUNT(*) FROM pooled WHERE id = 2")[0][0][0], 0, "rows afterwards")
    connection.close()


CELLS = [
    ("plain-native", lambda driver: login(driver, ENV["NATIVE_USER"], False)),
    ("plain-sha2", lambda driver: login(driver, ENV["SHA2_PLAIN_USER"], False, True)),
    ("plain-sha2-again", lambda driver: login(driver, ENV["SHA2_PLAIN_USER"], False)),
    ("tls-native", lambda driver: login(driver, ENV["NATIVE_USER"], True)),
    ("tls-sha2", lambda driver: login(driver, ENV["SHA2_TLS_USER"], True)),
    ("tls-sha2-again", lambda driver: login(driver, ENV["SHA2_TLS_USER"], True)),
    ("text", cell_text), ("prepared", cell_prepared), ("nulls", cell_nulls), ("zero-dates", cell_zero_dates),
    ("warnings", cell_warnings), ("errors", cell_errors), ("multi", cell_multi), ("big", cell_big), ("cursor", cell_cursor),
    ("transactions", cell_transactions), ("pool", cell_pool), ("counts", cell_counts), ("load-data", cell_load_data),
    ("compression", cell_compression), ("reset", cell_reset),
]


def failover(driver):
    """Writes rows one by one, and goes to the next address when one fails; prints which were acknowledged."""
    addresses = [int(address.rsplit(":", 1)[1]) for address in ENV["ADDRESSES"].split(",")]
    until, at, connection, doubt = time.monotonic() + 60, 0, None, False
    key, moved = 1, 0
    while (moved == 0 or key <= moved + 20) and time.monotonic() < until:
        try:
            if connection is None:
                connection = driver.connect(port=addresses[at % len(addresses)], timeout=3)
                driver.autocommit(connection, True)
            # A write whose answer was lost may have been done: ask who leads now.
            if not doubt or driver.run(connection, f"SELECT COUNT(*) FROM failover WHERE k = {key} FOR UPDATE")[0][0][0] == 0:
                driver.run(connection, f"INSERT INTO failover (k) VALUES ({key})")
            print(f"ACK {key}", flush=True)
            if doubt and key > 1:
                moved = key
            key, doubt = key + 1, False
            time.sleep(0.005)
        except Exception:  # whatever a connector makes of a server that is gone
            connection, at, doubt = None, at + 1, True
            time.sleep(0.05)
    print("failover ok" if moved else "failover fail: it never went on elsewhere")


def main():
    drivers = {"PyMySQL": PyMySQL, "mysqlclient": MySQLdb, "aiomysql": Aiomysql,
               "connector-python-pure": lambda: Connector(True), "connector-python-c": lambda: Connector(False)}
    driver = drivers[sys.argv[1]]()
    if sys.argv[2] == "failover":
        failover(driver)
        return
    print(f"version {driver.version}", flush=True)
    if sys.argv[2] == "version":
        return
    for name, cell in CELLS:
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        try:
            cell(driver)
            print(f"{name} ok", flush=True)
        except Skip as reason:
            print(f"{name} skip: {reason}", flush=True)
        except Exception as error:
            text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            print(f"{name} fail: {text}", flush=True)


main()
