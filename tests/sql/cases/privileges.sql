-- What each account may do, and what it hears when it may not. `-- as:` names the accounts that send a statement, in this order.
CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT, KEY (c));
CREATE TABLE u (a INT PRIMARY KEY, b INT);
CREATE TABLE w (a INT PRIMARY KEY, b INT);
INSERT INTO t VALUES (1, 1, 1);
INSERT INTO u VALUES (1, 1);
DROP USER IF EXISTS privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_admin, privileges_lock, privileges_role, privileges_create, privileges_drop, privileges_alter, privileges_index, privileges_insert, privileges_r, privileges_root, privileges_two, privileges_refs, privileges_session;
-- Nothing at all.
CREATE USER privileges_none;
-- SELECT and INSERT on a table.
CREATE USER privileges_table;
GRANT SELECT, INSERT ON sqltest_privileges.t TO privileges_table;
-- Columns of a table.
CREATE USER privileges_column;
GRANT SELECT (a), INSERT (a), UPDATE (b) ON sqltest_privileges.t TO privileges_column;
-- Everything in the database.
CREATE USER privileges_database;
GRANT ALL ON sqltest_privileges.* TO privileges_database;
-- SELECT everywhere.
CREATE USER privileges_read;
GRANT SELECT ON *.* TO privileges_read;
-- Changes in the database, without reading.
CREATE USER privileges_write;
GRANT INSERT, UPDATE, DELETE ON sqltest_privileges.* TO privileges_write;
-- The server, and no data.
CREATE USER privileges_admin;
GRANT PROCESS, RELOAD, REPLICATION CLIENT ON *.* TO privileges_admin;
GRANT SYSTEM_VARIABLES_ADMIN, CONNECTION_ADMIN, XA_RECOVER_ADMIN ON *.* TO privileges_admin;
CREATE USER privileges_lock;
GRANT LOCK TABLES, SELECT ON sqltest_privileges.* TO privileges_lock;
CREATE USER privileges_create;
GRANT CREATE ON sqltest_privileges.* TO privileges_create;
CREATE USER privileges_drop;
GRANT DROP ON sqltest_privileges.* TO privileges_drop;
CREATE USER privileges_alter;
GRANT ALTER ON sqltest_privileges.* TO privileges_alter;
CREATE USER privileges_index;
GRANT INDEX ON sqltest_privileges.t TO privileges_index;
CREATE USER privileges_insert;
GRANT INSERT ON sqltest_privileges.t TO privileges_insert;
-- A column of one table, the other whole.
CREATE USER privileges_two;
GRANT SELECT (a) ON sqltest_privileges.t TO privileges_two;
GRANT SELECT ON sqltest_privileges.u TO privileges_two;
CREATE USER privileges_refs;
GRANT REFERENCES (b) ON sqltest_privileges.t TO privileges_refs;
CREATE USER privileges_session;
GRANT SESSION_VARIABLES_ADMIN ON *.* TO privileges_session;
-- SELECT on a table through a role.
CREATE ROLE privileges_r;
GRANT SELECT ON sqltest_privileges.t TO privileges_r;
CREATE USER privileges_role DEFAULT ROLE privileges_r;
CREATE USER privileges_root;
GRANT ALL ON *.* TO privileges_root;

-- USE.
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role, privileges_root
USE sqltest_privileges;
-- as: privileges_none, privileges_table, privileges_database, privileges_read, privileges_root
USE nosuch;
-- as: privileges_none, privileges_table
USE information_schema;
-- as: privileges_none, privileges_table, privileges_read
USE mysql;
-- as: privileges_none, privileges_table, privileges_read
USE performance_schema;

