-- max_join_size and sql_big_selects: queries that would cost too much are refused.
CREATE TABLE t (a INT PRIMARY KEY, b INT);
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10);
SELECT @@sql_big_selects, @@max_join_size;
SET max_join_size = 5;
SELECT @@sql_big_selects, @@max_join_size;
SELECT COUNT(*) FROM t;
SELECT COUNT(*) FROM t WHERE a = 3;
SELECT COUNT(*) FROM t x, t y, t z WHERE x.b = y.b + z.b;
INSERT INTO t SELECT x.a + 100 + y.a * 50 + 1000 * z.a, 1 FROM t x, t y, t z;
UPDATE t x, t y, t z SET x.b = 1 WHERE x.b = y.b + z.b;
SET sql_big_selects = 1;
SELECT @@sql_big_selects, @@max_join_size;
SELECT COUNT(*) FROM t x, t y, t z WHERE x.b = y.b + z.b;
SET sql_big_selects = 0;
SELECT COUNT(*) FROM t x, t y, t z WHERE x.b = y.b + z.b;
SET max_join_size = DEFAULT;
SELECT @@sql_big_selects, @@max_join_size;
SELECT COUNT(*) FROM t x, t y, t z WHERE x.b = y.b + z.b;
-- As `mysql --safe-updates` begins.
SET SQL_SAFE_UPDATES=1,SQL_SELECT_LIMIT=1000,MAX_JOIN_SIZE=1000000;
SELECT @@sql_safe_updates, @@sql_select_limit, @@sql_big_selects, @@max_join_size;
SELECT COUNT(*) FROM t x, t y, t z WHERE x.b = y.b + z.b;
UPDATE t SET b = 1;
