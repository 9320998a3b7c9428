-- Calls of functions: values, types, and where they stand.

CREATE TABLE t (a INT PRIMARY KEY, b INT, c VARCHAR(10));

INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'a');

CREATE FUNCTION f1(a INT) RETURNS INT DETERMINISTIC RETURN a + 1;

CREATE FUNCTION f2(a INT) RETURNS VARCHAR(5) DETERMINISTIC BEGIN RETURN 'abcdefgh'; END;

CREATE FUNCTION divides() RETURNS INT DETERMINISTIC BEGIN IF 1 THEN RETURN 1 / 0; END IF; END;

CREATE FUNCTION nothing() RETURNS INT DETERMINISTIC BEGIN IF 0 THEN RETURN 1; END IF; END;

CREATE FUNCTION concat(a INT) RETURNS INT DETERMINISTIC RETURN 1;

CREATE FUNCTION recursive1(n INT) RETURNS INT DETERMINISTIC RETURN IF(n <= 1, 1, n * recursive1(n - 1));

CREATE FUNCTION recursive2(n INT) RETURNS INT DETERMINISTIC BEGIN IF n <= 1 THEN RETURN 1; END IF; RETURN n * recursive2(n - 1); END;

CREATE FUNCTION unknown1() RETURNS INT DETERMINISTIC RETURN nosuch(1);

CREATE FUNCTION casts() RETURNS INT DETERMINISTIC RETURN CAST('abc' AS SIGNED);

CREATE FUNCTION columns2() RETURNS INT DETERMINISTIC BEGIN RETURN (SELECT 1, 2); END;

CREATE FUNCTION enums(x VARCHAR(10)) RETURNS ENUM('a', 'b') DETERMINISTIC RETURN x;

CREATE FUNCTION set1() RETURNS SET('a', 'b') DETERMINISTIC RETURN 'b,a';

CREATE FUNCTION latin() RETURNS VARCHAR(10) CHARSET latin1 COLLATE latin1_bin DETERMINISTIC RETURN 'c';

CREATE FUNCTION tiny() RETURNS TINYINT DETERMINISTIC RETURN 1000;

CREATE FUNCTION dates() RETURNS DATE DETERMINISTIC RETURN '2020-01-01x';

CREATE FUNCTION date1() RETURNS DATE DETERMINISTIC RETURN '2020-01-01';

CREATE FUNCTION json1() RETURNS JSON DETERMINISTIC RETURN '{"a": 1}';

CREATE FUNCTION negative() RETURNS INT UNSIGNED DETERMINISTIC RETURN -1;

CREATE FUNCTION text1() RETURNS TEXT DETERMINISTIC RETURN REPEAT('a', 3);

CREATE FUNCTION decimal1() RETURNS DECIMAL(5, 2) DETERMINISTIC RETURN 1.239;

CREATE FUNCTION double1() RETURNS DOUBLE DETERMINISTIC RETURN 1.5;

CREATE FUNCTION null1() RETURNS INT DETERMINISTIC RETURN NULL;

SELECT f1(1), `f1`(2), F1(4);

SELECT f1 (1);

SELECT f2(1);

SELECT f2(1) AS zz;

SELECT 1 + f2(1);

SELECT `f2`( 1 );

SET @a = f2(1);

SELECT 1 FROM t WHERE f2(a) = 1;

SELECT divides();

SELECT nothing();

SELECT recursive1(1);

SELECT recursive1(3);

SELECT recursive2(1);

SELECT recursive2(3);

SELECT unknown1();

SELECT `f1`(`a`), `sqltest_programs_function_calls`.`f1`(1), sqltest_programs_function_calls.f1(a) + 1 FROM t;

SELECT sqltest_programs_function_calls.concat(1);

SELECT t.f1(1);

SELECT casts();

SELECT columns2();

SELECT enums('a'), enums('B');

SELECT enums('c');

SELECT set1(), latin(), COERCIBILITY(latin()), CHARSET(latin()), COLLATION(latin()), COLLATION(enums('a')), COERCIBILITY(f1(1));

SELECT tiny();

SELECT dates();

SELECT date1(), date1() + INTERVAL 1 DAY, json1(), text1(), decimal1(), double1(), null1();

SELECT JSON_EXTRACT(json1(), '$.a');

SELECT negative();

SELECT nosuch(1);