-- SELECT.
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_admin, privileges_role
SELECT a FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_admin, privileges_role
SELECT b FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_role
SELECT * FROM sqltest_privileges.t;
-- as: privileges_column, privileges_write, privileges_role
SELECT t.* FROM sqltest_privileges.t;
-- as: privileges_column, privileges_write
SELECT *, b FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_write, privileges_role
SELECT COUNT(*) FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_write
SELECT 1 FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_write
SELECT a FROM sqltest_privileges.t WHERE b = 1;
-- as: privileges_none, privileges_table, privileges_column
SELECT a FROM sqltest_privileges.t ORDER BY b;
-- as: privileges_none, privileges_table, privileges_column
SELECT a, COUNT(*) FROM sqltest_privileges.t GROUP BY a HAVING a > 0;
-- as: privileges_column
SELECT COUNT(*) FROM sqltest_privileges.t GROUP BY b;
-- as: privileges_column
SELECT a FROM sqltest_privileges.t HAVING b > 0;
-- as: privileges_none, privileges_column
SELECT MAX(b) FROM sqltest_privileges.t;
-- as: privileges_none, privileges_column
SELECT x.b FROM sqltest_privileges.t AS x;
-- as: privileges_none, privileges_table, privileges_column
SELECT nosuch FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column
SELECT b, nosuch FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column
SELECT nosuch, b FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read
SELECT a FROM sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read
SELECT 1 FROM nosuch.t;
-- as: privileges_none, privileges_table, privileges_column
SELECT a FROM sqltest_privileges.t, sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_column
SELECT a FROM sqltest_privileges.nosuch, sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT a FROM sqltest_privileges.t UNION SELECT b FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT * FROM (SELECT a FROM sqltest_privileges.t) x;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT * FROM (SELECT b FROM sqltest_privileges.t) x;
-- as: privileges_none, privileges_table
SELECT x.a FROM (SELECT a, b FROM sqltest_privileges.t) x;
-- as: privileges_column
-- deviation: derived-columns: all columns of a derived table are used; MySQL does not ask for those that the query around it leaves out
SELECT x.a FROM (SELECT a, b FROM sqltest_privileges.t) x;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT (SELECT MAX(b) FROM sqltest_privileges.t);
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT 1 WHERE EXISTS (SELECT * FROM sqltest_privileges.t);
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT t.a FROM sqltest_privileges.t JOIN sqltest_privileges.u ON t.a = u.a;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT t.a FROM sqltest_privileges.t JOIN sqltest_privileges.u USING (a);
-- as: privileges_read, privileges_database
SELECT t.a FROM sqltest_privileges.t JOIN sqltest_privileges.t x USING (b);
-- as: privileges_column
-- deviation: common-columns: columns of USING and NATURAL JOIN are used like those of ON; MySQL does not ask for them, and so tells who may not read them
SELECT t.a FROM sqltest_privileges.t JOIN sqltest_privileges.t x USING (b);
-- as: privileges_column
-- deviation: common-columns: columns of USING and NATURAL JOIN are used like those of ON; MySQL does not ask for them, and so tells who may not read them
SELECT t.a FROM sqltest_privileges.t NATURAL JOIN sqltest_privileges.t x;
-- as: privileges_column
SELECT t.a FROM sqltest_privileges.t JOIN sqltest_privileges.t x ON t.b = x.b;
-- as: privileges_none, privileges_table
SELECT u.a FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_read
SELECT a FROM sqltest_privileges.t x WHERE x.a = (SELECT y.a FROM sqltest_privileges.t y WHERE y.a = x.b);
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_lock
SELECT a FROM sqltest_privileges.t FOR UPDATE;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_lock
SELECT a FROM sqltest_privileges.t FOR SHARE;
-- as: privileges_table, privileges_column, privileges_read
SELECT a FROM sqltest_privileges.t LOCK IN SHARE MODE;
-- as: privileges_none, privileges_column
DO (SELECT b FROM sqltest_privileges.t);
-- as: privileges_none, privileges_column, privileges_read
SET @x = (SELECT MAX(b) FROM sqltest_privileges.t);
-- as: privileges_none, privileges_column
EXPLAIN SELECT b FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table
EXPLAIN UPDATE sqltest_privileges.t SET b = 1;
-- as: privileges_none, privileges_table, privileges_column
EXPLAIN DELETE FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_none, privileges_column
EXPLAIN INSERT INTO sqltest_privileges.t VALUES (7, 7, 7);
-- as: privileges_none, privileges_table, privileges_column
PREPARE s FROM 'SELECT b FROM sqltest_privileges.t';
-- as: privileges_none, privileges_table, privileges_column
EXECUTE s;
-- as: privileges_none, privileges_table, privileges_column
-- with: 1
SELECT b FROM sqltest_privileges.t WHERE a = ?;
-- as: privileges_none, privileges_table, privileges_column
-- with: 1
SELECT a FROM sqltest_privileges.t WHERE a = ?;

-- One plan, several accounts: each is asked for itself, whoever has run it before.
-- as: privileges_root, privileges_none, privileges_root, privileges_column, privileges_table, privileges_none
SELECT b FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_table, privileges_column, privileges_none, privileges_column
SELECT a FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_root, privileges_none, privileges_column, privileges_write
UPDATE sqltest_privileges.t SET c = 1 WHERE a = 1;

