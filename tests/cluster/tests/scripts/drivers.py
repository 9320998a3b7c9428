"""What a Python program sees of a server, through PyMySQL or mysqlclient.

    drivers.py (pymysql|MySQLdb) HOST:PORT [USER]               every check
    drivers.py (pymysql|MySQLdb) HOST:PORT USER follower LEADER   what a node that follows LEADER answers

Every check is a function; all of them run, each in a database of its own, and each failure is printed with where it was. The
checks hold for MySQL 9.7 as well (but for those marked `ours`), which is how they were made.
"""

import datetime
import importlib
import sys
import threading
import time
import traceback
from decimal import Decimal

name, address = sys.argv[1], sys.argv[2]
user = sys.argv[3] if len(sys.argv) > 3 else "root"
host, port = address.rsplit(":", 1)
driver = importlib.import_module(name)
FOUND_ROWS, MULTI_STATEMENTS = 2, 1 << 16
checks = []


def check(function):
    checks.append(function)
    return function


def ours(function):
    """A check of what MySQL does not have."""
    if user == "root":
        checks.append(function)
    return function


def connect(**options):
    options.setdefault("charset", "utf8mb4")
    return driver.connect(host=host, port=int(port), user=user, **options)


def run(connection, sql, parameters=None):
    """Rows of a statement, as a list."""
    cursor = connection.cursor()
    cursor.execute(sql, parameters)
    return list(cursor.fetchall()) if cursor.description else []


def one(connection, sql, parameters=None):
    """The one value of a statement."""
    rows = run(connection, sql, parameters)
    assert len(rows) == 1 and len(rows[0]) == 1, rows
    return rows[0][0]


def equal(found, wanted):
    assert found == wanted and type(found) is type(wanted), f"found {found!r}, wanted {wanted!r}"


def fails(code, kind, connection, sql, parameters=None):
    """The statement's message; it has to fail with this number, and as this class of the DB API."""
    try:
        run(connection, sql, parameters)
    except driver.Error as error:
        assert error.args[0] == code, f"{sql}: {error.args}, wanted {code}"
        assert isinstance(error, kind), f"{sql}: {type(error).__name__}, wanted {kind.__name__}"
        return error.args[1]
    raise AssertionError(f"{sql}: succeeded, wanted error {code}")


def warnings(connection):
    return [(level, code) for level, code, _ in run(connection, "SHOW WARNINGS")]


@check
def the_tour(c):
    run(c, """CREATE TABLE account (id INT AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(40) NOT NULL,
              balance DECIMAL(12,2) NOT NULL DEFAULT 0, opened DATE, UNIQUE KEY (owner))""")
    run(c, "INSERT INTO account (owner, balance, opened) VALUES ('Ada', 100, '2026-01-31'), ('Grace', 50.5, '2026-02-01')")
    c.commit()
    run(c, "BEGIN")
    run(c, "UPDATE account SET balance = balance - 25 WHERE owner = 'ada'")
    run(c, "UPDATE account SET balance = balance + 25 WHERE owner = 'Grace'")
    run(c, "COMMIT")
    rows = run(c, "SELECT owner, balance FROM account ORDER BY balance DESC")
    equal(rows, [("Grace", Decimal("75.50")), ("Ada", Decimal("75.00"))])
    message = fails(1062, driver.IntegrityError, c, "INSERT INTO account (owner) VALUES ('ADA')")
    equal(message, "Duplicate entry 'ADA' for key 'account.owner'")
    c.rollback()
    assert run(c, "EXPLAIN SELECT * FROM account WHERE owner = 'Ada'"), "EXPLAIN shows nothing"


@ours
def the_tour_of_the_cluster(c):
    role, leader, gtids = run(c, "SELECT @@quorate_role, @@quorate_leader, @@gtid_executed")[0]
    equal(role, "leader")
    equal(leader, address)
    assert ":" in gtids, gtids


