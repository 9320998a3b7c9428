-- What strict mode makes an error of in a change: everything that MySQL warns of on the way, in its order; and what is settled before the first row.
SET timestamp = 1588334400, time_zone = '+00:00';
CREATE TABLE s (id INT PRIMARY KEY, i INT, n TINYINT NOT NULL, b BIGINT, d DECIMAL(10,2), f DOUBLE, v VARCHAR(20), x TEXT, da DATE, dt DATETIME, ti TIME, y YEAR);
CREATE TABLE e LIKE s;
INSERT INTO s VALUES (1, 1, 1, 1, 1, 1, 'x y', 'b', '2020-01-31', '2020-01-31 10:11:12', '10:11:12', 2020), (2, 2, 2, 2, 2, 2, '2020-02-29', 'd', '2020-02-29', '2020-02-29', '01:00:00', 2021), (3, NULL, 3, NULL, NULL, NULL, 'q', NULL, NULL, NULL, NULL, NULL);
-- Errors in the order of the columns, and after the warnings before them.
INSERT INTO s (id, i, n) VALUES (9, 'x', NULL);
INSERT INTO s (id, n, i) VALUES (9, NULL, 'x');
INSERT INTO s (id, n, i) SELECT id + 9, NULL, v + 1 FROM s;
UPDATE s SET n = NULL, i = v + 1;
UPDATE s SET i = v + 1, n = NULL;
UPDATE s SET n = NULL WHERE v = 0 ORDER BY id;
-- Literals next to dates and times, also where there is no row.
DELETE FROM e WHERE da = 1;
DELETE FROM e WHERE da > 'ab';
UPDATE e SET i = 1 WHERE ti = 'x';
UPDATE e SET i = 1 WHERE dt <=> 10;
INSERT INTO e SELECT * FROM s WHERE 'x' >= da;
DELETE FROM e WHERE TIMESTAMP '2020-01-31 10:11:12' > '';
UPDATE IGNORE s SET i = 7 WHERE da = 1;
DELETE FROM e WHERE ti = 18446744073709551615;
DELETE FROM e WHERE dt <> COALESCE(1.5, 2);
DELETE FROM e WHERE da BETWEEN 1 AND 20200101;
DELETE FROM e WHERE da IN (0, 2);
SELECT id FROM e WHERE da = 1;
SELECT da = 1, ti = 'x', dt < 1e1 FROM s ORDER BY id;
-- Numbers and texts.
DELETE FROM e WHERE i = 'x';
DELETE FROM e WHERE i + 1 = 'x';
DELETE FROM e WHERE d = '';
UPDATE s SET i = 1 WHERE d = CONCAT('x', 'y');
UPDATE s SET i = 1 WHERE v < f AND id = 3;
UPDATE s SET i = v % NULL WHERE id = 3;
UPDATE s SET i = 1 WHERE i IN (v, 5) AND id = 3;
UPDATE s SET i = v DIV 1;
UPDATE s SET i = CAST(v AS DECIMAL(10,2));
UPDATE s SET i = CAST('q' AS DECIMAL(10,2));
-- What reads quietly.
BEGIN;
UPDATE s SET i = 1 WHERE COALESCE(v, 2);
UPDATE s SET i = 1 WHERE GREATEST(v, d);
UPDATE s SET i = 1 WHERE IF(id, ti, i);
UPDATE s SET i = 1 WHERE CASE WHEN id THEN dt ELSE 'x' END;
UPDATE s SET i = 1 WHERE x IN (1, i);
UPDATE s SET i = 1 WHERE i BETWEEN x AND 3;
UPDATE s SET i = ELT(2, v % 0, id);
ROLLBACK;
-- What literals settle is not read.
BEGIN;
UPDATE s SET i = 1 WHERE v OR 1;
UPDATE s SET i = 1 WHERE v AND 0;
UPDATE s SET i = 1 WHERE (NULL AND v) OR id;
UPDATE s SET i = 1 WHERE v AND v < v;
UPDATE s SET i = 1 WHERE NULL <= DATE_SUB(id, INTERVAL 1 MONTH);
UPDATE s SET i = 1 WHERE NULL BETWEEN '1.5' AND DAYOFWEEK(id);
ROLLBACK;
-- Dates of functions.
SELECT LAST_DAY(TRUE), MONTH('a'), TO_DAYS(1.5), DATE(123456789012345678901234567890.5), YEAR(18446744073709551615);
SELECT DATE_ADD('2020-01-31x', INTERVAL 1 DAY), DATE_ADD('2020-01-31 10:11:12x', INTERVAL 1 DAY), CAST('2020-01-31x' AS DATETIME);
SELECT id, v = da, v = dt FROM s ORDER BY id;
SELECT d & 1, 123456789012345678901234567890 | 0, BIT_COUNT(123456789012345678901234567890) FROM s ORDER BY id;
-- Into other columns.
BEGIN;
INSERT INTO s (id, n, i) SELECT id + 10, 1, CAST(v AS BINARY) FROM s;
INSERT INTO s (id, n, i) SELECT id + 10, 1, x'41' FROM s;
UPDATE s SET y = dt;
UPDATE s SET y = ti;
UPDATE s SET y = da;
UPDATE s SET ti = 18446744073709551615;
UPDATE IGNORE s SET ti = 18446744073709551615, dt = 18446744073709551615;
SELECT id, ti, dt FROM s ORDER BY id;
UPDATE IGNORE s SET ti = -1e30, y = da;
SELECT id, ti, y FROM s ORDER BY id;
UPDATE IGNORE s SET y = ti;
SELECT id, y FROM s ORDER BY id;
ROLLBACK;
DROP TABLE s, e;
