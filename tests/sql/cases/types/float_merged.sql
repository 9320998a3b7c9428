-- FLOAT beside other numbers: what GREATEST, COALESCE, IF, CASE and UNION make of them.
CREATE TABLE ty (f FLOAT, t TINYINT, s SMALLINT, m MEDIUMINT, i INT, b BIGINT, u BIGINT UNSIGNED, y YEAR, bt BIT(5), d DECIMAL(5,2), g DOUBLE);
INSERT INTO ty VALUES (1.1, 1, 2, 3, 4, 5, 6, 2007, b'101', 1.25, 2.2), (NULL, 1, 2, 3, 4, 5, 6, 2007, b'101', 1.25, 2.2);
CREATE TABLE made SELECT GREATEST(f, t) g1, GREATEST(f, s) g2, GREATEST(f, m) g3, GREATEST(f, i) g4, GREATEST(f, b) g5,
  GREATEST(f, u) g6, GREATEST(f, y) g7, GREATEST(f, d) g9, LEAST(f, f) g10, LEAST(f, g) g11,
  COALESCE(f, t) c1, COALESCE(f, i) c2, COALESCE(f, b) c3, COALESCE(b, f) c4, COALESCE(f, bt) c5,
  IF(1, f, i) i1, IF(1, f, b) i2, CASE WHEN f > 1 THEN f ELSE m END k1, GREATEST(b, f) h1, GREATEST(m, f) h2 FROM ty;
SHOW CREATE TABLE made;
SELECT GREATEST(f, t), GREATEST(f, 1), LEAST(f, 7), COALESCE(f, 2), IFNULL(f, b), IF(f > 1, f, 3) FROM ty;
SELECT f FROM ty UNION SELECT b FROM ty;
SELECT f FROM ty UNION SELECT i FROM ty;
SELECT GREATEST(f, i), COALESCE(f, d), COALESCE(b, f) FROM ty;
