-- What reviewers found: functions that are called once, tables that a trigger and a function share, texts of routines.

CREATE TABLE o (id INT PRIMARY KEY, a INT);

INSERT INTO o VALUES (1, 1), (2, 2), (3, 3), (4, 4);

CREATE TABLE s (n INT);

INSERT INTO s VALUES (0);

CREATE FUNCTION nx() RETURNS INT DETERMINISTIC BEGIN UPDATE s SET n = n + 1; RETURN (SELECT n FROM s); END;

SELECT IFNULL(nx(), 0), COALESCE(nx(), 1), IFNULL(NULL, nx());

SELECT n FROM s;

DELETE FROM o WHERE id = nx() - 3 + 0 * a;

SELECT COUNT(*) FROM o;

SELECT n FROM s;

CREATE TABLE tt (id INT, v INT);

CREATE TRIGGER tb BEFORE INSERT ON tt FOR EACH ROW SET NEW.id = nx();

INSERT INTO tt (v) VALUES (nx());

SELECT * FROM tt;

CREATE DEFINER=root@localhost FUNCTION c1() RETURNS INT DETERMINISTIC COMMENT 'x\\' RETURN 1;

CREATE DEFINER=root@localhost PROCEDURE c2() COMMENT 'a\'b\\c\nd' SELECT 1;

SHOW CREATE DEFINER=root@localhost FUNCTION c1;

SHOW CREATE DEFINER=root@localhost PROCEDURE c2;
