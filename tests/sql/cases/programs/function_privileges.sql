-- Who may call a function, by whose rights it runs, and grants on single routines.

DROP USER IF EXISTS sqltest_fu, sqltest_fv;

CREATE USER sqltest_fu, sqltest_fv;

CREATE DATABASE sqltest_frights;

CREATE FUNCTION sqltest_frights.Fa() RETURNS INT DETERMINISTIC RETURN 1;

CREATE FUNCTION sqltest_frights.zb() RETURNS INT DETERMINISTIC RETURN 1;

CREATE PROCEDURE sqltest_frights.pa() SELECT 1;

CREATE TABLE sqltest_frights.t (a INT);

CREATE FUNCTION sqltest_frights.as_definer() RETURNS VARCHAR(100) READS SQL DATA RETURN (SELECT CONCAT(CURRENT_USER() LIKE 'root@%', COUNT(*)) FROM t);

CREATE FUNCTION sqltest_frights.as_invoker() RETURNS VARCHAR(100) READS SQL DATA SQL SECURITY INVOKER RETURN (SELECT CONCAT(CURRENT_USER(), COUNT(*)) FROM t);

CREATE FUNCTION sqltest_frights.whoami() RETURNS VARCHAR(100) NO SQL SQL SECURITY INVOKER RETURN CURRENT_USER();

CREATE DEFINER = sqltest_fv FUNCTION sqltest_frights.by_fv() RETURNS VARCHAR(100) NO SQL RETURN CURRENT_USER();

CREATE DEFINER = sqltest_gone FUNCTION sqltest_frights.by_gone() RETURNS VARCHAR(100) NO SQL RETURN CURRENT_USER();

GRANT EXECUTE ON FUNCTION sqltest_frights.fa TO sqltest_fu;

GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE sqltest_frights.pa TO sqltest_fu WITH GRANT OPTION;

GRANT ALL ON FUNCTION sqltest_frights.zb TO sqltest_fu;

SHOW GRANTS FOR sqltest_fu;

SELECT Host, Db, User, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv WHERE User = 'sqltest_fu' ORDER BY Routine_name;

GRANT EXECUTE ON FUNCTION sqltest_frights.nosuch TO sqltest_fu;

GRANT SELECT ON FUNCTION sqltest_frights.zb TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_nodb.zb TO sqltest_fu;

GRANT EXECUTE ON PROCEDURE sqltest_frights.zb TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_frights.* TO sqltest_fu;

GRANT EXECUTE ON FUNCTION * TO sqltest_fu;

GRANT USAGE ON FUNCTION sqltest_frights.zb TO sqltest_fv;

GRANT EXECUTE ON FUNCTION sqltest_frights.zb TO sqltest_nobody;

SHOW GRANTS FOR sqltest_fv;

-- as: sqltest_fu
SHOW GRANTS;

-- as: sqltest_fu
SELECT sqltest_frights.fa();

-- as: sqltest_fu
SELECT sqltest_frights.as_definer();

-- as: sqltest_fu
SELECT sqltest_frights.nosuch();

-- as: sqltest_fu
CALL sqltest_frights.pa();

-- as: sqltest_fu
DROP FUNCTION sqltest_frights.fa;

-- as: sqltest_fu
SHOW CREATE FUNCTION sqltest_frights.fa;

-- as: sqltest_fu
SHOW CREATE FUNCTION sqltest_frights.as_definer;

-- as: sqltest_fu
GRANT EXECUTE ON FUNCTION sqltest_frights.fa TO sqltest_fv;

-- as: sqltest_fu
GRANT EXECUTE ON PROCEDURE sqltest_frights.pa TO sqltest_fv;

-- as: sqltest_fu
SELECT ROUTINE_NAME, ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'sqltest_frights' ORDER BY ROUTINE_NAME;

GRANT EXECUTE ON FUNCTION sqltest_frights.as_definer TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_frights.as_invoker TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_frights.whoami TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_frights.by_fv TO sqltest_fu;

GRANT EXECUTE ON FUNCTION sqltest_frights.by_gone TO sqltest_fu;

-- as: sqltest_fu
SELECT sqltest_frights.as_definer(), sqltest_frights.whoami(), sqltest_frights.by_fv(), CURRENT_USER();

-- as: sqltest_fu
SELECT sqltest_frights.as_invoker();

-- as: sqltest_fu
SELECT sqltest_frights.by_gone();

GRANT EXECUTE ON FUNCTION sqltest_frights.by_fv TO sqltest_fv;

-- as: sqltest_fu
SELECT sqltest_frights.as_definer(), sqltest_frights.whoami(), sqltest_frights.by_fv(), CURRENT_USER();

CREATE VIEW sqltest_frights.v AS SELECT sqltest_frights.zb() AS z, sqltest_frights.fa() AS f;

CREATE DEFINER = sqltest_fv VIEW sqltest_frights.w AS SELECT sqltest_frights.zb() AS z;

GRANT SELECT ON sqltest_frights.v TO sqltest_fv;

GRANT SELECT ON sqltest_frights.w TO sqltest_fv;

-- as: sqltest_fv
SELECT z + f FROM sqltest_frights.v;

-- as: sqltest_fv
SELECT z FROM sqltest_frights.w;

REVOKE EXECUTE ON FUNCTION sqltest_frights.fa FROM sqltest_fv;

REVOKE EXECUTE ON FUNCTION sqltest_frights.nosuch FROM sqltest_fu;

REVOKE ALTER ROUTINE ON FUNCTION sqltest_frights.fa FROM sqltest_fu;

REVOKE IF EXISTS EXECUTE ON FUNCTION sqltest_frights.fa FROM sqltest_fv;

REVOKE ALL ON FUNCTION sqltest_frights.zb FROM sqltest_fu;

SHOW GRANTS FOR sqltest_fu;

-- as: sqltest_fu
SELECT sqltest_frights.zb();

REVOKE EXECUTE ON PROCEDURE sqltest_frights.pa FROM sqltest_fu;

REVOKE GRANT OPTION ON PROCEDURE sqltest_frights.pa FROM sqltest_fu;

SHOW GRANTS FOR sqltest_fu;

DROP FUNCTION sqltest_frights.fa;

DROP PROCEDURE sqltest_frights.pa;

SHOW GRANTS FOR sqltest_fu;

REVOKE ALL PRIVILEGES, GRANT OPTION FROM sqltest_fu;

SHOW GRANTS FOR sqltest_fu;

DROP DATABASE sqltest_frights;

DROP USER sqltest_fu, sqltest_fv;
