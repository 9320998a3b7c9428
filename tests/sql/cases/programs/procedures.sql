-- Procedures: parameters, variables, what their statements see and leave behind.

CREATE TABLE t (id INT PRIMARY KEY, n INT, s VARCHAR(20));

INSERT INTO t VALUES (1, 10, 'one'), (2, 20, 'two'), (3, 30, 'three');

CREATE PROCEDURE nothing() BEGIN END;

CALL nothing();

CALL nothing;

CALL NOTHING();

CALL nothing(1);

CALL missing();

CALL missing.missing();

CREATE PROCEDURE one(IN a INT) SELECT a, a + 1 AS b;

CALL one(5);

CALL one('7');

CALL one(NULL);

CALL one('x');

CALL one(99999999999);

CALL one((SELECT MAX(id) FROM t));

CREATE PROCEDURE outs(IN a INT, OUT b INT, INOUT c VARCHAR(5)) BEGIN SET b = a * 2; SET c = CONCAT(c, 'y'); END;

SET @c = 'x';

CALL outs(4, @b, @c);

SELECT @b, @c;

CALL outs(4, 5, @c);

CALL outs(4, @b, 'x');

SET @c = 'abcde';

CALL outs(4, @b, @c);

SELECT @b, @c;

CREATE PROCEDURE locals() BEGIN
DECLARE a, b INT DEFAULT 3;
DECLARE d DECIMAL(10,2) DEFAULT 1.005;
DECLARE e ENUM('x','y') DEFAULT 'y';
DECLARE t DATETIME DEFAULT '2026-01-02 03:04:05';
DECLARE s VARCHAR(10);
SET b = a + 1, s = 'hi';
SELECT a, b, d, e, t, s;
SELECT d * 2, e + 0, CONCAT(s, '!'), DATE(t);
END;

CALL locals();

CREATE PROCEDURE shadows(id INT) SELECT id, t.id, n FROM t WHERE t.id = id ORDER BY t.id;

CALL shadows(2);

CREATE PROCEDURE shadowed_write(n INT) BEGIN
INSERT INTO t (id, n) VALUES (n, n);
UPDATE t SET n = n + 1 WHERE t.id = n;
SELECT * FROM t WHERE t.id = n;
END;

CALL shadowed_write(7);

DELETE FROM t WHERE id = 7;

CREATE PROCEDURE into_locals() BEGIN
DECLARE a INT;
DECLARE b VARCHAR(20);
SELECT n, s INTO a, b FROM t WHERE id = 2;
SELECT a, b;
SELECT n, s INTO a, @user FROM t WHERE id = 3;
SELECT a, @user;
SELECT n INTO a FROM t WHERE id = 99;
SELECT a;
END;

CALL into_locals();

CREATE PROCEDURE too_many() BEGIN DECLARE a INT; SELECT n INTO a FROM t; END;

CALL too_many();

CREATE PROCEDURE wrong_count() BEGIN DECLARE a INT; SELECT n, s INTO a FROM t WHERE id = 1; END;

CALL wrong_count();

CREATE PROCEDURE if_else(a INT) BEGIN
IF a > 10 THEN SELECT 'large'; ELSEIF a > 5 THEN SELECT 'middle'; ELSE SELECT 'small'; END IF;
END;

CALL if_else(11);

CALL if_else(6);

CALL if_else(1);

CALL if_else(NULL);

CREATE PROCEDURE cases(a INT) BEGIN
CASE a WHEN 1 THEN SELECT 'one'; WHEN 2 THEN SELECT 'two'; END CASE;
CASE WHEN a = 1 THEN SELECT 'is one'; ELSE BEGIN END; END CASE;
END;

CALL cases(1);

CALL cases(2);

CALL cases(3);

CREATE PROCEDURE loops() BEGIN
DECLARE i INT DEFAULT 0;
DECLARE s VARCHAR(100) DEFAULT '';
WHILE i < 3 DO SET i = i + 1; SET s = CONCAT(s, 'w', i); END WHILE;
REPEAT SET i = i - 1; SET s = CONCAT(s, 'r', i); UNTIL i = 0 END REPEAT;
l: LOOP
SET i = i + 1;
IF i = 2 THEN ITERATE l; END IF;
IF i = 5 THEN LEAVE l; END IF;
SET s = CONCAT(s, 'l', i);
END LOOP l;
outer_block: BEGIN
LEAVE outer_block;
SET s = 'never';
END outer_block;
SELECT s;
END;

CALL loops();

CREATE PROCEDURE counts() BEGIN INSERT INTO t VALUES (10, 1, 'x'), (11, 1, 'y'); SELECT ROW_COUNT(); DELETE FROM t WHERE id > 9; END;

CALL counts();

SELECT ROW_COUNT();

