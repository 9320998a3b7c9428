-- CREATE TEMPORARY TABLES, and what a temporary table needs after that: nothing.
CREATE TABLE base (a INT PRIMARY KEY, b INT);
INSERT INTO base VALUES (1, 10);
DROP USER IF EXISTS temporary_maker, temporary_none, temporary_reader;
CREATE USER temporary_maker, temporary_none, temporary_reader;
GRANT CREATE TEMPORARY TABLES ON sqltest_temporary_privileges.* TO temporary_maker;
GRANT SELECT, CREATE ON sqltest_temporary_privileges.* TO temporary_reader;
-- as: temporary_maker, temporary_none, temporary_reader
CREATE TEMPORARY TABLE sqltest_temporary_privileges.own (a INT PRIMARY KEY, b INT);
-- as: temporary_maker
INSERT INTO sqltest_temporary_privileges.own VALUES (1, 2), (3, 4);
-- as: temporary_maker
SELECT * FROM sqltest_temporary_privileges.own ORDER BY a;
-- as: temporary_maker
UPDATE sqltest_temporary_privileges.own SET b = 5 WHERE a = 1;
-- as: temporary_maker
SELECT b FROM sqltest_temporary_privileges.own ORDER BY b;
-- as: temporary_maker
REPLACE INTO sqltest_temporary_privileges.own VALUES (3, 8);
-- as: temporary_maker
INSERT INTO sqltest_temporary_privileges.own VALUES (3, 8) ON DUPLICATE KEY UPDATE b = 9;
-- as: temporary_maker
DELETE FROM sqltest_temporary_privileges.own WHERE a = 1;
-- as: temporary_maker
SHOW CREATE TABLE sqltest_temporary_privileges.own;
-- as: temporary_maker
SHOW COLUMNS FROM sqltest_temporary_privileges.own;
-- as: temporary_maker
-- deviation: temporary-packed: a column that is always NULL
SHOW INDEX FROM sqltest_temporary_privileges.own;
-- as: temporary_maker
CREATE INDEX b ON sqltest_temporary_privileges.own (b);
-- as: temporary_maker
TRUNCATE TABLE sqltest_temporary_privileges.own;
-- as: temporary_maker, temporary_none
SELECT * FROM sqltest_temporary_privileges.base;
-- as: temporary_maker
CREATE TEMPORARY TABLE sqltest_temporary_privileges.copy LIKE sqltest_temporary_privileges.base;
-- as: temporary_maker
CREATE TEMPORARY TABLE sqltest_temporary_privileges.copy LIKE sqltest_temporary_privileges.own;
-- as: temporary_maker
INSERT INTO sqltest_temporary_privileges.own SELECT * FROM sqltest_temporary_privileges.base;
-- as: temporary_maker
CREATE TEMPORARY TABLE sqltest_temporary_privileges.base (z INT);
-- as: temporary_maker
SELECT * FROM sqltest_temporary_privileges.base;
-- as: temporary_maker
DROP TEMPORARY TABLE sqltest_temporary_privileges.base;
-- as: temporary_maker
DROP TABLE sqltest_temporary_privileges.own;
-- as: temporary_maker
DROP TABLE sqltest_temporary_privileges.base;
-- as: temporary_none
DROP TEMPORARY TABLE sqltest_temporary_privileges.own;
-- as: temporary_none
DROP TEMPORARY TABLE IF EXISTS sqltest_temporary_privileges.own;
GRANT CREATE TEMPORARY TABLES, SELECT ON sqltest_temporary_privileges.* TO temporary_none;
-- as: temporary_none
CREATE TEMPORARY TABLE sqltest_temporary_privileges.own LIKE sqltest_temporary_privileges.base;
-- as: temporary_none
INSERT INTO sqltest_temporary_privileges.own SELECT * FROM sqltest_temporary_privileges.base;
-- as: temporary_none
SELECT o.a, b.b FROM sqltest_temporary_privileges.own o JOIN sqltest_temporary_privileges.base b USING (a);
-- as: temporary_none
UPDATE sqltest_temporary_privileges.base SET b = 1;
DROP USER temporary_maker, temporary_none, temporary_reader;
