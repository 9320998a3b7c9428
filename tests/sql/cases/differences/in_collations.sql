-- COLLATE of an operand of IN or ANY decides how it is compared with the rows of a subquery.
SET NAMES utf8mb4;
CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(10) COLLATE utf8mb4_0900_ai_ci, b VARCHAR(10) COLLATE utf8mb4_bin, KEY(a), KEY(b));
INSERT INTO t VALUES (1,'a','A'),(2,'B','B'),(3,'c','x');
SELECT 'A' COLLATE utf8mb4_bin IN (SELECT a FROM t);
SELECT 'A' IN (SELECT a FROM t);
SELECT 'a' COLLATE utf8mb4_0900_ai_ci IN (SELECT b FROM t);
SELECT 'a' IN (SELECT b FROM t);
SELECT 'A' COLLATE utf8mb4_bin = ANY (SELECT a FROM t);
SELECT 'a' COLLATE utf8mb4_0900_ai_ci = ANY (SELECT b FROM t);
SELECT 'A' COLLATE utf8mb4_bin <> ALL (SELECT a FROM t);
SELECT id FROM t WHERE a COLLATE utf8mb4_bin IN (SELECT b FROM t) ORDER BY id;
SELECT id FROM t WHERE a COLLATE utf8mb4_bin NOT IN (SELECT b FROM t) ORDER BY id;
SELECT id FROM t WHERE b COLLATE utf8mb4_0900_ai_ci IN (SELECT a FROM t) ORDER BY id;
SELECT id FROM t WHERE b IN (SELECT a FROM t) ORDER BY id;
SELECT id FROM t WHERE a COLLATE utf8mb4_bin IN (SELECT s.b FROM t s WHERE s.id = t.id) ORDER BY id;
SELECT id FROM t WHERE (a COLLATE utf8mb4_bin, id) IN (SELECT b, id FROM t) ORDER BY id;
SELECT id FROM t WHERE (a, id) IN (SELECT b, id FROM t) ORDER BY id;
SELECT id, 'A' COLLATE utf8mb4_bin IN (SELECT s.a FROM t s WHERE s.id = t.id) FROM t ORDER BY id;
SELECT 'A' COLLATE utf8mb4_bin IN (SELECT 'a');
SELECT 'A' COLLATE utf8mb4_bin IN (SELECT UPPER(a) FROM t);
SELECT id FROM t WHERE UPPER(a) COLLATE utf8mb4_bin IN (SELECT 'A' UNION SELECT 'b') ORDER BY id;
-- deviation: in-explicit-collations: not refused
SELECT id, a COLLATE utf8mb4_bin IN (SELECT a COLLATE utf8mb4_general_ci FROM t) FROM t;
SELECT id FROM t WHERE b IN (SELECT 'a') ORDER BY id;
SELECT id FROM t WHERE a IN (SELECT 'A' COLLATE utf8mb4_bin) ORDER BY id;
SELECT 'A' COLLATE utf8mb4_bin IN (SELECT a COLLATE utf8mb4_bin FROM t);
SELECT (SELECT 'A' COLLATE utf8mb4_bin) IN (SELECT a FROM t);
SELECT id FROM t WHERE b IN (SELECT UPPER(a) FROM t) ORDER BY id;
SELECT id FROM t WHERE a > ANY (SELECT b COLLATE utf8mb4_bin FROM t) ORDER BY id;
SELECT id FROM t WHERE a COLLATE utf8mb4_bin > ALL (SELECT b FROM t) ORDER BY id;
SELECT id FROM t WHERE NOT b COLLATE utf8mb4_0900_ai_ci IN (SELECT a FROM t) ORDER BY id;
SELECT 1 IN (SELECT a FROM t WHERE id > 5), NULL IN (SELECT a COLLATE utf8mb4_bin FROM t);
-- The subquery's own COLLATE comes before the collation of a column.
SELECT id FROM t WHERE b IN (SELECT CONCAT(a, '') COLLATE utf8mb4_0900_ai_ci FROM t) ORDER BY id;
SELECT id FROM t WHERE b IN (SELECT CONCAT(a COLLATE utf8mb4_0900_ai_ci, '') FROM t) ORDER BY id;
SELECT id FROM t WHERE b IN (SELECT a COLLATE utf8mb4_bin FROM t) ORDER BY id;
SELECT id FROM t WHERE (b, id) IN (SELECT a COLLATE utf8mb4_0900_ai_ci, id FROM t) ORDER BY id;
