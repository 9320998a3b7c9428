-- What strict mode makes an error of in a change: which values are read, and when.
SET timestamp = 1588334400, time_zone = '+00:00';
CREATE TABLE s (id INT PRIMARY KEY, i INT, n TINYINT NOT NULL, d DECIMAL(10,2), f DOUBLE, v VARCHAR(20), x TEXT, b BLOB, vb VARBINARY(30), da DATE, dt DATETIME, ti TIME, y YEAR, k INT, c CHAR(12), KEY(k));
CREATE TABLE e LIKE s;
INSERT INTO s VALUES (1,1,1,1,1,'x y','q','w','e','2020-01-31','2020-01-31 10:11:12','10:11:12',2020,1,'z');
-- Asked whether it is NULL, a comparison asks its sides.
UPDATE s SET i = 5 WHERE (id > 'x y') IS UNKNOWN;
UPDATE s SET i = 5 WHERE (v > 1) IS UNKNOWN;
UPDATE s SET i = ISNULL(v = 1);
UPDATE s SET i = ISNULL(c = 9223372036854775807);
UPDATE s SET i = ISNULL(v + 1);
UPDATE s SET i = 5 WHERE ROUND(v,1) IS NULL;
-- What is never NULL is not looked at.
UPDATE s SET i = 5 WHERE CAST('x y' AS SIGNED) IS NULL;
UPDATE s SET i = 5 WHERE ('ü' + 'abc') IS UNKNOWN;
UPDATE s SET i = 5 WHERE ISNULL(n + 'abc');
UPDATE s SET i = 5 WHERE ISNULL(i + 'abc');
UPDATE s SET i = ISNULL(n * 9223372036854775807 + 9223372036854775807);
SELECT ISNULL(n + 9223372036854775807), (n * 9e18 + 1) IS NOT NULL FROM s;
SELECT s.id, (q.n + 1) IS NULL, ISNULL(CAST(q.n AS DECIMAL(3))), (q.n > 'a') IS NULL FROM s LEFT JOIN s q ON q.id = s.id + 1;
-- Both sides, or one.
UPDATE s SET i = 5 WHERE NULL XOR v;
UPDATE s SET i = 5 WHERE v XOR 1;
UPDATE s SET i = 5 WHERE DATEDIFF(NULL, v);
UPDATE s SET i = MAKEDATE(2020, v);
UPDATE s SET i = MAKEDATE(2020, x);
UPDATE s SET i = MAKEDATE(x, 1);
-- Literals in conditions, before the first row.
UPDATE e SET i = 5 WHERE NULL > (d <> 'ü');
UPDATE e SET i = 5 WHERE d + (i <> 'ü');
UPDATE e SET i = 5 WHERE IF(i <> 'ü', 1, 2);
UPDATE e SET i = 5 WHERE NOT (i <> 'ü');
UPDATE e SET i = 5 WHERE CASE i WHEN 'a' THEN 1 END;
UPDATE e SET i = 5 WHERE NULLIF(i, 'a');
UPDATE e SET i = (i <> 'ü');
DELETE FROM e WHERE 'a' AND 0;
DELETE FROM e WHERE 0 AND 'a';
DELETE FROM e WHERE 1 OR 'a';
DELETE FROM e WHERE 'a' OR 1;
DELETE FROM e WHERE NOT (id OR 'a');
DELETE FROM e WHERE 'a' LIMIT 0;
DELETE FROM e WHERE HOUR('a') LIMIT 0;
INSERT INTO e (id, n) SELECT 1, 1 FROM e s JOIN e s2 ON 'a';
INSERT INTO e (id, n) SELECT 1, 1 FROM e s LEFT JOIN e s2 ON s.id AND 'a';
UPDATE e a JOIN e b ON a.i > 'a' SET a.i = 1;
-- IN and BETWEEN.
UPDATE e SET i = 5 WHERE dt IN ('', NULL);
UPDATE e SET i = 5 WHERE dt IN ('', 'a');
UPDATE e SET i = 5 WHERE ti IN ('abc', NULL);
UPDATE e SET i = 5 WHERE ti IN ('abc', 'd');
UPDATE e SET i = (i IN ('b', 'a')) WHERE 0;
UPDATE e SET i = (i IN (1, 'a')) WHERE 0;
UPDATE e SET i = 5 WHERE v + 1 IN ('a', 'b');
UPDATE e SET i = 5 WHERE dt BETWEEN id AND '';
UPDATE e SET i = 5 WHERE dt BETWEEN id AND SPACE(2);
UPDATE e SET i = 5 WHERE dt BETWEEN '2020-01-01' AND '2020-01-02';
-- Years.
INSERT INTO e (id, n, y) VALUES (1, 1, -0.25);
INSERT INTO e (id, n, y) VALUES (1, 1, -0.25e0);
INSERT INTO e (id, n, y) VALUES (1, 1, '-0.25'), (2, 1, 1.5), (3, 1, 1.5e0), (4, 1, '1.5'), (5, 1, 0.4), (6, 1, 2155.4);
SELECT id, y FROM e ORDER BY id;
UPDATE e SET ti = '00:00:00' WHERE id = 2;
UPDATE IGNORE e SET y = ti;
SELECT id, y FROM e ORDER BY id;
-- Zeros among texts, as MySQL writes them.
UPDATE e SET v = 0 / id, x = 0.00 * id, c = (id - id) / 3, vb = 0.00 % 3;
SELECT v, x, c, vb FROM e WHERE id = 2;
UPDATE e SET v = 1 / id, x = 0.00, c = 0.0 + 0, vb = ROUND(0 / 3, 2);
SELECT v, x, c, vb FROM e WHERE id = 2;
UPDATE e SET v = -(0 / 3), x = CONCAT(0 / 3), c = CAST(0 / 3 AS DECIMAL(5,3));
SELECT v, x, c FROM e WHERE id = 2;
INSERT INTO e (id, n, v) SELECT id + 10, 1, 0 / 3 FROM e WHERE id < 3;
INSERT INTO e (id, n, v) VALUES (20, 1, 0 / 3);
SELECT id, v FROM e WHERE id > 9 ORDER BY id;
SELECT GREATEST(-0e0, 0), GREATEST(0, -0e0), LEAST(-0e0, 0), GREATEST('0' * -1, FALSE);
DROP TABLE s, e;
-- No action may change what a STORED column is made of.
CREATE TABLE p (id INT PRIMARY KEY);
CREATE TABLE c (id INT, g INT AS (id + 1) STORED, FOREIGN KEY (id) REFERENCES p (id) ON DELETE CASCADE);
CREATE TABLE c (id INT, g INT AS (id + 1) STORED, FOREIGN KEY (id) REFERENCES p (id) ON UPDATE CASCADE);
CREATE TABLE c (id INT, g INT AS (id + 1) STORED, FOREIGN KEY (id) REFERENCES p (id) ON DELETE RESTRICT);
ALTER TABLE c ADD CONSTRAINT z FOREIGN KEY (id) REFERENCES p (id) ON DELETE CASCADE;
CREATE TABLE d (id INT, g INT AS (id + 1) VIRTUAL, FOREIGN KEY (id) REFERENCES p (id) ON DELETE CASCADE);
DROP TABLE c, d, p;
