-- Subqueries: scalar, IN, EXISTS, correlated, derived tables.
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT);
CREATE TABLE u (id INT PRIMARY KEY, t_id INT, v INT, KEY (t_id));
INSERT INTO t VALUES (1, 10, 1), (2, 20, NULL), (3, 30, 3), (4, NULL, 4);
INSERT INTO u VALUES (1, 1, 5), (2, 1, 15), (3, 3, 25), (4, NULL, 35);
SELECT (SELECT 1);
SELECT (SELECT MAX(a) FROM t) AS m, id FROM t ORDER BY id;
SELECT (SELECT a FROM t WHERE id = 99);
SELECT (SELECT a FROM t);
SELECT (SELECT a, b FROM t WHERE id = 1);
SELECT id FROM t WHERE a = (SELECT MAX(a) FROM t);
SELECT id FROM t WHERE a > (SELECT AVG(a) FROM t);
SELECT id FROM t WHERE id IN (SELECT t_id FROM u) ORDER BY id;
SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM u) ORDER BY id;
SELECT id FROM t WHERE id NOT IN (SELECT t_id FROM u WHERE t_id IS NOT NULL) ORDER BY id;
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id) ORDER BY id;
SELECT id FROM t WHERE NOT EXISTS (SELECT * FROM u WHERE u.t_id = t.id AND u.v > 10) ORDER BY id;
SELECT id, (SELECT COUNT(*) FROM u WHERE u.t_id = t.id) AS n FROM t ORDER BY id;
SELECT id, (SELECT SUM(v) FROM u WHERE u.t_id = t.id AND u.v < t.a) AS n FROM t ORDER BY id;
SELECT id FROM t WHERE (SELECT COUNT(*) FROM u WHERE u.t_id = t.id) > 1;
SELECT id FROM t WHERE (id, a) IN (SELECT id, a FROM t WHERE a > 10) ORDER BY id;
SELECT id FROM t WHERE a = ANY (SELECT a FROM t WHERE id < 3) ORDER BY id;
SELECT id FROM t WHERE a <> ALL (SELECT a FROM t WHERE id < 3) ORDER BY id;
-- deviation: not-built: refused with 1235, which names the feature
SELECT id FROM t WHERE a > ALL (SELECT v FROM u WHERE id < 3) ORDER BY id;
-- deviation: not-built: refused with 1235, which names the feature
SELECT id FROM t WHERE a > SOME (SELECT v FROM u) ORDER BY id;
SELECT * FROM (SELECT id, a * 2 AS d FROM t) AS x WHERE x.d > 20 ORDER BY x.id;
SELECT x.n FROM (SELECT COUNT(*) AS n FROM u GROUP BY t_id) AS x ORDER BY x.n;
SELECT * FROM (SELECT * FROM t ORDER BY id DESC LIMIT 2) AS x ORDER BY id;
SELECT * FROM (SELECT id FROM t UNION SELECT id + 10 FROM t) AS x ORDER BY id;
SELECT MAX(n) FROM (SELECT COUNT(*) n FROM u GROUP BY t_id) x;
SELECT id FROM t WHERE id IN (SELECT t_id FROM u WHERE v IN (SELECT v FROM u WHERE v > 10)) ORDER BY id;
-- deviation: in-subquery-limit: LIMIT in the subquery of IN works
SELECT id FROM t WHERE id IN (SELECT id FROM u LIMIT 1);
SELECT id FROM t WHERE id IN (SELECT id, v FROM u);
SELECT id FROM t WHERE id = (SELECT t_id FROM u);
SELECT id FROM t WHERE a IN (SELECT nope FROM u);
SELECT (SELECT t.a + u.v FROM u WHERE u.id = t.id) FROM t ORDER BY id;
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id) THEN 'yes' ELSE 'no' END AS has FROM t ORDER BY id;
SELECT id FROM t ORDER BY (SELECT COUNT(*) FROM u WHERE u.t_id = t.id) DESC, id;
SELECT NULL IN (SELECT 1), NULL IN (SELECT 1 FROM t WHERE 0), 1 IN (SELECT NULL), 2 NOT IN (SELECT 1), EXISTS (SELECT 1 FROM t WHERE 0);
SELECT COUNT(*) FROM t WHERE (SELECT 1) = 1;
SELECT t.id, d.s FROM t JOIN (SELECT t_id, SUM(v) s FROM u GROUP BY t_id) d ON d.t_id = t.id ORDER BY t.id;
SELECT t_id, SUM(v) FROM u GROUP BY t_id HAVING SUM(v) > (SELECT MIN(v) FROM u) ORDER BY t_id;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
SELECT (SELECT MAX(v) FROM u WHERE u.t_id = t.id) AS m FROM t HAVING m IS NOT NULL ORDER BY m;
-- deviation: not-built: refused with 1235, which names the feature
SELECT * FROM t, LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l;
SELECT (SELECT (SELECT t.id + 0)) AS nested FROM t ORDER BY id;
SELECT id FROM t AS outer_t WHERE a = (SELECT MAX(a) FROM t WHERE t.b <= outer_t.b) ORDER BY id;
-- deviation: not-built: refused with 1235, which names the feature
SELECT (SELECT SUM(t.a) FROM u LIMIT 1) FROM t;
