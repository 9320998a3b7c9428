-- Hexadecimal and bit literals where bytes and where numbers are wanted; parameters of changing types; wrong values in conditions.
CREATE TABLE h (id INT PRIMARY KEY, n BIGINT UNSIGNED, d DECIMAL(10,2), f DOUBLE, v VARCHAR(10), b VARBINARY(10));
INSERT INTO h VALUES (1, 0x41, 0x42, 0x43, 0x44, 0x45), (2, b'11', b'101', b'1', b'1000001', x'00FF');
INSERT INTO h (id, n, v, b) VALUES (3, x'FFFFFFFFFFFFFFFF', _binary'bytes', _binary'12');
INSERT INTO h (id, n) VALUES (4, _binary'12');
SELECT * FROM h ORDER BY id;
UPDATE h SET n = 0x10, d = b'11' WHERE id = 1;
SELECT n, d FROM h WHERE id = 1;
SELECT id FROM h WHERE n = 0x10;
SELECT id FROM h WHERE n IN (0x10, b'11') ORDER BY id;
SELECT id FROM h WHERE v = 0x44;
SELECT id FROM h WHERE b = 0x45;
SELECT id FROM h WHERE n > 0x0F ORDER BY id;
SELECT id FROM h WHERE id BETWEEN 0x01 AND 0x02 ORDER BY id;
SELECT 0x41 = 65, 0x41 = 'A', 0x41 > 64, x'4142' = 'AB', CONCAT(0x41, 'b'), 0x41 + 1, LENGTH(0x4142), HEX(b'1111'), CAST(0x41 AS SIGNED), CAST(0x41 AS CHAR);
INSERT INTO h (id, n) VALUES (5, 0xFFFFFFFFFFFFFFFFFF);
INSERT INTO h (id, n) VALUES (6, 1) ON DUPLICATE KEY UPDATE n = 0x20;
INSERT INTO h (id, n) VALUES (6, 1) ON DUPLICATE KEY UPDATE n = 0x20;
SELECT n FROM h WHERE id = 6;
CREATE TABLE price (id INT PRIMARY KEY, qty INT, cost DECIMAL(8,2));
INSERT INTO price VALUES (1, 2, 1.50), (2, 3, 10);
-- with: 1.5
SELECT id, qty * ? AS total FROM price ORDER BY id;
-- with: 2
SELECT id, qty * ? AS total FROM price ORDER BY id;
-- with: 1.25
SELECT id, ROUND(qty + ?, 2) AS total FROM price ORDER BY id;
-- with: 10, 1.5
SELECT SUM(qty * ?), MAX(? + 1.5) FROM price;
-- deviation: parameter-type: what is computed from a parameter has the type of the value it is executed with
-- with: 1, 'x'
SELECT IF(id = ?, qty, ?) AS one FROM price ORDER BY id;
-- with: 'a'
SELECT COALESCE(?, 'b') AS x;
-- with: NULL
SELECT COALESCE(?, 'b') AS x;
-- with: 7
SELECT CASE WHEN id = 1 THEN ? ELSE NULL END AS x FROM price ORDER BY id;
-- with: 1.5
SELECT x.t FROM (SELECT qty + ? AS t FROM price) AS x ORDER BY x.t;
-- with: 5
SELECT (SELECT MAX(qty) + ? FROM price) AS m;
-- deviation: parameter-type: what is computed from a parameter has the type of the value it is executed with
-- with: '2.5'
SELECT qty * ? AS total FROM price ORDER BY id;
-- with: 2, 3
SELECT id FROM price WHERE qty IN (?, ?) ORDER BY id;
-- with: 2.5
SELECT id FROM price WHERE qty > ? ORDER BY id;
-- deviation: conversion-word: a warning or error about text that is no number calls the number DOUBLE, where MySQL says INTEGER or DECIMAL, and comes once a comparison
-- with: '2abc'
SELECT id FROM price WHERE qty = ?;
UPDATE price SET qty = 5 WHERE cost = 'abc';
UPDATE price SET qty = '7x' WHERE id = 1;
DELETE FROM price WHERE cost > '1x';
UPDATE IGNORE price SET qty = 6 WHERE cost = '1.5x';
DELETE FROM price WHERE DATE_ADD('junk', INTERVAL 1 DAY) IS NOT NULL;
SELECT * FROM price ORDER BY id;
INSERT INTO price SELECT 3, CAST('12x' AS SIGNED), 1;
INSERT INTO price SELECT 3, '12', 1;
INSERT IGNORE INTO price SELECT 4, CAST('12x' AS SIGNED), 1;
SELECT * FROM price WHERE id > 2 ORDER BY id;
SELECT 1.5e0 DIV 0.5, 1 / 3 + 1 / 3 + 1 / 3, 2.00 / 3, 1.000000000 / 7, 100.000000000000 / 3.1, 0.000001 / 3, 5 / 0.3, 1e0 / 3;
SELECT d / 3, d / n, d * d / 7 FROM h WHERE id = 1;
