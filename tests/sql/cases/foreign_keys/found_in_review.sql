-- Ways to an orphan that a review found: numbers of AUTO_INCREMENT, ALTER TABLE that changes values, keys dropped and added at once.
CREATE TABLE p (id INT PRIMARY KEY);
CREATE TABLE n (id INT AUTO_INCREMENT PRIMARY KEY, FOREIGN KEY (id) REFERENCES p (id));
INSERT INTO n VALUES (NULL);
INSERT INTO n VALUES ();
INSERT INTO p VALUES (0);
-- deviation: foreign-key-numbered: 0 is looked for, then a number is given
INSERT INTO n VALUES (0);
-- deviation: foreign-key-numbered: the number that a refused row took is not told
INSERT IGNORE INTO n VALUES (NULL);
INSERT INTO p VALUES (100);
INSERT INTO n VALUES (100);
-- deviation: foreign-key-numbered: the row without a parent
SELECT * FROM n;
CREATE TABLE s (id INT AUTO_INCREMENT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES s (id));
INSERT INTO s VALUES (0, 0);
INSERT INTO s VALUES (5, 5), (NULL, 5);
SELECT * FROM s ORDER BY id;
CREATE TABLE v (id VARCHAR(20) PRIMARY KEY);
CREATE TABLE w (id INT PRIMARY KEY, a VARCHAR(20), FOREIGN KEY (a) REFERENCES v (id));
INSERT INTO v VALUES ('abc');
INSERT INTO w VALUES (1, 'abc'), (2, NULL);
SET sql_mode = '';
ALTER TABLE w MODIFY a VARCHAR(2);
ALTER TABLE v MODIFY id VARCHAR(2);
ALTER TABLE w MODIFY a VARCHAR(20) NOT NULL;
SET sql_mode = DEFAULT;
ALTER TABLE w MODIFY a VARCHAR(5);
ALTER TABLE v MODIFY id VARCHAR(5);
ALTER TABLE w MODIFY a VARCHAR(30);
ALTER TABLE v MODIFY id VARCHAR(40);
DELETE FROM w WHERE id = 2;
ALTER TABLE w MODIFY a VARCHAR(30) NOT NULL;
SET foreign_key_checks = 0;
ALTER TABLE w MODIFY a VARCHAR(25) NOT NULL;
SET foreign_key_checks = 1;
SELECT * FROM w;
CREATE TABLE c (id INT PRIMARY KEY, a INT, b INT, FOREIGN KEY (a) REFERENCES p (id));
INSERT INTO c VALUES (1, 100, 99);
ALTER TABLE c DROP FOREIGN KEY c_ibfk_1, ADD FOREIGN KEY (a) REFERENCES p (id);
SHOW CREATE TABLE c;
SELECT * FROM c;
-- deviation: foreign-key-copy: the copy's name
ALTER TABLE c RENAME TO c2, DROP FOREIGN KEY c_ibfk_2, ADD FOREIGN KEY (b) REFERENCES p (id);
CREATE TABLE e (id INT PRIMARY KEY);
INSERT INTO e VALUES (1);
-- deviation: not-built: rows that the statement itself makes
ALTER TABLE e ADD COLUMN x INT DEFAULT (5), ADD FOREIGN KEY (x) REFERENCES p (id);
