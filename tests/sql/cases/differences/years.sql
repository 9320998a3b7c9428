-- A YEAR column is a number next to a date, what is calculated next to it is a year, and as a branch of IF it is its first day to functions of dates.
SET NAMES utf8mb4;
SET timestamp = 1588334400, time_zone = '+00:00', max_error_count = 0;
CREATE TABLE t (y YEAR, i INT, d DATE, dt DATETIME);
INSERT INTO t VALUES (1901, 1, '1901-01-01', '1901-01-01 00:00:00'), (2000, 0, '2000-01-01', '2000-01-01 10:00:00'), (2155, 70, '2155-01-01', '2155-01-01 00:00:00'), (2024, 24, '2024-05-05', '2024-05-05 00:00:00');
SELECT y, y = d AS a, y < d AS b, y = dt AS c, y = CAST(y AS DATETIME) AS d, y <> CAST(y AS DATE) AS e FROM t ORDER BY y;
SELECT y, NULLIF(y, CAST(y AS DATE)) AS a FROM t ORDER BY y;
SELECT y, CHAR_LENGTH(1) > y AS a, y <= CAST('1.5' AS DOUBLE) AS b, y = ABS(-24) AS c, y = CAST(24 AS SIGNED) AS d FROM t ORDER BY y;
SELECT y, TIME '10:11:12' < y AS a, TIME('2020-01-31 10:11:12') >= y AS b, y BETWEEN 1.5 AND y AS c FROM t ORDER BY y;
SELECT y, MONTH(IF(1, y, i)) AS a, DATE(IF(1, y, i)) AS b, DATE(IF(1, y, 'a')) AS c, DAYOFWEEK(IF(1, y, i)) AS d FROM t ORDER BY y;
SELECT y, CAST(IF(1, y, i) AS DATE) AS a, TIME(IF(1, y, i)) AS b, EXTRACT(DAY FROM IF(1, y, i)) AS c, TIME_TO_SEC(CASE WHEN 1 THEN y WHEN 2 THEN i END) AS d FROM t ORDER BY y;
SELECT y, DAYOFMONTH(CASE y WHEN 99 THEN 'x y' ELSE y END) AS a, DATEDIFF(dt, IF(y, y, i)) AS b, MONTH(COALESCE(y, i)) AS c FROM t ORDER BY y;
SELECT CAST((SELECT MAX(y) FROM t) AS DATETIME) AS a;
