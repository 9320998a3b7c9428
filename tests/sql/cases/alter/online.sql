-- Indexes of a table that is large enough to be altered while it is written; and what ALGORITHM and LOCK say of that.

CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b VARCHAR(20) NOT NULL, c INT NOT NULL, d TIMESTAMP NULL, e TEXT, f DECIMAL(8,2));

INSERT INTO t (a, b, c, d, e, f) VALUES (1, 'one', 1, '2020-01-01 00:00:01', 'text one', 1.5), (2, 'two', 2, NULL, 'text two', -2.5), (NULL, 'three', 3, '2021-06-01 12:00:00', NULL, NULL), (4, 'Four', 4, '2022-01-01 00:00:00', 'x', 0);

INSERT INTO t (a, b, c, d, e, f) SELECT a + 10, CONCAT(b, id), id + 100, d, CONCAT(e, id), f + 1 FROM t ORDER BY id;

INSERT INTO t (a, b, c, d, e, f) SELECT x.a + y.id, CONCAT(x.b, y.id), x.id * 1000 + y.id, x.d, x.e, x.f FROM t x, t y, (SELECT 1 UNION ALL SELECT 2) z WHERE z.`1` = 1 ORDER BY x.id, y.id;

INSERT INTO t (a, b, c, d, e, f) SELECT x.a + y.id, CONCAT(x.b, y.id), x.id * 10000 + y.id, x.d, x.e, x.f FROM t x, t y ORDER BY x.id, y.id;

SELECT COUNT(*), COUNT(DISTINCT c) FROM t;

ALTER TABLE t ADD INDEX i_a (a), LOCK=NONE;

CREATE INDEX i_b ON t (b(3) DESC, a) ALGORITHM=INPLACE LOCK=NONE;

ALTER TABLE t ADD UNIQUE u_c (c), ADD INDEX i_d (d), ADD INDEX i_e (e(4)), ADD INDEX i_f (f DESC) INVISIBLE;

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (i_a) WHERE a > 5;

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (i_b) WHERE b LIKE 'two%';

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (u_c) WHERE c BETWEEN 1000 AND 20000;

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (i_d) WHERE d > '2020-12-01';

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (i_e) WHERE e LIKE 'text%';

CHECK TABLE t;

SHOW CREATE TABLE t;

UPDATE t SET f = id;

UPDATE t SET f = 3000 WHERE id = 7;

ALTER TABLE t ADD UNIQUE u_f (f);

ALTER TABLE t ADD UNIQUE u_f2 (f, c), ADD UNIQUE u_f3 (f), ADD INDEX i_x (c, a);

CREATE UNIQUE INDEX u_f4 ON t (f);

ALTER TABLE t ADD INDEX i_a (b);

ALTER TABLE t ADD INDEX i_nothing (nothing);

ALTER TABLE t ADD INDEX i_again (a);

SHOW WARNINGS;

ALTER TABLE t ADD INDEX i_g (c, b), ALGORITHM=INSTANT;

ALTER TABLE t ADD INDEX i_g (c, b), ALGORITHM=COPY, LOCK=NONE;

ALTER TABLE t ADD INDEX i_g (c, b), ALGORITHM=COPY, LOCK=SHARED;

ALTER TABLE t ADD INDEX i_h (c, a), LOCK=SHARED;

ALTER TABLE t ADD INDEX i_k (c, d), LOCK=EXCLUSIVE;

ALTER TABLE t MODIFY a BIGINT, LOCK=NONE;

ALTER TABLE t MODIFY a BIGINT, ALGORITHM=INPLACE;

ALTER TABLE t ADD COLUMN g INT AUTO_INCREMENT UNIQUE, LOCK=NONE;

ALTER TABLE t DROP INDEX i_g, DROP INDEX i_h, DROP INDEX i_k, DROP INDEX i_again, ADD INDEX i_new (c, b), ALGORITHM=INPLACE, LOCK=NONE;

SELECT COUNT(*), SUM(id) FROM t FORCE INDEX (i_new) WHERE c > 5;

-- A table without a primary key, and a child of a foreign key.
CREATE TABLE h AS SELECT a, b, c FROM t;

ALTER TABLE h ADD UNIQUE (c), ADD INDEX (a, b);

SELECT COUNT(*), SUM(c) FROM h FORCE INDEX (a) WHERE a < 50;

CHECK TABLE h;

SHOW CREATE TABLE h;

INSERT INTO h VALUES (1, 'x', 1);

CREATE TABLE k (id INT PRIMARY KEY, v INT, FOREIGN KEY (v) REFERENCES t (c));

INSERT INTO k SELECT id, c FROM t;

ALTER TABLE k ADD INDEX other (v, id);

SHOW CREATE TABLE k;

ALTER TABLE k ADD UNIQUE w (id, v);

DELETE FROM t WHERE id = 1;

CHECK TABLE k, t;

DROP TABLE k, h, t;
