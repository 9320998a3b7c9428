#!/usr/bin/env python3
"""Records what MySQL says to the expressions of this directory's *.txt files, in place.

usage: record.py [host [port]]     (default 127.0.0.1 14000, user bench without password; needs PyMySQL)

Each line is `expression <tab> type <tab> value <tab> warning codes`; only the first field is read. An error stands as
`ERROR code`. Times are taken at 1700000000.123456, in time zone +00:00; text is utf8mb4_0900_ai_ci.
"""
import glob, os, sys
import pymysql
from pymysql.constants import FIELD_TYPE as F

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 14000
connection = pymysql.connect(host=host, port=port, user="bench", charset="utf8mb4", autocommit=True, conv={},
                             use_unicode=False)
cursor = connection.cursor()
cursor.execute("CREATE DATABASE IF NOT EXISTS d")
cursor.execute("USE d")
for setting in ("NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci", "timestamp=1700000000.123456", "time_zone='+00:00'"):
    cursor.execute("SET " + setting)

NAMES = {F.TINY: "TINYINT", F.SHORT: "SMALLINT", F.INT24: "MEDIUMINT", F.LONG: "INT", F.LONGLONG: "BIGINT",
         F.FLOAT: "FLOAT", F.DOUBLE: "DOUBLE", F.NULL: "NULL", F.DATE: "DATE", F.YEAR: "YEAR"}

def type_of(field):
    code, scale, binary = field.type_code, field.scale, field.charsetnr == 63
    if code in NAMES:
        return NAMES[code] + (" UNSIGNED" if field.flags & 32 and code not in (F.YEAR, F.NULL) else "")
    if code == F.NEWDECIMAL:
        return "DECIMAL(%d)" % scale
    if code in (F.TIME, F.DATETIME, F.TIMESTAMP):
        return {F.TIME: "TIME", F.DATETIME: "DATETIME", F.TIMESTAMP: "TIMESTAMP"}[code] + "(%d)" % scale
    return "BINARY" if binary else "TEXT"

def record(expression):
    try:
        cursor.execute("SELECT " + expression)
    except pymysql.MySQLError as error:
        return "ERROR %d\t\t" % error.args[0]
    kind = type_of(cursor._result.fields[0])
    value = cursor.fetchone()[0]
    if value is None:
        shown = "NULL"
    elif kind == "BINARY":
        shown = "x" + value.hex().upper()
    else:
        shown = value.decode().replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
    cursor.execute("SHOW WARNINGS")
    # Notes on deprecated syntax are not behaviour.
    codes = [row[1].decode() for row in cursor.fetchall() if row[1] not in (b"1287", b"4095", b"3170", b"1681")]
    return "%s\t%s\t%s" % (kind, shown, ",".join(codes))

for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.txt"))):
    lines = open(path).read().split("\n")
    with open(path, "w") as out:
        for line in lines:
            if not line:
                continue
            if line.startswith("#"):
                out.write(line + "\n")
                continue
            expression = line.split("\t")[0]
            out.write("%s\t%s\n" % (expression, record(expression)))
