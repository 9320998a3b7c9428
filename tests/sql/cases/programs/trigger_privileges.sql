-- By whose rights a trigger runs. (On a MySQL with a binary log only SUPER makes one.)

DROP USER IF EXISTS sqltest_trigger, sqltest_writer;

CREATE USER sqltest_trigger, sqltest_writer;

CREATE DATABASE sqltest_trigger_rights;

CREATE TABLE sqltest_trigger_rights.t (id INT PRIMARY KEY, a INT);

CREATE TABLE sqltest_trigger_rights.log (m VARCHAR(100));

GRANT INSERT ON sqltest_trigger_rights.t TO sqltest_writer;

CREATE DEFINER = sqltest_trigger TRIGGER sqltest_trigger_rights.bi BEFORE INSERT ON sqltest_trigger_rights.t FOR EACH ROW INSERT INTO log VALUES (CONCAT(CURRENT_USER(), NEW.a));

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (1, 1);

GRANT TRIGGER ON sqltest_trigger_rights.t TO sqltest_trigger;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (1, 1);

GRANT SELECT ON sqltest_trigger_rights.t TO sqltest_trigger;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (1, 1);

GRANT INSERT ON sqltest_trigger_rights.log TO sqltest_trigger;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (1, 1);

SELECT * FROM sqltest_trigger_rights.log;

-- as: sqltest_writer
SHOW CREATE TRIGGER sqltest_trigger_rights.bi;

-- as: sqltest_writer
SHOW TRIGGERS FROM sqltest_trigger_rights;

-- as: sqltest_writer
SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'sqltest_trigger_rights';

-- as: sqltest_trigger
SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'sqltest_trigger_rights';

-- as: sqltest_writer
DROP TRIGGER sqltest_trigger_rights.bi;

CREATE DEFINER = sqltest_trigger TRIGGER sqltest_trigger_rights.bj BEFORE INSERT ON sqltest_trigger_rights.t FOR EACH ROW SET NEW.a = 5;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (2, 2);

GRANT UPDATE (a) ON sqltest_trigger_rights.t TO sqltest_trigger;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (2, 2);

SELECT * FROM sqltest_trigger_rights.t ORDER BY id;

-- as: sqltest_trigger
DROP TRIGGER sqltest_trigger_rights.bj;

REVOKE TRIGGER ON sqltest_trigger_rights.t FROM sqltest_trigger;

-- as: sqltest_writer
INSERT INTO sqltest_trigger_rights.t VALUES (3, 3);

INSERT INTO sqltest_trigger_rights.t VALUES (3, 3);

DROP DATABASE sqltest_trigger_rights;

DROP USER sqltest_writer, sqltest_trigger;
