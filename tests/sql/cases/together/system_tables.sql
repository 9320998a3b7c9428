-- Text of an application beside that of system tables.
CREATE TABLE n (name VARCHAR(64), g VARCHAR(64) COLLATE utf8mb4_general_ci, l VARCHAR(64) CHARACTER SET latin1);
INSERT INTO n VALUES ('n', 'N', 'n'), ('name', 'NAME', 'g'), ('x', 'x', 'x');
SELECT i.table_name FROM information_schema.tables i JOIN n ON i.table_name = n.name WHERE i.table_schema = DATABASE();
SELECT i.table_name FROM information_schema.tables i JOIN n ON i.table_name = n.l WHERE i.table_schema = DATABASE();
SELECT i.column_name FROM information_schema.columns i JOIN n ON i.column_name = n.name WHERE i.table_schema = DATABASE() AND i.table_name = 'n';
SELECT i.column_name FROM information_schema.columns i JOIN n ON i.column_name = n.g WHERE i.table_schema = DATABASE() AND i.table_name = 'n';
SELECT i.column_name FROM information_schema.columns i JOIN n ON i.column_name = n.l WHERE i.table_schema = DATABASE() AND i.table_name = 'n';
SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name IN (SELECT name FROM n) AND table_name = 'n';
SELECT name FROM n WHERE name IN (SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'n');
SELECT CONCAT(table_name, '日本') FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'n';
SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '日本😀';
SELECT name, column_name FROM n JOIN information_schema.columns ON CONCAT(name, '') = column_name AND table_schema = DATABASE() AND table_name = 'n' ORDER BY 1, 2;
SELECT table_name AS a FROM information_schema.tables WHERE table_schema = DATABASE() UNION SELECT name FROM n ORDER BY a;
