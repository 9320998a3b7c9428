-- EXPLAIN in its classic form shows the index that is used. Only a handful of shapes can be the same.
CREATE TABLE t (id INT PRIMARY KEY, k INT NOT NULL, u INT NOT NULL, c CHAR(20) NOT NULL DEFAULT '', KEY k_1 (k), UNIQUE KEY u_1 (u));
INSERT INTO t VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b'), (3, 2, 3, 'c'), (4, 3, 4, 'd'), (5, 4, 5, 'e'), (6, 5, 6, 'f'), (7, 6, 7, 'g'), (8, 7, 8, 'h'), (9, 8, 9, 'i'), (10, 9, 10, 'j');
ANALYZE TABLE t;
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM t WHERE id = 1;
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM t WHERE u = 1;
-- deviation: explain-plan: the plan is ours; the forms of the lines are MySQL's, without the note that shows the rewritten statement
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM t;
-- deviation: explain-plan: the plan is ours; the forms of the lines are MySQL's, without the note that shows the rewritten statement
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM t WHERE id = 99;
EXPLAIN FORMAT=TRADITIONAL SELECT 1;
-- deviation: explain-plan: the plan is ours; the forms of the lines are MySQL's, without the note that shows the rewritten statement
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM t WHERE 1 = 0;
EXPLAIN FORMAT=TRADITIONAL SELECT * FROM nope;
-- deviation: explain-plan: the plan is ours; the forms of the lines are MySQL's, without the note that shows the rewritten statement
EXPLAIN FORMAT=TRADITIONAL UPDATE t SET c = 'x' WHERE id = 1;
-- deviation: explain-plan: the plan is ours; the forms of the lines are MySQL's, without the note that shows the rewritten statement
EXPLAIN FORMAT=TRADITIONAL DELETE FROM t WHERE id = 1;
EXPLAIN FORMAT=TRADITIONAL INSERT INTO t VALUES (1, 1, 1, 'x');
-- deviation: names-in-messages: names of engines and formats are shown in lower case
EXPLAIN FORMAT=NOPE SELECT 1;
