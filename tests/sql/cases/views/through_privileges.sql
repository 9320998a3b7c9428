-- Whose rights count when rows are changed through a view.
CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT DEFAULT 0);
INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3);
CREATE USER views_owner, views_user;
CREATE DEFINER=views_owner VIEW own AS SELECT id, a, b FROM t;
CREATE DEFINER=root@localhost VIEW rooted AS SELECT id, a, b FROM t;
CREATE DEFINER=root@localhost SQL SECURITY INVOKER VIEW invoked AS SELECT id, a, b FROM t;
GRANT SELECT, INSERT, UPDATE, DELETE ON sqltest_views_through_privileges.own TO views_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON sqltest_views_through_privileges.invoked TO views_user;
GRANT SELECT (id, a), INSERT (id, a), UPDATE (a) ON sqltest_views_through_privileges.rooted TO views_user;
GRANT SELECT ON sqltest_views_through_privileges.t TO views_owner;
-- as: views_user
SELECT COUNT(*) FROM sqltest_views_through_privileges.own;
-- as: views_user
UPDATE sqltest_views_through_privileges.own SET a = 5;
-- as: views_user
DELETE FROM sqltest_views_through_privileges.own WHERE id = 1;
-- as: views_user
INSERT INTO sqltest_views_through_privileges.own VALUES (10, 1, 1);
-- as: views_user
INSERT INTO sqltest_views_through_privileges.own (id) VALUES (10) ON DUPLICATE KEY UPDATE a = 1;
-- as: views_user
UPDATE sqltest_views_through_privileges.invoked SET a = 5;
-- as: views_user
INSERT INTO sqltest_views_through_privileges.invoked VALUES (11, 1, 1);
-- as: views_user
DELETE FROM sqltest_views_through_privileges.invoked;
-- as: views_user
SELECT id FROM sqltest_views_through_privileges.rooted ORDER BY id;
-- as: views_user
SELECT b FROM sqltest_views_through_privileges.rooted;
-- as: views_user
SELECT * FROM sqltest_views_through_privileges.rooted;
-- as: views_user
UPDATE sqltest_views_through_privileges.rooted SET a = 5 WHERE id = 1;
-- as: views_user
UPDATE sqltest_views_through_privileges.rooted SET a = b WHERE id = 1;
-- as: views_user
UPDATE sqltest_views_through_privileges.rooted SET b = 5;
-- as: views_user
INSERT INTO sqltest_views_through_privileges.rooted (id, a) VALUES (12, 1);
-- as: views_user
INSERT INTO sqltest_views_through_privileges.rooted (id, b) VALUES (13, 1);
-- deviation: view-insert-columns: MySQL looks at the columns that are listed only
-- as: views_user
INSERT INTO sqltest_views_through_privileges.rooted VALUES (14, 1, 1);
-- as: views_user
DELETE FROM sqltest_views_through_privileges.rooted;
GRANT UPDATE (a), INSERT, DELETE ON sqltest_views_through_privileges.t TO views_owner;
-- deviation: view-insert-columns: a row less
-- as: views_user
UPDATE sqltest_views_through_privileges.own SET a = 6;
-- as: views_user
UPDATE sqltest_views_through_privileges.own SET b = 6;
-- as: views_user
DELETE FROM sqltest_views_through_privileges.own WHERE id = 2;
-- as: views_user
INSERT INTO sqltest_views_through_privileges.own VALUES (15, 1, 1);
-- deviation: view-insert-columns: a row less
SELECT * FROM t ORDER BY id;
-- deviation: definer-warnings: nobody is warned of definers
DROP USER views_owner, views_user;