@check
def numbers_have_their_types(c):
    run(c, """CREATE TABLE t (ti TINYINT, si SMALLINT, mi MEDIUMINT, i INT, bi BIGINT, tu TINYINT UNSIGNED,
              bu BIGINT UNSIGNED, de DECIMAL(20,6), de0 DECIMAL(65,0), fl FLOAT, db DOUBLE, bo BOOLEAN, ye YEAR)""")
    run(c, "INSERT INTO t VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
        (-128, -32768, -8388608, -2147483648, -9223372036854775808, 255, 18446744073709551615,
         Decimal("-12345678901234.123456"), Decimal("9" * 65), 1.5, 0.1, True, 2026))
    row = run(c, "SELECT * FROM t")[0]
    wanted = (-128, -32768, -8388608, -2147483648, -9223372036854775808, 255, 18446744073709551615,
              Decimal("-12345678901234.123456"), Decimal("9" * 65), 1.5, 0.1, 1, 2026)
    for found, value in zip(row, wanted):
        equal(found, value)
    equal(one(c, "SELECT SUM(i) FROM t"), Decimal("-2147483648"))
    equal(one(c, "SELECT AVG(tu) FROM t"), Decimal("255.0000"))
    equal(one(c, "SELECT COUNT(*) FROM t"), 1)
    equal(one(c, "SELECT SUM(db) FROM t"), 0.1)
    equal(one(c, "SELECT 1/3"), Decimal("0.3333"))
    equal(one(c, "SELECT bu FROM t WHERE bu = 18446744073709551615"), 18446744073709551615)
    equal(one(c, "SELECT 1e300 * 10"), 1e301)


@check
def times_have_their_types(c):
    run(c, "CREATE TABLE t (d DATE, dt DATETIME, d6 DATETIME(6), ts TIMESTAMP(3) NULL, ti TIME, t6 TIME(6), y YEAR)")
    d6 = datetime.datetime(2026, 11, 22, 23, 59, 59, 123456)
    long = datetime.timedelta(hours=838, minutes=59, seconds=59)
    negative = -datetime.timedelta(hours=1, minutes=2, seconds=3, microseconds=500000)
    run(c, "INSERT INTO t VALUES (%s,%s,%s,%s,%s,%s,%s)",
        (d6.date(), d6.replace(microsecond=0), d6, d6.replace(microsecond=123000), long, negative, 1999))
    row = run(c, "SELECT * FROM t")[0]
    for found, value in zip(row, (d6.date(), d6.replace(microsecond=0), d6, d6.replace(microsecond=123000), long, negative, 1999)):
        equal(found, value)
    equal(one(c, "SELECT CAST('-10:00:00' AS TIME)"), -datetime.timedelta(hours=10))
    equal(one(c, "SELECT DATE_ADD(d, INTERVAL 1 MONTH) FROM t"), datetime.date(2026, 12, 22))
    now = one(c, "SELECT NOW(6)")
    assert abs((now - datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)).total_seconds()) < 86400, now
    equal(run(c, "SELECT NULL, d FROM t WHERE d6 > '2026-11-22 23:59:59.123455'"), [(None, d6.date())])


