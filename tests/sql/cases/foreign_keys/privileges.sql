-- The privilege REFERENCES, and rows that change along with their parents without any privilege.
DROP USER IF EXISTS fk_none, fk_refs, fk_column, fk_delete, fk_alter;
CREATE TABLE p (id INT PRIMARY KEY);
CREATE TABLE c (a INT, FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO p VALUES (1), (2);
INSERT INTO c VALUES (1), (2);
CREATE USER fk_none, fk_refs, fk_column, fk_delete, fk_alter;
GRANT CREATE, DROP ON sqltest_foreign_keys_privileges.* TO fk_none, fk_refs, fk_column;
GRANT SELECT, INSERT, UPDATE, DELETE ON sqltest_foreign_keys_privileges.p TO fk_none;
GRANT REFERENCES ON sqltest_foreign_keys_privileges.p TO fk_refs;
GRANT REFERENCES (id) ON sqltest_foreign_keys_privileges.p TO fk_column;
GRANT SELECT, DELETE ON sqltest_foreign_keys_privileges.p TO fk_delete;
GRANT INSERT, SELECT ON sqltest_foreign_keys_privileges.c TO fk_delete;
GRANT ALTER, CREATE, INSERT ON sqltest_foreign_keys_privileges.c TO fk_alter;
-- as: fk_none, fk_refs, fk_column
CREATE TABLE sqltest_foreign_keys_privileges.k (a INT, FOREIGN KEY (a) REFERENCES p (id));
-- as: fk_none, fk_refs
CREATE TABLE sqltest_foreign_keys_privileges.k2 (a INT, FOREIGN KEY (a) REFERENCES nope (id));
-- as: fk_none, fk_refs
CREATE TABLE sqltest_foreign_keys_privileges.k3 (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES k3 (id));
-- as: fk_alter
ALTER TABLE sqltest_foreign_keys_privileges.c ADD FOREIGN KEY (a) REFERENCES p (id);
-- as: fk_alter
ALTER TABLE sqltest_foreign_keys_privileges.c DROP FOREIGN KEY nope;
-- as: fk_delete
INSERT INTO sqltest_foreign_keys_privileges.c VALUES (9);
-- as: fk_delete
DELETE FROM sqltest_foreign_keys_privileges.p WHERE id = 1;
SELECT * FROM c;
DROP USER fk_none, fk_refs, fk_column, fk_delete, fk_alter;