-- INSERT and REPLACE.
-- as: privileges_none, privileges_column, privileges_read, privileges_table
INSERT INTO sqltest_privileges.t VALUES (10, 1, 1);
-- as: privileges_none, privileges_read, privileges_column, privileges_insert
INSERT INTO sqltest_privileges.t (a) VALUES (11);
-- as: privileges_none, privileges_read, privileges_column
INSERT INTO sqltest_privileges.t (a, b) VALUES (12, 1);
-- as: privileges_column
INSERT INTO sqltest_privileges.t () VALUES ();
-- as: privileges_column
INSERT INTO sqltest_privileges.t SET a = 13, b = 1;
-- as: privileges_none, privileges_column, privileges_table, privileges_insert
INSERT INTO sqltest_privileges.t (nosuch) VALUES (1);
-- as: privileges_none, privileges_column, privileges_table, privileges_insert
INSERT INTO sqltest_privileges.t (a, b) VALUES (14, a);
-- as: privileges_none, privileges_column
INSERT INTO sqltest_privileges.t (a, b) VALUES (15, b);
-- as: privileges_none, privileges_table, privileges_insert
INSERT INTO sqltest_privileges.t SELECT a + 20, b, c FROM sqltest_privileges.u;
-- as: privileges_none, privileges_table, privileges_insert
INSERT INTO sqltest_privileges.t SELECT a + 20, b, c FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a) SELECT b + 20 FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a) SELECT a + 30 FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_none, privileges_table, privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = 2;
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE c = 2;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = b + 1;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = a + 1;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = VALUES(a);
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = VALUES(c);
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) AS n ON DUPLICATE KEY UPDATE b = n.a;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) AS n ON DUPLICATE KEY UPDATE b = n.c;
-- as: privileges_none, privileges_table, privileges_column, privileges_insert, privileges_write
REPLACE INTO sqltest_privileges.t (a) VALUES (1);
-- as: privileges_none, privileges_table
REPLACE INTO sqltest_privileges.t VALUES (1, 1, 1);
-- as: privileges_none, privileges_table
REPLACE INTO sqltest_privileges.t SELECT * FROM sqltest_privileges.u;
-- as: privileges_none, privileges_table, privileges_insert
INSERT INTO sqltest_privileges.nosuch VALUES (1);
-- as: privileges_none, privileges_table, privileges_insert
INSERT IGNORE INTO sqltest_privileges.u VALUES (1, 2);
-- as: privileges_table
INSERT INTO sqltest_privileges.t VALUES ((SELECT MAX(a) FROM sqltest_privileges.u), 1, 1);
-- as: privileges_insert
INSERT INTO sqltest_privileges.t (a) VALUES ((SELECT 50));

-- UPDATE.
-- as: privileges_none, privileges_table, privileges_column, privileges_read, privileges_write
UPDATE sqltest_privileges.t SET b = 3;
-- as: privileges_none, privileges_table, privileges_column
UPDATE sqltest_privileges.t SET c = 3;
-- as: privileges_column, privileges_write
UPDATE sqltest_privileges.t SET b = 3 WHERE a = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = 3 WHERE b = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = 3 WHERE c = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = a;
-- as: privileges_column, privileges_write
UPDATE sqltest_privileges.t SET b = b + 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = 1 ORDER BY c LIMIT 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = 1, c = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET c = 1 WHERE b = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = c WHERE c = 1;
-- as: privileges_none, privileges_table, privileges_column
UPDATE sqltest_privileges.t SET nosuch = 1;
-- as: privileges_none, privileges_table, privileges_column
UPDATE sqltest_privileges.t SET b = (SELECT MAX(a) FROM sqltest_privileges.u);
-- as: privileges_none, privileges_table, privileges_column
UPDATE sqltest_privileges.nosuch SET a = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = DEFAULT;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = DEFAULT(c);

