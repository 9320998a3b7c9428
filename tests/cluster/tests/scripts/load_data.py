"""LOAD DATA, INTO OUTFILE and their like, as a transcript: what a server answers to each case.

    load_data.py HOST:PORT FOLDER

FOLDER is where the server may read and write files (secure_file_priv). The transcript of a real MySQL 9.7, started with
--secure-file-priv= and local_infile on, is load_data.txt beside this file; the test compares ours with it.
"""

import os
import sys

import pymysql

host, port = sys.argv[1].rsplit(":", 1)
folder = sys.argv[2]
path = os.path.join(folder, "in.txt")
out = os.path.join(folder, "out.txt")


def connect(**more):
    return pymysql.connect(host=host, port=int(port), user="root", local_infile=True, charset="utf8mb4", **more)


connection = connect()
cursor = connection.cursor()


def shown(value):
    if isinstance(value, bytes):
        return "x'" + value.hex() + "'"
    return repr(value)


def words(text):
    return text.replace(folder + "/", "").replace(folder, "DIR").replace("\r", "\\r").replace("\n", "\\n")


def answer(statement):
    """One line: what the statement came to, and its warnings."""
    try:
        cursor.execute(statement)
    except pymysql.Error as error:
        print("  error", error.args[0], words(str(error.args[1])))
        warnings("Error")
        return False
    result = cursor._result
    if cursor.description:
        for row in cursor.fetchall():
            print("  row", " | ".join(shown(value) for value in row))
        return True
    # A length stands before the text.
    info = (result.message or b"").decode()[1:]
    print("  ok", result.affected_rows, "id", result.insert_id, info)
    warnings(count=result.warning_count)
    return True


def warnings(but=None, count=None):
    cursor.execute("SHOW WARNINGS")
    found = cursor.fetchall()
    assert count in (None, len(found)), (count, found)
    # What MySQL says of its own future (3962: where INTO should stand) differs from version to version.
    shown = [each for each in found if each[0] != but and each[1] != 3962]
    for level, code, message in shown[:6]:
        print("  ", level, code, words(message))
    if len(shown) > 6:
        print("  ", len(shown), "warnings")


def case(name, table, options, content, columns="", mode=None, show="*", kinds=("local", "file"), before=(), after=()):
    """Loads `content` in each of the ways and shows the table."""
    with open(path, "wb") as file:
        file.write(content)
    for kind in kinds:
        print(f"## {name} ({kind})")
        cursor.execute("DROP TABLE IF EXISTS t")
        cursor.execute(f"CREATE TABLE t ({table})")
        cursor.execute(f"SET sql_mode = {mode!r}" if mode is not None else "SET sql_mode = DEFAULT")
        for statement in before:
            cursor.execute(statement)
        prefix, rest = (options[:-1], "") if options.endswith("|") and options[:-1].isalpha() else ("", options)
        local = "LOCAL " if kind == "local" else ""
        answer(f"LOAD DATA {local}INFILE '{path}' {prefix} INTO TABLE t {rest} {columns}")
        for statement in after:
            answer(statement)
        if show:
            answer(f"SELECT {show} FROM t")


def run(name, *statements):
    print(f"## {name}")
    for statement in statements:
        print(" ", words(statement))
        answer(statement)


def written(name, statement):
    """Runs a SELECT … INTO OUTFILE or DUMPFILE and shows the file."""
    print(f"## {name}")
    if os.path.exists(out):
        os.remove(out)
    print(" ", words(statement))
    if not answer(statement):
        # MySQL leaves what it has written when a row fails; we leave nothing.
        return
    if os.path.exists(out):
        with open(out, "rb") as file:
            print("  file", repr(file.read()), oct(os.stat(out).st_mode & 0o777))
    else:
        print("  no file")


cursor.execute("DROP DATABASE IF EXISTS load_golden")
cursor.execute("CREATE DATABASE load_golden")
cursor.execute("USE load_golden")

AB = "a INT, b VARCHAR(20)"
TEXTS = "a VARCHAR(30), b VARCHAR(30), c VARCHAR(30)"

# ---- Fields and lines

