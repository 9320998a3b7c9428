-- Who may make, change and see events.

DROP USER IF EXISTS sqltest_event, sqltest_event_none, sqltest_event_other;

CREATE USER sqltest_event, sqltest_event_none, sqltest_event_other;

GRANT SYSTEM_USER ON *.* TO sqltest_event_other;

CREATE DATABASE sqltest_event_rights;

GRANT EVENT ON sqltest_event_rights.* TO sqltest_event;

GRANT SELECT ON sqltest_event_rights.* TO sqltest_event_none;

CREATE DEFINER = sqltest_event_other EVENT sqltest_event_rights.of_other ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
CREATE EVENT sqltest_event_rights.e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
CREATE DEFINER = root@localhost EVENT sqltest_event_rights.e2 ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
CREATE DEFINER = CURRENT_USER EVENT sqltest_event_rights.e3 ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
ALTER EVENT sqltest_event_rights.e COMMENT 'x';

-- as: sqltest_event, sqltest_event_none
ALTER EVENT sqltest_event_rights.e RENAME TO test.e;

-- as: sqltest_event, sqltest_event_none
SHOW CREATE DEFINER = sqltest_event_other EVENT sqltest_event_rights.of_other;

-- as: sqltest_event, sqltest_event_none
SHOW CREATE EVENT sqltest_event_rights.nosuch;

-- as: sqltest_event, sqltest_event_none
SHOW EVENTS FROM sqltest_event_rights;

-- as: sqltest_event, sqltest_event_none
SELECT EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'sqltest_event_rights' ORDER BY EVENT_NAME;

-- as: sqltest_event, sqltest_event_none
DROP EVENT sqltest_event_rights.nosuch;

-- as: sqltest_event, sqltest_event_none
DROP EVENT IF EXISTS sqltest_event_rights.nosuch;

-- as: sqltest_event, sqltest_event_none
ALTER EVENT sqltest_event_rights.of_other COMMENT 'mine';

-- as: sqltest_event, sqltest_event_none
DROP EVENT sqltest_event_rights.of_other;

-- as: sqltest_event, sqltest_event_none
DROP EVENT sqltest_event_rights.e;

-- as: sqltest_event, sqltest_event_none
CREATE EVENT no_database.e ON SCHEDULE EVERY 1 DAY DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;

-- as: sqltest_event, sqltest_event_none
SHOW EVENTS;

-- as: sqltest_event
SET GLOBAL event_scheduler = OFF;

DROP DATABASE sqltest_event_rights;

DROP USER sqltest_event, sqltest_event_none, sqltest_event_other;
