"""The cells of the matrix for command lines: `cli.py mariadb|mysql cells|failover|version`.

A command line shows text: what it prints is compared. `mysql` is MySQL's own, wherever `QUORATE_MYSQL_CLI` says or the path has it."""

import os
import re
import shutil
import subprocess
import sys
import time

NAME, MODE = sys.argv[1], sys.argv[2]
IS_MYSQL = NAME == "mysql"
ENV = {key[len("MATRIX_"):]: value for key, value in os.environ.items() if key.startswith("MATRIX_")}
PROGRAM = (os.environ.get("QUORATE_MYSQL_CLI") or shutil.which("mysql")) if IS_MYSQL else shutil.which("mariadb")


class Skip(Exception):
    """What the command line itself cannot do."""


def check(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: {found[:300]!r}, not {wanted[:300]!r}")


def encryption(tls):
    if IS_MYSQL:
        return ["--ssl-mode=REQUIRED"] if tls else ["--ssl-mode=DISABLED"]
    return ["--ssl"] if tls else ["--skip-ssl"]


def command(flags, port=None, user="root", password="", tls=False, database=None):
    words = [PROGRAM, *([] if IS_MYSQL else ["--no-defaults"]), "--protocol=tcp", "-h", ENV["HOST"], "-P", port or ENV["PORT"], f"-u{user}", "--default-character-set=utf8mb4",
             "--max-allowed-packet=64M", *encryption(tls)]
    if password:
        words.append(f"-p{password}")
    return words + list(flags) + [ENV["DATABASE"] if database is None else database]


def run(statement, *flags, fails=False, **more):
    """What it printed, and what it complained of, without the warning about a password on the command line."""
    done = subprocess.run(command(["-N", *flags], **more), input=statement.encode(), capture_output=True, timeout=60)
    complaint = "\n".join(line for line in done.stderr.decode().splitlines() if "Using a password" not in line)
    if (done.returncode != 0) != fails:
        raise AssertionError(f"exit code {done.returncode}: {complaint}")
    return done.stdout.decode(), complaint


def login(user, tls):
    if not user:
        raise Skip("this server has no mysql_native_password")
    flags = ["--get-server-public-key"] if IS_MYSQL and not tls else []
    out, _ = run("SELECT CURRENT_USER(); SHOW SESSION STATUS LIKE 'Ssl_cipher'", *flags, user=user, password=ENV["PASSWORD"], tls=tls)
    who, cipher = out.rstrip("\n").split("\n")
    check(who, f"{user}@%", "who it is")
    check(str(cipher != "Ssl_cipher\t"), str(tls), "encrypted")


COLUMNS = [column.split(":") for column in ENV.get("COLUMNS", "a:i").split(",")]


def literal(kind, text):
    if kind in "inf":
        return text
    if kind == "b":
        return f"X'{text}'"
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def shown(name, kind, text):
    """What a command line prints of a value, by way of HEX() for bytes."""
    if kind == "b":
        return text.upper()
    return "0" if name == "yea" and text == "0000" else text


def cell_text():
    names = ", ".join(name for name, _ in COLUMNS)
    read = ", ".join(f"HEX({name})" if kind == "b" else f"LOWER({name})" if kind == "f" else name for name, kind in COLUMNS)
    for id in (1, 2):
        texts = ENV[f"ROW_{id}"].split("\t")
        values = ", ".join(literal(kind, text) for (_, kind), text in zip(COLUMNS, texts))
        run(f"REPLACE INTO written (id, {names}) VALUES ({id}, {values})")
        check(run(ENV["SAME"] + str(id))[0], "1\n", "row as the server has it")
        out, _ = run(f"SELECT {read} FROM expected WHERE id = {id}", "--raw")
        for (name, kind), value, text in zip(COLUMNS, out.rstrip("\n").split("\t"), texts, strict=True):
            if kind == "f":
                check(str(float(value)), str(float(text)), name)
            else:
                check(value, shown(name, kind, text), name)


def cell_prepared():
    out, _ = run("PREPARE s FROM 'SELECT ?, ? + 1'; SET @a = 'x', @b = 41; EXECUTE s USING @a, @b; DEALLOCATE PREPARE s")
    check(out, "x\t42\n", "PREPARE as text")
    raise Skip("has no binary protocol")


def cell_nulls():
    names = ", ".join(name for name, _ in COLUMNS)
    run(f"REPLACE INTO written (id, {names}) VALUES (3{', NULL' * len(COLUMNS)})")
    check(run(ENV["SAME"] + "3")[0], "1\n", "row")
    check(run("SELECT * FROM expected WHERE id = 3")[0], "3" + "\tNULL" * len(COLUMNS) + "\n", "shown")


def cell_zero_dates():
    out, _ = run("SET sql_mode = ''; REPLACE INTO zero VALUES (1, '0000-00-00', '0000-00-00'); SELECT d, t FROM zero")
    check(out, "0000-00-00\t0000-00-00 00:00:00\n")


def cell_warnings():
    out, _ = run("SELECT 1/0", "--show-warnings")
    check(out, "NULL\nWarning (Code 1365): Division by 0\n")


def cell_errors():
    wanted = [("SELECT 1;\nSELECT * FROM missing", f"ERROR 1146 (42S02) at line 2: Table '{ENV['DATABASE']}.missing' doesn't exist"),
              ("INSERT INTO counts (id) VALUES (1)", "ERROR 1062 (23000) at line 1: Duplicate entry '1' for key 'counts.PRIMARY'"),
              ("SELECT nothing FROM counts", "ERROR 1054 (42S22) at line 1: Unknown column 'nothing' in 'field list'")]
    for statement, text in wanted:
        _, complaint = run(statement, fails=True)
        # MariaDB's command line shows the statement before.
        check(complaint.splitlines()[-1], text)


def cell_multi():
    out, complaint = run("DELIMITER //\nSELECT 1; SELECT 2, 'b'; SELECT nothing FROM counts; SELECT 3//\n", fails=True)
    check(out, "1\n2\tb\n", "results before the error")
    check(str("ERROR 1054" in complaint), "True", complaint)


def cell_big():
    text = "0123456789abcdef" * (17 * 65536)
    out, _ = run(f"SELECT '{text}'", "--quick")
    check(str(len(out)), str(len(text) + 1), "length")
    check(str(out == text + "\n"), "True", "the same")


def cell_cursor():
    raise Skip("has no server-side cursors")


def cell_transactions():
    out, _ = run("DELETE FROM transactions; SET autocommit = 0; INSERT INTO transactions (v) VALUES (1); ROLLBACK; SELECT COUNT(*) FROM transactions;"
                 "INSERT INTO transactions (v) VALUES (1); SAVEPOINT here; INSERT INTO transactions (v) VALUES (2); ROLLBACK TO SAVEPOINT here; COMMIT;"
                 "SELECT COUNT(*) FROM transactions; INSERT INTO transactions (v) VALUES (3)")
    check(out, "0\n1\n")
    check(run("SELECT COUNT(*) FROM transactions")[0], "1\n", "rows of a transaction that was left open")


def cell_pool():
    raise Skip("has no pool")


def cell_counts():
    out, _ = run("UPDATE counts SET v = 1 WHERE id IN (1, 2); INSERT INTO numbered (v) VALUES (1), (2), (3); SELECT LAST_INSERT_ID()", "-vv")
    check("\n".join(re.findall("Query OK.*|Rows matched.*|Records.*", out)).replace("  ", " "),
          "Query OK, 0 rows affected\nRows matched: 2 Changed: 0 Warnings: 0\nQuery OK, 3 rows affected\nRecords: 3 Duplicates: 0 Warnings: 0")


def cell_load_data():
    out, _ = run(f"DELETE FROM loaded; LOAD DATA LOCAL INFILE '{ENV['FILE']}' INTO TABLE loaded FIELDS TERMINATED BY ',';"
                 "SELECT COUNT(*), SUM(id), MAX(v) FROM loaded", "--local-infile=1")
    check(out, "3\t6\ttwo\n")


def cell_compression():
    for flags in [["--compress"]] + ([["--compression-algorithms=zstd"]] if IS_MYSQL else []):
        text = "quorate " * 200_000
        out, _ = run(f"SHOW SESSION STATUS LIKE 'Compression'; SELECT '{text}'", *flags)
        check(out, f"Compression\tON\n{text}\n", " ".join(flags))


def cell_reset():
    # MySQL's resets the connection, MariaDB's can only connect anew. MySQL 9's takes words of its own only when told to.
    word = "resetconnection" if IS_MYSQL else "connect " + ENV["DATABASE"]
    out, _ = run(f"SET @a = 1;\n{word}\nSELECT @a, DATABASE();\n", *(["--loose-commands", "--named-commands"] if IS_MYSQL else []))
    check(out.splitlines()[-1], f"NULL\t{ENV['DATABASE']}")


CELLS = [
    ("plain-native", lambda: login(ENV["NATIVE_USER"], False)),
    ("plain-sha2", lambda: login(ENV["SHA2_PLAIN_USER"], False)),
    ("plain-sha2-again", lambda: login(ENV["SHA2_PLAIN_USER"], False)),
    ("tls-native", lambda: login(ENV["NATIVE_USER"], True)),
    ("tls-sha2", lambda: login(ENV["SHA2_TLS_USER"], True)),
    ("tls-sha2-again", lambda: login(ENV["SHA2_TLS_USER"], True)),
    ("text", cell_text), ("prepared", cell_prepared), ("nulls", cell_nulls), ("zero-dates", cell_zero_dates),
    ("warnings", cell_warnings), ("errors", cell_errors), ("multi", cell_multi), ("big", cell_big), ("cursor", cell_cursor),
    ("transactions", cell_transactions), ("pool", cell_pool), ("counts", cell_counts), ("load-data", cell_load_data),
    ("compression", cell_compression), ("reset", cell_reset),
]


def failover():
    """Each statement is a process, on the next address after one that failed."""
    addresses = [address.rsplit(":", 1)[1] for address in ENV["ADDRESSES"].split(",")]
    until, at, doubt, key, moved = time.monotonic() + 60, 0, False, 1, 0

    def say(statement):
        flags = ["-N", "--connect-timeout=3", "-e", statement]
        return subprocess.run(command(flags, port=addresses[at % len(addresses)]), capture_output=True, timeout=20)

    while (moved == 0 or key <= moved + 10) and time.monotonic() < until:
        try:
            done = say(f"SELECT COUNT(*) FROM failover WHERE k = {key} FOR UPDATE") if doubt else None
            if done is None or (done.returncode == 0 and done.stdout == b"0\n"):
                done = say(f"INSERT INTO failover (k) VALUES ({key})")
        except subprocess.TimeoutExpired:
            at, doubt = at + 1, True
            continue
        if done.returncode != 0:
            at, doubt = at + 1, True
            time.sleep(0.05)
            continue
        print(f"ACK {key}", flush=True)
        if doubt and key > 1:
            moved = key
        key, doubt = key + 1, False
    print("failover ok" if moved else "failover fail: it never went on elsewhere")


def version():
    if PROGRAM is None:
        sys.exit(f"no {NAME}")
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, check=True).stdout.decode()
    if IS_MYSQL and "MariaDB" in said:
        sys.exit("the mysql of the path is MariaDB's")
    print("version", re.search(r"(?:Distrib|Ver) ([\d.]+)[-, ]" if not IS_MYSQL else r"Ver ([\d.]+)", said.replace("Ver 15.1 ", "")).group(1), flush=True)


version()
if MODE == "failover":
    failover()
if MODE == "cells":
    for name, cell in CELLS:
        if len(sys.argv) > 3 and name not in sys.argv[3:]:
            continue
        try:
            cell()
            print(f"{name} ok", flush=True)
        except Skip as reason:
            print(f"{name} skip: {reason}", flush=True)
        except Exception as error:
            print(f"{name} fail: {' '.join(f'{type(error).__name__}: {error}'.split())[:300]}", flush=True)
