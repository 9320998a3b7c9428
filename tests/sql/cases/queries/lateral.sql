-- LATERAL derived tables, and derived tables that read rows of the queries around them.
CREATE TABLE t (id INT PRIMARY KEY, a INT);
CREATE TABLE u (id INT PRIMARY KEY, t_id INT, v INT, KEY (t_id));
INSERT INTO t VALUES (1, 10), (2, 20), (3, NULL), (4, 40);
INSERT INTO u VALUES (1, 1, 5), (2, 1, 15), (3, 2, 25), (4, NULL, 35), (5, 1, 5);
SELECT t.id, l.v FROM t, LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l ORDER BY 1, 2;
SELECT t.id, l.n FROM t JOIN LATERAL (SELECT COUNT(*) AS n FROM u WHERE u.t_id = t.id) AS l ORDER BY 1;
SELECT t.id, l.v FROM t JOIN LATERAL (SELECT v FROM u WHERE u.t_id = t.id ORDER BY v DESC LIMIT 1) AS l ON TRUE ORDER BY 1;
SELECT t.id, l.v FROM t LEFT JOIN LATERAL (SELECT v FROM u WHERE u.t_id = t.id ORDER BY v, id LIMIT 2) AS l ON TRUE ORDER BY 1, 2;
SELECT t.id, l.v FROM t LEFT JOIN LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l ON l.v > t.a ORDER BY 1, 2;
SELECT t.id, l.x FROM t CROSS JOIN LATERAL (SELECT t.a * 2) AS l (x) ORDER BY 1;
SELECT t.id, l.x FROM t, LATERAL (SELECT t.a AS x UNION ALL SELECT t.id) AS l ORDER BY 1, 2;
SELECT t.id, l.x FROM t, LATERAL (VALUES ROW(t.id), ROW(t.a)) AS l (x) ORDER BY 1, 2;
SELECT t.id, l.x, m.y FROM t, LATERAL (SELECT t.a + 1 AS x) AS l, LATERAL (SELECT l.x * 2 AS y, t.id AS z) AS m ORDER BY 1;
-- deviation: unknown-table: 1054 names the column
SELECT t.id, l.x FROM t, (SELECT t.a AS x) AS l;
SELECT l.x FROM LATERAL (SELECT t.a AS x FROM u) AS l, t;
SELECT l.x FROM LATERAL (SELECT 1 AS x) AS l;
SELECT l.x FROM LATERAL (SELECT 1 AS x) AS l, t ORDER BY t.id;
SELECT * FROM t RIGHT JOIN LATERAL (SELECT t.a AS x) AS l ON TRUE;
SELECT * FROM t, LATERAL (SELECT 1 AS x);
-- deviation: syntax-near: another parser
SELECT * FROM t, LATERAL u;
-- deviation: comma-in-parentheses: a comma in a parenthesised join is a syntax error
SELECT t.id, l.v FROM (t, u AS w), LATERAL (SELECT w.v + t.id AS v) AS l WHERE w.id < 3 ORDER BY 1, 2;
SELECT t.id, w.id, l.v FROM t JOIN u AS w ON w.t_id = t.id JOIN LATERAL (SELECT SUM(u.v) AS v FROM u WHERE u.t_id = w.t_id AND u.id <= w.id) AS l ORDER BY 1, 2;
SELECT t.id FROM t WHERE EXISTS (SELECT 1 FROM u, LATERAL (SELECT u.v + t.id AS s) AS l WHERE l.s > 15 AND u.t_id = t.id) ORDER BY 1;
SELECT t.id, (SELECT SUM(l.s) FROM u, LATERAL (SELECT u.v + t.id AS s) AS l WHERE u.t_id = t.id) AS s FROM t ORDER BY 1;
SELECT t.id, l.c FROM t LEFT JOIN (u JOIN LATERAL (SELECT u.v + t.id AS c) AS l) ON u.t_id = t.id ORDER BY 1, 2;
SELECT id, l.x FROM t JOIN LATERAL (SELECT a AS x) AS l ORDER BY 1;
SELECT t.id, l.m FROM t, LATERAL (SELECT MAX(v) AS m FROM u WHERE t_id = t.id GROUP BY t_id HAVING m > 10) AS l ORDER BY 1;
SELECT t.id, l.n FROM t, LATERAL (WITH q AS (SELECT v FROM u WHERE u.t_id = t.id) SELECT COUNT(*) AS n FROM q) AS l ORDER BY 1;
SELECT t.id, l.n FROM t, LATERAL (WITH RECURSIVE q AS (SELECT t.id AS n UNION ALL SELECT n + 1 FROM q WHERE n < 3) SELECT COUNT(*) AS n FROM q) AS l ORDER BY 1;
SELECT t.id, d.x FROM t, LATERAL (SELECT x FROM (SELECT t.id + 100 AS x) AS i) AS d ORDER BY 1;
SELECT t.id, l.v FROM t JOIN LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l ON l.v < 20 WHERE t.id < 3 ORDER BY 1, 2;
SELECT COUNT(*) FROM t, LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l;
SELECT t.id, COUNT(l.v), SUM(l.v) FROM t LEFT JOIN LATERAL (SELECT v FROM u WHERE u.t_id = t.id) AS l ON TRUE GROUP BY t.id ORDER BY t.id;
SELECT t.id, l.* FROM t, LATERAL (SELECT v AS x, v AS x FROM u) AS l;
SELECT t.id, l.y FROM t, LATERAL (SELECT v FROM u WHERE u.id = t.id) AS l (y) ORDER BY 1;
SELECT t.id, l.y FROM t, LATERAL (SELECT v FROM u WHERE u.id = t.id) AS l (y, z);
PREPARE p FROM 'SELECT t.id, l.v FROM t, LATERAL (SELECT v FROM u WHERE u.t_id = t.id AND v > ?) AS l ORDER BY 1, 2';
SET @n = 10;
EXECUTE p USING @n;
SELECT a, (SELECT d.b FROM (SELECT t.a + 1 AS b) AS d) AS c FROM t ORDER BY id;
SELECT id FROM t WHERE a = (SELECT MAX(d.b) FROM (SELECT t.a AS b UNION SELECT 5) AS d) ORDER BY id;
SELECT a, (SELECT COUNT(*) FROM (SELECT 1 FROM u WHERE u.t_id = t.id) AS d) AS c FROM t ORDER BY id;
INSERT INTO u SELECT l.x, t.id, 0 FROM t, LATERAL (SELECT t.id + 100 AS x) AS l;
SELECT * FROM u WHERE id > 100 ORDER BY id;
