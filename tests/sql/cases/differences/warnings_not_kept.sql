-- What max_error_count does not keep still fails a statement in strict mode.

CREATE TABLE t (a TINYINT, b VARCHAR(3), c DATE);
INSERT INTO t VALUES (1, 'abc', '2020-01-01'), (2, 'x', '2021-01-01');
SET max_error_count = 0;
INSERT INTO t VALUES (1000, 'a', NULL);
INSERT INTO t (b) VALUES ('abcd');
UPDATE t SET a = a + 200;
UPDATE t SET b = 'q' WHERE a = '1x';
DELETE FROM t WHERE CAST('1x' AS SIGNED) = 1;
INSERT INTO t (a) SELECT 1/0;
INSERT IGNORE INTO t (a) VALUES (1000), (-1000);
SHOW WARNINGS;
SHOW COUNT(*) WARNINGS;
SELECT * FROM t ORDER BY a, b;
SET max_error_count = 1;
INSERT INTO t (a, c) VALUES (3, 20200101.5);
INSERT INTO t (a, c) SELECT CAST('3y' AS CHAR) + 0, '2020-13-01';
INSERT INTO t (c) VALUES ('2020-01-01 10:10:10'), ('2020-13-01');
SHOW WARNINGS;
SELECT '1x' + 0, '2x' + 0;
SHOW WARNINGS;
SELECT @@warning_count, @@error_count;
SET max_error_count = DEFAULT;
SELECT * FROM t ORDER BY a, b, c;
INSERT INTO t (a, c) SELECT CAST('3y' AS CHAR) + 0, '2020-13-01';
INSERT INTO t (a, b) SELECT 1/0, 'abcd';
SHOW WARNINGS;