@check
def text_is_text_and_bytes_are_bytes(c):
    run(c, """CREATE TABLE t (id INT PRIMARY KEY, vc VARCHAR(50), ch CHAR(5), tx TEXT, lt LONGTEXT, vb VARBINARY(50),
              bi BINARY(4), bl BLOB, lb LONGBLOB)""")
    emoji, every_byte = "naïve 😀 日本", bytes(range(256))
    run(c, "INSERT INTO t VALUES (1, %s, 'ab', %s, %s, %s, %s, %s, %s)",
        (emoji, emoji, "x" * 100_000, b"\xff\x00'\\\"", b"a\x00", every_byte, every_byte * 1000))
    row = run(c, "SELECT * FROM t")[0]
    wanted = (1, emoji, "ab", emoji, "x" * 100_000, b"\xff\x00'\\\"", b"a\x00\x00\x00", every_byte, every_byte * 1000)
    for found, value in zip(row, wanted):
        equal(found, value)
    equal(one(c, "SELECT COUNT(*) FROM t WHERE vc = %s", (emoji,)), 1)
    equal(run(c, "SELECT CHAR_LENGTH(vc), LENGTH(vc), HEX(bi) FROM t"), [(10, 18, "61000000")])
    equal(one(c, "SELECT CONCAT(vc, '!') FROM t"), emoji + "!")
    equal(one(c, "SELECT %s", ("o'clock \\ \n \0 %",)), "o'clock \\ \n \0 %")
    # Bytes of latin1 in a blob, as a literal of the statement.
    run(c, b"INSERT INTO t (id, bl) VALUES (2, _binary'caf\xe9')" if name == "pymysql" else "INSERT INTO t (id, bl) VALUES (2, X'636166E9')")
    equal(one(c, "SELECT bl FROM t WHERE id = 2"), "café".encode("latin1"))


@check
def null_is_none(c):
    run(c, "CREATE TABLE t (i INT, v VARCHAR(9), d DATE, de DECIMAL(5,2), b BLOB)")
    run(c, "INSERT INTO t VALUES (%s, %s, %s, %s, %s)", (None,) * 5)
    equal(run(c, "SELECT * FROM t"), [(None,) * 5])
    equal(run(c, "SELECT NULL, NULL = NULL, NULL IS NULL, COALESCE(NULL, 'a'), MAX(i) FROM t"), [(None, None, 1, "a", None)])


@check
def columns_are_described(c):
    run(c, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v VARCHAR(20), d DECIMAL(10,3), dt DATETIME(6), b BLOB, x TEXT)")
    cursor = c.cursor()
    cursor.execute("SELECT id, v, d, dt, b, x, 1 + 1 AS two FROM t")
    equal([column[0] for column in cursor.description], ["id", "v", "d", "dt", "b", "x", "two"])
    equal([column[1] for column in cursor.description], [3, 253, 246, 12, 252, 252, 8])
    equal(bool(cursor.description[0][6]), False)
    equal(bool(cursor.description[1][6]), True)


@check
def errors_have_numbers_and_classes(c):
    run(c, """CREATE TABLE t (id INT PRIMARY KEY, n TINYINT UNSIGNED NOT NULL, v VARCHAR(3) NOT NULL DEFAULT 'x',
              de DECIMAL(4,1), d DATE, UNIQUE KEY u (n))""")
    run(c, "INSERT INTO t (id, n) VALUES (1, 1)")
    integrity, data, programming, operational = (
        driver.IntegrityError, driver.DataError, driver.ProgrammingError, driver.OperationalError)
    equal(fails(1062, integrity, c, "INSERT INTO t (id, n) VALUES (1, 2)"), "Duplicate entry '1' for key 't.PRIMARY'")
    equal(fails(1062, integrity, c, "INSERT INTO t (id, n) VALUES (2, 1)"), "Duplicate entry '1' for key 't.u'")
    equal(fails(1146, programming, c, "SELECT * FROM missing").split(".")[1], "missing' doesn't exist")
    assert "near 'SELEC 1' at line 1" in fails(1064, programming, c, "SELEC 1")
    equal(fails(1048, (integrity, operational), c, "INSERT INTO t (id, n) VALUES (3, NULL)"), "Column 'n' cannot be null")
    equal(fails(1364, operational if name == "pymysql" else driver.Error, c, "INSERT INTO t (id) VALUES (3)"),
          "Field 'n' doesn't have a default value")
    equal(fails(1406, data, c, "INSERT INTO t (id, n, v) VALUES (3, 3, 'long')"), "Data too long for column 'v' at row 1")
    equal(fails(1264, data, c, "INSERT INTO t (id, n) VALUES (3, 256)"), "Out of range value for column 'n' at row 1")
    equal(fails(1264, data, c, "UPDATE t SET de = 1000 WHERE id = 1"), "Out of range value for column 'de' at row 1")
    fails(1366, driver.Error, c, "INSERT INTO t (id, n) VALUES ('x', 3)")
    fails(1292, driver.Error, c, "INSERT INTO t (id, n, d) VALUES (3, 3, '2026-02-30')")
    equal(fails(1054, operational, c, "SELECT nothing FROM t"), "Unknown column 'nothing' in 'field list'")
    equal(fails(1049, operational, c, "USE nowhere"), "Unknown database 'nowhere'")
    fails(1050, operational, c, "CREATE TABLE t (a INT)")
    fails(1051, operational, c, "DROP TABLE missing")
    fails(1136, operational, c, "INSERT INTO t VALUES (1, 2)")
    fails(1305, operational, c, "SELECT no_such_function()")
    fails(1690, driver.Error, c, "SELECT 9223372036854775807 + 1")
    equal(run(c, "SELECT id, n FROM t"), [(1, 1)])


