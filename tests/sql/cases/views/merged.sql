-- What is read through a view, a derived table, and the text of both written out is the same.
CREATE TABLE t (id INT PRIMARY KEY, k INT, s VARCHAR(10), e ENUM('x','y','z'), d DECIMAL(8,2), KEY (k));
CREATE TABLE u (id INT PRIMARY KEY, t_id INT, v INT NOT NULL, KEY (t_id));
INSERT INTO t VALUES (1, 10, 'a', 'z', 1.5), (2, 10, 'B', 'x', 2.5), (3, 20, NULL, 'y', NULL), (4, NULL, 'd', NULL, 4), (5, 20, 'A', 'y', 5);
INSERT INTO u VALUES (1, 1, 100), (2, 1, 200), (3, 3, 300), (4, 9, 400), (5, NULL, 500);
CREATE VIEW vt AS SELECT id, k AS kk, s, e, d, k + 1 AS k1, 7 AS seven FROM t WHERE id < 5;
CREATE VIEW vtt AS SELECT id, kk, k1 * 2 AS k2, s FROM vt WHERE kk IS NOT NULL;
CREATE VIEW vj AS SELECT t.id, t.k, u.id AS uid, u.v FROM t JOIN u ON u.t_id = t.id;
CREATE VIEW vl AS SELECT t.id, t.s, u.v FROM t LEFT JOIN u ON u.t_id = t.id AND u.v > 100;
CREATE VIEW vo AS SELECT id, s FROM t ORDER BY id DESC;
SELECT * FROM vt WHERE id = 3;
SELECT k1, seven FROM vt WHERE k1 = 11 ORDER BY id;
SELECT * FROM vtt ORDER BY id;
SELECT vtt.*, vj.* FROM vtt JOIN vj ON vtt.id = vj.id ORDER BY uid;
-- deviation: view-constants: MySQL says NOT NULL of a constant that is NULL-extended
SELECT * FROM u LEFT JOIN vt ON u.t_id = vt.id ORDER BY u.id;
-- deviation: view-constants: MySQL says NOT NULL of a constant that is NULL-extended
SELECT u.id, seven, k1 FROM u LEFT JOIN vt ON u.t_id = vt.id ORDER BY u.id;
SELECT u.id, x.id, x.s FROM u LEFT JOIN (SELECT id, s FROM t WHERE s IS NOT NULL) x ON u.t_id = x.id ORDER BY u.id;
SELECT u.id, x.id FROM u LEFT JOIN (SELECT id, s FROM t WHERE s IS NOT NULL) x ON u.t_id = x.id WHERE x.id IS NULL ORDER BY u.id;
SELECT u.id, y.id, y.v FROM u LEFT JOIN (SELECT t.id, w.v FROM t JOIN u w ON w.t_id = t.id) y ON u.t_id = y.id ORDER BY u.id, y.v;
SELECT u.id, y.id, y.v FROM u LEFT JOIN vj y ON u.t_id = y.id AND y.v > 150 ORDER BY u.id, y.v;
SELECT y.id, u.id FROM vj y RIGHT JOIN u ON u.t_id = y.id ORDER BY u.id, y.uid;
SELECT * FROM vl ORDER BY id, v;
-- deviation: view-constants: in MySQL a constant is of no table here
SELECT * FROM vl JOIN vt USING (id) ORDER BY id, v;
SELECT * FROM vl NATURAL JOIN vtt ORDER BY id, v;
SELECT kk, COUNT(*), SUM(k1), MAX(s), GROUP_CONCAT(s ORDER BY s) FROM vt GROUP BY kk ORDER BY kk;
SELECT k1, COUNT(*) FROM vt GROUP BY k1 ORDER BY k1;
SELECT k1, COUNT(*) FROM vt GROUP BY k1 HAVING k1 > 11;
SELECT kk, COUNT(*) FROM vt GROUP BY kk WITH ROLLUP;
SELECT id, s FROM vt GROUP BY id ORDER BY id;
SELECT kk, s FROM vt GROUP BY kk;
SELECT x.k, x.s FROM (SELECT k, s FROM t) x GROUP BY x.k;
SELECT x.id, x.s FROM (SELECT id, s FROM t) x GROUP BY x.id ORDER BY 1;
SELECT DISTINCT kk FROM vt ORDER BY kk;
-- deviation: view-constants: in MySQL a constant is of no table here
SELECT DISTINCT seven FROM vt;
SELECT e, COUNT(*) FROM vt GROUP BY e ORDER BY e;
SELECT id, e FROM vt ORDER BY e, id;
SELECT MIN(id), MAX(id) FROM vt;
SELECT COUNT(*) FROM vt;
SELECT COUNT(*) FROM vt WHERE seven = 7;
SELECT COUNT(*) FROM vt WHERE seven = 8;
SELECT id, ROW_NUMBER() OVER (PARTITION BY kk ORDER BY k1 DESC, id) AS n FROM vt ORDER BY id;
SELECT id, (SELECT MAX(v) FROM u WHERE u.t_id = vt.id) AS top FROM vt ORDER BY id;
SELECT id, (SELECT SUM(v + vt.k1) FROM u WHERE u.t_id = vt.id) AS top FROM vt ORDER BY id;
SELECT id FROM vt WHERE EXISTS (SELECT * FROM u WHERE u.t_id = vt.id AND u.v > vt.k1 * 10) ORDER BY id;
SELECT id FROM vt WHERE id IN (SELECT t_id FROM u WHERE v > k1) ORDER BY id;
SELECT id FROM t WHERE id IN (SELECT id FROM vt WHERE k1 = t.k + 1) ORDER BY id;
SELECT id FROM t WHERE id NOT IN (SELECT id FROM vtt) ORDER BY id;
SELECT kk, (SELECT COUNT(*) FROM u WHERE u.t_id = kk) FROM vt GROUP BY kk ORDER BY kk;
SELECT kk, (SELECT COUNT(*) FROM u WHERE u.t_id = vt.id) FROM vt GROUP BY kk ORDER BY kk;
SELECT x.a, y.b FROM (SELECT id AS a FROM t) x, (SELECT id AS b FROM t) y WHERE x.a = y.b + 1 ORDER BY 1;
SELECT x.a FROM (SELECT y.a FROM (SELECT id AS a, k FROM t) y WHERE y.k = 10) x ORDER BY 1;
SELECT * FROM (SELECT id, k FROM t) x JOIN LATERAL (SELECT MAX(v) AS m FROM u WHERE u.t_id = x.id AND u.v > x.k) z ORDER BY x.id;
SELECT * FROM (SELECT id, k + 5 AS k5 FROM t) x JOIN LATERAL (SELECT COUNT(*) AS m FROM u WHERE u.v > x.k5 * 10) z ORDER BY x.id;
SELECT * FROM vo;
SELECT * FROM vo WHERE id > 2;
SELECT * FROM vo LIMIT 2;
SELECT * FROM vo ORDER BY id LIMIT 2;
SELECT * FROM (SELECT id, s FROM t ORDER BY id DESC) x LIMIT 3;
SELECT COUNT(*) FROM vo;
SELECT id FROM vt UNION SELECT id FROM u ORDER BY id;
SELECT nope FROM vt;
SELECT vt.k FROM vt;
SELECT t.id FROM vt;
SELECT x.nope FROM (SELECT id FROM t) x;
SELECT id FROM vt, vtt;
SELECT * FROM vt WHERE t.id = 1;
SELECT * FROM vt, vt;
SELECT * FROM vt x, vt y WHERE x.id = y.id AND x.id = 1;
SELECT x.id FROM vt;
SELECT t.*, vt.* FROM vt JOIN t ON t.id = vt.id WHERE t.id = 2;
SELECT t.* FROM vt;
SELECT d + 1, d, UPPER(s), CONCAT(s, seven) FROM vt ORDER BY id;
SELECT s FROM vt WHERE s = 'b' COLLATE utf8mb4_bin;
SELECT s FROM vt WHERE s = 'b';
SELECT @n := 0;
SELECT COUNT(*) FROM (SELECT @n := @n + 1 AS n FROM t) x;
-- deviation: derived-volatile: MySQL merges RAND()
SELECT COUNT(DISTINCT r) FROM (SELECT id, RAND() AS r FROM t) x;
-- deviation: derived-volatile: MySQL merges RAND()
SELECT r = r FROM (SELECT RAND() AS r FROM t WHERE id = 1) x;
SELECT id FROM vt WHERE id = 1 FOR UPDATE;
SELECT id FROM vt WHERE id = 1 FOR UPDATE OF vt;
SELECT id FROM vt WHERE id = 1 FOR UPDATE OF t;
-- deviation: derived-locks: MySQL's mistake
SELECT x.id FROM (SELECT id FROM t) x WHERE x.id = 1 FOR SHARE OF x;
SET optimizer_switch = 'derived_merge=off';
-- deviation: derived-integer-width: MySQL's temporary table has INT
SELECT * FROM vt WHERE id = 3;
SELECT x.id FROM (SELECT id FROM t) x WHERE x.id = 1;
SET optimizer_switch = 'derived_merge=on';
UPDATE t SET k = 1 WHERE id IN (SELECT id FROM (SELECT id FROM t WHERE k = 20) x);
DELETE FROM t WHERE id IN (SELECT id FROM (SELECT id FROM t WHERE k = 20) x);
INSERT INTO u (id, v) VALUES ((SELECT MAX(id) + 1 FROM (SELECT id FROM u) x), 1);
SELECT id, k FROM t ORDER BY id;
