-- PREPARE, EXECUTE, DEALLOCATE; and the binary protocol.
CREATE TABLE t (id INT PRIMARY KEY, a INT, s VARCHAR(10), d DECIMAL(6,2), dt DATETIME, f DOUBLE);
INSERT INTO t VALUES (1, 10, 'one', 1.5, '2024-01-01 10:00:00', 0.5), (2, 20, 'two', 2.5, NULL, 1e10), (3, NULL, NULL, NULL, '2024-06-01', NULL);
PREPARE p FROM 'SELECT id, s FROM t WHERE id = ?';
SET @id = 2;
EXECUTE p USING @id;
SET @id = 1;
EXECUTE p USING @id;
EXECUTE p;
EXECUTE p USING @id, @id;
EXECUTE nope;
PREPARE q FROM 'INSERT INTO t (id, a) VALUES (?, ?)';
SET @a = 40, @b = 400;
EXECUTE q USING @a, @b;
EXECUTE q USING @a, @b;
DEALLOCATE PREPARE q;
EXECUTE q USING @a, @b;
DROP PREPARE p;
DROP PREPARE p;
PREPARE bad FROM 'SELEC 1';
PREPARE bad FROM 'SELECT 1; SELECT 2';
PREPARE bad FROM 'SELECT * FROM nope';
SET @sql = 'SELECT COUNT(*) FROM t';
PREPARE v FROM @sql;
EXECUTE v;
PREPARE v FROM 'SELECT 2';
EXECUTE v;
PREPARE lim FROM 'SELECT id FROM t ORDER BY id LIMIT ? OFFSET ?';
SET @l = 2, @o = 1;
EXECUTE lim USING @l, @o;
SET @l = 'abc';
EXECUTE lim USING @l, @o;
PREPARE inn FROM 'SELECT id FROM t WHERE id IN (?, ?) ORDER BY id';
SET @x = 1, @y = 3;
EXECUTE inn USING @x, @y;
PREPARE nul FROM 'SELECT id FROM t WHERE a <=> ?';
SET @n = NULL;
EXECUTE nul USING @n;
SELECT ?;
-- with: 1
SELECT id, a, s, d, dt, f FROM t WHERE id = ?;
-- with:
SELECT * FROM t ORDER BY id;
-- with: 2, 'x', 5
SELECT ?, ?, ? + 1;
-- with: NULL
SELECT ?;
-- with: 1.25
SELECT ? * 2;
-- with: 'one'
SELECT id FROM t WHERE s = ?;
-- with: 'ONE'
SELECT id FROM t WHERE s = ?;
-- with: '2'
SELECT id FROM t WHERE id = ?;
-- with: 2.5
SELECT id FROM t WHERE d = ?;
-- with: '2024-01-01 10:00:00'
SELECT id FROM t WHERE dt = ?;
-- with: 10, 20
SELECT id FROM t WHERE a BETWEEN ? AND ? ORDER BY id;
-- with: 1, 2, 3
SELECT id FROM t WHERE id IN (?, ?, ?) ORDER BY id;
-- with: 'o%'
SELECT id FROM t WHERE s LIKE ?;
-- with: 2, 1
SELECT id FROM t ORDER BY id LIMIT ? OFFSET ?;
-- with: 100, 1, 'hundred', 1.25, '2024-02-29', 2.5
INSERT INTO t VALUES (?, ?, ?, ?, ?, ?);
-- with: 100, NULL
INSERT INTO t (id, a) VALUES (?, ?);
-- with: 101, 'abc'
INSERT INTO t (id, a) VALUES (?, ?);
-- with: 5, 100
UPDATE t SET a = a + ? WHERE id = ?;
-- with: 100
SELECT * FROM t WHERE id = ?;
-- with: 100
DELETE FROM t WHERE id = ?;
-- with: 1
SELECT nope FROM t WHERE id = ?;
-- with: 1
SELECT COUNT(*), SUM(a), AVG(a), MAX(dt), MIN(d) FROM t WHERE id > ?;
-- with: 5
SELECT IF(? > 3, 'big', 'small') AS size;
-- deviation: parameter-type: what is computed from a parameter has the type of the value it is executed with
-- with: 'a', 'b', 'c'
SELECT CONCAT(?, ?), COALESCE(NULL, ?);
-- with: 9223372036854775807
SELECT ? AS big;
-- deviation: parameter-type: what is computed from a parameter has the type of the value it is executed with
-- with: -1, 5
SELECT ABS(?), -?;
-- deviation: parameter-type: what is computed from a parameter has the type of the value it is executed with
-- with: 3
SELECT ABS(?), SIGN(-3);
-- with:
SELECT CAST('2024-01-01' AS DATE) AS d, CAST('10:11:12.5' AS TIME(1)) AS t, CAST('2024-01-01 10:11:12.123456' AS DATETIME(6)) AS dt, 1.50 AS de, 1e0 AS f, 'x' AS s, NULL AS n, 1 AS i, 18446744073709551615 AS u;
-- with:
CREATE TABLE made (a INT);
-- with:
-- deviation: prepared-begin: BEGIN can be prepared
BEGIN;
-- with:
ROLLBACK;
-- with:
SELECT COUNT(*) FROM made;
-- with:
SHOW TABLES;
-- with: '1'
SELECT SLEEP(0), ?;
-- what a plan depends on besides the schema
CREATE TABLE stamped (id INT PRIMARY KEY, ts TIMESTAMP);
SET time_zone = '+00:00';
INSERT INTO stamped VALUES (1, '2024-01-01 00:00:00');
PREPARE zoned FROM "SELECT id, ts FROM stamped WHERE ts = '2024-01-01 05:00:00'";
EXECUTE zoned;
SET time_zone = '+05:00';
EXECUTE zoned;
SET time_zone = '+00:00';
EXECUTE zoned;
PREPARE all_of_it FROM 'DELETE FROM stamped';
SET sql_safe_updates = 1;
EXECUTE all_of_it;
SET sql_safe_updates = 0;
EXECUTE all_of_it;
