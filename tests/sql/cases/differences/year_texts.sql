-- A text that is calculated of constants, beside a YEAR column; numbers beside what is a year but no column; CASE.
SET max_error_count = 0;
CREATE TABLE t (id INT PRIMARY KEY, y YEAR, n INT, d DATE, t TIME(3), dt DATETIME, u BIGINT UNSIGNED, s VARCHAR(10));
INSERT INTO t VALUES (1, 1901, 3, '2020-01-31', '00:00:00', '2020-01-31 10:11:12', 18446744073709551615, '-1'), (2, 2000, -1, '1999-01-31', '10:11:12', '2030-01-31 00:00:00', 1, 'x'), (3, 2003, NULL, NULL, '00:00:02', NULL, 0, '0'), (4, 2024, 99, '2003-01-01', NULL, '2003-01-01 00:00:00', NULL, NULL);
SELECT id, LTRIM(0) > y, y = CONCAT('0', ''), y <= CONCAT('2', '4'), y = CONCAT('20', '24'), y > CONCAT('1.', '6'), y < CONCAT('x', ''), y <> CONCAT('24', 'x'), y BETWEEN '1.5' AND n, y BETWEEN '0' AND '3', y NOT BETWEEN n AND '24' FROM t ORDER BY id;
SELECT id, YEAR(dt) <= '10', YEAR(dt) = 20, YEAR(dt) = '20', YEAR(dt) IN (20, 30), YEAR(dt) BETWEEN 10 AND 25, YEAR(dt) = 2e1, d <= YEAR(dt), dt >= YEAR(d), y <= '10', y IN (3, 99), y BETWEEN 1 AND 5 FROM t ORDER BY id;
SELECT id, CASE y WHEN 3 THEN 1 ELSE 0 END, CASE y WHEN '3' THEN 1 ELSE 0 END, CASE n WHEN y THEN 1 ELSE 0 END, CASE y WHEN DATE '2003-01-01' THEN 1 ELSE 0 END, CASE t WHEN DATE '2020-02-29' THEN 1 ELSE 0 END, CASE d WHEN 200131 THEN 1 ELSE 0 END, CASE dt WHEN 20200131101112 THEN 1 ELSE 0 END, CASE t WHEN '2' THEN 1 ELSE 0 END, CASE t WHEN 2 THEN 1 ELSE 0 END FROM t ORDER BY id;
SELECT id, u IN (n, s), n IN (u, s), 18446744073709551615 NOT IN (s, n), u NOT IN (n, 7), -1 IN (u, n) FROM t ORDER BY id;
-- A choice next to a constant date is its text; next to a column, the date of what it chose.
SELECT id, CASE id WHEN n THEN n ELSE CAST(id AS TIME) END >= MAKEDATE(2020, 1), IF(id = n, 'x', CAST(id AS TIME)) >= MAKEDATE(2020, 1), IF(id = n, 5, dt) >= MAKEDATE(2020, 1), CASE id WHEN n THEN n ELSE '2' END >= TIMESTAMP '2020-01-01 00:00:00' FROM t ORDER BY id;
SELECT id, 2 = CASE id WHEN n THEN d ELSE t END, n < IF(id = n, d, t), CONCAT(d, ' 0') IN (d, 7), CONCAT(d, ' 0') IN (d, 'x'), CONCAT(id, id) IN (d, ''), t IN (dt, 5), t NOT IN (d, 2.50) FROM t ORDER BY id;