-- DELETE and TRUNCATE.
-- as: privileges_none, privileges_table, privileges_column, privileges_read
DELETE FROM sqltest_privileges.t;
-- as: privileges_none, privileges_write
DELETE FROM sqltest_privileges.t WHERE a = 99;
-- as: privileges_none, privileges_write
DELETE FROM sqltest_privileges.t ORDER BY a LIMIT 0;
-- as: privileges_none, privileges_write
DELETE FROM sqltest_privileges.w;
-- as: privileges_none, privileges_write
DELETE FROM sqltest_privileges.w WHERE 1 = 2;
-- as: privileges_none, privileges_table, privileges_column
DELETE FROM sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_write, privileges_create, privileges_drop
TRUNCATE sqltest_privileges.w;
-- as: privileges_none, privileges_table, privileges_drop
TRUNCATE TABLE sqltest_privileges.nosuch;

-- Databases.
-- as: privileges_none, privileges_table, privileges_create, privileges_database
CREATE DATABASE privileges_new;
-- as: privileges_none, privileges_table, privileges_create, privileges_database
CREATE DATABASE sqltest_privileges;
-- as: privileges_none, privileges_table
CREATE DATABASE IF NOT EXISTS privileges_new;
-- as: privileges_none, privileges_table, privileges_create
DROP DATABASE sqltest_privileges;
-- as: privileges_none, privileges_drop
DROP DATABASE privileges_none;
-- as: privileges_none, privileges_drop
DROP DATABASE IF EXISTS privileges_none;

-- Tables.
-- as: privileges_none, privileges_table, privileges_column, privileges_insert, privileges_read
CREATE TABLE sqltest_privileges.n (a INT);
-- as: privileges_create
CREATE TABLE sqltest_privileges.n (a INT, b INT);
-- as: privileges_none, privileges_create
CREATE TABLE sqltest_privileges.t (a INT);
-- as: privileges_none, privileges_create
CREATE TABLE IF NOT EXISTS sqltest_privileges.t (a INT);
-- as: privileges_none, privileges_create, privileges_table, privileges_read, privileges_column
CREATE TABLE sqltest_privileges.n2 LIKE sqltest_privileges.t;
-- as: privileges_none, privileges_create
CREATE TABLE privileges_none.n (a INT);
-- as: privileges_none, privileges_table, privileges_create, privileges_write
DROP TABLE sqltest_privileges.n;
-- as: privileges_none, privileges_table
DROP TABLE sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table
DROP TABLE IF EXISTS sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table
DROP TABLE sqltest_privileges.t, sqltest_privileges.u;
-- as: privileges_drop
DROP TABLE sqltest_privileges.nosuch;
-- as: privileges_drop
DROP TABLE sqltest_privileges.n;
-- as: privileges_none, privileges_table, privileges_alter, privileges_create, privileges_index
CREATE INDEX i1 ON sqltest_privileges.t (b);
-- as: privileges_none, privileges_table, privileges_alter, privileges_create
DROP INDEX i1 ON sqltest_privileges.t;
-- as: privileges_index
DROP INDEX i1 ON sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_index, privileges_create, privileges_alter
ALTER TABLE sqltest_privileges.t ADD INDEX i2 (b);
-- as: privileges_none, privileges_table, privileges_index, privileges_alter, privileges_database
ALTER TABLE sqltest_privileges.t DROP INDEX i2;
-- as: privileges_none, privileges_table, privileges_index, privileges_alter
ALTER TABLE sqltest_privileges.t ENGINE = InnoDB;
-- as: privileges_none, privileges_table, privileges_index, privileges_alter
ALTER TABLE sqltest_privileges.nosuch ADD INDEX (a);
-- as: privileges_none, privileges_index
CREATE INDEX i ON sqltest_privileges.nosuch (a);
-- as: privileges_none, privileges_table, privileges_alter, privileges_drop, privileges_create
ALTER TABLE sqltest_privileges.t RENAME TO sqltest_privileges.t9;
-- as: privileges_none, privileges_table, privileges_alter, privileges_drop, privileges_create
RENAME TABLE sqltest_privileges.t TO sqltest_privileges.t9;
-- as: privileges_none, privileges_alter
RENAME TABLE sqltest_privileges.t TO sqltest_privileges.t9, sqltest_privileges.u TO sqltest_privileges.u9;
-- as: privileges_none, privileges_alter
RENAME TABLE sqltest_privileges.nosuch TO sqltest_privileges.t9;
GRANT DROP ON sqltest_privileges.* TO privileges_alter;
-- as: privileges_alter
RENAME TABLE sqltest_privileges.t TO sqltest_privileges.t9;
-- as: privileges_alter
ALTER TABLE sqltest_privileges.t RENAME TO sqltest_privileges.t9;
GRANT CREATE ON sqltest_privileges.* TO privileges_alter;
-- as: privileges_alter
RENAME TABLE sqltest_privileges.t TO sqltest_privileges.t9;
-- as: privileges_alter
ALTER TABLE sqltest_privileges.t RENAME TO sqltest_privileges.t9;
-- as: privileges_none, privileges_table, privileges_column, privileges_read, privileges_insert
ANALYZE TABLE sqltest_privileges.t;
-- as: privileges_none, privileges_table
ANALYZE TABLE sqltest_privileges.nosuch;
-- as: privileges_none, privileges_read, privileges_table
ANALYZE TABLE sqltest_privileges.t, sqltest_privileges.u;

