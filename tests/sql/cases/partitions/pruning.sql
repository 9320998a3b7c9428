-- Which partitions are read: EXPLAIN's column, and the rows that come.
CREATE TABLE r (a INT, b INT, KEY (b)) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30), PARTITION pm VALUES LESS THAN MAXVALUE);
INSERT INTO r VALUES (NULL,0),(-5,1),(1,2),(9,3),(10,4),(15,5),(19,6),(20,7),(25,8),(29,9),(30,10),(100,11);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 5;
SELECT * FROM r WHERE a = 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 10;
SELECT * FROM r WHERE a = 10 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 1000;
SELECT * FROM r WHERE a = 1000 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a < 10;
SELECT * FROM r WHERE a < 10 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a <= 10;
SELECT * FROM r WHERE a <= 10 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a > 19;
SELECT * FROM r WHERE a > 19 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a >= 20;
SELECT * FROM r WHERE a >= 20 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a > 9 AND a < 20;
SELECT * FROM r WHERE a > 9 AND a < 20 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a BETWEEN 5 AND 15;
SELECT * FROM r WHERE a BETWEEN 5 AND 15 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a BETWEEN 15 AND 5;
SELECT * FROM r WHERE a BETWEEN 15 AND 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a IN (1, 25);
SELECT * FROM r WHERE a IN (1, 25) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a IN (1, 2, NULL);
SELECT * FROM r WHERE a IN (1, 2, NULL) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a IS NULL;
SELECT * FROM r WHERE a IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a <=> NULL;
SELECT * FROM r WHERE a <=> NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a <=> 15;
SELECT * FROM r WHERE a <=> 15 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a IS NOT NULL;
SELECT * FROM r WHERE a IS NOT NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 5 OR a = 25;
SELECT * FROM r WHERE a = 5 OR a = 25 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a < 0 OR a > 30;
SELECT * FROM r WHERE a < 0 OR a > 30 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 5 AND b = 2;
SELECT * FROM r WHERE a = 5 AND b = 2 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE b = 5;
SELECT * FROM r WHERE b = 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = '15';
SELECT * FROM r WHERE a = '15' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 15.5;
SELECT * FROM r WHERE a = 15.5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a < 9.5;
SELECT * FROM r WHERE a < 9.5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a > 9.5;
SELECT * FROM r WHERE a > 9.5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = 5 AND a = 15;
SELECT * FROM r WHERE a = 5 AND a = 15 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a >= 10 AND a < 30 AND a <> 20;
SELECT * FROM r WHERE a >= 10 AND a < 30 AND a <> 20 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a != 5;
SELECT * FROM r WHERE a != 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a + 0 = 5;
SELECT * FROM r WHERE a + 0 = 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE NOT a < 20;
SELECT * FROM r WHERE NOT a < 20 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = (SELECT 15);
SELECT * FROM r WHERE a = (SELECT 15) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a > 100000;
SELECT * FROM r WHERE a > 100000 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a = NULL;
SELECT * FROM r WHERE a = NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM r WHERE a < NULL;
SELECT * FROM r WHERE a < NULL ORDER BY b;
DROP TABLE r;
CREATE TABLE l (a INT, b INT) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1, 2, NULL), PARTITION p1 VALUES IN (3, 4), PARTITION p2 VALUES IN (10));
INSERT INTO l VALUES (1,1),(2,2),(NULL,3),(3,4),(4,5),(10,6);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a = 1;
SELECT * FROM l WHERE a = 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a = 5;
SELECT * FROM l WHERE a = 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a IS NULL;
SELECT * FROM l WHERE a IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a > 3;
SELECT * FROM l WHERE a > 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a >= 3 AND a < 10;
SELECT * FROM l WHERE a >= 3 AND a < 10 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a < 3;
SELECT * FROM l WHERE a < 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a IN (2, 3);
SELECT * FROM l WHERE a IN (2, 3) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a BETWEEN 5 AND 9;
SELECT * FROM l WHERE a BETWEEN 5 AND 9 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM l WHERE a = 10 OR a = 1;
SELECT * FROM l WHERE a = 10 OR a = 1 ORDER BY b;
DROP TABLE l;
CREATE TABLE h (a INT, b INT) PARTITION BY HASH (a) PARTITIONS 5;
INSERT INTO h VALUES (0,0),(1,1),(2,2),(3,3),(4,4),(5,5),(-1,6),(NULL,7),(12,8);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a = 1;
SELECT * FROM h WHERE a = 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a = -1;
SELECT * FROM h WHERE a = -1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a IS NULL;
SELECT * FROM h WHERE a IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a IN (1, 6);
SELECT * FROM h WHERE a IN (1, 6) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a BETWEEN 1 AND 3;
SELECT * FROM h WHERE a BETWEEN 1 AND 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a > 1 AND a < 3;
SELECT * FROM h WHERE a > 1 AND a < 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a BETWEEN 1 AND 9;
SELECT * FROM h WHERE a BETWEEN 1 AND 9 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a > 3;
SELECT * FROM h WHERE a > 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM h WHERE a = 7;
SELECT * FROM h WHERE a = 7 ORDER BY b;
DROP TABLE h;
CREATE TABLE k (a INT PRIMARY KEY, b INT) PARTITION BY KEY (a) PARTITIONS 5;
INSERT INTO k VALUES (0,0),(1,1),(2,2),(3,3),(4,4),(5,5);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM k WHERE a = 1;
SELECT * FROM k WHERE a = 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM k WHERE a IN (1, 4);
SELECT * FROM k WHERE a IN (1, 4) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM k WHERE a > 3;
SELECT * FROM k WHERE a > 3 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM k WHERE b = 3;
SELECT * FROM k WHERE b = 3 ORDER BY b;
DROP TABLE k;
CREATE TABLE y (d DATE, b INT) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN (2010), PARTITION p2 VALUES LESS THAN (2020), PARTITION pm VALUES LESS THAN MAXVALUE);
INSERT INTO y VALUES ('1999-12-31',1),('2000-01-01',2),('2005-05-05',3),('2009-12-31',4),('2010-01-01',5),('2019-12-31',6),('2020-01-01',7),(NULL,8);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d = '2005-05-05';
SELECT * FROM y WHERE d = '2005-05-05' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d < '2000-01-01';
SELECT * FROM y WHERE d < '2000-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d <= '2000-01-01';
SELECT * FROM y WHERE d <= '2000-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d > '2009-12-31';
SELECT * FROM y WHERE d > '2009-12-31' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d >= '2010-01-01';
SELECT * FROM y WHERE d >= '2010-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d BETWEEN '2000-01-01' AND '2009-12-31';
SELECT * FROM y WHERE d BETWEEN '2000-01-01' AND '2009-12-31' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d < '2005-01-01';
SELECT * FROM y WHERE d < '2005-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d IN ('2005-05-05','2020-01-01');
SELECT * FROM y WHERE d IN ('2005-05-05','2020-01-01') ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d IS NULL;
SELECT * FROM y WHERE d IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE YEAR(d) = 2005;
SELECT * FROM y WHERE YEAR(d) = 2005 ORDER BY b;
DROP TABLE y;
CREATE TABLE y (d DATETIME, b INT) PARTITION BY RANGE (TO_DAYS(d)) (PARTITION p0 VALUES LESS THAN (TO_DAYS('2000-01-01')), PARTITION p1 VALUES LESS THAN (TO_DAYS('2010-01-01')), PARTITION p2 VALUES LESS THAN (TO_DAYS('2020-01-01')), PARTITION pm VALUES LESS THAN MAXVALUE);
INSERT INTO y VALUES ('1999-12-31 23:59:59',1),('2000-01-01',2),('2005-05-05 10:00:00',3),('2009-12-31 12:00:00',4),('2010-01-01',5),('2019-12-31 23:00:00',6),('2020-01-01',7),(NULL,8);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d = '2005-05-05 10:00:00';
SELECT * FROM y WHERE d = '2005-05-05 10:00:00' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d < '2000-01-01';
SELECT * FROM y WHERE d < '2000-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d <= '2000-01-01';
SELECT * FROM y WHERE d <= '2000-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d < '2000-01-01 00:00:01';
SELECT * FROM y WHERE d < '2000-01-01 00:00:01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d > '2009-12-31 12:00:00';
SELECT * FROM y WHERE d > '2009-12-31 12:00:00' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d >= '2010-01-01';
SELECT * FROM y WHERE d >= '2010-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d >= '2000-01-01' AND d < '2010-01-01';
SELECT * FROM y WHERE d >= '2000-01-01' AND d < '2010-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d BETWEEN '2000-01-01' AND '2009-12-31';
SELECT * FROM y WHERE d BETWEEN '2000-01-01' AND '2009-12-31' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d IS NULL;
SELECT * FROM y WHERE d IS NULL ORDER BY b;
DROP TABLE y;
CREATE TABLE y (d TIMESTAMP NULL, b INT) PARTITION BY RANGE (UNIX_TIMESTAMP(d)) (PARTITION p0 VALUES LESS THAN (UNIX_TIMESTAMP('2000-01-01 00:00:00')), PARTITION p1 VALUES LESS THAN (UNIX_TIMESTAMP('2010-01-01 00:00:00')), PARTITION pm VALUES LESS THAN MAXVALUE);
INSERT INTO y VALUES ('1999-12-31 23:59:59',1),('2000-01-01',2),('2005-05-05 10:00:00',3),('2009-12-31 12:00:00',4),('2010-01-01',5),(NULL,8);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d = '2005-05-05 10:00:00';
SELECT * FROM y WHERE d = '2005-05-05 10:00:00' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d < '2000-01-01';
SELECT * FROM y WHERE d < '2000-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d >= '2010-01-01';
SELECT * FROM y WHERE d >= '2010-01-01' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM y WHERE d >= '2000-01-01' AND d < '2010-01-01';
SELECT * FROM y WHERE d >= '2000-01-01' AND d < '2010-01-01' ORDER BY b;
DROP TABLE y;
CREATE TABLE c (a INT, s VARCHAR(10), b INT) PARTITION BY RANGE COLUMNS (a, s) (PARTITION p0 VALUES LESS THAN (5, 'm'), PARTITION p1 VALUES LESS THAN (5, MAXVALUE), PARTITION p2 VALUES LESS THAN (10, 'b'), PARTITION p3 VALUES LESS THAN (MAXVALUE, MAXVALUE));
INSERT INTO c VALUES (1,'z',1),(5,'a',2),(5,'m',3),(5,'z',4),(6,'a',5),(10,'a',6),(10,'B',7),(10,'c',8),(NULL,'q',9),(99,'zz',10);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 5;
SELECT * FROM c WHERE a = 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 5 AND s = 'm';
SELECT * FROM c WHERE a = 5 AND s = 'm' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 5 AND s < 'm';
SELECT * FROM c WHERE a = 5 AND s < 'm' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 5 AND s > 'm';
SELECT * FROM c WHERE a = 5 AND s > 'm' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a < 5;
SELECT * FROM c WHERE a < 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a <= 5;
SELECT * FROM c WHERE a <= 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a > 5;
SELECT * FROM c WHERE a > 5 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a > 10;
SELECT * FROM c WHERE a > 10 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a BETWEEN 6 AND 9;
SELECT * FROM c WHERE a BETWEEN 6 AND 9 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE s = 'a';
SELECT * FROM c WHERE s = 'a' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a IN (1, 6);
SELECT * FROM c WHERE a IN (1, 6) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a IS NULL;
SELECT * FROM c WHERE a IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 10 AND s = 'b';
SELECT * FROM c WHERE a = 10 AND s = 'b' ORDER BY b;
DROP TABLE c;
CREATE TABLE c (a INT, s VARCHAR(10), b INT) PARTITION BY LIST COLUMNS (s, a) (PARTITION p0 VALUES IN (('a',1),('b',2)), PARTITION p1 VALUES IN (('a',2),(NULL,3)), PARTITION p2 VALUES IN (('c',NULL)));
INSERT INTO c VALUES (1,'a',1),(2,'B',2),(2,'a',3),(3,NULL,4),(NULL,'c',5);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE s = 'a';
SELECT * FROM c WHERE s = 'a' ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE s = 'A' AND a = 2;
SELECT * FROM c WHERE s = 'A' AND a = 2 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a = 2;
SELECT * FROM c WHERE a = 2 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE s IS NULL;
SELECT * FROM c WHERE s IS NULL ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE a > 1;
SELECT * FROM c WHERE a > 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM c WHERE s IN ('b','c');
SELECT * FROM c WHERE s IN ('b','c') ORDER BY b;
DROP TABLE c;
CREATE TABLE s (a INT, c INT, b INT) PARTITION BY RANGE (a) SUBPARTITION BY HASH (c) SUBPARTITIONS 3 (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
INSERT INTO s VALUES (1,1,1),(1,2,2),(1,3,3),(11,1,4),(11,2,5),(NULL,NULL,6);
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM s WHERE a = 1;
SELECT * FROM s WHERE a = 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM s WHERE c = 1;
SELECT * FROM s WHERE c = 1 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM s WHERE a = 11 AND c = 2;
SELECT * FROM s WHERE a = 11 AND c = 2 ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM s WHERE a < 10 AND c IN (1, 2);
SELECT * FROM s WHERE a < 10 AND c IN (1, 2) ORDER BY b;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM s WHERE a = 1 OR c = 2;
SELECT * FROM s WHERE a = 1 OR c = 2 ORDER BY b;
DROP TABLE s;
CREATE TABLE p (a INT PRIMARY KEY, b INT) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION pm VALUES LESS THAN MAXVALUE);
INSERT INTO p VALUES (1,1),(11,2),(21,3),(31,4);
PREPARE s FROM 'SELECT * FROM p WHERE a = ?';
SET @v = 1;
EXECUTE s USING @v;
SET @v = 21;
EXECUTE s USING @v;
SET @v = NULL;
EXECUTE s USING @v;
PREPARE s FROM 'SELECT * FROM p WHERE a >= ? AND a < ? ORDER BY a';
SET @v = 1, @w = 20;
EXECUTE s USING @v, @w;
SET @v = 15, @w = 100;
EXECUTE s USING @v, @w;
DEALLOCATE PREPARE s;
-- with: 11
SELECT * FROM p WHERE a = ?;
-- with: 21, 31
SELECT * FROM p WHERE a IN (?, ?) ORDER BY a;
CREATE TABLE o (x INT);
INSERT INTO o VALUES (1),(21),(5);
SELECT * FROM o JOIN p ON p.a = o.x ORDER BY x;
SELECT * FROM o LEFT JOIN p ON p.a = o.x ORDER BY x;
SELECT * FROM o WHERE EXISTS (SELECT 1 FROM p WHERE p.a = o.x) ORDER BY x;
SELECT x, (SELECT b FROM p WHERE p.a = o.x) FROM o ORDER BY x;
SELECT * FROM p WHERE a IN (SELECT x FROM o) ORDER BY a;
UPDATE p SET b = b + 10 WHERE a < 20;
DELETE FROM p WHERE a = 21;
SELECT * FROM p ORDER BY a;
-- deviation: explain-plan: the plan is ours
EXPLAIN UPDATE p SET b = 1 WHERE a = 1;
-- deviation: explain-plan: the plan is ours
EXPLAIN DELETE FROM p WHERE a > 15;
-- deviation: explain-plan: the plan is ours
EXPLAIN SELECT * FROM p PARTITION (p0, pm) WHERE a > 5;
DROP TABLE o, p;
