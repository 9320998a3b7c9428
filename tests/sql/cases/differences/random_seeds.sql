-- RAND() with a seed that is the same in all rows is one sequence a statement; with another, each row begins its own.
CREATE TABLE r (id INT PRIMARY KEY, n INT);
INSERT INTO r VALUES (1, 3), (2, 3), (3, NULL), (4, 1), (5, 1);
SELECT id, RAND(3) FROM r ORDER BY id;
SELECT id, RAND(n) FROM r ORDER BY id;
SELECT id, RAND(3), RAND(3), RAND(4) FROM r ORDER BY id;
SELECT id, RAND('3'), RAND(NULL), RAND(-1), RAND(3.7), RAND(1 + 2) FROM r ORDER BY id;
SELECT COUNT(*) FROM r WHERE RAND(7) < 0.5;
SELECT id FROM r WHERE RAND(7) < 0.5 ORDER BY id;
SELECT id FROM r ORDER BY RAND(3), id;
UPDATE r SET n = FLOOR(RAND(1) * 1000) ORDER BY id;
SELECT * FROM r ORDER BY id;
SET @n = 3;
PREPARE s FROM 'SELECT id, RAND(?) FROM r ORDER BY id';
EXECUTE s USING @n;
EXECUTE s USING @n;
DO RAND(3);
SELECT RAND(4294967296 + 3), RAND(3);
