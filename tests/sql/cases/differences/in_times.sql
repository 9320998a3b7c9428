-- IN of texts and times: all are compared as times, and texts that are none are equal.
SET max_error_count = 0;
CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(30), b BLOB, t TIME, t3 TIME(3), v TEXT);
INSERT INTO t VALUES (1, 'x', 'abd', '10:11:12', '10:11:12.123', 'b'), (2, '10:11:12', '101112', '10:11:12', '00:00:00', 'c'), (3, '', '', '00:00:00', '00:00:00', '00:00'), (4, '101112', 'q', '10:11:12', '10:11:12', '-5'), (5, NULL, 'b', NULL, '838:59:59', 'b');
SELECT id, s IN (t, 'y'), s IN (t, v), s IN ('y', t), s IN (t, t3), b IN (t, v), v IN (s, t), t IN (s, v), t IN ('x', v), t IN (s, '00:00:00'), 'q' IN (t, 'zz'), '10:11:12' IN (t, s) FROM t ORDER BY id;
SELECT id, s IN (TIME '10:11:12', 'y'), s IN (TIME '10:11:12', '10:11:12'), s IN (t, NULL), s NOT IN (t, v), REPEAT(t, 2) IN ('', t), s IN (t, v, 5), t IN (5, 'x', '00:00:00'), s NOT IN (NULL, t, v), b IN (t3, t3), t IN (t3, s), CONCAT(id, id) NOT IN (t, '') FROM t ORDER BY id;
-- A constant that is no time is 00:00:00 among constants of one kind.
SELECT id, t IN ('x', '10:11:12'), t IN ('x', 'y'), t IN (1e1, 123456789012345678901234567890), t IN (101112, 123456789012345678901234567890), t IN (123456789012345678901234567890, 7), t IN (101112, 'x'), t IN (5, 'x', '00:00:00') FROM t ORDER BY id;
SELECT id, t IN (101112.4, 5), t IN (101112.4, 99e9), t IN (NULL, 101112.4), t = 123456789012345678901234567890, t NOT IN ('x', 'y'), t IN ('', '17'), t IN ('10:11:12.4', '7'), t3 IN (101112.1234, 5), t3 IN ('10:11:12.1234', 'x') FROM t ORDER BY id;
-- A choice among numbers and others is what it chose.
SELECT id, IF(id, s, t) IN (SIGN(''), SPACE(2)), CASE WHEN 1 THEN t WHEN id THEN 2.5 END IN (0, NULL), CASE WHEN 1 THEN t WHEN id THEN 2.5 END IN (0, 7), CASE WHEN 1 THEN t3 WHEN id THEN 2.5 END IN ((1.5 BETWEEN s AND id), NULL), CASE WHEN 1 THEN t3 WHEN id THEN 2.5 END = 0, IF(id, t3, s) IN (0, 'q'), IF(id, t3, s) NOT IN (101112, '  ') FROM t ORDER BY id;
