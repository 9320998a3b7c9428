-- EXPLAIN as a tree, as a document, and of a query that is run. The plans are ours, their words MySQL's.
CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(10), KEY a (a));
CREATE TABLE u (id INT PRIMARY KEY, t_id INT, c INT);
INSERT INTO t VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd');
INSERT INTO u VALUES (1, 1, 10), (2, 1, 20), (3, 3, 30);
ANALYZE TABLE t, u;
EXPLAIN FORMAT=TREE SELECT 1;
EXPLAIN FORMAT=TREE SELECT * FROM nope;
EXPLAIN ANALYZE FORMAT=TRADITIONAL SELECT 1;
EXPLAIN FORMAT=TREE t;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT * FROM t WHERE id = 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT * FROM t WHERE a > 1 AND b LIKE 'a%' ORDER BY b DESC LIMIT 2;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT t.b, COUNT(*) FROM t JOIN u ON u.t_id = t.id WHERE u.c > 5 GROUP BY t.b HAVING COUNT(*) > 1 ORDER BY 2;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT * FROM t LEFT JOIN u ON u.c = t.a;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT DISTINCT a FROM t UNION SELECT c FROM u;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT (SELECT MAX(c) FROM u WHERE u.t_id = t.id) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id);
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT * FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a) AS d WHERE n > 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE UPDATE t SET b = 'x' WHERE a = 1 ORDER BY b LIMIT 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE DELETE FROM t WHERE a > 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=TREE UPDATE t JOIN u ON u.t_id = t.id SET t.b = u.c;
EXPLAIN FORMAT=TREE INSERT INTO u SELECT id + 10, a, 1 FROM t;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT * FROM t WHERE id = 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT * FROM t WHERE a > 1 AND b LIKE 'a%' ORDER BY b DESC LIMIT 2;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT t.b, COUNT(*) FROM t JOIN u ON u.t_id = t.id WHERE u.c > 5 GROUP BY t.b HAVING COUNT(*) > 1 ORDER BY 2;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT * FROM t LEFT JOIN u ON u.c = t.a;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT DISTINCT a FROM t UNION SELECT c FROM u;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT (SELECT MAX(c) FROM u WHERE u.t_id = t.id) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id);
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT * FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a) AS d WHERE n > 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT * FROM c;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) FROM t;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON UPDATE t SET b = 'x' WHERE a = 1 ORDER BY b LIMIT 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON DELETE FROM t WHERE a > 1;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON UPDATE t JOIN u ON u.t_id = t.id SET t.b = u.c;
-- deviation: explain-plan: the plan and its figures are ours
EXPLAIN FORMAT=JSON INSERT INTO u SELECT id + 10, a, 1 FROM t;
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT * FROM t WHERE id = 1;
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT * FROM t WHERE a > 1 AND b LIKE 'a%' ORDER BY b DESC LIMIT 2;
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT t.b, COUNT(*) FROM t JOIN u ON u.t_id = t.id WHERE u.c > 5 GROUP BY t.b HAVING COUNT(*) > 1 ORDER BY 2;
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT * FROM t LEFT JOIN u ON u.c = t.a;
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT DISTINCT a FROM t UNION SELECT c FROM u;
-- deviation: explain-plan: without the notes 1276
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT (SELECT MAX(c) FROM u WHERE u.t_id = t.id) FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.t_id = t.id);
-- mask: EXPLAIN
EXPLAIN ANALYZE SELECT * FROM (SELECT a, COUNT(*) AS n FROM t GROUP BY a) AS d WHERE n > 1;
-- deviation: not-built: EXPLAIN ANALYZE of what changes rows
EXPLAIN ANALYZE UPDATE t SET b = 'x';
-- deviation: not-built: EXPLAIN ANALYZE FORMAT=JSON
EXPLAIN ANALYZE FORMAT=JSON SELECT 1;
SELECT * FROM t ORDER BY id;
