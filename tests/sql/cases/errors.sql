-- Errors that clients see often: number, SQLSTATE and words.
SELEC 1;
SELECT 1 FROM;
SELECT 1 +;
SELECT (1;
SELECT 'abc;
SELECT 1 1;
FOO;
SELECT * FROM t WHERE;
INSERT INTO t VALUE;
UPDATE t SET;
DELETE t;
CREATE;
SELECT a b c FROM t;
SELECT * FROM t LIMIT;
-- deviation: syntax-near: the text a syntax error quotes may begin at another word
SELECT * FROM t ORDER;
SELECT * FROM select;
SELECT `unclosed;
SELECT 1 /* unclosed;
SELECT COUNT(*;
SELECT nosuchfunc(1);
SELECT ABS();
SELECT ABS(1, 2);
SELECT CONCAT();
SELECT SUBSTRING('a');
-- deviation: syntax-near: the text a syntax error quotes may begin at another word
SELECT IF(1, 2);
SELECT NOW(7);
-- deviation: syntax-near: the text a syntax error quotes may begin at another word
SELECT COUNT(DISTINCT *) FROM t;
-- deviation: syntax-near: the text a syntax error quotes may begin at another word
SELECT sqltest_errors.nosuchfunc(1);
CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, s VARCHAR(3), UNIQUE KEY us (s));
INSERT INTO t VALUES (1, 1, 'a');
INSERT INTO t VALUES (1, 2, 'b');
INSERT INTO t VALUES (2, 2, 'A');
INSERT INTO t VALUES (2, NULL, 'b');
INSERT INTO t VALUES (2, 2, 'long');
INSERT INTO t VALUES (2, 'x', 'b');
INSERT INTO t VALUES (2, 3000000000, 'b');
INSERT INTO t VALUES (2);
INSERT INTO t (id) VALUES (2);
INSERT INTO t (x) VALUES (2);
SELECT x FROM t;
SELECT x.id FROM t;
SELECT t.x FROM t;
SELECT id FROM t, t AS t2;
SELECT * FROM x;
SELECT * FROM sqltest_errors.x;
SELECT * FROM nodb.x;
USE nodb;
SELECT id FROM t GROUP BY a;
SELECT MAX(id), a FROM t;
SELECT id FROM t HAVING MAX(id) > 1;
SELECT id FROM t WHERE MAX(id) > 1;
SELECT (SELECT id, a FROM t);
SELECT (SELECT 1 UNION SELECT 2);
SELECT 1 UNION SELECT 1, 2;
SELECT * FROM (SELECT 1);
SELECT * FROM (SELECT 1 AS a, 2 AS a) AS t;
SELECT 1 IN (1, (1, 2));
SELECT (1, 2) = (1, 2, 3);
SELECT (1, 2);
SELECT 1 = (1, 2);
SELECT id AS x FROM t WHERE x = 1;
SELECT SUM(id) AS s FROM t WHERE s > 1;
SELECT 9223372036854775807 + 1;
SELECT 1e308 * 1e308;
SELECT EXP(1000);
SELECT POW(10, 400);
-- deviation: not-built: refused with 1235, which names the feature
SELECT CAST('a' AS NOPE);
SELECT -(-9223372036854775808);
-- deviation: message-expression: messages that quote an expression print its columns without their table, and numbers as written
SELECT ABS(-9223372036854775808);
SELECT 'a' COLLATE nope;
SELECT CONVERT('a' USING nope);
SELECT _nope'a';
SELECT DATE'x';
SELECT TIMESTAMP'x';
KILL 999999999;
KILL QUERY 999999999;
DEALLOCATE PREPARE nope;
RELEASE SAVEPOINT nope;
CALL nope();
-- deviation: not-built: refused with 1235, which names the feature
DROP VIEW nope;
-- deviation: not-built: refused with 1235, which names the feature
DROP TRIGGER nope;
-- deviation: not-built: refused with 1235, which names the feature
SHOW CREATE VIEW t;
INSERT INTO t SELECT 1, 2;
INSERT INTO t VALUES (5, 5, 'e'), (5, 6, 'f');
UPDATE t SET id = NULL;
UPDATE t SET s = 'toolong';
UPDATE t SET a = 1 / 0;
INSERT INTO t VALUES (7, 1 / 0, 'g');
INSERT INTO t VALUES (7, 1 % 0, 'g');
DELETE FROM t WHERE id = 'x';
UPDATE t SET a = 2 WHERE id = 'x';
SELECT * FROM t WHERE id = 'x';
UPDATE t SET a = 2 WHERE s = 5;
SELECT COUNT(*) FROM t;