case("plain", AB, "", b"1\tone\n2\ttwo\n3\tthree")
case("empty file", AB, "", b"")
case("only a line end", AB, "", b"\n", kinds=("local",))
case("no line end at the end", AB, "", b"1\tone\n2\ttwo")
case("escapes", TEXTS, "", b"a\\tb\\n\\r\\b\\0\\Z\\\\\\q\\'\tx\\\ty\t\\N\n\\N\tN\t\\\\N\n\\Nx\tx\\N\t\\n\n")
case("csv", TEXTS, "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'", b'1,"two, and ""more""",3\n"x\ny",,"",\n"a"b,"c"d",e\n')
case("enclosed", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"1","2","3"\n1,2,3\n"NULL",NULL,null\n"\\N",\\N,"N"\n')
case("enclosed not ended", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"1","2","3"\n"4","5\n6,7,8\n')
case("enclosed then rubbish", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"1"x,"2" ,"3"\n"4",5"6,7""8\n')
case("enclosed at the end of the file", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"1","2","3"')
case("enclosed empty", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"","",""\n"""","""""",""""""\n')
case("enclosed escape", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'", b'"\\"","a\\"b","c\\\\"\n"\\n",\\",x\n')
case("escape is the quote", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '\"'", b'"a""b","c","d"\n"N",N,"NULL"\n"x"n","y",z\n')
case("no escape", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY ''", b'"a\\","\\N",\\N\nNULL,"NULL",\\n\n')
case("no escape, no quote", TEXTS, "FIELDS TERMINATED BY ',' ESCAPED BY ''", b'NULL,\\N,a\\\n')
case("another escape", TEXTS, "FIELDS TERMINATED BY ',' ESCAPED BY '!'", b"!N,!n,a!,b\n!!,\\N,!0!q\n")
case("long terminators", TEXTS, "FIELDS TERMINATED BY '<>' LINES TERMINATED BY '--\\n'", b"1<>2<3<>>4--\n5<<>6--x<>7-\n--\n")
case("overlapping terminators", TEXTS, "FIELDS TERMINATED BY 'aab' LINES TERMINATED BY '\\n'", b"1aaab2aab3\nxaay\n")
case("terminator repeated", TEXTS, "FIELDS TERMINATED BY '||' LINES TERMINATED BY '|||'", b"1||2||3|||4||5||6|||")
case("same terminators", TEXTS, "FIELDS TERMINATED BY ',' LINES TERMINATED BY ','", b"1,2,3,4,5,6")
case("line end is none", TEXTS, "FIELDS TERMINATED BY ',' LINES TERMINATED BY ''", b"1,2,3,4,5,6\n7")
case("carriage return", TEXTS, "FIELDS TERMINATED BY ',' LINES TERMINATED BY '\\r\\n'", b"1,2,3\r\n4,5\n6,7\r8\r\n9,10,11\r\n")
case("starting by", TEXTS, "FIELDS TERMINATED BY ',' LINES STARTING BY 'xxx'", b'xxx1,2,3\nrubbish xxx4,5,6\n7,8,9\nxxxx,y,z\n')
case("starting by, enclosed", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' LINES STARTING BY '>'", b'>"1",2,3\n"a>b",c,d\n>>e,f,g\n')
case("starting by nothing found", TEXTS, "LINES STARTING BY 'q'", b'1\t2\t3\n4\t5\t6\n')
case("ignore lines", AB, "IGNORE 2 LINES", b"x\ty\nz\n1\tone\n2\ttwo\n")
case("ignore rows enclosed", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' IGNORE 1 ROWS", b'"a\nb",c,d\n1,2,3\n')
case("ignore escaped line end", TEXTS, "IGNORE 1 LINES", b'a\\\nb\tc\td\n1\t2\t3\n')
case("ignore more than there are", AB, "IGNORE 9 LINES", b"1\tone\n2\ttwo\n")
case("ignore with starting by", AB, "LINES STARTING BY '>' IGNORE 1 LINES", b">1\tone\n>2\ttwo\n>3\tthree\n")
case("escape at the end", AB, "", b"1\tone\\")
case("escape before the line end", AB, "", b"1\tone\\\n2\ttwo\n")
case("blanks", TEXTS, "FIELDS TERMINATED BY ' '", b" a  b\n")
case("terminator is a letter", TEXTS, "FIELDS TERMINATED BY 'x' ENCLOSED BY 'q' ESCAPED BY 'e'", b"qaqxqbxcqxdeNe\nqeNqxeNxeN\n")
case("escape is the field terminator", TEXTS, "FIELDS TERMINATED BY '\\\\'", b"a\\b\\c\n", kinds=("local",))
case("hex separators", TEXTS, "FIELDS TERMINATED BY 0x2C ENCLOSED BY X'22' LINES TERMINATED BY 0x0A", b'"1",2,3\n')

case("trailing separator", AB, "", b"1\tone\t\n2\ttwo\t\t\n3\tthree\t")
case("too many at the end of the file", AB, "", b"1\tone\n2\ttwo\tmore")
case("too few at the end of the file", AB, "", b"1\tone\n2\t", mode="")
case("too few at the end of the file, no separator", AB, "", b"1\tone\n2", mode="")
case("enclosed without separator", TEXTS, "FIELDS TERMINATED BY '' ENCLOSED BY '\"'", b'"a""b""c"\n"d"\n')
case("no backslash escapes", TEXTS, "", b"a\\tb\t\\N\tc\n", mode="NO_BACKSLASH_ESCAPES")
case("line end in the separator", TEXTS, "FIELDS TERMINATED BY '\\n' LINES TERMINATED BY '\\n\\n'", b"a\nb\nc\n\nd\ne\nf\n\n")
case("foreign separator in bytes", TEXTS, "CHARACTER SET binary FIELDS TERMINATED BY X'A4'", "a\u00e4b".encode() + b"\xa4x\xa4c\n", kinds=("file",), mode="")

# ---- Counts, types, NULL

case("too few", "a INT, b INT DEFAULT 7, c VARCHAR(5) NOT NULL, d TIMESTAMP NULL", "", b"1\n2\t3\n4\t5\tx\n", after=())
case("too few, no mode", "a INT, b INT DEFAULT 7, c VARCHAR(5) NOT NULL, d INT NOT NULL", "", b"1\n2\t3\n4\t5\tx\n", mode="")
case("too many", AB, "", b"1\tone\tmore\n2\ttwo\n")
case("too many, no mode", AB, "", b"1\tone\tmore\n2\ttwo\n", mode="")
case("wrong values", "a INT, b TINYINT UNSIGNED, c DATE, d DECIMAL(4,1), e DOUBLE, f CHAR(3)", "", b"x\t1\t2026-01-01\t1.5\t2\tabc\n1\t300\t2026-13-01\t99999\tq\tabcd\n\t\t\t\t\t\n", show="a, b, CAST(c AS CHAR), d, e, f")
case("wrong values, ignore", "a INT, b TINYINT UNSIGNED, c DATE, d DECIMAL(4,1), e DOUBLE, f CHAR(3)", "IGNORE|", b"x\t1\t2026-01-01\t1.5\t2\tabc\n1\t300\t2026-13-01\t99999\tq\tabcd\n\t\t\t\t\t\n", show="a, b, CAST(c AS CHAR), d, e, f", kinds=("file",))
case("wrong values, no mode", "a INT, b TINYINT UNSIGNED, c DATE, d DECIMAL(4,1), e DOUBLE, f CHAR(3)", "", b"x\t1\t2026-01-01\t1.5\t2\tabc\n1\t300\t2026-13-01\t99999\tq\tabcd\n\t\t\t\t\t\n", mode="", show="a, b, CAST(c AS CHAR), d, e, f", kinds=("file",))
case("wrong values, local replace", "a INT PRIMARY KEY, b TINYINT", "REPLACE|", b"1\tx\n", kinds=("local",))
case("second row wrong", "a INT PRIMARY KEY, b TINYINT", "", b"1\t1\n2\tx\n3\t3\n")
case("null to not null", "a INT NOT NULL, b VARCHAR(5) NOT NULL, c DATE NOT NULL, d INT NOT NULL DEFAULT 5", "", b"1\tx\t2026-01-01\t1\n\\N\t\\N\t\\N\t\\N\n", show="a, b, CAST(c AS CHAR), d")
case("null to not null, no mode", "a INT NOT NULL, b VARCHAR(5) NOT NULL, c DATE NOT NULL, d INT NOT NULL DEFAULT 5", "", b"\\N\t\\N\t\\N\t\\N\n", mode="", show="a, b, CAST(c AS CHAR), d", kinds=("file",))
case("null to timestamp", "a INT, b TIMESTAMP NOT NULL, c TIMESTAMP NULL DEFAULT '2020-01-01 00:00:00'", "", b"1\t\\N\t\\N\n2\n", show="a, b = '0000-00-00 00:00:00', c IS NULL", mode="", kinds=("file",))
case("null to timestamp, strict", "a INT, b TIMESTAMP NOT NULL", "", b"1\t\\N\n", show="a, b > '2020-01-01'", kinds=("file",))
case("year, time, datetime", "a YEAR, b TIME(2), c DATETIME(6), d TIMESTAMP", "", b"2026\t10:11:12.345\t2026-01-02 03:04:05.678901\t2026-01-02 03:04:05\n", show="a, CAST(b AS CHAR), CAST(c AS CHAR), CAST(d AS CHAR)")
case("not null without default not listed", "a INT, b INT NOT NULL", "", b"1\n", columns="(a)")

# ---- Keys

KEYED = "id INT PRIMARY KEY, v VARCHAR(10)"
case("duplicate", KEYED, "", b"1\ta\n1\tb\n2\tc\n")
case("duplicate ignored", KEYED, "IGNORE|", b"1\ta\n1\tb\n2\tc\n")
case("duplicate replaced", KEYED, "REPLACE|", b"1\ta\n1\tb\n2\tc\n2\tc\n")
case("replace what is there", KEYED, "REPLACE|", b"1\tnew\n3\tc\n", before=("INSERT INTO t VALUES (1, 'old'), (2, 'b')",))
case("two keys replaced", "id INT PRIMARY KEY, v VARCHAR(10) UNIQUE", "REPLACE|", b"1\tb\n", before=("INSERT INTO t VALUES (1, 'a'), (2, 'b')",))
AUTO = "id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(10)"
case("auto increment", AUTO, "", b"a\nb\nc\n", columns="(v)", after=("SELECT LAST_INSERT_ID()", "INSERT INTO t (v) VALUES ('next')"))
case("auto increment given", AUTO, "", b"5\ta\n0\tb\n\\N\tc\n20\td\n", after=("SELECT LAST_INSERT_ID()", "INSERT INTO t (v) VALUES ('next')"))
case("auto increment ignored", AUTO, "IGNORE|", b"1\ta\n1\tb\n0\tc\n", after=("SELECT LAST_INSERT_ID()",))

# ---- Columns, variables, SET

case("columns in another order", "a INT, b VARCHAR(20), c INT DEFAULT 9", "", b"one\t1\n", columns="(b, a)")
case("variables", "a INT, b VARCHAR(20)", "FIELDS TERMINATED BY ','", b"1,2,x\n3,4,y\n", columns="(a, @v, @w) SET b = CONCAT(@w, @v * 2)", after=("SELECT @v, @w",))
case("variable null", "a INT, b VARCHAR(20)", "", b"1\t\\N\n2\n", columns="(a, @v) SET b = IFNULL(@v, 'none')", mode="")
case("set of a default", "a INT DEFAULT 3, b VARCHAR(20) DEFAULT 'bb'", "", b"1\t2\n", columns="(a, b) SET a = DEFAULT, b = DEFAULT(b)", kinds=("file",))
case("set in order", "a INT, b INT, c INT", "", b"1\n", columns="(a) SET b = a + 1, c = b + 1")
case("set with a wrong value", "a INT, b TINYINT", "", b"1\n", columns="(a) SET b = 1000")
case("set with null", "a INT, b TINYINT NOT NULL", "", b"1\n", columns="(a) SET b = NULL")
case("null and too few", "a INT NOT NULL, b INT NOT NULL, c INT", "", b"1\t\\N\n")
case("set with a subquery", "a INT, b INT", "", b"1\n2\n", columns="(a) SET b = (SELECT MAX(x) FROM (SELECT 1 AS x UNION SELECT 7) q)")
case("set from a date", "a DATE, b INT", "", b"31/12/2025\t4\n", columns="(@d, b) SET a = STR_TO_DATE(@d, '%d/%m/%Y')", show="CAST(a AS CHAR), b")
case("empty column list", AB, "", b"1\tone\n", columns="()")
case("unknown column", AB, "", b"1\n", columns="(a, z)")
case("column twice", AB, "", b"1\t2\n", columns="(a, a)")
case("unknown column in set", AB, "", b"1\n", columns="(a) SET z = 1")
case("qualified columns", AB, "", b"1\tone\n", columns="(t.a, load_golden.t.b)")

# ---- Text and character sets

case("utf8", AB, "", "1\tGrüße\n2\t日本語\n3\t🙂\n".encode())
case("not utf8", AB, "", b"1\ta\xffb\n2\tok\n")
case("not utf8 in the first", AB, "", b"\xff\tab\n2\tok\n")
case("cut utf8", AB, "", b"1\ta\xe6\x97\n2\tok\n")
case("cut utf8 of four", AB, "", b"1\tab\xf0\x9f\x99\n2\tok\n")
case("overlong utf8", AB, "", b"1\ta\xc0\x80b\n")
case("surrogate", AB, "", b"1\ta\xed\xa0\x80b\n")
case("not utf8 to a variable", AB, "", b"1\ta\xff\n", columns="(a, @v)")
case("binary to number", AB, "CHARACTER SET binary", b"1\xff\tab\n", mode="")
case("latin1 is refused or converted", AB, "CHARACTER SET utf8mb4", "1\té\n".encode())
case("binary", "a INT, b VARBINARY(20)", "CHARACTER SET binary", b"1\ta\xff\xfeb\n")
case("binary to text", AB, "CHARACTER SET binary", b"1\ta\xff\xfeb\n")
case("binary to text, long", AB, "CHARACTER SET binary", b"1\ta\xff\xfe\n2\ta\xff b\xfecdefgh\n", kinds=("local",))
case("binary good text", AB, "CHARACTER SET binary", "1\tGrüße\n".encode())
case("utf8 to blob", "a INT, b VARBINARY(20)", "", b"1\ta\xff\xfeb\n")
case("hex by set", "a INT, b VARBINARY(20)", "", b"1\t00FF10\n", columns="(a, @h) SET b = UNHEX(@h)")
case("unknown character set", AB, "CHARACTER SET nothing", b"1\tx\n")
case("blanks around numbers", "a INT, b INT", "FIELDS TERMINATED BY ','", b" 1,\t2\n\r3,4\r\n5 ,6\t\n", mode="")
case("the session's character set", "a VARCHAR(5), b VARBINARY(5)", "", b"ab\xff\ta\xff\n", mode="", before=("SET character_set_database = binary",), after=("SELECT @@collation_database", "USE load_golden", "SELECT @@character_set_database"))
case("too long for its column", "a INT, b VARCHAR(3)", "", "1\tabcd\n2\tüüüü\n3\tab     \n".encode())

# ---- Fixed rows

FIXED = "FIELDS TERMINATED BY '' ENCLOSED BY ''"
case("fixed", "a INT, b CHAR(4) CHARACTER SET binary, c TINYINT", FIXED, b"1          abcd5   \n22         ef  -12 \n")
case("fixed, short", "a INT, b BINARY(4), c TINYINT", FIXED, b"1          abcd5\n22         ef\n", mode="", show="a, b, c")
case("fixed, long", "a INT, b BINARY(4)", FIXED, b"1          abcdefg\n2          xyzw\n", mode="")
case("fixed, text", "a SMALLINT, b CHAR(3)", FIXED, b"1     abc         \n-2    x           \n")
case("fixed, no line end", "a SMALLINT, b SMALLINT", FIXED + " LINES TERMINATED BY ''", b"1     2     3     4     ")
case("fixed, cut character", "a BINARY(2), b VARCHAR(1)", FIXED, b"x\xc3\xa9yyy\n", mode="")
case("fixed with a blob", "a INT, b TEXT", FIXED, b"1          x\n")
case("fixed with a variable", "a INT, b INT", FIXED, b"1          x\n", columns="(a, @b)")

# ---- What is refused

case("long quote", AB, "FIELDS ENCLOSED BY 'ab'", b"1\tx\n")
case("long escape", AB, "FIELDS ESCAPED BY 'ab'", b"1\tx\n")
case("separator is not ascii", TEXTS, "FIELDS TERMINATED BY 'é'", "1é2é3\n".encode())
case("quote is not ascii", TEXTS, "FIELDS TERMINATED BY ',' ENCLOSED BY 'é'", "1,2,3\n".encode())
cursor.execute("SET sql_mode = DEFAULT")
cursor.execute("DROP TABLE IF EXISTS t")
cursor.execute("CREATE TABLE t (a INT, b VARCHAR(20))")
with open(path, "wb") as file:
    file.write(b"1\tone\n")
run("no such file", f"LOAD DATA INFILE '{folder}/missing' INTO TABLE t")
run("a folder", f"LOAD DATA INFILE '{folder}' INTO TABLE t")
run("no such table", f"LOAD DATA INFILE '{path}' INTO TABLE nothing", f"LOAD DATA LOCAL INFILE '{path}' INTO TABLE nothing")
run("no such database", f"LOAD DATA INFILE '{path}' INTO TABLE nowhere.t")
run("syntax", f"LOAD DATA INFILE {1} INTO TABLE t", "LOAD DATA INFILE 'x' INTO t", "LOAD DATA INFILE 'x' INTO TABLE t FIELDS", "LOAD DATA INFILE 'x' INTO TABLE t LINES",
    "LOAD DATA INFILE 'x' INTO TABLE t IGNORE LINES", "LOAD DATA INFILE 'x' REPLACE IGNORE INTO TABLE t", "LOAD DATA INFILE 'x' INTO TABLE t LINES TERMINATED BY 'a' FIELDS TERMINATED BY 'b'")
run("words", f"LOAD DATA LOW_PRIORITY INFILE '{path}' INTO TABLE t COLUMNS TERMINATED BY '\\t' LINES TERMINATED BY '\\n' IGNORE 0 ROWS",
    f"LOAD DATA CONCURRENT LOCAL INFILE '{path}' IGNORE INTO TABLE load_golden.t", "SELECT * FROM t")
run("prepared", f"PREPARE p FROM \"LOAD DATA INFILE '{path}' INTO TABLE t\"")
run("transaction", "DELETE FROM t", "BEGIN", f"LOAD DATA INFILE '{path}' INTO TABLE t", "SELECT * FROM t", "ROLLBACK", "SELECT * FROM t")

# ---- SELECT … INTO

cursor.execute("CREATE TABLE s (a INT PRIMARY KEY, b VARCHAR(20), c VARBINARY(20), d DATE, e DECIMAL(5,2), f DOUBLE)")
cursor.execute(r"INSERT INTO s VALUES (1, 'one', 'x', '2026-01-02', 1.5, 0.1), (2, 'ta\tb\nnl\\bs\"q,c', 0x00ff0a, NULL, NULL, NULL), (3, 'N', '', '2026-12-31', -3, 1e20)")
FROM = f"INTO OUTFILE '{out}'"
written("outfile", f"SELECT a, b, d, e, f {FROM} FROM s ORDER BY a")
written("outfile at the end", f"SELECT a, b FROM s ORDER BY a DESC LIMIT 2 {FROM}")
written("outfile before for update", f"SELECT a, b FROM s WHERE a = 1 {FROM} FOR UPDATE")
written("outfile after for update", f"SELECT a, b FROM s WHERE a = 1 FOR UPDATE {FROM}")
written("outfile csv", f"SELECT a, b, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"'")
written("outfile enclosed", f"SELECT a, b, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY ',' ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n'")
written("outfile without escape", f"SELECT a, b, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY ''")
written("outfile without anything", f"SELECT a, b, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY ',' ESCAPED BY ''")
written("outfile escape is the quote", f"SELECT a, b, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '\"'")
written("outfile starting by", f"SELECT a, b FROM s WHERE a <> 2 ORDER BY a {FROM} LINES STARTING BY '> ' TERMINATED BY ';\\n'")
written("outfile binary", f"SELECT c FROM s ORDER BY a {FROM}")
written("outfile letters", f"SELECT b, a FROM s ORDER BY a {FROM} FIELDS TERMINATED BY 't' ENCLOSED BY 'n' ESCAPED BY 'b' LINES TERMINATED BY 'x'")
written("outfile digits", f"SELECT a * 1111, b, f FROM s ORDER BY a {FROM} FIELDS TERMINATED BY '1'")
written("outfile optionally, digits", f"SELECT a * 1111, b, f, d FROM s ORDER BY a {FROM} FIELDS TERMINATED BY '1' OPTIONALLY ENCLOSED BY '\"'")
written("outfile fixed", f"SELECT a, d, e FROM s ORDER BY a {FROM} FIELDS TERMINATED BY '' ENCLOSED BY ''")
written("outfile fixed text", f"SELECT CAST('ab' AS CHAR(4)), 'x' {FROM} FIELDS TERMINATED BY ''")
written("outfile character set", f"SELECT 'Grüße', 1 {FROM} CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','")
written("outfile long separators", f"SELECT a, '<>x--', b FROM s WHERE a = 1 {FROM} FIELDS TERMINATED BY '<>' LINES TERMINATED BY '--'")
written("outfile ambiguous", f"SELECT a FROM s ORDER BY a {FROM} FIELDS TERMINATED BY '0'")
written("outfile ambiguous line", f"SELECT b FROM s WHERE a = 1 {FROM} FIELDS TERMINATED BY 'o' ENCLOSED BY ''")
written("outfile of a blob, fixed", f"SELECT CAST('x' AS BINARY(3)), b FROM s WHERE a = 1 {FROM} FIELDS TERMINATED BY ''")
written("outfile zero rows", f"SELECT a FROM s WHERE a > 9 {FROM}")
written("outfile union", f"SELECT 1 UNION SELECT 2 {FROM}")
written("outfile union in front", f"SELECT 1 {FROM} UNION SELECT 2")
written("outfile in a subquery", f"SELECT * FROM (SELECT 1 {FROM}) q")
written("outfile twice", f"SELECT 1 {FROM} FROM s {FROM}")
written("outfile error", f"SELECT (SELECT a FROM s) {FROM}")
written("outfile limit", f"SELECT a FROM s ORDER BY a LIMIT 1 OFFSET 1 {FROM}")
written("outfile foreign separator", f"SELECT 'aéb', 1 {FROM} FIELDS TERMINATED BY 'é'")
written("outfile long quote", f"SELECT 1 {FROM} FIELDS ENCLOSED BY 'ab'")
written("outfile years and times", f"SELECT CAST('10:11:12' AS TIME), CAST(2026 AS YEAR), 1.50, 1e3, TRUE {FROM}")
written("dumpfile", f"SELECT c INTO DUMPFILE '{out}' FROM s WHERE a = 2")
written("dumpfile of columns", f"SELECT a, b, d, c FROM s WHERE a = 2 INTO DUMPFILE '{out}'")
written("dumpfile of rows", f"SELECT a FROM s INTO DUMPFILE '{out}'")
written("dumpfile of nothing", f"SELECT a FROM s WHERE a > 9 INTO DUMPFILE '{out}'")
with open(out, "w") as file:
    file.write("there")
run("a file that is there", f"SELECT 1 {FROM}", f"SELECT 1 INTO DUMPFILE '{out}'")
run("no such folder", f"SELECT 1 INTO OUTFILE '{folder}/missing/x'")
run("variables", "SET @x = 1, @y = 2", "SELECT a, b INTO @x, @y FROM s WHERE a = 1", "SELECT @x, @y", "SELECT 5 INTO @X", "SELECT @x", "SELECT a FROM s WHERE a > 9 INTO @x", "SELECT @x",
    "SELECT a, b FROM s INTO @x", "SELECT a FROM s ORDER BY a INTO @x", "SELECT @x", "SELECT d, e, f, c FROM s WHERE a = 1 INTO @d, @e, @f, @c", "SELECT @d, @e, @f, @c",
    "SELECT 1 UNION SELECT 1 INTO @x", "SELECT a FROM s WHERE a = 1 INTO @x FOR UPDATE", "SELECT COUNT(*), NULL FROM s INTO @n, @m", "SELECT @n, @m",
    "SELECT 1 INTO x", "SELECT 1 INTO @a, @a", "SELECT 1, 2 INTO @a, @a", "SELECT @a", "SELECT 3 INTO @`quoted name`", "SELECT @`quoted name`", "SELECT 1 INTO", "SELECT 1 INTO OUTFILE",
    "PREPARE p FROM 'SELECT a + ? FROM s WHERE a = ? INTO @x'", "SET @p = 2", "EXECUTE p USING @p, @p", "SELECT @x", "EXPLAIN FORMAT=TRADITIONAL SELECT 1 INTO @x", "SELECT 'rows' FROM s LIMIT 1 INTO @z", "SELECT @z")
cursor.execute("DROP DATABASE load_golden")
