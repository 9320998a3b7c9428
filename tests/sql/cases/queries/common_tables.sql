-- Common table expressions: scope, names, several uses, outer rows, every statement that has them.
CREATE TABLE t (a INT PRIMARY KEY, b INT);
CREATE TABLE u (a INT, c VARCHAR(10));
INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);
INSERT INTO u VALUES (1, 'x'), (2, 'y'), (2, 'z'), (4, 'w');
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
WITH q AS (SELECT 1) SELECT * FROM q;
WITH q AS (SELECT a, b FROM t) SELECT * FROM q ORDER BY a;
WITH q (x, y) AS (SELECT a, b FROM t) SELECT y FROM q WHERE x > 1 ORDER BY y;
WITH q (x) AS (SELECT a, b FROM t) SELECT 1;
WITH q (x) AS (SELECT a, b FROM t) SELECT * FROM q;
WITH q (x, x) AS (SELECT a, b FROM t) SELECT * FROM q;
WITH q AS (SELECT a, a FROM t) SELECT * FROM q;
WITH q AS (SELECT 1), q AS (SELECT 2) SELECT 1;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
WITH q AS (SELECT 1 AS n), Q AS (SELECT 2 AS m) SELECT * FROM q, Q;
WITH q AS (SELECT * FROM nosuch) SELECT 1;
WITH q AS (SELECT * FROM nosuch) SELECT * FROM q;
WITH q AS (SELECT nosuch FROM t) SELECT * FROM q;
WITH q AS (SELECT * FROM q) SELECT * FROM q;
WITH q AS (SELECT a FROM t), r AS (SELECT a + 10 AS a FROM q) SELECT * FROM q UNION ALL SELECT * FROM r ORDER BY a;
WITH r AS (SELECT a FROM q), q AS (SELECT a FROM t) SELECT * FROM r;
WITH q AS (SELECT a FROM t) SELECT x.a, y.a FROM q AS x JOIN q AS y ON x.a = y.a + 1 ORDER BY 1;
WITH q AS (SELECT a FROM t) SELECT q.a FROM q AS x;
WITH q AS (SELECT a FROM t) SELECT * FROM q, q;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
WITH t AS (SELECT 99 AS a) SELECT a FROM t;
WITH t AS (SELECT a + 100 AS a FROM t) SELECT a FROM t ORDER BY a;
WITH t AS (SELECT 99 AS a) SELECT COUNT(*) FROM t AS x, t AS y;
WITH q AS (SELECT a FROM t WHERE a > 1) SELECT (SELECT MAX(a) FROM q) AS m, (SELECT MIN(a) FROM q) AS n, COUNT(*) FROM q;
WITH q AS (SELECT a FROM t) SELECT a FROM u WHERE a IN (SELECT a FROM q) ORDER BY a;
WITH q AS (SELECT a FROM t) SELECT a FROM u WHERE EXISTS (SELECT 1 FROM q WHERE q.a = u.a) ORDER BY a;
WITH q AS (SELECT a, COUNT(*) AS n FROM u GROUP BY a) SELECT t.a, q.n FROM t LEFT JOIN q ON q.a = t.a ORDER BY t.a;
SELECT a FROM t WHERE a IN (WITH q AS (SELECT 1 AS n UNION SELECT 3) SELECT n FROM q) ORDER BY a;
SELECT (WITH q AS (SELECT MAX(a) AS m FROM t) SELECT m FROM q);
SELECT a, (WITH q AS (SELECT t.b + 1 AS n) SELECT n FROM q) AS m FROM t ORDER BY a;
SELECT a, (WITH q AS (SELECT t.b + 1 AS n) SELECT SUM(n) FROM (SELECT n FROM q UNION ALL SELECT n + 1 FROM q) AS d) AS m FROM t ORDER BY a;
-- deviation: correlated-common-tables: MySQL keeps the first row's definition for the rows after it
SELECT a, (WITH q AS (SELECT t.b AS n) SELECT (SELECT n FROM q) + (SELECT MAX(n) FROM q WHERE EXISTS (SELECT 1 FROM q AS z WHERE z.n = q.n))) AS m FROM t ORDER BY a;
SELECT * FROM (WITH q AS (SELECT a FROM t) SELECT a * 2 AS d FROM q) AS x ORDER BY d;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
WITH q AS (SELECT 1 AS n) SELECT * FROM (WITH q AS (SELECT 2 AS n) SELECT n FROM q) AS x, q;
WITH q AS (SELECT 1 AS n) (SELECT n FROM q) UNION ALL (SELECT n + 1 FROM q);
(WITH q AS (SELECT 1 AS n) SELECT n FROM q) UNION ALL SELECT 5;
-- deviation: common-tables-in-parentheses: MySQL forgets the outer WITH
WITH q AS (SELECT 1 AS n) (WITH r AS (SELECT n + 1 AS m FROM q) SELECT m FROM r);
WITH q AS (SELECT a FROM t ORDER BY a DESC LIMIT 2) SELECT * FROM q ORDER BY a;
WITH q AS (SELECT a FROM t UNION SELECT a FROM u) SELECT COUNT(*), SUM(a) FROM q;
WITH q AS (SELECT DISTINCT a FROM u) SELECT COUNT(*) FROM q;
WITH q AS (SELECT a FROM t) SELECT * FROM q FOR UPDATE;
WITH q AS (VALUES ROW(1, 2), ROW(3, 4)) SELECT * FROM q ORDER BY column_0;
WITH q AS (TABLE t) TABLE q ORDER BY a;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
WITH q AS (SELECT 1 AS n) VALUES ROW((SELECT n FROM q));
WITH q AS (SELECT 1) INSERT INTO t VALUES (1, 2);
WITH q SELECT 1;
WITH q AS SELECT 1 SELECT 1;
WITH q AS (SELECT 1);
WITH AS (SELECT 1) SELECT 1;
WITH q () AS (SELECT 1) SELECT 1;
WITH q AS MATERIALIZED (SELECT 1) SELECT 1;
WITH q AS (SELECT 1 AS n) SELECT n FROM q INTO @v;
SELECT @v;
WITH q AS (SELECT 1 AS n) SELECT test.q.n FROM q;
WITH q AS (SELECT a FROM t) SELECT * FROM q WHERE q.a = (SELECT MAX(q.a) FROM q);
CREATE TABLE r (a INT, b INT);
INSERT INTO r WITH q AS (SELECT a, b FROM t) SELECT * FROM q WHERE a < 3;
INSERT INTO r (b) WITH q AS (SELECT 5) SELECT * FROM q;
REPLACE INTO r WITH q AS (SELECT 7, 8) SELECT * FROM q;
SELECT * FROM r ORDER BY a, b;
WITH q AS (SELECT MAX(a) AS m FROM t) UPDATE r SET b = b + (SELECT m FROM q) WHERE a = 1;
WITH q AS (SELECT a FROM t WHERE a = 2) UPDATE r SET b = 0 WHERE a IN (SELECT a FROM q);
SELECT * FROM r ORDER BY a, b;
WITH q AS (SELECT a FROM t) DELETE FROM r WHERE a IN (SELECT a FROM q);
SELECT * FROM r ORDER BY a, b;
WITH r2 AS (SELECT a FROM r) DELETE FROM r WHERE a IN (SELECT a FROM r2);
WITH q AS (SELECT 1 AS a) UPDATE q SET a = 2;
WITH q AS (SELECT 1 AS a) DELETE FROM q;
PREPARE p FROM 'WITH q AS (SELECT a FROM t WHERE a > ?) SELECT x.a, y.a FROM q AS x, q AS y ORDER BY 1, 2';
SET @n = 1;
EXECUTE p USING @n;
SET @n = 2;
EXECUTE p USING @n;
PREPARE p FROM 'WITH q (n) AS (SELECT ?) SELECT n, n + 1 FROM q';
EXECUTE p USING @n;
