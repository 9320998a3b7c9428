#!/usr/bin/env python3
"""Prints the columns of a statement's result on MySQL as the constants of `show::spec`.

    record_columns.py HOST PORT USER DATABASE 'show engines' ['select * from information_schema.tables limit 0' ...]

Needs the mariadb client and an account without password.
"""
import re
import subprocess
import sys

host, port, user, database, *statements = sys.argv[1:]
client = ["mariadb", "--no-defaults", f"-h{host}", f"-P{port}", f"-u{user}", "-t",
          "--column-type-info", "--default-character-set=utf8mb4", database]


def spec(column):
    """One column's constructor."""
    name, kind, flags = column["name"], column["Type"], column["Flags"].split()
    length, decimals = int(column["Length"]), int(column["Decimals"])
    exact, sign = "BINARY" in flags, "unsigned" if "UNSIGNED" in flags else "integer"
    if kind == "NULL":
        return f'null("{name}")'
    if kind in ("VAR_STRING", "STRING", "ENUM"):
        text = f'{"exact" if exact else "text"}("{name}", {length // 4})'
    elif "BLOB" in kind or kind.startswith("?"):  # The client does not know JSON.
        size = "Text" if length <= 262140 else "MediumText" if length <= 67108860 else "LongText"
        text = f'{"exact_long" if exact else "long"}("{name}", TypeKind::{size})'
    elif kind in (integers := {"TINY": "TinyInt", "SHORT": "SmallInt", "LONG": "Int", "LONGLONG": "BigInt"}):
        text = f'{sign}("{name}", TypeKind::{integers[kind]})'
    else:
        text = f'of("{name}", TypeKind::{ {"TIMESTAMP": "Timestamp", "DATETIME": "DateTime"}[kind] }({decimals}))'
    return text if "NOT_NULL" in flags else text + ".or_null()"


for statement in statements:
    run = subprocess.run(client + ["-e", statement], capture_output=True, text=True, check=True)
    columns = []
    for line in run.stdout.splitlines():
        if line.startswith("+"):
            break
        if match := re.match(r"Field +\d+: +`(.*)`", line):
            columns.append({"name": match[1]})
        elif columns and (match := re.match(r"(\w+): +(.*?) *$", line)):
            columns[-1][match[1]] = match[2]
    print(f"// {statement}", *(f"    {spec(column)}," for column in columns), sep="\n")
