#!/usr/bin/env python3
"""Records what MySQL makes of values that are stored into columns: columns.txt of this directory, in place.

usage: record.py [host [port]]     (default 127.0.0.1 14000, user bench without password; needs PyMySQL)

Each line is `column type <tab> mode <tab> value <tab> stored value or ERROR code <tab> warning codes`; the first three
fields are read. Mode is strict (MySQL's default sql_mode) or lax (an empty one).
"""
import os, sys
import pymysql

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 14000
connection = pymysql.connect(host=host, port=port, user="bench", charset="utf8mb4", autocommit=True, conv={},
                             use_unicode=False)
cursor = connection.cursor()
cursor.execute("CREATE DATABASE IF NOT EXISTS d")
cursor.execute("USE d")
for setting in ("NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci", "timestamp=1700000000.123456", "time_zone='+00:00'"):
    cursor.execute("SET " + setting)
cursor.execute("SELECT @@sql_mode")
MODES = {"strict": cursor.fetchone()[0].decode(), "lax": ""}

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "columns.txt")
lines = open(path).read().split("\n")
with open(path, "w") as out:
    for line in lines:
        if not line or line.startswith("#"):
            out.write(line + "\n" if line else "")
            continue
        kind, mode, value = line.split("\t")[:3]
        cursor.execute("SET sql_mode=%s", (MODES[mode],))
        cursor.execute("DROP TABLE IF EXISTS stored_values")
        cursor.execute("CREATE TABLE stored_values (c %s NULL)" % kind)
        try:
            cursor.execute("INSERT INTO stored_values VALUES (%s)" % value.replace("%", "%%"))
            cursor.execute("SHOW WARNINGS")
            codes = ",".join(row[1].decode() for row in cursor.fetchall() if row[1] != b"4095")
            cursor.execute("SELECT c FROM stored_values")
            stored = cursor.fetchone()[0]
            binary = "BINARY" in kind or "BLOB" in kind
            shown = "NULL" if stored is None else "x" + stored.hex().upper() if binary else stored.decode()
        except pymysql.MySQLError as error:
            shown, codes = "ERROR %d" % error.args[0], ""
        out.write("\t".join((kind, mode, value, shown, codes)) + "\n")
