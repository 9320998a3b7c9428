-- EXISTS, IN and scalar subqueries with conditions on the enclosing row beside equalities, and what is run anew for each row.
CREATE TABLE l (id INT PRIMARY KEY, k INT, s INT, v DECIMAL(6,2), w VARCHAR(8));
INSERT INTO l VALUES (1, 1, 10, 1.50, 'a'), (2, 1, 20, 2.50, 'B'), (3, 2, 10, 3, 'b'), (4, 2, 10, NULL, 'c'),
  (5, 3, 30, 5, NULL), (6, NULL, 10, 6, 'a'), (7, 4, NULL, 7, 'A'), (8, 4, 40, 8, 'a'), (9, 4, 40, 8, 'z');
CREATE TABLE m (k INT, s INT, v DECIMAL(6,2), w VARCHAR(8), KEY s (s));
INSERT INTO m VALUES (1, 10, 1, 'A'), (1, 20, 2, 'b'), (1, 20, 2, 'b'), (2, NULL, 3, 'c'), (4, 40, 8, 'Z'), (NULL, 10, 9, 'a'), (5, 50, 5, NULL);
SELECT id FROM l AS a WHERE EXISTS (SELECT * FROM l AS b WHERE b.k = a.k AND b.s <> a.s) ORDER BY id;
SELECT id FROM l AS a WHERE NOT EXISTS (SELECT * FROM l AS b WHERE b.k = a.k AND b.s <> a.s) ORDER BY id;
SELECT id FROM l AS a WHERE EXISTS (SELECT * FROM l AS b WHERE b.k <=> a.k AND b.id > a.id) ORDER BY id;
SELECT id, s IN (SELECT m.s FROM m WHERE m.k = l.k AND m.v < l.v) AS found FROM l ORDER BY id;
SELECT id, s NOT IN (SELECT m.s FROM m WHERE m.k = l.k AND m.v >= l.v - 1) AS missing FROM l ORDER BY id;
SELECT id, (k, s) IN (SELECT m.k, m.s FROM m WHERE m.w = l.w AND m.v <> l.v) AS found FROM l ORDER BY id;
SELECT id, s NOT IN (SELECT m.s FROM m WHERE m.k = l.k) AS missing FROM l ORDER BY id;
SELECT id FROM l WHERE s NOT IN (SELECT m.s FROM m WHERE m.k = l.k AND m.v > 0) ORDER BY id;
SELECT id FROM l AS a WHERE EXISTS (SELECT 1 FROM l AS b JOIN m ON m.k = b.k WHERE b.k = a.k AND m.s > a.s) ORDER BY id;
SELECT id FROM l AS a WHERE EXISTS (SELECT 1 FROM m WHERE m.s < a.s) ORDER BY id;
SELECT id FROM l AS a WHERE a.v > ALL (SELECT m.v FROM m WHERE m.k = a.k) ORDER BY id;
SELECT id FROM l AS a WHERE EXISTS (SELECT 1 FROM l AS b WHERE b.k = a.k AND b.id <> a.id
  AND NOT EXISTS (SELECT 1 FROM m WHERE m.k = b.k AND m.s <> a.s)) ORDER BY id;
-- Scalar ones.
SELECT id, (SELECT MAX(m.v) FROM m WHERE m.k = l.k) AS most FROM l ORDER BY id;
SELECT id, (SELECT COUNT(*) FROM m WHERE m.k = l.k) AS n, (SELECT COALESCE(SUM(m.v), -1) FROM m WHERE m.k = l.k AND m.s > 10) AS total FROM l ORDER BY id;
SELECT id, (SELECT COUNT(DISTINCT m.s) + 1 FROM m WHERE m.w = l.w) AS n FROM l ORDER BY id;
SELECT id, (SELECT MIN(m.v) FROM m WHERE m.k = l.k HAVING COUNT(*) > 1) AS least FROM l ORDER BY id;
SELECT id, (SELECT SUM(m.v) FROM m WHERE m.k = l.k AND m.s <> l.s) AS others FROM l ORDER BY id;
SELECT id, (SELECT MAX(m.v) + l.v FROM m WHERE m.k = l.k) AS both_of FROM l ORDER BY id;
SELECT id, (SELECT m.v FROM m WHERE m.k = l.k AND m.s = l.s) AS one FROM l WHERE id <> 2 ORDER BY id;
SELECT id, (SELECT m.v FROM m WHERE m.k = l.k) AS one FROM l ORDER BY id;
SELECT id, (SELECT GROUP_CONCAT(m.s ORDER BY m.s) FROM m WHERE m.k <=> l.k) AS all_of FROM l ORDER BY id;
SELECT id, v IN (SELECT MAX(m.v) FROM m WHERE m.k = l.k) AS is_most FROM l ORDER BY id;
SELECT id FROM l WHERE v < (SELECT 2 * AVG(m.v) FROM m WHERE m.k = l.k) ORDER BY id;
SELECT id, (SELECT m.s FROM m WHERE m.k = l.k ORDER BY m.v DESC LIMIT 1) AS best FROM l ORDER BY id;
-- What only a row that is asked for may say.
SELECT id, (SELECT SUM(m.v / (m.k - 1)) FROM m WHERE m.k = l.k) AS d FROM l WHERE k IS NULL OR k > 1 ORDER BY id;
SHOW WARNINGS;
SELECT id, (SELECT SUM(m.v / (m.k - 1)) FROM m WHERE m.k = l.k) AS d FROM l ORDER BY id;
SHOW WARNINGS;
-- In changes.
UPDATE l SET v = (SELECT MAX(m.v) FROM m WHERE m.k = l.k) WHERE EXISTS (SELECT 1 FROM m WHERE m.k = l.k AND m.s <> l.s);
SELECT id, v FROM l ORDER BY id;
DELETE FROM l WHERE NOT EXISTS (SELECT 1 FROM m WHERE m.k = l.k AND m.s <= l.s);
SELECT id FROM l ORDER BY id;
-- Run anew for each row.
SELECT COUNT(DISTINCT r) > 1 AS several FROM (SELECT (SELECT RAND()) AS r FROM m LIMIT 100) AS x;
SELECT COUNT(DISTINCT r) > 1 AS several FROM (SELECT (SELECT MAX(RAND()) FROM l) AS r FROM m) AS x;
SELECT COUNT(DISTINCT r) AS several FROM (SELECT (SELECT UUID()) AS r FROM m LIMIT 100) AS x;
SET @n = 0;
SELECT w, (SELECT @n := @n + 1) AS n FROM m;
SELECT (SELECT MAX(@n := @n + 1) FROM l) AS n FROM m;
SELECT COUNT(*), (SELECT @n) AS n FROM m;
SET @n = 0;
SELECT COUNT(*) FROM m WHERE (SELECT MAX(@n := @n + 1) FROM l) > 3;
SELECT @n > 10;
SET @n = 0;
-- deviation: variables-in-conditions: a subquery of user variables is run for each row in WHERE too
SELECT COUNT(*) FROM m WHERE (SELECT @n := @n + 1) > 3;
-- deviation: variables-in-conditions: each row has a value of its own
SELECT COUNT(DISTINCT (SELECT RAND())) > 1 AS several FROM m;