-- Locks.
-- as: privileges_none, privileges_table, privileges_read, privileges_column, privileges_write, privileges_lock
LOCK TABLES sqltest_privileges.t READ;
-- as: privileges_lock
UNLOCK TABLES;
-- as: privileges_none, privileges_table, privileges_lock
LOCK TABLES sqltest_privileges.t WRITE;
-- as: privileges_none, privileges_lock
UNLOCK TABLES;
-- as: privileges_none, privileges_table, privileges_lock
LOCK TABLES sqltest_privileges.nosuch READ;
-- as: privileges_none, privileges_table, privileges_lock
LOCK TABLES sqltest_privileges.t READ, sqltest_privileges.u READ;
-- as: privileges_lock
UNLOCK TABLES;
-- as: privileges_none, privileges_table, privileges_database, privileges_admin
FLUSH TABLES;
-- as: privileges_none, privileges_database, privileges_admin
FLUSH TABLES WITH READ LOCK;
-- as: privileges_admin
UNLOCK TABLES;
-- as: privileges_none, privileges_table, privileges_database, privileges_admin
FLUSH TABLES sqltest_privileges.t;
-- as: privileges_none
SELECT GET_LOCK('privileges', 0), RELEASE_LOCK('privileges');

-- SHOW.
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role
SHOW DATABASES LIKE 'sqltest_privileges';
-- as: privileges_none
SHOW DATABASES;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role, privileges_insert, privileges_write
SHOW TABLES FROM sqltest_privileges;
-- as: privileges_table, privileges_role
SHOW FULL TABLES FROM sqltest_privileges;
-- as: privileges_none, privileges_table
SHOW TABLES FROM nosuch;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_insert, privileges_role, privileges_write
SHOW COLUMNS FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column, privileges_insert, privileges_role, privileges_write
SHOW FULL COLUMNS FROM sqltest_privileges.t;
-- as: privileges_none, privileges_table, privileges_column
DESCRIBE sqltest_privileges.t;
-- as: privileges_none, privileges_table
SHOW COLUMNS FROM sqltest_privileges.u;
-- as: privileges_none, privileges_table
SHOW COLUMNS FROM sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_column, privileges_insert, privileges_write, privileges_role
-- mask: Cardinality
SHOW INDEX FROM sqltest_privileges.t WHERE Key_name = 'PRIMARY';
-- as: privileges_none, privileges_table
SHOW INDEX FROM sqltest_privileges.u;
-- as: privileges_none, privileges_table
SHOW INDEX FROM sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_column, privileges_insert, privileges_write, privileges_role
SHOW CREATE TABLE sqltest_privileges.t;
-- as: privileges_none, privileges_table
SHOW CREATE TABLE sqltest_privileges.u;
-- as: privileges_none, privileges_table
SHOW CREATE TABLE sqltest_privileges.nosuch;
-- as: privileges_none, privileges_table, privileges_column, privileges_read, privileges_database
SHOW CREATE DATABASE sqltest_privileges;
-- as: privileges_none, privileges_table, privileges_read
SHOW CREATE DATABASE nosuch;
-- as: privileges_none, privileges_read
SHOW TABLE STATUS FROM sqltest_privileges WHERE Name = 'nosuch';
-- as: privileges_none, privileges_table
SHOW BINARY LOG STATUS;
-- as: privileges_none, privileges_table
SHOW BINARY LOGS;
-- as: privileges_none, privileges_table
SHOW REPLICA STATUS;
-- as: privileges_none, privileges_table
SHOW ENGINE INNODB STATUS;
-- as: privileges_none, privileges_table
SHOW TRIGGERS FROM sqltest_privileges;
-- as: privileges_none, privileges_table
SHOW EVENTS FROM sqltest_privileges;
-- as: privileges_none
SHOW VARIABLES LIKE 'autocommit';
-- as: privileges_none
SHOW GLOBAL VARIABLES LIKE 'autocommit';

