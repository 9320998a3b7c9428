-- Variables of programs have the type, the characters and the collation of their declaration; what is wrong with their values is an error in strict mode.

CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, s VARCHAR(30), b VARBINARY(30));

CREATE PROCEDURE floats(f FLOAT) BEGIN DECLARE s VARCHAR(30); SELECT CONCAT(f), CONCAT('v', f); INSERT INTO t (s) VALUES (CONCAT('v', f)); UPDATE t SET b = CONCAT(f) WHERE s = CONCAT('v', f); END;

CALL floats(0.1);

CALL floats(1e20);

CALL floats(123456789);

SELECT s, b FROM t ORDER BY id;

CREATE PROCEDURE bits(b BIT(8), w BIT(16)) SELECT HEX(CONCAT('x', b)), HEX(CONCAT(w)), b + 0;

CALL bits(65, 97);

CREATE PROCEDURE filled(v INT(6) ZEROFILL) SELECT CONCAT(v), LENGTH(v), v LIKE '0%', v + 1;

CALL filled(42);

CREATE PROCEDURE latin() BEGIN DECLARE s VARCHAR(10) CHARACTER SET latin1 DEFAULT 'é'; SELECT HEX(s), CHARSET(s), LENGTH(s), COLLATION(s); INSERT INTO t (b) VALUES (s); SELECT HEX(b) FROM t WHERE b = s; END;

CALL latin();

CREATE PROCEDURE as_binary(a VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin) BEGIN IF a = 'abc' THEN SELECT 'equal'; ELSE SELECT 'different'; END IF; CASE a WHEN 'abc' THEN SELECT 'one'; ELSE SELECT 'other'; END CASE; SELECT a = 'abc', a LIKE 'a%', a IN ('abc', 'x'), COLLATION(a), COERCIBILITY(a); END;

CALL as_binary('ABC');

CALL as_binary('abc');

CREATE PROCEDURE zeros() BEGIN DECLARE a INT DEFAULT 5; DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SELECT 'caught', a; SET a = 1 / 0; SET a = MOD(5, 0); SET a = 7; SELECT a; END;

CALL zeros();

CREATE PROCEDURE by_default() BEGIN DECLARE a INT DEFAULT 1 / 0; SELECT a; END;

CALL by_default();

CREATE PROCEDURE given(a INT) SELECT a;

CALL given(1 / 0);

CREATE PROCEDURE condition_of_if() BEGIN IF 1 / 0 THEN SELECT 'true'; ELSE SELECT 'not true'; END IF; END;

CALL condition_of_if();

SET sql_mode = '';

CREATE PROCEDURE not_strict() BEGIN DECLARE a INT DEFAULT 1 / 0; SET a = MOD(5, 0); SELECT a; END;

CALL not_strict();

SET sql_mode = DEFAULT;

CREATE PROCEDURE many() BEGIN DECLARE n, x INT DEFAULT 0; DECLARE at_end INT DEFAULT 0; DECLARE c CURSOR FOR SELECT id FROM t; DECLARE CONTINUE HANDLER FOR NOT FOUND SET at_end = 1; OPEN c; FETCH c INTO x; WHILE NOT at_end DO SET n = n + 1; FETCH c INTO x; END WHILE; CLOSE c; SELECT n > 1; SELECT id FROM t WHERE id < 4 ORDER BY id; END;

SET sql_select_limit = 1;

CALL many();

SELECT id FROM t WHERE id < 4 ORDER BY id;

SET sql_select_limit = DEFAULT;

CREATE PROCEDURE renamed() BEGIN SET NAMES latin1; END;

CALL renamed();

SELECT @@character_set_client;
