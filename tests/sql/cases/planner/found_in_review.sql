-- What a review of the planner found: errors and warnings of rows that nobody asks for.
CREATE TABLE a (id INT PRIMARY KEY, x INT);
CREATE TABLE eb (id INT PRIMARY KEY, x INT, s VARCHAR(20), v BIGINT);
INSERT INTO a VALUES (1, 1), (2, 0), (3, 3), (4, NULL);
INSERT INTO eb VALUES (1, 1, '1', 5), (2, 77, 'abc', 9223372036854775807), (3, 0, '2', 6);
SELECT id FROM a WHERE EXISTS (SELECT eb.v + 1 FROM eb WHERE eb.x = a.x) ORDER BY id;
SELECT id, 6 IN (SELECT eb.v + 1 FROM eb WHERE eb.x = a.x) AS r FROM a ORDER BY id;
SELECT id, 6 NOT IN (SELECT eb.v FROM eb WHERE eb.x = a.x) AS r FROM a ORDER BY id;
CREATE TABLE t1 (id INT PRIMARY KEY, x INT, y INT);
INSERT INTO t1 SELECT id, x, 0 FROM a;
UPDATE t1 SET y = (1 IN (SELECT eb.s + 0 FROM eb WHERE eb.x = t1.x));
UPDATE t1 SET x = 1 WHERE EXISTS (SELECT eb.s + 0 FROM eb WHERE eb.x = t1.x);
SELECT * FROM t1 ORDER BY id;
SELECT CONVERT_TZ('0000-00-00', 'UTC', 'Europe/Berlin'), CONVERT_TZ('2020-00-01', '+00:00', '+01:00');
SELECT EXPORT_SET(-1, REPEAT('a', 2000000), 'b') IS NULL;
SHOW WARNINGS;