@ours
def what_is_not_built_is_named(c):
    for statement, feature in [
        ("CREATE FUNCTION f RETURNS INT SONAME 'f.so'", "functions"),
        ("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')", "servers"),
    ]:
        message = fails(1235, driver.NotSupportedError, c, statement)
        assert feature in message, (statement, message)
    fails(1305, driver.OperationalError, c, "CALL p()")


@check
def warnings_are_counted_and_shown(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY, n TINYINT, v VARCHAR(3))")
    run(c, "INSERT INTO t VALUES (1, 1, 'a')")
    cursor = c.cursor()
    cursor.execute("INSERT IGNORE INTO t VALUES (1, 1, 'a'), (2, 1000, 'long')")
    equal(cursor.rowcount, 1)
    if name == "MySQLdb":
        equal(c.warning_count(), 3)
    equal(one(c, "SELECT @@warning_count"), 3)
    cursor.execute("INSERT IGNORE INTO t VALUES (1, 1, 'a'), (3, 1000, 'long')")
    equal(warnings(c), [("Warning", 1062), ("Warning", 1264), ("Warning", 1265)])
    equal(warnings(c), [("Warning", 1062), ("Warning", 1264), ("Warning", 1265)])
    equal(run(c, "SELECT * FROM t WHERE id = 3"), [(3, 127, "lon")])
    equal(warnings(c), [])
    run(c, "SELECT 1/0")
    equal(warnings(c), [("Warning", 1365)])
    run(c, "DROP TABLE IF EXISTS missing")
    equal(warnings(c), [("Note", 1051)])
    try:
        run(c, "SELECT * FROM missing")
    except driver.Error:
        equal(warnings(c), [("Error", 1146)])
    run(c, "SET sql_mode = ''")
    run(c, "INSERT INTO t VALUES (4, 300, 'long')")
    equal(warnings(c), [("Warning", 1264), ("Warning", 1265)])


