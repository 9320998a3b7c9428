-- GROUP BY, HAVING, aggregates.
CREATE TABLE s (id INT PRIMARY KEY, region VARCHAR(10), product VARCHAR(10), qty INT, price DECIMAL(6,2), d DATE, KEY (region, product));
INSERT INTO s VALUES (1, 'north', 'pen', 10, 1.50, '2024-01-01'), (2, 'north', 'ink', 5, 4.00, '2024-01-15'), (3, 'south', 'pen', 7, 1.50, '2024-02-01'),
  (4, 'south', 'Pen', 3, 1.75, '2024-02-10'), (5, 'North', 'pen', NULL, 1.50, '2024-03-01'), (6, NULL, 'ink', 2, NULL, NULL), (7, NULL, 'pen', 1, 2.00, '2024-03-05');
SELECT COUNT(*), COUNT(qty), COUNT(DISTINCT region), SUM(qty), AVG(qty), MIN(qty), MAX(qty) FROM s;
SELECT SUM(price), AVG(price), MIN(price), MAX(price), SUM(qty * price), MIN(d), MAX(region) FROM s;
SELECT COUNT(*), SUM(qty), AVG(qty), MIN(qty), MAX(region) FROM s WHERE id > 100;
SELECT SUM(DISTINCT qty), AVG(DISTINCT price), COUNT(DISTINCT region, product), COUNT(DISTINCT product) FROM s;
SELECT region, COUNT(*) FROM s GROUP BY region ORDER BY region;
SELECT region, product, SUM(qty) FROM s GROUP BY region, product ORDER BY region, product;
SELECT region r, COUNT(*) c FROM s GROUP BY r ORDER BY c DESC, r;
SELECT product, COUNT(*) FROM s GROUP BY 1 ORDER BY 1;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
SELECT YEAR(d) AS y, MONTH(d) AS m, SUM(qty) FROM s GROUP BY y, m ORDER BY y, m;
SELECT region, SUM(qty) AS total FROM s GROUP BY region HAVING total > 5 ORDER BY total;
SELECT region, SUM(qty) FROM s GROUP BY region HAVING SUM(qty) > 5 AND COUNT(*) > 1 ORDER BY region;
SELECT region FROM s GROUP BY region HAVING COUNT(*) = 2 ORDER BY region;
SELECT COUNT(*) FROM s HAVING COUNT(*) > 100;
SELECT COUNT(*) AS c FROM s HAVING c = 7;
SELECT region, qty FROM s GROUP BY region;
SELECT region, MAX(qty) + 1, COUNT(*) * 2, CONCAT(region, '!') FROM s GROUP BY region ORDER BY region;
SELECT * FROM s GROUP BY region;
SELECT id, region, COUNT(*) FROM s GROUP BY id ORDER BY id;
SELECT region, COUNT(*) FROM s;
-- deviation: order-by-aggregate: ORDER BY an aggregate over ungrouped columns is 1140 rather than 3029
SELECT region FROM s ORDER BY COUNT(*);
SELECT region FROM s GROUP BY region ORDER BY COUNT(*) DESC, region;
SELECT region FROM s GROUP BY region ORDER BY SUM(qty), region;
SELECT region FROM s WHERE COUNT(*) > 1;
SELECT SUM(COUNT(*)) FROM s;
SELECT MAX(qty) FROM s GROUP BY COUNT(*);
SELECT nope, COUNT(*) FROM s GROUP BY nope;
SELECT product, COUNT(*) FROM s GROUP BY 5;
SELECT GROUP_CONCAT(id ORDER BY id) FROM s;
SELECT region, GROUP_CONCAT(product ORDER BY product, id SEPARATOR '-') FROM s GROUP BY region ORDER BY region;
SELECT GROUP_CONCAT(DISTINCT product ORDER BY product DESC) FROM s;
SELECT GROUP_CONCAT(id, ':', qty ORDER BY id DESC SEPARATOR ' ') FROM s;
SELECT GROUP_CONCAT(region) FROM s WHERE region IS NULL;
SELECT BIT_AND(qty), BIT_OR(qty), BIT_XOR(qty) FROM s;
SELECT STD(qty), STDDEV_SAMP(qty), VAR_POP(qty), VAR_SAMP(qty) FROM s;
SELECT ANY_VALUE(product) FROM s WHERE product = 'ink';
SELECT region, product, SUM(qty) FROM s GROUP BY region, product WITH ROLLUP;
SELECT COUNT(*) FROM s GROUP BY qty > 5 ORDER BY qty > 5;
-- deviation: derived-integer-width: MySQL narrows integers that pass a temporary table; we keep BIGINT
SELECT qty > 5 AS big, COUNT(*) FROM s GROUP BY big ORDER BY big;
SELECT IF(region IS NULL, 'none', region) AS r, COUNT(*) FROM s GROUP BY r ORDER BY r;
SELECT CASE WHEN qty > 5 THEN 'big' WHEN qty IS NULL THEN 'null' ELSE 'small' END AS size, COUNT(*) FROM s GROUP BY size ORDER BY size;
SELECT DISTINCT region, COUNT(*) AS n FROM s GROUP BY region, product ORDER BY region, n;
SELECT COUNT(*) FROM (SELECT DISTINCT region, product FROM s) AS t;
SELECT MIN(id), MAX(id) FROM s WHERE region = 'north';
SELECT MIN(region) FROM s;
SELECT SUM('abc'), SUM('1.5'), AVG('2') FROM s WHERE id = 1;
SELECT SUM(1), SUM(1.5), SUM(1e0), AVG(1), AVG(1.25), COUNT(NULL), SUM(NULL), MAX(NULL), COUNT(1) FROM s;
SELECT MAX(d), MIN(d) + INTERVAL 1 DAY FROM s;
SELECT region, SUM(qty) / COUNT(*) FROM s GROUP BY region ORDER BY 2;
SELECT region, COUNT(*) FROM s WHERE region > 'a' GROUP BY region HAVING region LIKE 's%';
-- deviation: avg-digits: AVG() is rounded to the digits it is announced with before it is used further
SELECT AVG(qty), SUM(qty) DIV 2, SUM(price) / 3, AVG(price) * 2 FROM s;
SET sql_mode = '';
SELECT region, id > 0 FROM s GROUP BY region ORDER BY region;
SET sql_mode = DEFAULT;