-- information_schema and its like.
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role
SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'sqltest_privileges';
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role, privileges_insert
SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'sqltest_privileges' ORDER BY TABLE_NAME;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_admin, privileges_role, privileges_insert, privileges_write
SELECT TABLE_NAME, COLUMN_NAME, PRIVILEGES FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'sqltest_privileges' AND TABLE_NAME = 't' ORDER BY TABLE_NAME, ORDINAL_POSITION;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_insert, privileges_role
SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'sqltest_privileges' ORDER BY 1, 2, 3;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_insert, privileges_role
SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = 'sqltest_privileges' ORDER BY 1, 2;
-- as: privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_insert, privileges_role
SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = 'sqltest_privileges' ORDER BY 1, 2, 3;
-- as: privileges_none, privileges_table, privileges_read
SELECT TABLE_NAME FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = 'sqltest_privileges' ORDER BY 1;
-- as: privileges_none, privileges_table, privileges_read
SELECT COUNT(*) FROM mysql.user WHERE 1 = 0;
-- as: privileges_none
SELECT VARIABLE_NAME FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'autocommit';
-- as: privileges_none, privileges_admin
SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'root' AND 1 = 0;
-- as: privileges_none
SELECT DISTINCT USER FROM information_schema.PROCESSLIST;
-- as: privileges_none
SELECT DISTINCT USER FROM performance_schema.processlist;

-- The server.
-- as: privileges_none, privileges_table, privileges_database, privileges_admin
SET GLOBAL max_error_count = 64;
-- as: privileges_none
SET GLOBAL nosuch = 1;
-- as: privileges_none
SET GLOBAL sql_mode = DEFAULT;
-- as: privileges_none
SET GLOBAL autocommit = 1, @x = 1;
-- as: privileges_none
SET @x = 1, GLOBAL autocommit = 1;
-- as: privileges_none, privileges_admin
SET GLOBAL TRANSACTION ISOLATION LEVEL REPEATABLE READ;
-- as: privileges_none
SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;
-- as: privileges_none
SET sql_mode = DEFAULT;
-- as: privileges_none, privileges_admin
SET insert_id = 5;
-- as: privileges_none
SET pseudo_thread_id = 5;
-- as: privileges_none, privileges_admin
SET SESSION sql_log_bin = 1;
-- as: privileges_none, privileges_admin
SET SESSION gtid_next = 'AUTOMATIC';
-- as: privileges_none, privileges_admin
SET SESSION binlog_format = 'ROW';
-- as: privileges_none, privileges_admin
SET SESSION binlog_row_image = 'FULL';
-- as: privileges_none, privileges_table, privileges_admin
XA RECOVER;
-- as: privileges_none
XA START 'privileges';
-- as: privileges_none
XA END 'privileges';
-- as: privileges_none
XA ROLLBACK 'privileges';
-- as: privileges_none
KILL 4000000000;
-- as: privileges_none, privileges_admin
KILL QUERY 4000000000;
-- as: privileges_none, privileges_table, privileges_database
ALTER INSTANCE RELOAD TLS;
-- as: privileges_none, privileges_table, privileges_database
CALL sys.nosuch();
-- as: privileges_none, privileges_table, privileges_database
CALL sqltest_privileges.nosuch();
-- as: privileges_none, privileges_table
CALL nosuch.nosuch();
-- as: privileges_none
SELECT CURRENT_USER();
-- as: privileges_none
SELECT USER(), SESSION_USER(), SYSTEM_USER();
-- as: privileges_none
BEGIN;
-- as: privileges_none
SAVEPOINT a;
-- as: privileges_none
ROLLBACK TO a;
-- as: privileges_none
RELEASE SAVEPOINT a;
-- as: privileges_none
COMMIT;
-- as: privileges_none
ROLLBACK;
-- as: privileges_none
SET NAMES utf8mb4;

