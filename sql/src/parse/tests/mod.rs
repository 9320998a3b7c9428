//! Statements → trees, refusals, errors, and texts that must not panic.

use bytes::Bytes;

mod shown;

use self::shown::*;
use super::*;
use crate::ast::*;
use crate::limits::CHAIN_OPERATORS_MAX;
use crate::types::Value;

fn parsed(text: &str) -> Statement {
    parsed_in(text, 0)
}

fn parsed_in(text: &str, mode: u64) -> Statement {
    match parse_statement(text.as_bytes(), SqlMode(mode)) {
        Ok(parsed) => parsed.statement,
        Err(error) => panic!("{text}: {error}"),
    }
}

fn error(text: &str) -> Error {
    match parse_statement(text.as_bytes(), SqlMode(0)) {
        Ok(parsed) => panic!("{text}: {:?}", parsed.statement),
        Err(error) => error,
    }
}

fn query_of(text: &str) -> Query {
    match parsed(text) {
        Statement::Query(query) => *query,
        other => panic!("{other:?}"),
    }
}

/// The expression of `SELECT text`.
fn expression_in(text: &str, mode: u64) -> String {
    match parsed_in(&format!("SELECT {text}"), mode) {
        Statement::Query(query) => match query.body {
            QueryBody::Select(select) => match &select.items[0] {
                SelectItem::Expression { expr, .. } => shown(expr),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn check(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let found = match parse_statement(format!("SELECT {text}").as_bytes(), SqlMode(0)) {
            Ok(_) => expression_in(text, 0),
            Err(error) => error.to_string(),
        };
        if found != *expected {
            wrong.push(format!("{text}\n   is {found}\n  not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operators_group_as_in_mysql() {
    check(&[
        ("name LIKE BINARY 'x%' AND tenant=5", "((name LIKE CAST('x%' LongBlob)) And (tenant Eq 5))"),
        ("BINARY a = b", "(CAST(a LongBlob) Eq b)"),
        ("a=1 && b=2", "((a Eq 1) And (b Eq 2))"),
        ("a>1 || b<2", "((a Greater 1) Or (b Less 2))"),
        ("a=1 XOR b=2", "((a Eq 1) Xor (b Eq 2))"),
        ("a OR b XOR c AND d", "(a Or (b Xor (c And d)))"),
        ("a LIKE 'x' = 1", "((a LIKE 'x') Eq 1)"),
        ("a = b LIKE 'c'", "(a Eq (b LIKE 'c'))"),
        ("2^3*2", "((2 BitXor 3) Multiply 2)"),
        ("a<<b & c", "((a ShiftLeft b) BitAnd c)"),
        (
            "a | b & c << d + e * f ^ g",
            "(a BitOr (b BitAnd (c ShiftLeft (d Add (e Multiply (f BitXor g))))))",
        ),
        ("@a := 1+2 > 3", "(@a := ((1 Add 2) Greater 3))"),
        ("1 + @a := 2", "(1 Add (@a := 2))"),
        ("NOT a = b", "(Not (a Eq b))"),
        ("! a = b", "((Not a) Eq b)"),
        ("NOT a AND b", "((Not a) And b)"),
        ("- a ^ 2", "((Minus a) BitXor 2)"),
        ("~a + 1", "((BitNot a) Add 1)"),
        ("a IS NULL = b", "((a IS NULL) Eq b)"),
        ("a = b IS NOT NULL", "((a Eq b) IS NOT NULL)"),
        ("a IS NOT TRUE OR b IS UNKNOWN", "((a IS NOT Some(true)) Or (b IS None))"),
        ("a BETWEEN 1 AND 2 AND b", "((a BETWEEN 1 AND 2) And b)"),
        ("a BETWEEN 1 AND b LIKE c", "(a BETWEEN 1 AND (b LIKE c))"),
        ("a NOT BETWEEN 1 + 1 AND 2 = 0", "((a NOT BETWEEN (1 Add 1) AND 2) Eq 0)"),
        ("a NOT IN (1, 2) AND b", "((a NOT IN [1, 2]) And b)"),
        ("a LIKE 'x|%' ESCAPE '|' OR b", "((a LIKE 'x|%' ESCAPE '|') Or b)"),
        ("a NOT REGEXP 'x' AND b RLIKE 'y'", "((a NOT REGEXP 'x') And (b REGEXP 'y'))"),
        ("a DIV b MOD c", "((a IntDivide b) Modulo c)"),
        ("a MOD b % c", "((a Modulo b) Modulo c)"),
        ("MOD(a, 2)", "(a Modulo 2)"),
        ("a - b - c", "((a Subtract b) Subtract c)"),
        ("a <=> NULL", "(a NullSafeEq NULL)"),
        ("a <> b != c", "((a NotEq b) NotEq c)"),
        ("-a COLLATE utf8mb4_bin", "(Minus (a COLLATE Utf8mb4Bin))"),
        ("a = b COLLATE binary", "(a Eq (b COLLATE Binary))"),
        ("'a' || 'b'", "('a' Or 'b')"),
        ("d + INTERVAL 1 DAY < e", "(DATE_ADD_DAY(d, 1) Less e)"),
        ("INTERVAL -1 HOUR + d", "DATE_ADD_HOUR(d, -1)"),
        ("d - INTERVAL '1:2' DAY_HOUR", "DATE_SUB_DAY_HOUR(d, '1:2')"),
        ("INTERVAL(5, 1, 10)", "INTERVAL(5, 1, 10)"),
        ("a = ANY (SELECT 1)", "(a IN {SELECT 1})"),
        ("a <> ALL (SELECT 1)", "(a NOT IN {SELECT 1})"),
        ("NOT EXISTS (SELECT 1)", "NOT EXISTS {SELECT 1}"),
        ("((SELECT 1) + 1)", "({SELECT 1} Add 1)"),
        ("((SELECT 1))", "{SELECT 1}"),
        ("(1, 2) = (a, b)", "(ROW(1, 2) Eq ROW(a, b))"),
        ("ROW(1, 2) IN ((1, 2))", "(ROW(1, 2) IN [ROW(1, 2)])"),
        ("1 AND 2 AND 3 AND 4", "((1 And 2) And (3 And 4))"),
        ("CASE a WHEN 1 THEN 'x' ELSE 'y' END = b", "(CASE a WHEN 1 THEN 'x' ELSE 'y' END Eq b)"),
        ("CASE WHEN a OR b THEN c END", "CASE WHEN (a Or b) THEN c END"),
    ]);
    assert_eq!(expression_in("'a' || 'b' = c", SqlMode::PIPES_AS_CONCAT), "(CONCAT('a', 'b') Eq c)");
    assert_eq!(expression_in("a || b ^ c", SqlMode::PIPES_AS_CONCAT), "(CONCAT(a, b) BitXor c)");
}

#[test]
fn literals_take_mysqls_forms() {
    check(&[
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551615", "18446744073709551615u"),
        ("-18446744073709551615", "-18446744073709551615d"),
        ("1.50", "1.50d"),
        ("-.5", "-0.5d"),
        ("1e3", "1000.0"),
        ("'a''b\\n' \"c\"", "'a'b\nc'"),
        ("N'x'", "_utf8mb3'x'"),
        ("_utf8mb4'x'", "_utf8mb4'x'"),
        ("_binary'x'", "x'78'"),
        ("_binary'1' + 1", "(x'31' Add 1)"),
        ("X'4D' ", "x'4d'"),
        ("0x4D + 0", "(x'4d' Add 0)"),
        ("b'101'", "x'05'"),
        ("TRUE", "1"),
        ("@@global.Max_Connections", "@@Global.max_connections"),
        ("@@sql_mode", "@@sql_mode"),
        ("@`A b`", "@a b"),
        ("t.select", "t.select"),
        ("`a``b`.`c`", "a`b.c"),
        ("_notacharset", "_notacharset"),
        ("? + ?", "(?0 Add ?1)"),
    ]);
    assert_eq!(expression_in("\"a\"", SqlMode::ANSI_QUOTES), "a");
    assert_eq!(expression_in("'a\\'", SqlMode::NO_BACKSLASH_ESCAPES), "'a\\'");
    let bytes = parse_statement(b"SELECT 'a\xff'", SqlMode(0)).unwrap().statement;
    let Statement::Query(query) = bytes else { panic!() };
    assert_eq!(query_shown(&query), "SELECT x'61ff'");
    assert_eq!(parse_statement(b"SELECT a\xff", SqlMode(0)).unwrap_err().code, 1300);
    assert!(expression_in("DATE '2020-01-02'", 0).contains("Date"));
    assert_eq!(error("SELECT DATE '2020-13-01'").code, 1525);
}

#[test]
fn calls_with_syntax_of_their_own() {
    check(&[
        ("COUNT(*)", "Count<>"),
        ("COUNT(DISTINCT a, b)", "Count<DISTINCT a, b>"),
        (
            "GROUP_CONCAT(DISTINCT a, b ORDER BY c DESC, d SEPARATOR ';')",
            "GroupConcat<DISTINCT a, b ORDER c- ORDER d SEP ';'>",
        ),
        ("std(a)", "StddevPop<a>"),
        ("EXTRACT(YEAR_MONTH FROM d)", "EXTRACT_YEAR_MONTH(d)"),
        ("TRIM(' a ')", "TRIM(' a ')"),
        ("TRIM(LEADING 'x' FROM a)", "TRIM_LEADING(a, 'x')"),
        ("TRIM('x' FROM a)", "TRIM_BOTH(a, 'x')"),
        ("TRIM(TRAILING FROM a)", "TRIM_TRAILING(a, ' ')"),
        ("SUBSTRING(a FROM 2 FOR 3)", "SUBSTRING(a, 2, 3)"),
        ("substr(a, 2)", "SUBSTRING(a, 2)"),
        ("POSITION('a' IN b)", "LOCATE('a', b)"),
        ("DATE_ADD(d, INTERVAL 1 + 1 MONTH)", "DATE_ADD_MONTH(d, (1 Add 1))"),
        ("ADDDATE(d, 3)", "DATE_ADD_DAY(d, 3)"),
        ("TIMESTAMPDIFF(SQL_TSI_DAY, a, b)", "TIMESTAMPDIFF_DAY(a, b)"),
        ("CURRENT_TIMESTAMP", "NOW()"),
        ("CURRENT_TIMESTAMP(3)", "NOW(3)"),
        ("NOW()", "NOW()"),
        ("IF(a, b, c)", "IF(a, b, c)"),
        ("LEFT(a, 1)", "LEFT(a, 1)"),
        ("INSERT(a, 1, 2, b)", "INSERT(a, 1, 2, b)"),
        ("DATABASE()", "DATABASE()"),
        ("CAST(a AS UNSIGNED INTEGER)", "CAST(a BigInt)"),
        ("CAST(a AS CHAR(5) CHARACTER SET utf8mb4)", "CAST(a VarChar(5))"),
        ("CAST(a AS DECIMAL(10,2))", "CAST(a Decimal { precision: 10, scale: 2 })"),
        ("CONVERT(a, DATETIME(6))", "CAST(a DateTime(6))"),
        ("CONVERT(a USING binary)", "CAST(a LongBlob)"),
        ("CONVERT(a USING utf8mb4)", "CAST(a LongText)"),
        ("VALUES(a)", "VALUES(a)"),
        ("{d '2020-01-01'} IS NULL OR date IS NULL", &format!("(({:?} IS NULL) Or (date IS NULL))", date())),
    ]);
    fn date() -> Value {
        Value::Date(crate::types::Date::new(2020, 1, 1).unwrap())
    }
}

#[test]
fn queries() {
    for (text, expected) in [
        ("SELECT 1", "SELECT 1"),
        ("SELECT 1 FROM DUAL", "SELECT 1"),
        (
            "SELECT DISTINCT a x, b AS 'y', t.*, db.t.c FROM t",
            "SELECT DISTINCT a AS x, b AS y, None.t.*, db.t.c FROM t",
        ),
        ("SELECT * FROM a, b c WHERE a.x = c.x", "SELECT * FROM (a Inner b c) WHERE (a.x Eq c.x)"),
        ("SELECT * FROM a JOIN b JOIN c ON a.x = c.x", "SELECT * FROM ((a Inner b) Inner c ON (a.x Eq c.x))"),
        (
            "SELECT * FROM a LEFT JOIN b USING (x, y) RIGHT OUTER JOIN c ON 1",
            "SELECT * FROM ((a Left b USING [\"x\", \"y\"]) Right c ON 1)",
        ),
        ("SELECT * FROM a NATURAL JOIN b CROSS JOIN c", "SELECT * FROM ((a Inner b NATURAL) Inner c)"),
        ("SELECT * FROM a LEFT JOIN (b, c) ON 1", "error"),
        (
            "SELECT * FROM a STRAIGHT_JOIN (b JOIN c ON 2) ON 1",
            "SELECT * FROM (a Inner (b Inner c ON 2) ON 1)",
        ),
        (
            "SELECT * FROM t FORCE INDEX (PRIMARY, k) IGNORE KEY (j)",
            "SELECT * FROM t Force[\"PRIMARY\", \"k\"] Ignore[\"j\"]",
        ),
        (
            "SELECT a FROM t ORDER BY a DESC, 2 LIMIT 5, 10",
            "SELECT a FROM t ORDER a- ORDER 2 LIMIT 10 OFFSET 5",
        ),
        ("SELECT a FROM t LIMIT ? OFFSET ?", "SELECT a FROM t LIMIT ?0 OFFSET ?1"),
        (
            "SELECT a, SUM(b) FROM t GROUP BY a HAVING SUM(b) > 1",
            "SELECT a, Sum<b> FROM t GROUP a HAVING (Sum<b> Greater 1)",
        ),
        (
            "SELECT 1 UNION ALL SELECT 2 UNION SELECT 3 ORDER BY 1",
            "[[SELECT 1] UNION ALL [SELECT 2]] UNION [SELECT 3] ORDER 1",
        ),
        ("(SELECT 1 LIMIT 1) UNION (SELECT 2)", "[SELECT 1 LIMIT 1] UNION [SELECT 2]"),
        ("((SELECT 1))", "SELECT 1"),
        ("SELECT * FROM (SELECT a FROM t) AS d", "SELECT * FROM {SELECT a FROM t} Some(\"d\")"),
        ("SELECT a offset FROM t view", "SELECT a AS offset FROM t view"),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u)", "SELECT a FROM t WHERE (b IN {SELECT c FROM u})"),
        (
            "SELECT 1 FOR UPDATE",
            "SELECT 1 Locking { exclusive: true, nowait: false, skip_locked: false, of: [], more: [] }",
        ),
        (
            "SELECT a FROM t LOCK IN SHARE MODE",
            "SELECT a FROM t Locking { exclusive: false, nowait: false, skip_locked: false, of: [], more: [] }",
        ),
        (
            "SELECT a FROM t FOR SHARE OF t SKIP LOCKED",
            "SELECT a FROM t Locking { exclusive: false, nowait: false, skip_locked: true, of: [\"t\"], more: [] }",
        ),
        ("/*!40001 SQL_NO_CACHE */ SELECT 1", "error"),
        ("SELECT /*!40001 SQL_NO_CACHE */ * FROM `t`;", "SELECT * FROM t"),
    ] {
        let found = match parse_statement(text.as_bytes(), SqlMode(0)) {
            Ok(Parsed { statement: Statement::Query(query), .. }) => query_shown(&query),
            Ok(other) => panic!("{text}: {other:?}"),
            Err(_) => "error".into(),
        };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn select_items_keep_their_text() {
    let query =
        query_of("SELECT  a +  1 , 'it''s', ' x' 'y', (SELECT max( b ) FROM t), N'z', f ( ) AS g FROM t");
    let QueryBody::Select(select) = query.body else { panic!() };
    let texts: Vec<&str> = select
        .items
        .iter()
        .map(|item| match item {
            SelectItem::Expression { text, .. } => text.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts, ["a +  1", "it's", "x", "(SELECT max( b ) FROM t)", "z", "f ( ) AS g"]);
}

#[test]
fn inserts_by_both_paths_are_equal() {
    let both = |fast: &str, slow: &str| {
        assert!(insert_rows::parse(fast.as_bytes(), SqlMode(0)).is_some(), "{fast}");
        assert!(insert_rows::parse(slow.as_bytes(), SqlMode(0)).is_none(), "{slow}");
        assert_eq!(parsed(fast), parsed(slow));
    };
    both("INSERT INTO t VALUES (1, 'a', NULL)", "INSERT LOW_PRIORITY INTO t VALUES (1, 'a', NULL)");
    both(
        "insert ignore d.t (a, `b`) values (-1, 2.5),(DEFAULT, X'00');",
        "insert ignore d.t (a, t.`b`) values (-1, 2.5),(DEFAULT, X'00');",
    );
    both("REPLACE t VALUES (?, -1e2, TRUE)", "REPLACE LOW_PRIORITY t VALUES (?, -1e2, TRUE)");
    both(
        "INSERT INTO t VALUES (9223372036854775808, 18446744073709551616)",
        "INSERT INTO t VALUE (9223372036854775808, 18446744073709551616)",
    );
    assert!(insert_rows::parse(b"INSERT INTO t VALUES (1", SqlMode(0)).is_none());
    assert!(insert_rows::parse(b"INSERT INTO t VALUES (a)", SqlMode(0)).is_none());
    assert!(insert_rows::parse(b"INSERT INTO select VALUES (1)", SqlMode(0)).is_none());
    let Statement::Insert(insert) = parsed(
        "INSERT INTO t (a, b) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE a = new.a + VALUES(b), t.b = 3",
    ) else {
        panic!()
    };
    assert_eq!(insert.row_alias.as_deref(), Some("new"));
    assert_eq!(shown(&insert.on_duplicate[0].1), "(new.a Add VALUES(b))");
    assert_eq!(insert.on_duplicate[1].0, "b");
    let Statement::Insert(insert) = parsed("INSERT INTO t SET a = 1, b = DEFAULT") else { panic!() };
    assert_eq!(
        (insert.columns.len(), insert.source),
        (2, InsertSource::Values(vec![vec![Expr::Literal(Value::Int(1)), Expr::Default(None)]]))
    );
    let Statement::Insert(insert) = parsed("INSERT INTO t () VALUES (), ()") else { panic!() };
    assert_eq!(insert.source, InsertSource::Values(vec![vec![], vec![]]));
    let Statement::Insert(insert) =
        parsed("INSERT INTO t (a) (SELECT b FROM u) ON DUPLICATE KEY UPDATE a = 1")
    else {
        panic!()
    };
    assert!(matches!(insert.source, InsertSource::Query(_)) && insert.on_duplicate.len() == 1);
}

#[test]
fn updates_and_deletes() {
    let Statement::Update(update) =
        parsed("UPDATE IGNORE d.t SET t.a = a + 1, b := DEFAULT WHERE c = 2 ORDER BY d LIMIT 3")
    else {
        panic!()
    };
    assert!(update.ignore && update.order_by.len() == 1 && update.limit.is_some());
    assert_eq!(shown(&update.assignments[0].0), "t.a");
    assert_eq!(shown(&update.assignments[0].1), "(a Add 1)");
    assert_eq!(table_shown(&update.from), "d.t");
    let Statement::Update(update) = parsed("UPDATE a, b SET a.x = b.x") else { panic!() };
    assert_eq!(table_shown(&update.from), "(a Inner b)");
    let Statement::Delete(delete) = parsed("DELETE QUICK FROM t WHERE a = 1 LIMIT ?") else { panic!() };
    assert_eq!(shown(&delete.filter.unwrap()), "(a Eq 1)");
    for text in ["DELETE t, d.u.* FROM t JOIN d.u", "DELETE FROM t, d.u USING t JOIN d.u"] {
        let Statement::Delete(delete) = parsed(text) else { panic!() };
        let targets: Vec<_> =
            delete.targets.iter().map(|name| (name.database.as_deref(), &*name.table)).collect();
        assert_eq!(targets, [(None, "t"), (Some("d"), "u")], "{text}");
        assert_eq!(table_shown(&delete.from), "(t Inner d.u)", "{text}");
    }
    let Statement::Delete(delete) = parsed("WITH q AS (SELECT 1) DELETE FROM t") else { panic!() };
    assert!(delete.with.is_some() && delete.targets.is_empty());
    assert_eq!(error("UPDATE t SET a = 1 LIMIT 1, 2").code, 1064);
}

#[test]
fn tables_are_defined() {
    let Statement::CreateTable(table) = parsed(
        "CREATE TABLE IF NOT EXISTS d.t (\n id INTEGER UNSIGNED NOT NULL AUTO_INCREMENT, a char(120) DEFAULT '' NOT NULL, \
         b varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL UNIQUE COMMENT 'c', \
         c timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), d decimal(5,2) default -1.5, \
         e tinyint(1), f text(100), g bool, PRIMARY KEY (id), KEY k (a(10) DESC, b), CONSTRAINT u UNIQUE INDEX USING BTREE (c)) \
         /*! ENGINE = innodb */ AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE utf8mb4_general_ci COMMENT='x', ROW_FORMAT=DYNAMIC",
    ) else {
        panic!()
    };
    assert!(table.if_not_exists && table.columns.len() == 8 && table.keys.len() == 4);
    assert_eq!((table.auto_increment, table.comment.as_str()), (Some(5), "x"));
    assert_eq!(table.collation, Some(crate::types::Collation::Utf8mb4GeneralCi));
    let types: Vec<_> = table.columns.iter().map(|column| format!("{:?}", column.data_type.kind)).collect();
    assert_eq!(
        types.join(" "),
        "Int Char(120) VarChar(10) Timestamp(3) Decimal { precision: 5, scale: 2 } TinyInt Text TinyInt"
    );
    assert_eq!(table.columns[5].data_type.display_width, 1);
    assert!(
        table.columns[2].collation_given
            && !table.columns[1].collation_given
            && table.columns[3].on_update_now
    );
    assert_eq!(shown(table.columns[4].default.as_ref().unwrap()), "-1.5d");
    assert_eq!(shown(table.columns[3].default.as_ref().unwrap()), "NOW(3)");
    let keys: Vec<_> = table.keys.iter().map(|key| (key.kind, key.name.as_deref())).collect();
    assert_eq!(
        keys,
        [
            (KeyKind::Unique, None),
            (KeyKind::Primary, None),
            (KeyKind::Index, Some("k")),
            (KeyKind::Unique, Some("u"))
        ]
    );
    assert_eq!(
        table.keys[2].columns[0],
        KeyPart { column: "a".into(), expression: None, prefix: Some(10), descending: true }
    );
    assert!(matches!(parsed("CREATE TABLE t LIKE u"), Statement::CreateTable(table) if table.like.is_some()));
    for (text, code) in [
        ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES u (a) ON DELETE)", 1064),
        ("CREATE TABLE t (a INT) PARTITION BY HASH (a) PARTITIONS 0", 1504),
        ("CREATE TABLE t (a INT) PARTITION BY HASH (a) PARTITIONS 2 (PARTITION p)", 1064),
        ("CREATE TABLE t (a VARCHAR)", 1064),
        ("CREATE TABLE t (a CHAR(256))", 1074),
        ("CREATE TABLE t (a TIME(7))", 1426),
        ("CREATE TABLE t (a INT) CHARSET=gbk", 1235),
        ("CREATE TABLE t (a NOTATYPE)", 1064),
    ] {
        assert_eq!(error(text).code, code, "{text}");
    }
}

/// The actions of an ALTER TABLE.
fn actions(text: &str) -> Vec<AlterAction> {
    match parsed(text) {
        Statement::AlterTable(alter) => alter.actions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tables_are_altered() {
    assert!(matches!(
        &actions("ALTER TABLE t ADD INDEX i (a), ADD UNIQUE u (b)")[..],
        [AlterAction::AddKey(_), AlterAction::AddKey(_)]
    ));
    assert!(matches!(parsed("CREATE UNIQUE INDEX i ON d.t (a, b(3))"), Statement::CreateIndex(_)));
    assert_eq!(actions("ALTER TABLE t DROP PRIMARY KEY"), [AlterAction::DropKey("PRIMARY".into())]);
    let Statement::DropIndex(drop) = parsed("DROP INDEX i ON t ALGORITHM=INPLACE LOCK=NONE") else {
        panic!()
    };
    assert_eq!((drop.algorithm, drop.lock), (Algorithm::Inplace, AlterLock::None));
    assert_eq!(actions("/*!40000 ALTER TABLE `t` DISABLE KEYS */"), [AlterAction::SwitchKeys]);
    assert!(matches!(&actions("ALTER TABLE t RENAME TO d.u")[..], [AlterAction::Rename(_)]));
    assert!(
        matches!(parsed("RENAME TABLE a TO b, c TO d"), Statement::RenameTable(pairs) if pairs.len() == 2)
    );
    let after = |name: &str| ColumnPlace::After(name.into());
    let added =
        actions("ALTER TABLE t ADD COLUMN a INT FIRST, ADD b INT UNIQUE AFTER a, ADD (c INT, KEY (c))");
    let places: Vec<_> = added
        .iter()
        .filter_map(|action| match action {
            AlterAction::AddColumn { place, .. } => Some(place.clone()),
            _ => None,
        })
        .collect();
    assert_eq!((added.len(), places), (5, vec![ColumnPlace::First, after("a"), ColumnPlace::Unsaid]));
    assert_eq!(actions("ALTER TABLE t COMMENT 'x' AUTO_INCREMENT 5, FORCE, ORDER BY a, b DESC").len(), 4);
    for (text, code) in [
        ("ALTER TABLE t ADD COLUMN a", 1064),
        ("ALTER TABLE t,", 1064),
        ("ALTER TABLE t ADD COLUMN (a INT FIRST)", 1064),
        ("ALTER TABLE t ADD a INT ALGORITHM=COPY", 1064),
        ("ALTER TABLE t RENAME KEY PRIMARY TO x", 1064),
        ("ALTER TABLE t ALTER a SET DEFAULT NOW()", 1064),
        ("ALTER TABLE t ALGORITHM=FOO", 1800),
        ("ALTER TABLE t LOCK=FOO", 1801),
        ("ALTER TABLE t WITH VALIDATION", 1221),
        ("ALTER TABLE t DROP FOREIGN KEY", 1064),
        ("ALTER TABLE t DROP PARTITION", 1064),
        ("ALTER TABLE t CHECK PARTITION p", 1235),
        ("ALTER TABLE t IMPORT TABLESPACE", 1235),
    ] {
        assert_eq!(error(text).code, code, "{text}");
    }
}

#[test]
fn set_assigns_in_order() {
    let text = "SET a=1, @@session.B=ON, @c:=3, GLOBAL d = DEFAULT, e = x, SESSION f = 'y', @@g = NULL";
    let Statement::Set(assignments) = parsed(text) else { panic!() };
    let found: Vec<_> =
        assignments.iter().map(|one| format!("{:?} {}", one.target, shown(&one.value))).collect();
    assert_eq!(
        found,
        [
            "System(None, \"a\") 1",
            "System(Some(Session), \"b\") 'ON'",
            "User(\"c\") 3",
            "System(Some(Global), \"d\") DEFAULT(None)",
            "System(Some(Global), \"e\") 'x'",
            "System(Some(Session), \"f\") 'y'",
            "System(None, \"g\") NULL",
        ]
    );
    assert_eq!(
        parsed("SET NAMES utf8mb4 COLLATE 'utf8mb4_bin'"),
        Statement::SetNames {
            character_set: "utf8mb4".into(),
            collation: Some("utf8mb4_bin".into()),
            is_names: true
        }
    );
    assert!(matches!(parsed("SET CHARACTER SET utf8"), Statement::SetNames { is_names: false, .. }));
    let Statement::Set(assignments) = parsed("SET sql_mode=(SELECT CONCAT(@@sql_mode, ',x')), NAMES utf8mb4")
    else {
        panic!()
    };
    assert_eq!(assignments.len(), 4);
    assert_eq!(
        parsed("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY"),
        Statement::SetTransaction {
            scope: Some(VariableScope::Session),
            read_only: Some(true),
            isolation: Some("READ-COMMITTED".into())
        }
    );
    assert!(matches!(parsed("SET TRANSACTION READ WRITE"), Statement::SetTransaction { scope: None, .. }));
    for text in ["SET PERSIST a = 1", "SET @@persist.a = 1", "SET RESOURCE GROUP g"] {
        assert_eq!(error(text).code, 1235, "{text}");
    }
}

#[test]
fn show_in_its_forms() {
    let kind = |text: &str| match parsed(text) {
        Statement::Show(show) => format!("{:?} {:?} {}", show.kind, show.like, show.filter.is_some()),
        other => panic!("{other:?}"),
    };
    for (text, expected) in [
        ("SHOW DATABASES LIKE 'a%'", "Databases Some(\"a%\") false"),
        (
            "SHOW FULL TABLES FROM d WHERE Table_type = 'VIEW'",
            "Tables { database: Some(\"d\"), full: true } None true",
        ),
        (
            "SHOW FULL COLUMNS FROM t IN d",
            "Columns { table: TableName { database: Some(\"d\"), table: \"t\" }, full: true } None false",
        ),
        (
            "SHOW KEYS FROM d.t",
            "Index { table: TableName { database: Some(\"d\"), table: \"t\" } } None false",
        ),
        ("SHOW GLOBAL VARIABLES LIKE 'x'", "Variables { global: true } Some(\"x\") false"),
        ("SHOW SESSION STATUS WHERE variable_name = 'y'", "Status { global: false } None true"),
        ("SHOW WARNINGS LIMIT 5, 10", "Warnings { limit: Some(10), offset: 5 } None false"),
        ("SHOW COUNT(*) ERRORS", "CountErrors None false"),
        (
            "SHOW CREATE SCHEMA IF NOT EXISTS d",
            "CreateDatabase { name: \"d\", if_not_exists: true } None false",
        ),
        (
            "SHOW GRANTS FOR 'u'@'h'",
            "Grants { user: Some(Named(AccountId { user: \"u\", host: \"h\" })), using: [] } None false",
        ),
        ("SHOW GRANTS FOR CURRENT_USER()", "Grants { user: Some(Current), using: [] } None false"),
        ("SHOW TABLE STATUS LIKE 't'", "TableStatus { database: None } Some(\"t\") false"),
        ("SHOW ENGINE INNODB STATUS", "EngineStatus(\"innodb\") None false"),
        ("SHOW MASTER STATUS", "BinaryLogStatus None false"),
        ("SHOW CHARACTER SET", "CharacterSet None false"),
        ("SHOW PROCEDURE STATUS WHERE Db = 'd'", "ProcedureStatus None true"),
        (
            "DESC t 'a%'",
            "Columns { table: TableName { database: None, table: \"t\" }, full: false } Some(\"a%\") false",
        ),
        (
            "EXPLAIN d.t c",
            "Columns { table: TableName { database: Some(\"d\"), table: \"t\" }, full: false } Some(\"c\") false",
        ),
    ] {
        assert_eq!(kind(text), expected, "{text}");
    }
    assert!(matches!(parsed("EXPLAIN SELECT 1"), Statement::Explain(_)));
    assert!(matches!(parsed("EXPLAIN FORMAT=TRADITIONAL UPDATE t SET a = 1"), Statement::Explain(_)));
    assert!(matches!(parsed("EXPLAIN FORMAT=JSON SELECT 1"), Statement::Explain(_)));
    assert_eq!(error("EXPLAIN FOR CONNECTION 5").code, 1235);
    assert_eq!(error("SHOW NONSENSE").code, 1064);
}

#[test]
fn the_small_statements() {
    assert_eq!(parsed("BEGIN WORK"), Statement::Begin { consistent_snapshot: false, read_only: None });
    assert_eq!(
        parsed("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"),
        Statement::Begin { consistent_snapshot: true, read_only: Some(true) }
    );
    assert_eq!(
        parsed("START TRANSACTION READ WRITE"),
        Statement::Begin { consistent_snapshot: false, read_only: Some(false) }
    );
    assert_eq!(parsed("COMMIT AND NO CHAIN NO RELEASE"), Statement::Commit);
    assert_eq!(parsed("COMMIT WORK AND CHAIN NO RELEASE"), Statement::CommitAndChain);
    assert_eq!(error("COMMIT AND CHAIN RELEASE").code, 1064);
    assert_eq!(parsed("ROLLBACK TO SAVEPOINT `s`"), Statement::RollbackTo("s".into()));
    assert_eq!(parsed("RELEASE SAVEPOINT s"), Statement::ReleaseSavepoint("s".into()));
    assert_eq!(parsed("use `my db`"), Statement::Use("my db".into()));
    assert_eq!(parsed("ALTER INSTANCE RELOAD TLS"), Statement::ReloadTls);
    assert_eq!(parsed("alter instance reload tls for channel mysql_main;"), Statement::ReloadTls);
    assert!(matches!(parsed("KILL QUERY 5"), Statement::Kill { query_only: true, .. }));
    assert!(matches!(parsed("DO 1, SLEEP(2)"), Statement::Do(list) if list.len() == 2));
    assert!(matches!(parsed("PREPARE p FROM 'SELECT ?'"), Statement::PrepareText { .. }));
    assert_eq!(
        parsed("EXECUTE p USING @A, @b"),
        Statement::ExecutePrepared { name: "p".into(), using: vec!["a".into(), "b".into()] }
    );
    assert_eq!(parsed("DROP PREPARE p"), Statement::Deallocate("p".into()));
    assert!(
        matches!(parsed("DROP TABLES IF EXISTS a, b.c CASCADE"), Statement::DropTable { names, if_exists: true } if names.len() == 2)
    );
    assert!(matches!(
        parsed("CREATE DATABASE d DEFAULT CHARACTER SET = utf8mb4 COLLATE utf8mb4_bin"),
        Statement::CreateDatabase { collation: Some(_), .. }
    ));
    assert!(matches!(parsed("TRUNCATE t"), Statement::TruncateTable(_)));
    assert!(matches!(parsed("ANALYZE TABLE a, b"), Statement::AnalyzeTable(names) if names.len() == 2));
}

#[test]
fn a_call_has_a_name_and_arguments() {
    let call = |schema: &str, name: &str, arguments| {
        Statement::Call(Call { schema: schema.into(), name: name.into(), arguments })
    };
    let word = |word: &'static str| Expr::Literal(Value::Text(Bytes::from_static(word.as_bytes())));
    assert_eq!(
        parsed("CALL dbms_consensus.change_leader('127.0.0.1:4102');"),
        call("dbms_consensus", "change_leader", vec![word("127.0.0.1:4102")])
    );
    assert_eq!(parsed("call show_logs"), call("", "show_logs", Vec::new()));
    assert_eq!(parsed("CALL `a b`.`c d`()"), call("a b", "c d", Vec::new()));
    let text = "CALL configure_follower(?, 1 + ?, TRUE)";
    let prepared = parse_statement(text.as_bytes(), SqlMode::default()).unwrap();
    assert_eq!(prepared.parameter_count, 2);
    assert!(matches!(prepared.statement, Statement::Call(call) if call.arguments.len() == 3));
    for text in [
        "CALL",
        "CALL p(",
        "CALL p(1",
        "CALL p(1,)",
        "CALL p(1) 2",
        "CALL 'p'()",
        "CALL a.b.c()",
        "CALL p(1 2)",
    ] {
        assert_eq!(error(text).code, 1064, "{text}");
    }
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for (text, named) in [
        ("CREATE FUNCTION f RETURNS STRING SONAME 'x.so'", "loadable functions"),
        ("GRANT PROXY ON a TO u", "proxy users"),
        ("GRANT SELECT ON *.* TO u AS v", "GRANT … AS"),
        ("GRANT EXECUTE ON LIBRARY d.p TO u", "privileges on libraries"),
        ("ALTER USER u ADD 2 FACTOR IDENTIFIED BY 'x'", "authentication with more than one factor"),
        ("FLUSH TABLES t FOR EXPORT", "FLUSH TABLES … FOR EXPORT"),
        ("FLUSH OPTIMIZER_COSTS", "FLUSH OPTIMIZER_COSTS"),
        ("COMMIT RELEASE", "COMMIT and ROLLBACK RELEASE"),
        ("LOAD XML INFILE 'x' INTO TABLE t", "LOAD XML"),
        (
            "SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (a ENUM('1') PATH '$')) t",
            "ENUM, SET and BIT columns of JSON_TABLE",
        ),
        ("SELECT MATCH (a) AGAINST ('x') FROM t", "full-text search (MATCH … AGAINST)"),
    ] {
        let error = error(text);
        assert_eq!(
            (error.code, error.message.contains(&format!("'{named}'"))),
            (1235, true),
            "{text}: {error}"
        );
    }
}

#[test]
fn syntax_errors_point_at_the_offending_token() {
    for (text, near, line) in [
        ("SELEC 1", "SELEC 1", 1),
        ("SELECT FROM t", "FROM t", 1),
        ("SELECT 1 FROM t WHERE", "", 1),
        ("SELECT a b c FROM t", "c FROM t", 1),
        ("SELECT 1;\nSELECT 2", "SELECT 2", 2),
        ("INSERT INTO t VALUES (1,\n2", "", 2),
        ("UPDATE t SET", "", 1),
        ("CREATE TABLE t (a INT,)", ")", 1),
        ("SELECT 'abc", "'abc", 1),
        ("SELECT a::int", "::int", 1),
        ("SELECT a ILIKE 'x'", "'x'", 1),
        ("SELECT [1]", "[1]", 1),
        ("DROP TABLE a b", "b", 1),
        ("SELECT COUNT(DISTINCT) FROM t", ") FROM t", 1),
        ("SELECT * FROM t ORDER BY", "", 1),
        ("SET NAMES", "", 1),
        ("SHOW foo", "foo", 1),
        ("SELECT a FROM t LEFT JOIN u", "", 1),
        ("SELECT 1, * FROM t", "* FROM t", 1),
        ("SELECT f(1,)", ")", 1),
        ("CREATE TABLE t (a notatype)", "notatype)", 1),
    ] {
        let expected = Error::syntax(near, line);
        assert_eq!(error(text), expected, "{text}");
    }
    assert_eq!(error("").code, 1065);
    assert_eq!(error(" \n").code, 1065);
    for text in [" -- x", "--", "#", "/**/", "/* x */ -- y", "/*!99999 x */"] {
        assert_eq!(parsed(text), Statement::Do(Vec::new()), "{text}");
    }
}

/// Texts that nest or chain past the bounds end in an error, and those just within are parsed, on a thread with half the stack of a session's.
#[test]
fn depth_is_bounded() {
    let deep = |open: &str, close: &str, count: usize| {
        format!("SELECT {}1{}", open.repeat(count), close.repeat(count))
    };
    let texts = [
        deep("(", ")", 20_000),
        deep("-", "", 20_000),
        deep("NOT ", "", 20_000),
        deep("(SELECT ", ")", 20_000),
        deep("f(", ")", 20_000),
        deep("CASE WHEN 1 THEN ", " END", 20_000),
        deep("1 IN (", ")", 20_000),
        deep("1 + (", ")", 20_000),
        deep("", " + 1", 50_000),
        deep("", " OR a = 1", 50_000),
        deep("", " IS NULL", 50_000),
        deep("", " UNION SELECT 1", 50_000),
        deep("", " FROM t JOIN t", 50_000),
        format!("SELECT 1 FROM {}t{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("SELECT 1 FROM t{}", " JOIN t".repeat(59)),
        format!("SELECT 1{} FROM", " OR a = 1".repeat(9_900)),
        format!("SELECT 1 FROM {}t{}", "(SELECT * FROM ".repeat(5_000), ") d".repeat(5_000)),
        "(".repeat(20_000),
        "SELECT {fn ".repeat(2_000),
        format!("SELECT {}", "@a := ".repeat(20_000)),
        format!("SELECT {}", "INTERVAL ".repeat(20_000)),
        format!("SELECT {}", "BINARY ".repeat(20_000)),
        format!("SELECT INTERVAL (1{}) DAY", " OR a = 1".repeat(9_900)),
        format!("SELECT 1 FROM t LIMIT (1{})", " OR a = 1".repeat(9_900)),
        format!("SELECT a := (1{})", " OR a = 1".repeat(9_900)),
        format!("SELECT (1{}).x", " OR a = 1".repeat(9_900)),
        format!("EXPLAIN {}SELECT 1", "EXPLAIN ".repeat(20_000)),
    ];
    let run = move || {
        for text in &texts {
            let result = parse_statement(text.as_bytes(), SqlMode(0));
            assert!(result.is_err() || text.contains("JOIN t JOIN t"), "{}", &text[..60]);
        }
        let nested = deep("(", ")", 50);
        assert!(parse_statement(nested.as_bytes(), SqlMode(0)).is_ok());
        for operator in [" + 1", " - 1", " * 1", " IS NULL", " = 1", " || 1", " LIKE 1"] {
            let longest = format!("SELECT @a{}", operator.repeat(CHAIN_OPERATORS_MAX - 1));
            assert!(parse_statement(longest.as_bytes(), SqlMode(0)).is_ok(), "{operator}");
        }
        let chained = deep("", " OR a = 1", 9_000);
        assert!(parse_statement(chained.as_bytes(), SqlMode(0)).is_ok());
    };
    std::thread::Builder::new().stack_size(4 << 20).spawn(run).unwrap().join().unwrap();
}

/// Every cut of these texts, and every one with a byte turned, parses or fails; it does not panic.
#[test]
fn truncated_and_damaged_texts_do_not_panic() {
    let texts: &[&str] = &[
        "SELECT DISTINCT a, COUNT(*) c FROM t1 LEFT JOIN t2 USING (x) WHERE a IN (1, 2) AND b LIKE 'x%' ESCAPE '!' GROUP BY a HAVING c > 1 ORDER BY 1 DESC LIMIT 1, 2 FOR UPDATE OF t1 NOWAIT",
        "INSERT INTO d.t (a, b) VALUES (1, 'x''y'), (-2.5, X'4D') ON DUPLICATE KEY UPDATE a = VALUES(a) + 1",
        "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, c VARCHAR(10) DEFAULT 'x' COMMENT 'y', KEY k (c(3) DESC)) ENGINE=InnoDB /*!40100 DEFAULT CHARSET=utf8mb4 */",
        "SET NAMES utf8mb4 COLLATE utf8mb4_bin, @a := CASE WHEN @@global.x THEN DATE '2020-01-01' + INTERVAL 1 DAY END, SESSION y = ON",
        "UPDATE IGNORE t SET a = TRIM(BOTH 'x' FROM b), c = CAST(d AS DECIMAL(5, 2)) WHERE e BETWEEN 1 AND 2 ORDER BY f LIMIT 5",
        "SHOW GRANTS FOR 'u'@'h'",
        "SHOW GRANTS FOR u USING r, 's'@h",
        "SHOW CREATE USER CURRENT_USER()",
        "CREATE USER IF NOT EXISTS 'u'@'10.%' IDENTIFIED WITH caching_sha2_password AS 0x2441, v IDENTIFIED BY RANDOM PASSWORD \
         DEFAULT ROLE r REQUIRE SUBJECT '/CN=x' AND ISSUER 'y' CIPHER 'z' WITH MAX_QUERIES_PER_HOUR 5 PASSWORD EXPIRE INTERVAL 9 DAY \
         ACCOUNT LOCK PASSWORD HISTORY 5 PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT OPTIONAL FAILED_LOGIN_ATTEMPTS 3 \
         PASSWORD_LOCK_TIME UNBOUNDED ATTRIBUTE '{}'",
        "ALTER USER USER() IDENTIFIED BY 'x' REPLACE 'y' RETAIN CURRENT PASSWORD",
        "ALTER USER u DEFAULT ROLE ALL",
        "SET PASSWORD FOR u@h TO RANDOM",
        "RENAME USER a TO b, CURRENT_USER TO c",
        "CREATE ROLE r, 's'@'h'",
        "GRANT SELECT (a, b), CREATE TEMPORARY TABLES, XA_RECOVER_ADMIN ON TABLE `d\\_`.* TO u, v@h WITH GRANT OPTION",
        "GRANT r, 's'@h TO u WITH ADMIN OPTION",
        "REVOKE IF EXISTS ALL PRIVILEGES, GRANT OPTION FROM u IGNORE UNKNOWN USER",
        "REVOKE INSERT ON *.* FROM u",
        "SET DEFAULT ROLE r TO u, v",
        "SET ROLE ALL EXCEPT r",
        "SELECT * FROM (SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ';') FROM t) d, (t1 JOIN t2 ON {ts '2020-01-01 00:00:00'})",
    ];
    for text in texts {
        for end in 0..text.len() {
            let _ = parse_statement(&text.as_bytes()[..end], SqlMode(0));
        }
        for index in 0..text.len() {
            for byte in [b'\'', b'(', b'/', 0xff, 0, b'.', b'@'] {
                let mut damaged = text.as_bytes().to_vec();
                damaged[index] = byte;
                let _ = parse_statement(&damaged, SqlMode(0));
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn any_order_of_tokens_does_not_panic(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..40), mode in 0u64..1 << 12) {
        let text = words.join(" ");
        let _ = parse_statement(text.as_bytes(), SqlMode(mode));
        let (first, rest) = split_first(text.as_bytes(), SqlMode(mode));
        assert!(first.len() + rest.len() <= text.len());
    }
}

const WORDS: &[&str] = &[
    "SELECT", "FROM", "t", "a", ",", "(", ")", "*", ".", "1", "'x'", "\"y\"", "`z`", "WHERE", "AND", "OR",
    "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "CASE", "WHEN", "THEN", "END", "INTERVAL", "DAY", "+", "-",
    "JOIN", "ON", "LEFT", "USING", "INSERT", "INTO", "VALUES", "SET", "=", ":=", "@a", "@@b", "?", "UPDATE",
    "DELETE", "CREATE", "TABLE", "INT", "KEY", "PRIMARY", "DEFAULT", "SHOW", "GROUP", "BY", "ORDER", "LIMIT",
    "UNION", "ALL", "FOR", "SHARE", "LOCK", "MODE", "/*!", "*/", ";", "X'4D'", "_binary", "COLLATE", "COUNT",
    "TRIM", "EXTRACT", "DISTINCT", "{", "}", "->", "<=>", "||", "EXPLAIN", "BINARY", "CAST", "AS", "WITH",
    "OVER",
];
