-- XA in one session, and what another sees of it.
CREATE TABLE t (id INT PRIMARY KEY, v INT);
INSERT INTO t VALUES (1, 1), (2, 2);
CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, v INT);

-- The states of a branch, and what each refuses.
XA START 'sqltest-a';
XA START 'sqltest-a';
XA START 'sqltest-a' JOIN;
XA START 'sqltest-a' RESUME;
XA BEGIN 'sqltest-b';
INSERT INTO t VALUES (3, 3);
SAVEPOINT s;
INSERT INTO t VALUES (4, 4);
ROLLBACK TO s;
RELEASE SAVEPOINT s;
COMMIT;
ROLLBACK;
BEGIN;
CREATE TABLE z (id INT);
LOCK TABLES t READ;
UNLOCK TABLES;
FLUSH TABLES;
XA END 'sqltest-zz';
XA PREPARE 'sqltest-a';
XA COMMIT 'sqltest-a';
XA COMMIT 'sqltest-a' ONE PHASE;
XA ROLLBACK 'sqltest-a';
XA COMMIT 'sqltest-q';
XA END 'sqltest-a' SUSPEND;
XA END 'sqltest-a' SUSPEND FOR MIGRATE;
SELECT * FROM t ORDER BY id;
XA END 'sqltest-a';
SELECT * FROM t;
SELECT 1;
INSERT INTO t VALUES (4, 4);
UPDATE t SET v = 0;
SAVEPOINT s;
SHOW TABLES;
DO 1;
SET @x = 1;
ANALYZE TABLE t;
SELECT (SELECT MAX(id) FROM t) + 1;
BEGIN;
XA END 'sqltest-a';
XA START 'sqltest-b' RESUME;
XA START 'sqltest-a' RESUME;
XA END 'sqltest-a';
XA COMMIT 'sqltest-a';
XA PREPARE 'sqltest-b';
XA PREPARE 'sqltest-a';
-- session: other
SELECT * FROM t ORDER BY id;
SELECT * FROM t ORDER BY id;
XA RECOVER;
XA RECOVER CONVERT XID;

-- Prepared, it is any session's to finish, but not inside of another transaction.
XA START 'sqltest-a';
XA PREPARE 'sqltest-a';
BEGIN;
XA RECOVER;
XA COMMIT 'sqltest-a';
XA ROLLBACK 'sqltest-a';
XA START 'sqltest-c';
ROLLBACK;
XA START 'sqltest-c';
XA COMMIT 'sqltest-a';
XA END 'sqltest-c';
XA COMMIT 'sqltest-a';
XA ROLLBACK 'sqltest-c';
-- session: other
XA COMMIT 'sqltest-a';
SELECT * FROM t ORDER BY id;
XA COMMIT 'sqltest-a';
XA ROLLBACK 'sqltest-a';
XA RECOVER;

-- Rolled back in each state.
XA START 'sqltest-r'; 
INSERT INTO t VALUES (10, 10);
XA END 'sqltest-r';
XA ROLLBACK 'sqltest-r';
XA START 'sqltest-r';
UPDATE t SET v = 100 WHERE id = 1;
DELETE FROM t WHERE id = 2;
XA END 'sqltest-r';
XA PREPARE 'sqltest-r';
XA ROLLBACK 'sqltest-r';
SELECT * FROM t ORDER BY id;
XA START 'sqltest-r';
UPDATE t SET v = 100 WHERE id = 1;
DELETE FROM t WHERE id = 2;
INSERT INTO t VALUES (5, 5);
XA END 'sqltest-r';
XA PREPARE 'sqltest-r';
XA COMMIT 'sqltest-r';
SELECT * FROM t ORDER BY id;

-- In one phase; also said of one that is prepared.
XA START 'sqltest-one';
INSERT INTO t VALUES (6, 6);
XA END 'sqltest-one';
XA COMMIT 'sqltest-one' ONE PHASE;
XA START 'sqltest-one';
INSERT INTO t VALUES (7, 7);
XA END 'sqltest-one';
XA PREPARE 'sqltest-one';
XA COMMIT 'sqltest-one' ONE PHASE;
SELECT * FROM t ORDER BY id;