-- Columns that are not there.
-- as: privileges_column
SELECT nosuch FROM sqltest_privileges.t, sqltest_privileges.t x;
-- as: privileges_column
SELECT x.nosuch FROM sqltest_privileges.t x;
-- as: privileges_column, privileges_table
SELECT a FROM sqltest_privileges.t x WHERE nosuch = 1;
-- as: privileges_column, privileges_table
SELECT a FROM sqltest_privileges.t x ORDER BY nosuch;
-- as: privileges_column, privileges_table
SELECT a FROM sqltest_privileges.t x GROUP BY nosuch;
-- as: privileges_column
SELECT a FROM sqltest_privileges.t x HAVING nosuch;
-- as: privileges_column
SELECT (SELECT nosuch FROM sqltest_privileges.t y) FROM sqltest_privileges.t x;
-- as: privileges_column
SELECT nosuch FROM (SELECT a FROM sqltest_privileges.t x) z;
-- as: privileges_two
SELECT nosuch FROM sqltest_privileges.t, sqltest_privileges.u;
-- as: privileges_two
SELECT nosuch FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_two
SELECT u.nosuch FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_column, privileges_write
UPDATE sqltest_privileges.t SET b = 1 WHERE nosuch = 1;
-- as: privileges_column, privileges_write
UPDATE sqltest_privileges.t SET b = nosuch;
-- as: privileges_write
DELETE FROM sqltest_privileges.t WHERE nosuch = 1;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (nosuch);
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE b = nosuch;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (1) ON DUPLICATE KEY UPDATE nosuch = 1;
-- as: privileges_column
UPDATE sqltest_privileges.t SET b = 1 ORDER BY nosuch LIMIT 1;

-- More than one thing at once.
-- as: privileges_two
SELECT u.b, t.b FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_two
SELECT a FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_two
SELECT * FROM sqltest_privileges.u, sqltest_privileges.t;
-- as: privileges_two
SELECT u.* FROM sqltest_privileges.u, sqltest_privileges.t WHERE 1 = 0;
-- as: privileges_column, privileges_write
INSERT INTO sqltest_privileges.t (a) VALUES (DEFAULT(b));
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a) VALUES (1, 2);
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a, b) VALUES (1);
-- as: privileges_column
INSERT INTO sqltest_privileges.t (b, nosuch) VALUES (1, 1);
-- as: privileges_column
INSERT INTO sqltest_privileges.t (a) SELECT b FROM sqltest_privileges.t ON DUPLICATE KEY UPDATE c = 1;
-- as: privileges_column
SELECT 1 FROM sqltest_privileges.t WHERE EXISTS (SELECT x.* FROM sqltest_privileges.t x) LIMIT 1;
-- as: privileges_column
SELECT 1 FROM sqltest_privileges.t WHERE EXISTS (SELECT b FROM sqltest_privileges.t x);
-- as: privileges_column
SELECT COUNT(b) FROM sqltest_privileges.t;
-- as: privileges_column
SELECT a FROM sqltest_privileges.t t1 JOIN sqltest_privileges.u ON t1.b = u.a;
-- as: privileges_two
SELECT u.a FROM sqltest_privileges.u, sqltest_privileges.t FOR UPDATE OF u;
-- as: privileges_two
SELECT t.a FROM sqltest_privileges.u, sqltest_privileges.t FOR UPDATE;
-- as: privileges_two
SELECT t.a FROM sqltest_privileges.t WHERE a = (SELECT u.a FROM sqltest_privileges.u FOR UPDATE);
-- as: privileges_write
SELECT 1 FROM information_schema.nosuch;
-- as: privileges_none, privileges_table
SELECT 1 FROM performance_schema.replication_group_members LIMIT 0;
-- as: privileges_none, privileges_table
SELECT 1 FROM sys.version LIMIT 0;
-- as: privileges_none, privileges_table
INSERT INTO information_schema.tables VALUES (1);
-- as: privileges_none, privileges_table
INSERT INTO performance_schema.global_status VALUES (1, 1);
-- as: privileges_none, privileges_table
UPDATE mysql.user SET user = 1;
-- as: privileges_none, privileges_table
CREATE TABLE information_schema.x (a INT);
-- as: privileges_none, privileges_table
CREATE TABLE mysql.x (a INT);
-- as: privileges_none, privileges_table
DROP TABLE performance_schema.threads;
-- as: privileges_none, privileges_table
CREATE DATABASE information_schema;
-- as: privileges_none, privileges_table
DROP DATABASE mysql;
-- as: privileges_none, privileges_table
LOCK TABLES information_schema.tables READ;
-- as: privileges_index, privileges_refs
SHOW COLUMNS FROM sqltest_privileges.t;
-- as: privileges_index, privileges_refs
-- mask: Cardinality
SHOW INDEX FROM sqltest_privileges.t WHERE Key_name = 'PRIMARY';
-- as: privileges_index, privileges_refs
SHOW TABLES FROM sqltest_privileges;
-- as: privileges_index, privileges_refs
SELECT TABLE_NAME, COLUMN_NAME, PRIVILEGES FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'sqltest_privileges';
-- as: privileges_index, privileges_refs
SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = 'sqltest_privileges';
-- as: privileges_index, privileges_refs
SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = 'sqltest_privileges';
-- as: privileges_none, privileges_table
SHOW COLUMNS FROM nosuch.t;
-- as: privileges_none, privileges_table
SHOW INDEX FROM nosuch.t;
-- as: privileges_none, privileges_table
SHOW CREATE TABLE nosuch.t;
-- as: privileges_none, privileges_table
SHOW COLUMNS FROM mysql.user;
-- as: privileges_none, privileges_table
SHOW TABLES FROM mysql;
-- as: privileges_none, privileges_table
SHOW TABLES FROM performance_schema;
-- as: privileges_none, privileges_table
SHOW TRIGGERS FROM nosuch;
-- as: privileges_none, privileges_table
SHOW EVENTS FROM nosuch;
-- as: privileges_none, privileges_table
SHOW TABLE STATUS FROM nosuch;
-- as: privileges_none, privileges_table
SHOW CREATE DATABASE mysql;
-- as: privileges_none, privileges_table
SHOW CREATE DATABASE information_schema;
-- as: privileges_none, privileges_session
SET sql_log_off = 0;
-- as: privileges_none, privileges_session
SET sql_log_bin = 1;
-- as: privileges_none, privileges_session
SET gtid_next = 'AUTOMATIC';
-- as: privileges_none, privileges_session
SET innodb_strict_mode = 1;
-- as: privileges_none
SET character_set_database = utf8mb4;
-- as: privileges_none
SET sql_require_primary_key = 0;
-- as: privileges_none
SET bulk_insert_buffer_size = 8388608;
-- as: privileges_none, privileges_session
SET GLOBAL max_error_count = 64;
-- as: privileges_none
SET GLOBAL max_error_count = 'abc';
-- as: privileges_none
SET GLOBAL insert_id = 3;
-- as: privileges_none
SET SESSION general_log = 1;
-- as: privileges_none
SET SESSION version = 3;
-- as: privileges_none
SET GLOBAL hostname = 3;
-- as: privileges_none
SET @x = (SELECT 1 FROM sqltest_privileges.t), GLOBAL autocommit = 1;
-- as: privileges_none
EXPLAIN sqltest_privileges.t;