SELECT NoSuch(1);

SELECT missing.f(1);

SELECT f1();

SELECT f1(1, 2);

SELECT f1((1, 2));

SELECT f1(DISTINCT 1);

SELECT f1(*);

SELECT concat(1);

SELECT f1('abc');

SELECT f1(NULL), f1(3.7), f1('12');

SELECT f1(99999999999);

SET sql_mode = '';

SELECT f1('abc');

SHOW WARNINGS;

SELECT f2(1);

SET sql_mode = DEFAULT;

SELECT f1(f1(f1(1)));

SELECT f1(a), b FROM t WHERE f1(a) > 2 ORDER BY f1(-a);

SELECT f1(a), COUNT(*) FROM t GROUP BY f1(a);

SELECT f1(SUM(b)), SUM(f1(b)) FROM t;

SELECT f1(b) FROM t GROUP BY a;

SELECT c, f1(MAX(b)) AS m FROM t GROUP BY c HAVING f1(m) > 22;

SELECT x.a + 1 FROM (SELECT f1(a) AS a FROM t) AS x;

SELECT f1((SELECT MAX(a) FROM t));

SELECT a FROM t WHERE a IN (SELECT f1(a) FROM t);

SELECT a, (SELECT f1(x.a + y.a) FROM t AS y WHERE y.a = 1) AS z FROM t AS x;

SELECT CASE WHEN f1(1) = 2 THEN 'yes' ELSE 'no' END, f1(1) BETWEEN 1 AND 3, f1(1) IN (2, 3), NOT f1(1);

SELECT f1(a) FROM t LIMIT 1;

SELECT DISTINCT f1(a) FROM t;

SELECT f1(a) FROM t UNION SELECT f1(b) FROM t;

SELECT x.a, y.a FROM t AS x JOIN t AS y ON f1(x.a) = y.a;

SELECT x.a, y.a FROM t AS x LEFT JOIN t AS y ON y.a = f1(x.a);

SELECT a, SUM(f1(a)) OVER (ORDER BY f1(a)) FROM t;

DO f1(1), f1(2);

SET @a = f1(41);

SELECT @a;

PREPARE s FROM 'SELECT f1(?)';

SET @p = 2;

EXECUTE s USING @p;

SET @p = '7';

EXECUTE s USING @p;

DEALLOCATE PREPARE s;

UPDATE t SET b = f1(b) WHERE f1(a) = 2;

INSERT INTO t VALUES (f1(9), f1(3), CONCAT('x', f1(1)));

INSERT INTO t SELECT f1(a) + 20, f1(b), c FROM t;

SELECT * FROM t ORDER BY a;

INSERT INTO t VALUES (1, 5, 'z') ON DUPLICATE KEY UPDATE b = f1(VALUES(b)), c = f2(1);

INSERT INTO t VALUES (1, 5, 'z') ON DUPLICATE KEY UPDATE b = f1(VALUES(b));

DELETE FROM t WHERE a = f1(9);

DELETE FROM t WHERE f1(a) > 20;

SELECT * FROM t ORDER BY a;

SELECT f1(a) FROM t FOR UPDATE;

CREATE TABLE made AS SELECT f1(a) AS fa, latin() AS fc, decimal1() AS fd, json1() AS ff, date1() AS fg, double1() AS fh FROM t;

SHOW CREATE TABLE made;

CREATE TABLE refused (a INT DEFAULT (f1(1)));

CREATE TABLE refused (a INT, b INT AS (f1(a)));

CREATE TABLE refused (a INT CHECK (f1(a) > 1));

CREATE TABLE refused (a INT, KEY ((f1(a))));

CREATE VIEW v AS SELECT f1(a) AS x, f1(b) AS y FROM t WHERE f1(a) > 1;

-- deviation: function-in-view-type: a view's column that is a function's result has the type that the function returns
SELECT * FROM v WHERE x > 2 ORDER BY x;

SELECT VIEW_DEFINITION LIKE '%`f1`(%' FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE();

DROP FUNCTION f1;

SELECT * FROM v;

CREATE FUNCTION f1(a INT) RETURNS INT DETERMINISTIC RETURN a + 2;

-- deviation: function-in-view-type: a view's column that is a function's result has the type that the function returns
SELECT * FROM v ORDER BY x;

EXPLAIN FORMAT=TRADITIONAL SELECT f1(1);