-- Branches that did nothing, or only read.
XA START 'sqltest-e';
XA END 'sqltest-e';
XA PREPARE 'sqltest-e';
XA RECOVER;
XA ROLLBACK 'sqltest-e';
XA START 'sqltest-e';
SELECT COUNT(*) FROM t;
XA END 'sqltest-e';
XA PREPARE 'sqltest-e';
XA COMMIT 'sqltest-e';
XA START 'sqltest-d';
INSERT INTO t VALUES (1, 1);
XA END 'sqltest-d';
XA PREPARE 'sqltest-d';
XA ROLLBACK 'sqltest-d';
SET TRANSACTION READ ONLY;
XA START 'sqltest-ro';
INSERT INTO t VALUES (30, 30);
XA END 'sqltest-ro';
XA PREPARE 'sqltest-ro';
XA ROLLBACK 'sqltest-ro';

-- Identifiers.
XA START X'0102', B'11', 7;
XA END 0x0102, 0x03, 7;
XA PREPARE X'0102', B'11', 7;
XA RECOVER CONVERT XID;
XA ROLLBACK X'0102', B'11';
XA ROLLBACK X'0102';
XA ROLLBACK 0x0102, 0x03, 7;
XA START '';
XA END '';
XA PREPARE '';
XA RECOVER;
XA ROLLBACK '', '', 1;
XA START 'sqltest', 'q', 9223372036854775807;
XA END 'sqltest', 'q', 0x7fffffffffffffff;
XA PREPARE 'sqltest', 'q', 9223372036854775807;
XA RECOVER;
XA ROLLBACK 'sqltest', 'q', 9223372036854775807;
XA ROLLBACK 'sqltest', 'q', 9223372036854775808;
XA START '12345678901234567890123456789012345678901234567890123456789012345';
XA START '1', '12345678901234567890123456789012345678901234567890123456789012345';
XA START 'a', 'b', -1;
XA START 'a', 'b', 'x';
XA START 'a', 'b', 1, 1;
XA START a;
XA START;
XA;
XA FOO 'a';
XA START 'a' FOO;
XA RECOVER FOO;
XA END 'a' SUSPEND FOR;
XA COMMIT 'a' ONE;
XA PREPARE 'a' ONE PHASE;

-- One name, one branch.
XA START 'sqltest-n';
-- session: other
XA START 'sqltest-n';
XA END 'sqltest-n';
XA PREPARE 'sqltest-n';
-- session: other
XA START 'sqltest-n';
XA START 'sqltest-n';
XA ROLLBACK 'sqltest-n';
XA START 'sqltest-n';
XA END 'sqltest-n';
XA ROLLBACK 'sqltest-n';

-- What is open before.
BEGIN;
XA START 'sqltest-o';
COMMIT;
LOCK TABLES t READ;
XA START 'sqltest-o';
UNLOCK TABLES;
SET autocommit = 0;
SELECT COUNT(*) FROM t;
XA START 'sqltest-o';
COMMIT;
XA START 'sqltest-o';
INSERT INTO t VALUES (8, 8);
SET autocommit = 0;
SET autocommit = 1;
SELECT @@autocommit;
XA END 'sqltest-o';
SET autocommit = 1;
XA PREPARE 'sqltest-o';
XA COMMIT 'sqltest-o';
SET autocommit = 1;
SELECT * FROM t ORDER BY id;

-- What the rows of a prepared branch are to others.
XA START 'sqltest-l';
UPDATE t SET v = v + 1 WHERE id = 8;
INSERT INTO t VALUES (9, 9);
INSERT INTO a (v) VALUES (1), (2);
XA END 'sqltest-l';
XA PREPARE 'sqltest-l';
SELECT * FROM t WHERE id = 8 FOR UPDATE NOWAIT;
SELECT * FROM t WHERE id > 6 ORDER BY id FOR UPDATE SKIP LOCKED;
SET SESSION innodb_lock_wait_timeout = 1;
UPDATE t SET v = 0 WHERE id = 8;
INSERT INTO t VALUES (9, 0);
INSERT INTO a (v) VALUES (3);
SET SESSION lock_wait_timeout = 1;
DROP TABLE t;
UPDATE t SET v = 0 WHERE id = 7;
XA COMMIT 'sqltest-l';
SELECT * FROM t ORDER BY id;
SELECT * FROM a ORDER BY id;

-- Statements that XA does not mind, and prepared ones.
XA START 'sqltest-p';
PREPARE p FROM 'INSERT INTO t VALUES (20, 20)';
EXECUTE p;
DEALLOCATE PREPARE p;
KILL 99999999;
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SHOW TABLES;
XA END 'sqltest-p';
PREPARE p FROM 'SELECT 2';
EXECUTE p;
XA PREPARE 'sqltest-p';
XA ROLLBACK 'sqltest-p';
SELECT COUNT(*) FROM t WHERE id = 20;
XA RECOVER;
