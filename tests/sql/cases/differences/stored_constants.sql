-- A constant, written or calculated, next to a column of dates or times is stored into such a column, and compared as that.
SET max_error_count = 0;
CREATE TABLE t (id INT PRIMARY KEY, s VARCHAR(30), b BLOB, t TIME, t3 TIME(3), v TEXT);
INSERT INTO t VALUES (1, 'x', 'abd', '10:11:12', '10:11:12.123', 'b'), (2, '10:11:12', '101112', '10:11:12', '00:00:00', 'c'), (3, '', '', '00:00:00', '00:00:00', '00:00'), (4, '101112', 'q', '10:11:12', '10:11:12', '-5'), (5, NULL, 'b', NULL, '838:59:59', 'b'), (6, '17', '0', '-00:00:01', '-00:00:00.001', '0');
CREATE TABLE d (id INT PRIMARY KEY, d DATE, dt DATETIME(3), y YEAR, tm TIME, ts TIMESTAMP NULL);
INSERT INTO d VALUES (1, '2020-01-31', '2020-01-31 10:11:12.5', 2020, '10:11:12', '2020-01-31 10:11:12'), (2, '1969-12-31', '2000-01-01 00:00:00.001', 1999, '00:00:00', NULL), (3, NULL, '2010-11-12 00:00:00', 2000, '00:00:07', '2010-11-12 00:00:00');

-- Calculated.
SELECT id, t = SUBSTRING(10, 2, 3), LEFT(CRC32(0.1), 2) >= t, t <=> MAKEDATE(2020, 10), t3 = CONCAT('101112', '.123'), t < CONCAT('1', '7'), t = CONCAT('x', ''), CONCAT('-', '1') = t FROM t ORDER BY id;
SELECT id, t = 101000 + 112, t3 = 101112 + 0.123, t > ABS(-7), t = 1e30 + 1, t3 < 1e5 * 1, t <> DATE(20200131), t3 <=> TIMESTAMP(20200131101112.123), t = SEC_TO_TIME(36672.4), t3 = ADDTIME('10:11:12', '0.123') FROM t ORDER BY id;
SELECT id, t = NULLIF(1, 1), t <=> NULLIF('a', 'a'), t < REPEAT('1', 3), t IN (CONCAT('1', '01112')), t NOT IN (CONCAT('0', '')) FROM t ORDER BY id;
SELECT id FROM t WHERE t = SUBSTRING('10:11:12', 1) ORDER BY id;
SELECT id FROM t WHERE UPPER('10:11:12') <= t3 ORDER BY id;
SELECT id, (-0.25 ^ TIME '10:11:12') >= dt, (0 ^ 101112) = dt, dt < 20200131 + 0, dt = 20200131101112 + 0.5, d = 20200130 + 1, d = 20200131101112 + 0, d > 0 + 7, dt > 1e40 + 1, ts = 20200131101112 + 0, ts >= 101112 + 0 FROM d ORDER BY id;

-- Written.
SELECT id, d = 200131, d = 20200131101112, d < 20200131101112, d = 20200131.5, d > 7, d <=> 20200131101112.0, dt = 20200131101112, dt = 20200131101112.5, d = 1e30, d <= 99991231 FROM d ORDER BY id;
SELECT id, t = 101112.4, t = 101112.6, t3 = 101112.1234, t = '10:11:12.4', t = DATE '2020-01-31', t = TIMESTAMP '2020-01-31 10:11:12', t = 'x', t = '', t = 1e30, t < -1, t = 'x1', t < '10:11:12x' FROM t ORDER BY id;
