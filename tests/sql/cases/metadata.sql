-- Everything that a result set says about its columns.
CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, ti TINYINT NOT NULL DEFAULT 0, si SMALLINT, mi MEDIUMINT, i INT NOT NULL, b BIGINT, bu BIGINT UNSIGNED, d DECIMAL(10,2) NOT NULL, f FLOAT, db DOUBLE,
  c CHAR(5), v VARCHAR(10) NOT NULL, tx TEXT, lt LONGTEXT, bi BINARY(4), vb VARBINARY(4), bl BLOB, da DATE, tm TIME, t3 TIME(3), dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL, y YEAR,
  up TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, bo BOOL, KEY (i), UNIQUE KEY (v), KEY two (si, mi));
-- full-metadata:
SELECT * FROM t;
-- full-metadata:
SELECT x.id AS a, x.v b, x.tx FROM t AS x;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT 1, -1, 1.5, 1e0, 'text', '', NULL, TRUE, x'41', DATE'2024-01-01', TIME'10:00:00', TIMESTAMP'2024-01-01 00:00:00.12';
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT COUNT(*), COUNT(i), SUM(i), SUM(d), SUM(f), AVG(i), AVG(d), MIN(i), MAX(v), MIN(dt), MAX(da), MAX(d) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT i + 1, i - 1, i * 2, i / 2, i DIV 2, i % 2, -i, d + 1, d * d, f + 1, db * 2 FROM t;
-- full-metadata:
SELECT i = 1, i > 1, i IS NULL, v LIKE 'a', i IN (1, 2), NOT i, i AND 1, i BETWEEN 1 AND 2, EXISTS (SELECT 1) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT CONCAT(v, 'x'), UPPER(v), SUBSTRING(v, 1, 2), LEFT(v, 3), TRIM(v), REPLACE(v, 'a', 'b'), CONCAT_WS(',', v, c), COALESCE(v, c), IFNULL(c, 'x'), IF(i, v, c), LENGTH(v), HEX(v) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT CAST(v AS CHAR), CAST(v AS CHAR(5)), CAST(i AS SIGNED), CAST(i AS UNSIGNED), CAST(i AS DECIMAL(8,3)), CAST(v AS DATE), CAST(v AS DATETIME(3)), CAST(v AS TIME), CAST(v AS BINARY), CAST(v AS DOUBLE) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT NOW(), NOW(6), CURDATE(), CURTIME(), UNIX_TIMESTAMP(), DATE(dt), YEAR(da), MONTH(da), dt + INTERVAL 1 DAY, da + INTERVAL 1 HOUR, DATE_FORMAT(dt, '%Y') FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT GROUP_CONCAT(v), GROUP_CONCAT(i) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT CASE WHEN i THEN 1 ELSE 2 END, CASE WHEN i THEN v ELSE 'long text' END, GREATEST(i, b), ABS(i), ROUND(d, 1), ROUND(d), FLOOR(d), MOD(i, 3) FROM t;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT DATABASE(), VERSION() IS NULL, LAST_INSERT_ID(), ROW_COUNT();
-- full-metadata:
SELECT a.id, b.id, b.v FROM t a LEFT JOIN t b ON a.id = b.i;
-- full-metadata:
SELECT z.n, z.i FROM (SELECT COUNT(*) AS n, i FROM t GROUP BY i) AS z;
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT 1 AS a UNION SELECT 2.5;
-- full-metadata:
SELECT 'a' AS a UNION ALL SELECT 'abc';
-- deviation: expression-width: the display width, the digits of text and the NOT NULL of an expression are our own
-- full-metadata:
SELECT id FROM t UNION SELECT i FROM t;