@check
def rollback_rolls_back(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    other = connect(database=one(c, "SELECT DATABASE()"), autocommit=True)
    run(c, "INSERT INTO t VALUES (1, 1)")
    equal(run(other, "SELECT * FROM t"), [])
    equal(run(c, "SELECT * FROM t"), [(1, 1)])
    c.rollback()
    equal(run(c, "SELECT * FROM t"), [])
    run(c, "INSERT INTO t VALUES (2, 2)")
    c.commit()
    equal(run(other, "SELECT * FROM t"), [(2, 2)])
    run(c, "UPDATE t SET v = 3")
    run(c, "DELETE FROM t")
    c.rollback()
    equal(run(c, "SELECT * FROM t"), [(2, 2)])
    # What is not committed when the connection goes is gone.
    run(c, "INSERT INTO t VALUES (5, 5)")
    c.close()
    deadline = time.time() + 5
    while run(other, "SELECT COUNT(*) FROM t WHERE id = 5 FOR UPDATE") != [(0,)]:
        assert time.time() < deadline, "a lost connection's row is there"
    other.close()


@check
def a_snapshot_stays(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY)")
    other = connect(database=one(c, "SELECT DATABASE()"), autocommit=True)
    equal(one(c, "SELECT COUNT(*) FROM t"), 0)
    run(other, "INSERT INTO t VALUES (1)")
    equal(one(c, "SELECT COUNT(*) FROM t"), 0)
    c.commit()
    equal(one(c, "SELECT COUNT(*) FROM t"), 1)
    c.commit()
    run(c, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    equal(one(c, "SELECT COUNT(*) FROM t"), 1)
    run(other, "INSERT INTO t VALUES (2)")
    equal(one(c, "SELECT COUNT(*) FROM t"), 2)
    other.close()


@check
def savepoints(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY)")
    run(c, "BEGIN")
    run(c, "INSERT INTO t VALUES (1)")
    run(c, "SAVEPOINT a")
    run(c, "INSERT INTO t VALUES (2)")
    run(c, "SAVEPOINT b")
    run(c, "INSERT INTO t VALUES (3)")
    run(c, "ROLLBACK TO SAVEPOINT a")
    equal(run(c, "SELECT * FROM t"), [(1,)])
    fails(1305, driver.Error, c, "ROLLBACK TO b")
    run(c, "RELEASE SAVEPOINT a")
    c.commit()
    equal(run(c, "SELECT * FROM t"), [(1,)])


@check
def a_failed_statement_leaves_the_transaction(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY)")
    run(c, "INSERT INTO t VALUES (1)")
    fails(1062, driver.IntegrityError, c, "INSERT INTO t VALUES (2), (3), (1)")
    equal(run(c, "SELECT * FROM t"), [(1,)])
    c.commit()
    equal(run(c, "SELECT * FROM t"), [(1,)])


@check
def autocommit_flags(c):
    server_autocommit, in_transaction = 2, 1

    def status(connection):
        if name == "pymysql":
            return connection.server_status
        return None

    equal(one(c, "SELECT @@autocommit"), 0)
    c.autocommit(True)
    equal(one(c, "SELECT @@autocommit"), 1)
    run(c, "CREATE TABLE t (id INT PRIMARY KEY)")
    if name == "pymysql":
        equal(c.get_autocommit(), True)
        equal(status(c) & in_transaction, 0)
        run(c, "BEGIN")
        equal(status(c) & in_transaction, in_transaction)
        run(c, "INSERT INTO t VALUES (1)")
        equal(status(c) & (in_transaction | server_autocommit), in_transaction | server_autocommit)
        run(c, "ROLLBACK")
        equal(status(c) & in_transaction, 0)
    else:
        equal(c.get_autocommit(), True)
    run(c, "INSERT INTO t VALUES (2)")
    c.rollback()
    equal(run(c, "SELECT * FROM t"), [(2,)])
    c.autocommit(False)
    equal(c.get_autocommit(), False)
    run(c, "INSERT INTO t VALUES (3)")
    # Turning it on commits what is open.
    c.autocommit(True)
    c.rollback()
    equal(run(c, "SELECT * FROM t"), [(2,), (3,)])


@check
def last_row_ids(c):
    run(c, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v INT UNIQUE)")
    cursor = c.cursor()
    cursor.execute("INSERT INTO t (v) VALUES (1)")
    equal(cursor.lastrowid, 1)
    cursor.execute("INSERT INTO t (v) VALUES (2), (3), (4)")
    equal(cursor.lastrowid, 2)
    equal(one(c, "SELECT LAST_INSERT_ID()"), 2)
    cursor.execute("INSERT INTO t VALUES (100, 5)")
    equal(cursor.lastrowid, 100)
    cursor.execute("INSERT INTO t (v) VALUES (6)")
    equal(cursor.lastrowid, 101)
    cursor.execute("UPDATE t SET v = 7 WHERE v = 6")
    equal(cursor.lastrowid, 0)
    equal(one(c, "SELECT LAST_INSERT_ID()"), 101)
    other = connect(database=one(c, "SELECT DATABASE()"))
    equal(one(other, "SELECT LAST_INSERT_ID()"), 0)
    other.close()


@check
def row_counts(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY, v INT)")
    cursor = c.cursor()
    cursor.execute("INSERT INTO t VALUES (1, 1), (2, 1), (3, 2)")
    equal(cursor.rowcount, 3)
    cursor.execute("UPDATE t SET v = 1")
    equal(cursor.rowcount, 1)
    cursor.execute("INSERT INTO t VALUES (1, 9), (4, 4) ON DUPLICATE KEY UPDATE v = VALUES(v)")
    equal(cursor.rowcount, 3)
    cursor.execute("REPLACE INTO t VALUES (1, 8)")
    equal(cursor.rowcount, 2)
    equal(one(c, "SELECT ROW_COUNT()"), 2)
    cursor.execute("SELECT * FROM t")
    equal(cursor.rowcount, 4)
    cursor.execute("DELETE FROM t WHERE v = 1")
    equal(cursor.rowcount, 2)
    c.commit()
    found = connect(database=one(c, "SELECT DATABASE()"), client_flag=FOUND_ROWS)
    cursor = found.cursor()
    cursor.execute("UPDATE t SET v = 8 WHERE id = 1")
    equal(cursor.rowcount, 1)
    found.close()
    cursor = c.cursor()
    cursor.execute("UPDATE t SET v = 8 WHERE id = 1")
    equal(cursor.rowcount, 0)


@check
def many_rows_at_once(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))")
    cursor = c.cursor()
    cursor.executemany("INSERT INTO t VALUES (%s, %s)", [(n, f"row {n}") for n in range(5000)])
    equal(cursor.rowcount, 5000)
    c.commit()
    equal(run(c, "SELECT COUNT(*), MIN(id), MAX(id) FROM t"), [(5000, 0, 4999)])
    cursor.executemany("UPDATE t SET v = %s WHERE id = %s", [("changed", n) for n in range(10)])
    equal(cursor.rowcount, 10)
    rows = run(c, "SELECT * FROM t ORDER BY id")
    equal((rows[0], rows[4999], len(rows)), ((0, "changed"), (4999, "row 4999"), 5000))
    streaming = importlib.import_module(f"{name}.cursors").SSCursor(c)
    streaming.execute("SELECT id FROM t ORDER BY id DESC")
    equal(streaming.fetchone()[0], 4999)
    equal(len(streaming.fetchall()), 4999)
    streaming.close()


@check
def several_statements_in_one_text(c):
    several = connect(database=one(c, "SELECT DATABASE()"), client_flag=MULTI_STATEMENTS)
    cursor = several.cursor()
    cursor.execute("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (2); SELECT a FROM t ORDER BY a; SELECT 'x;y' -- ; \n;")
    equal(cursor.rowcount, 0)
    cursor.nextset()
    equal(cursor.rowcount, 2)
    cursor.nextset()
    equal(list(cursor.fetchall()), [(1,), (2,)])
    cursor.nextset()
    equal(list(cursor.fetchall()), [("x;y",)])
    equal(cursor.nextset(), None)
    # A failure ends the text: what follows is not run.
    cursor = several.cursor()
    cursor.execute("INSERT INTO t VALUES (3); INSERT INTO missing VALUES (1); INSERT INTO t VALUES (4)")
    try:
        cursor.nextset()
        raise AssertionError("the second statement succeeded")
    except driver.ProgrammingError as error:
        equal(error.args[0], 1146)
    equal(run(several, "SELECT a FROM t ORDER BY a"), [(1,), (2,), (3,)])
    several.close()
    if name == "pymysql":
        fails(1064, driver.ProgrammingError, c, "SELECT 1; SELECT 2")


@check
def ping_and_databases(c):
    c.ping()
    database = one(c, "SELECT DATABASE()")
    run(c, f"CREATE DATABASE {database}_2")
    c.select_db(f"{database}_2")
    equal(one(c, "SELECT DATABASE()"), f"{database}_2")
    try:
        c.select_db("nowhere")
        raise AssertionError("an unknown database was selected")
    except driver.OperationalError as error:
        equal(error.args[0], 1049)
    equal(one(c, "SELECT DATABASE()"), f"{database}_2")
    run(c, f"DROP DATABASE {database}_2")
    equal(one(c, "SELECT DATABASE()"), None)
    fails(1046, driver.OperationalError, c, "SELECT * FROM t")
    try:
        connect(database="nowhere")
        raise AssertionError("connected to an unknown database")
    except driver.OperationalError as error:
        equal(error.args[0], 1049)
    try:
        driver.connect(host=host, port=int(port), user="nobody", password="x")
        raise AssertionError("an unknown user was let in")
    except driver.OperationalError as error:
        equal(error.args[0], 1045)


@check
def a_reset_session_is_as_new(c):
    database = one(c, "SELECT DATABASE()")
    run(c, "CREATE TABLE t (id INT PRIMARY KEY)")
    run(c, "SET @a = 1, SESSION sql_mode = ''")
    run(c, "INSERT INTO t VALUES (1)")
    if name == "pymysql":
        c._execute_command(31, b"")
        c._read_ok_packet()
        equal(one(c, "SELECT DATABASE()"), database)
    else:
        c.change_user(user, "", database)
    equal(one(c, "SELECT @a"), None)
    equal(one(c, "SELECT @@autocommit"), 1)
    assert "STRICT_TRANS_TABLES" in one(c, "SELECT @@sql_mode")
    equal(one(c, "SELECT COUNT(*) FROM t"), 0)
    if name == "MySQLdb":
        c.change_user(user, "", "")
        equal(one(c, "SELECT DATABASE()"), None)


@check
def a_sleeping_query_is_killed(c):
    database = one(c, "SELECT DATABASE()")
    run(c, "CREATE TABLE t (id INT)")
    run(c, "INSERT INTO t VALUES (1), (2)")
    c.commit()
    victim = connect(database=database)
    victim_id = one(victim, "SELECT CONNECTION_ID()")
    equal(victim_id, victim.thread_id())
    outcome = []

    def sleeper(sql):
        try:
            outcome.append(run(victim, sql))
        except driver.Error as error:
            outcome.append(error.args[0])

    def kill_it(sql, kill):
        outcome.clear()
        thread = threading.Thread(target=sleeper, args=(sql,))
        thread.start()
        deadline = time.time() + 5
        while not [row for row in run(c, "SHOW FULL PROCESSLIST") if row[0] == victim_id and row[7] and "SLEEP" in row[7]]:
            assert time.time() < deadline, "the process list does not show the query"
            time.sleep(0.02)
        started = time.time()
        run(c, kill)
        thread.join(5)
        assert not thread.is_alive() and time.time() - started < 2, "the query was not interrupted"
        return outcome[0]

    equal(kill_it("SELECT id FROM t WHERE SLEEP(30) = 0", f"KILL QUERY {victim_id}"), 1317)
    # MySQL answers a SELECT that only sleeps with 1; a killed statement of ours is always an error.
    equal(kill_it("SELECT SLEEP(30)", f"KILL QUERY {victim_id}"), 1317 if user == "root" else [(1,)])
    equal(one(victim, "SELECT 1"), 1)
    assert kill_it("SELECT id FROM t WHERE SLEEP(30) = 0", f"KILL {victim_id}") in (2013, 1317, 1053)
    try:
        run(victim, "SELECT 1")
        raise AssertionError("a killed connection still answers")
    except driver.Error as error:
        assert error.args[0] in (2006, 2013, 0, 1053), error.args
    fails(1094, driver.Error, c, f"KILL {victim_id}")


@check
def a_large_statement_and_a_large_row(c):
    run(c, "CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB)")
    # More than one packet of 16 MiB, both ways.
    big = bytes(range(1, 256)) * 70_000
    run(c, "INSERT INTO t VALUES (1, %s)", (big,))
    c.commit()
    equal(one(c, "SELECT LENGTH(b) FROM t"), len(big))
    equal(one(c, "SELECT b FROM t") == big, True)


@check
def show_statements(c):
    run(c, "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT, v VARCHAR(10) DEFAULT 'x', PRIMARY KEY (id), KEY k (v))")
    database = one(c, "SELECT DATABASE()")
    assert (database,) in run(c, "SHOW DATABASES")
    equal(run(c, "SHOW TABLES"), [("t",)])
    equal(run(c, "DESCRIBE t"), [("id", "int", "NO", "PRI", None, "auto_increment"), ("v", "varchar(10)", "YES", "MUL", "x", "")])
    create = run(c, "SHOW CREATE TABLE t")[0]
    equal(create[0], "t")
    equal(create[1].split("\n")[1:5], ["  `id` int NOT NULL AUTO_INCREMENT,", "  `v` varchar(10) DEFAULT 'x',",
                                       "  PRIMARY KEY (`id`),", "  KEY `k` (`v`)"])
    equal(run(c, "SHOW VARIABLES LIKE 'character_set_client'"), [("character_set_client", "utf8mb4")])
    assert run(c, "SHOW STATUS LIKE 'Threads_connected'") and run(c, "SHOW ENGINES")
    equal(one(c, f"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{database}'"), 1)


def on_a_follower(leader):
    """Reads are answered, writes are refused and the leader is named."""
    c = connect(database="shared")
    equal(run(c, "SELECT id, v FROM t ORDER BY id"), [(1, "one"), (2, "two")])
    c.commit()
    for statement in ["INSERT INTO t VALUES (3, 'three')", "UPDATE t SET v = 'x'", "DELETE FROM t", "CREATE TABLE u (a INT)",
                      "DROP TABLE t", "TRUNCATE TABLE t", "SELECT * FROM t FOR UPDATE", "CREATE DATABASE d"]:
        message = fails(1290, driver.Error, c, statement)
        assert leader in message, message
    equal(one(c, "SELECT @@quorate_role"), "follower")
    equal(one(c, "SELECT @@quorate_leader"), leader)
    equal(run(c, "SELECT COUNT(*) FROM t"), [(2,)])
    run(c, "BEGIN")
    equal(run(c, "SELECT v FROM t WHERE id = 2"), [("two",)])
    run(c, "COMMIT")


def main():
    if len(sys.argv) > 4:
        on_a_follower(sys.argv[5])
        return 0
    failed = 0
    for number, function in enumerate(checks):
        database = f"check_{name.lower()}_{number}"
        setup = connect(autocommit=True)
        run(setup, f"DROP DATABASE IF EXISTS {database}")
        run(setup, f"CREATE DATABASE {database}")
        c = connect(database=database)
        try:
            function(c)
        except Exception:
            failed += 1
            print(f"FAILED {name} {function.__name__}")
            print("    " + "\n    ".join(traceback.format_exc().strip().split("\n")[-9:]))
        try:
            c.close()
        except driver.Error:
            pass
        try:
            run(setup, f"DROP DATABASE {database}")
        except driver.Error as error:
            failed += 1
            print(f"FAILED {name} {function.__name__}: cannot drop its database: {error}")
        setup.close()
    print(f"{name}: {len(checks) - failed} of {len(checks)} checks")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
