"""Runs a .sql file beside this one on MySQL and writes what it said to the .txt file of the same name.

    record.py insert.sql [port]        (user bench, no password, database catalog_golden is made anew)

One statement a line; `table t` shows the rows of t, their lines sorted.
"""
import sys
import pymysql

path = sys.argv[1]
port = int(sys.argv[2]) if len(sys.argv) > 2 else 14000
db = pymysql.connect(host="127.0.0.1", port=port, user="bench", charset="utf8mb4", autocommit=True)
db.decoders = {}
cursor = db.cursor()
cursor.execute("drop database if exists catalog_golden")
cursor.execute("create database catalog_golden")
cursor.execute("use catalog_golden")
out = []
for line in open(path, encoding="utf-8"):
    sql = line.strip()
    if not sql:
        continue
    out.append("> " + sql)
    try:
        if sql.startswith("table "):
            cursor.execute("select * from " + sql[6:])
            show = lambda v: "NULL" if v is None else v.hex() if isinstance(v, bytes) else v
            out.extend(sorted("\t".join(show(v) for v in row) for row in cursor.fetchall()))
            continue
        affected = cursor.execute(sql)
        result = cursor._result
        if not sql.startswith(("create", "set")):
            message = result.message.decode() if isinstance(result.message, bytes) else result.message
            # The message has a length byte before it in the packet.
            message = (message or "").lstrip("".join(map(chr, range(32))) + "&'()*+,-./")
            out.append(f"ok {affected} id {result.insert_id} {message}".rstrip())
    except pymysql.err.MySQLError as error:
        out.append(f"error {error.args[0]} {error.args[1]}".replace("catalog_golden", "d"))
        continue
    cursor.execute("show warnings")
    for level, code, message in cursor.fetchall():
        if code != "1287":
            out.append(f"{level} {code} {message}")
open(path.replace(".sql", ".txt"), "w", encoding="utf-8").write("\n".join(out) + "\n")
