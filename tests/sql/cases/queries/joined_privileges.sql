-- What UPDATE and DELETE of several tables need.
CREATE TABLE t (a INT PRIMARY KEY, b INT);
CREATE TABLE u (a INT PRIMARY KEY, b INT);
CREATE TABLE w (a INT PRIMARY KEY, b INT);
INSERT INTO t VALUES (1, 1);
INSERT INTO u VALUES (1, 1);
INSERT INTO w VALUES (1, 1);
DROP USER IF EXISTS joined_none, joined_some, joined_column;
CREATE USER joined_none;
CREATE USER joined_some;
GRANT UPDATE ON sqltest_queries_joined_privileges.t TO joined_some;
GRANT SELECT ON sqltest_queries_joined_privileges.u TO joined_some;
GRANT DELETE ON sqltest_queries_joined_privileges.w TO joined_some;
CREATE USER joined_column;
GRANT SELECT (a), UPDATE (b) ON sqltest_queries_joined_privileges.t TO joined_column;
GRANT SELECT, DELETE ON sqltest_queries_joined_privileges.u TO joined_column;
GRANT SELECT ON sqltest_queries_joined_privileges.w TO joined_column;
USE sqltest_queries_joined_privileges;
-- as: joined_none, joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y SET x.b = y.a;
-- as: joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y SET y.b = 1;
-- as: joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y SET x.b = x.a;
-- as: joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y SET x.b = x.b;
-- as: joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.w y SET x.b = 1;
-- as: joined_some, joined_column
UPDATE sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y ON x.a = y.a SET x.b = 1;
-- as: joined_none, joined_some
UPDATE sqltest_queries_joined_privileges.t x, sqltest_queries_joined_privileges.nope y SET x.b = 1;
-- as: joined_none, joined_some, joined_column
DELETE x FROM sqltest_queries_joined_privileges.t x JOIN sqltest_queries_joined_privileges.u y;
-- as: joined_some, joined_column
DELETE y FROM sqltest_queries_joined_privileges.w x JOIN sqltest_queries_joined_privileges.u y ON x.a = y.a AND x.a = 99;
-- as: joined_some, joined_column
DELETE x FROM sqltest_queries_joined_privileges.w x JOIN sqltest_queries_joined_privileges.u y;
-- as: joined_none, joined_some, joined_column
DELETE sqltest_queries_joined_privileges.t FROM sqltest_queries_joined_privileges.t JOIN sqltest_queries_joined_privileges.u;
-- as: joined_some, joined_column
DELETE sqltest_queries_joined_privileges.w FROM sqltest_queries_joined_privileges.w JOIN sqltest_queries_joined_privileges.u;
-- as: joined_some, joined_column
DELETE sqltest_queries_joined_privileges.u FROM sqltest_queries_joined_privileges.w JOIN sqltest_queries_joined_privileges.u ON w.a = u.a WHERE w.b = 99;
DROP USER joined_none, joined_some, joined_column;