-- What REVOKE takes is gone at the next statement of a session that goes on.
-- as: privileges_table
SELECT a FROM sqltest_privileges.t WHERE a = 1;
REVOKE SELECT ON sqltest_privileges.t FROM privileges_table;
-- as: privileges_table
SELECT a FROM sqltest_privileges.t WHERE a = 1;
GRANT SELECT (b) ON sqltest_privileges.t TO privileges_table;
-- as: privileges_table
SELECT a FROM sqltest_privileges.t WHERE a = 1;
-- as: privileges_table
SELECT b FROM sqltest_privileges.t LIMIT 1;
-- as: privileges_column
PREPARE s FROM 'SELECT a FROM sqltest_privileges.t WHERE a = 1';
-- as: privileges_column
EXECUTE s;
REVOKE SELECT (a) ON sqltest_privileges.t FROM privileges_column;
-- as: privileges_column
EXECUTE s;
GRANT SELECT ON sqltest_privileges.t TO privileges_column;
-- as: privileges_column
EXECUTE s;

-- A name of a database may be a pattern.
GRANT SELECT ON `sqltest\_priv%`.* TO privileges_none;
-- as: privileges_none
SELECT a FROM sqltest_privileges.u;
REVOKE SELECT ON `sqltest\_priv%`.* FROM privileges_none;
-- as: privileges_none
SELECT a FROM sqltest_privileges.u;

DROP USER privileges_none, privileges_table, privileges_column, privileges_database, privileges_read, privileges_write, privileges_admin, privileges_lock, privileges_role, privileges_create, privileges_drop, privileges_alter, privileges_index, privileges_insert, privileges_root, privileges_two, privileges_refs, privileges_session;
DROP ROLE privileges_r;
