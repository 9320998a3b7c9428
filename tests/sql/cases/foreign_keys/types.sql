-- Which columns may refer to which, and the indexes that are made.
CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(10) UNIQUE, ch CHAR(10) UNIQUE, d DECIMAL(10,2) UNIQUE, dt DATETIME(3) UNIQUE, vb VARBINARY(10) UNIQUE, e ENUM('a','b') UNIQUE, f DOUBLE UNIQUE, y YEAR UNIQUE, ts TIMESTAMP(3) NULL UNIQUE, bt BIT(8) UNIQUE, fl FLOAT UNIQUE, dd DATE UNIQUE, tm TIME UNIQUE, bn BINARY(10) UNIQUE);
CREATE TABLE c (a CHAR(20), FOREIGN KEY (a) REFERENCES p (v));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a VARCHAR(20), FOREIGN KEY (a) REFERENCES p (ch));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a DECIMAL(12,2), FOREIGN KEY (a) REFERENCES p (d));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a DECIMAL(10,3), FOREIGN KEY (a) REFERENCES p (d));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a DATETIME, FOREIGN KEY (a) REFERENCES p (dt));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a TIMESTAMP(3) NULL, FOREIGN KEY (a) REFERENCES p (dt));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a TIMESTAMP NULL, FOREIGN KEY (a) REFERENCES p (ts));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a VARBINARY(20), FOREIGN KEY (a) REFERENCES p (vb));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a BINARY(10), FOREIGN KEY (a) REFERENCES p (vb));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a BINARY(12), FOREIGN KEY (a) REFERENCES p (bn));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a VARCHAR(10) CHARACTER SET latin1, FOREIGN KEY (a) REFERENCES p (v));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a ENUM('b','c'), FOREIGN KEY (a) REFERENCES p (e));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a ENUM('a','b'), FOREIGN KEY (a) REFERENCES p (e));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a SET('a','b'), FOREIGN KEY (a) REFERENCES p (e));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a FLOAT, FOREIGN KEY (a) REFERENCES p (f));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a DOUBLE, FOREIGN KEY (a) REFERENCES p (f));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a FLOAT, FOREIGN KEY (a) REFERENCES p (fl));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a YEAR, FOREIGN KEY (a) REFERENCES p (y));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a TINYINT UNSIGNED, FOREIGN KEY (a) REFERENCES p (y));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a BIT(8), FOREIGN KEY (a) REFERENCES p (bt));
DROP TABLE IF EXISTS c;
-- deviation: foreign-key-types: refused
CREATE TABLE c (a BIT(4), FOREIGN KEY (a) REFERENCES p (bt));
-- deviation: foreign-key-types: refused
DROP TABLE IF EXISTS c;
CREATE TABLE c (a DATE, FOREIGN KEY (a) REFERENCES p (dd));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a INT, FOREIGN KEY (a) REFERENCES p (dd));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a TIME, FOREIGN KEY (a) REFERENCES p (tm));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a TEXT, KEY (a(5)), FOREIGN KEY (a) REFERENCES p (v));
DROP TABLE IF EXISTS c;
CREATE TABLE c (a VARCHAR(20), KEY k (a(5)), FOREIGN KEY (a) REFERENCES p (v));
SHOW CREATE TABLE c;
DROP TABLE IF EXISTS c;
CREATE TABLE c (a INT, b INT, KEY k (b, a), UNIQUE KEY q (a DESC, b), FOREIGN KEY (a) REFERENCES p (id));
SHOW CREATE TABLE c;
DROP TABLE IF EXISTS c;
CREATE TABLE p2 (a INT, b INT, UNIQUE KEY (a, b DESC));
CREATE TABLE c (a INT, b INT, FOREIGN KEY (a, b) REFERENCES p2 (a, b));
SHOW CREATE TABLE c;
DROP TABLE IF EXISTS c;
CREATE TABLE c (a INT, b INT, KEY k (a, b) INVISIBLE, FOREIGN KEY (b, a) REFERENCES p2 (a, b) ON DELETE SET NULL);
SHOW CREATE TABLE c;
DROP TABLE IF EXISTS c;
