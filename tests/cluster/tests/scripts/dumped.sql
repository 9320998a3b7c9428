-- A server with something of every kind, to be dumped and restored (tests/dumps.rs).
SET NAMES utf8mb4;
CREATE DATABASE kinds DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE DATABASE `odd ``name` CHARACTER SET latin1;
USE kinds;
CREATE TABLE numbers (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED ZEROFILL, c MEDIUMINT, d BIGINT,
  e DECIMAL(20,6) DEFAULT '1.500000', f FLOAT, g DOUBLE NOT NULL DEFAULT '0', h BIT(10) DEFAULT b'101', i BOOL, j YEAR) AUTO_INCREMENT = 100 COMMENT = 'numbers; it''s';
INSERT INTO numbers (a, b, c, d, e, f, g, h, i, j) VALUES (-128, 65535, -8388608, -9223372036854775808, -123.456789, 1.5, 1e300, 1023, TRUE, 2024),
  (NULL, NULL, NULL, NULL, NULL, NULL, -0.1, NULL, NULL, NULL), (1, 2, 3, 4, 5, 0.1, 0.1, 0, FALSE, 1999);
CREATE TABLE texts (id INT PRIMARY KEY, a CHAR(10), b VARCHAR(50) DEFAULT 'it''s \\ "quoted"', c TEXT, d MEDIUMTEXT CHARACTER SET latin1, e VARCHAR(20) COLLATE utf8mb4_0900_ai_ci,
  f BINARY(4), g VARBINARY(20), h LONGBLOB, i ENUM('one','it''s','ä'), j SET('a','b','c') NOT NULL DEFAULT 'a', k VARCHAR(10) CHARACTER SET utf16, KEY (b(5)), UNIQUE KEY e (e, id DESC));
INSERT INTO texts VALUES (1, 'ä', 'tab\tline\nreturn\rzero\0end', 'quote '' " \\', 'é', 'Grüße 😀', X'00FF', X'0A0D1A5C27', X'0001020304FFFE', 'it''s', 'a,c', '😀x'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', NULL), (3, '', '', '', '', '', '', '', '', 'ä', 'b', '');
CREATE TABLE times (a DATE, b TIME(3), c DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), d TIMESTAMP NULL, e TIMESTAMP(2) NOT NULL DEFAULT CURRENT_TIMESTAMP(2));
INSERT INTO times VALUES ('2024-02-29', '-838:59:58.999', '9999-12-31 23:59:59.999999', '2024-03-31 02:30:00', '1970-01-02 00:00:01.25'), (NULL, NULL, NULL, NULL, '2038-01-01 00:00:00');
SET sql_mode = '';
INSERT INTO times VALUES ('0000-00-00', '00:00:00', '0000-00-00', '0000-00-00', '0000-00-00');
SET sql_mode = DEFAULT;
CREATE TABLE documents (id INT PRIMARY KEY, d JSON, e JSON DEFAULT (JSON_ARRAY(1, 'x')));
INSERT INTO documents VALUES (1, '{"b": [1, 2.5, null, true, "ä\\n\\"q\\""], "a": {}}', '[]'), (2, NULL, 'null'), (3, '"text"', '12345678901234567890');
CREATE TABLE rules (id INT PRIMARY KEY, a INT DEFAULT (1 + 2), d INT INVISIBLE DEFAULT 7, CONSTRAINT positive CHECK (a > 0), CHECK (id < 1000) NOT ENFORCED,
  KEY expression ((a + id)), KEY hidden (d) INVISIBLE);
INSERT INTO rules (id, a, d) VALUES (1, 10, 1), (2, 20, NULL), (3, NULL, 3);
INSERT INTO rules (id) VALUES (4);
-- mariadb-dump writes the values of generated columns, which MySQL too refuses to take: this one is empty.
CREATE TABLE derived (id INT PRIMARY KEY, a INT, b INT AS (a * 2) VIRTUAL, c VARCHAR(30) AS (CONCAT('<', a, '>')) STORED NOT NULL, KEY twice (b));
CREATE TABLE `select` (`group by` INT, `ä``b` VARCHAR(10)) COMMENT 'a table without a key';
INSERT INTO `select` VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
CREATE TABLE empty_one (id INT PRIMARY KEY);
CREATE TABLE many (id INT PRIMARY KEY, v VARCHAR(100), KEY (v));
INSERT INTO many WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i, REPEAT(CHAR(97 + i % 26), i % 100) FROM n;
CREATE TABLE ranges (id INT, d DATE, v VARCHAR(10), PRIMARY KEY (id, d), KEY (v)) PARTITION BY RANGE (TO_DAYS(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
  (PARTITION old VALUES LESS THAN (TO_DAYS('2020-01-01')) COMMENT 'it''s', PARTITION `new one` VALUES LESS THAN MAXVALUE);
INSERT INTO ranges VALUES (1, '2019-12-31', 'a'), (2, '2020-01-01', 'b'), (3, '2024-02-29', 'c');
CREATE TABLE lists (a VARCHAR(10), b INT) PARTITION BY LIST COLUMNS (a, b) (PARTITION p0 VALUES IN (('it''s', 1), (NULL, 2)), PARTITION p1 VALUES IN (('\\ä', NULL)));
INSERT INTO lists VALUES ('it''s', 1), (NULL, 2), ('\\ä', NULL);
CREATE TABLE hashes (a BINARY(3), b INT) PARTITION BY LINEAR KEY (a) PARTITIONS 3;
INSERT INTO hashes VALUES ('abc', 1), (NULL, 2), ('x', 3);
USE `odd ``name`;
CREATE TABLE t (a VARCHAR(20) PRIMARY KEY);
INSERT INTO t VALUES ('é'), ('z');
DELIMITER //
CREATE TRIGGER `made ``so` BEFORE INSERT ON t FOR EACH ROW
BEGIN
  -- Its text is kept as it is.
  IF NEW.a = 'never; "é" ''so' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF;
END//
CREATE TRIGGER after_it AFTER UPDATE ON t FOR EACH ROW SET @changed = OLD.a//
CREATE TRIGGER before_it BEFORE INSERT ON t FOR EACH ROW PRECEDES `made ``so` SET @inserted = NEW.a//
DELIMITER ;