CREATE PROCEDURE inner_one(IN a INT, OUT b INT) SET b = a + 100;

CREATE PROCEDURE outer_one() BEGIN DECLARE x INT; CALL inner_one(5, x); SELECT x; CALL inner_one(x, @x); SELECT @x; END;

CALL outer_one();

CREATE PROCEDURE factorial(n INT, OUT f BIGINT) BEGIN
IF n < 2 THEN SET f = 1; ELSE BEGIN DECLARE g BIGINT; CALL factorial(n - 1, g); SET f = n * g; END; END IF;
END;

CALL factorial(1, @f);

CALL factorial(5, @f);

SET max_sp_recursion_depth = 10;

CALL factorial(5, @f);

SELECT @f;

CALL factorial(20, @f);

SET max_sp_recursion_depth = 0;

CREATE PROCEDURE transactions() BEGIN
START TRANSACTION;
INSERT INTO t VALUES (20, 1, 'a');
SAVEPOINT s;
INSERT INTO t VALUES (21, 1, 'b');
ROLLBACK TO s;
COMMIT;
START TRANSACTION;
DELETE FROM t;
ROLLBACK;
SELECT id FROM t ORDER BY id;
DELETE FROM t WHERE id = 20;
END;

CALL transactions();

CREATE PROCEDURE dynamic(name VARCHAR(20)) BEGIN
SET @text = CONCAT('SELECT COUNT(*) AS c FROM ', name, ' WHERE id > ?');
SET @id = 1;
PREPARE p FROM @text;
EXECUTE p USING @id;
DEALLOCATE PREPARE p;
END;

CALL dynamic('t');

CALL dynamic('nosuch');

CREATE PROCEDURE strict_is_kept() BEGIN DECLARE x TINYINT; SET x = 300; SELECT x; END;

SET sql_mode = '';

CALL strict_is_kept();

CREATE PROCEDURE loose_is_kept() BEGIN DECLARE x TINYINT; SET x = 300; SELECT x, @@sql_mode; END;

SET sql_mode = DEFAULT;

CALL loose_is_kept();

CREATE PROCEDURE sets_mode() BEGIN SET sql_mode = 'ANSI'; SELECT @@sql_mode; END;

CALL sets_mode();

SELECT @@sql_mode;

CREATE PROCEDURE table_work() BEGIN
DROP TEMPORARY TABLE IF EXISTS tmp;
CREATE TEMPORARY TABLE tmp (a INT);
INSERT INTO tmp SELECT id FROM t;
SELECT COUNT(*) FROM tmp;
DROP TEMPORARY TABLE tmp;
CREATE TABLE made (a INT);
INSERT INTO made VALUES (1);
ALTER TABLE made ADD COLUMN b INT DEFAULT 5;
SELECT * FROM made;
DROP TABLE made;
END;

CALL table_work();

CALL table_work();

CREATE PROCEDURE limits(a INT, b INT) SELECT id FROM t ORDER BY id LIMIT a OFFSET b;

CALL limits(1, 1);

CREATE PROCEDURE grouped(k INT) SELECT n > k AS big, COUNT(*) AS c FROM t GROUP BY n > k ORDER BY big;

-- deviation: program-variables-grouped: MySQL does not see that the two are one expression
CALL grouped(15);

CREATE PROCEDURE subquery(k INT) SELECT id FROM t WHERE n IN (SELECT n FROM t WHERE id >= k) AND EXISTS (SELECT 1 FROM t u WHERE u.id = k) ORDER BY id;

CALL subquery(2);

CREATE PROCEDURE fails_midway() BEGIN INSERT INTO t VALUES (30, 1, 'x'); INSERT INTO t VALUES (30, 1, 'x'); INSERT INTO t VALUES (31, 1, 'x'); END;

CALL fails_midway();

SELECT id FROM t ORDER BY id;

DELETE FROM t WHERE id = 30;

CREATE PROCEDURE warns() BEGIN SELECT 1/0; END;

CALL warns();

SHOW WARNINGS;

CREATE PROCEDURE warns_then_sets() BEGIN DECLARE x INT; SELECT 1/0; SET x = 1; END;

CALL warns_then_sets();

SHOW WARNINGS;

PREPARE p FROM 'CALL outs(?, ?, ?)';

SET @p1 = 3, @p2 = NULL, @p3 = 'q';

EXECUTE p USING @p1, @p2, @p3;

SELECT @p1, @p2, @p3;

PREPARE p FROM 'CREATE PROCEDURE x() SELECT 1';

PREPARE p FROM 'DROP PROCEDURE IF EXISTS x';

DROP PROCEDURE one;

CALL one(1);

DROP PROCEDURE one;

DROP PROCEDURE IF EXISTS one;
