-- Numeric functions.
SELECT ABS(-5), ABS(5.5), ABS(-1e0), ABS('-3'), SIGN(-2), SIGN(0), SIGN(1.5);
SELECT CEIL(1.2), CEILING(-1.2), FLOOR(1.8), FLOOR(-1.8), CEIL(5), FLOOR('2.7'), CEIL(1.2e0), FLOOR(12345678901234567890.5);
SELECT ROUND(1.5), ROUND(-1.5), ROUND(1.298, 1), ROUND(1.298, 0), ROUND(23.298, -1), ROUND(150.000, 2), ROUND(150, 2), ROUND(1.005, 2), ROUND(NULL), ROUND(5e-1), ROUND('1.55', 1), ROUND(1e20, 2), ROUND(15, -1), ROUND(99, -2), ROUND(49, -2);
SELECT TRUNCATE(1.999, 1), TRUNCATE(-1.999, 1), TRUNCATE(122, -2), TRUNCATE(1.5e0, 0), TRUNCATE(10.28 * 100, 0);
SELECT MOD(29, 9), MOD(234, 10), MOD(34.5, 3), MOD(-7, 3), MOD(7, -3), MOD(1e1, 3);
SELECT POW(2, 3), POWER(2, -2), SQRT(16), SQRT(2), EXP(0), EXP(1), LN(1), LOG(2), LOG(10, 100), LOG2(65536), LOG10(100);
SELECT SIN(1), COS(1), TAN(1), COT(2), ASIN(0.5), ACOS(0.5), ATAN(0.5), ATAN2(-2, 2), DEGREES(1), RADIANS(90);
-- deviation: pi-digits: a double has no fixed number of digits here, so PI() shows all it has
SELECT PI(), PI() + 0.0000000000;
-- deviation: decimal-scale: a DECIMAL result shows the digits that its column was announced with
SELECT CASE WHEN 1 THEN 1 ELSE 2.5 END;
SELECT CRC32('a'), BIT_COUNT(29), BIT_COUNT(b'101010'), CONV(255, 10, 16), HEX(3735928559), OCT(8), BIN(5);
SELECT GREATEST(2, 0), GREATEST(34.0, 3.0, 5.0, 767.0), GREATEST('B', 'A', 'C'), LEAST(2, 0), LEAST(34.0, 3.0), GREATEST(1, 2.5, 2e0), LEAST('a', 'B');
SELECT INTERVAL(23, 1, 15, 17, 30, 44, 200), INTERVAL(10, 1, 10, 100, 1000), INTERVAL(22, 23, 30), INTERVAL(NULL, 1);
SELECT RAND(1) = RAND(1), RAND() BETWEEN 0 AND 1, RAND(3), RAND(42);
SELECT 10 DIV 3, -10 DIV 3, 10 DIV -3, 10.5 DIV 3, 1e1 DIV 3, 5 DIV NULL, 7 / 2, 7.0 / 2, 7e0 / 2, '7' / 2;
SELECT 1 + 1.0, 1 + 1e0, 1 + '1', '1' + '1', 1 + '1.5', 1.5 + '1.5', 1 - 2, 2 * 2.5, 2 * '2', - '5';
SELECT 1 + TRUE, TRUE + TRUE, NOT 5, !0, -TRUE, TRUE * 2.5;
SELECT 0.1 + 0.2 - 0.3, 1e16 + 1, 1.0e0 / 3, 100000000000000000000 + 1, 0.5 * 0.5, 1.23456789 * 9.87654321;
SELECT 12345678901234567890123456789 * 98765432109876543210987654321, 1 / 7, 22 / 7.0, 1.00000 / 7;
SELECT 7 % 0, 7 DIV 0, 7.5 % 2, 7e0 % 2, '7' % 2, -7.5 % 2;
SELECT 1 > 0.5, 1 = 1e0, 0.1 = 1e-1, 1 < '2', 10 > '9', '10' > '9', 1.5 = '1.50', 'a' > 1;
SELECT FORMAT(12332.123456, 4), FORMAT(12332.1, 4), FORMAT(12332.2, 0);
-- deviation: not-built: refused with 1235, which names the feature
SELECT FORMAT(12332.2, 2, 'de_DE');
SELECT IF(1 > 2, 'yes', 'no'), IF(1.5, 1, 2), IF('a', 1, 2), IF(0.0, 1, 2), IFNULL(1, 0), IFNULL(NULL, 10), IFNULL(1.5, 2), NULLIF(5, 5), NULLIF('a', 'A'), NULLIF(1, '2');
SELECT CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'more' END, CASE WHEN 1 > 2 THEN 'x' END, CASE 'b' WHEN 'B' THEN 1 ELSE 2 END, CASE WHEN 0 THEN 1 ELSE 'x' END;
SELECT COALESCE(NULL, 1), COALESCE(NULL, 'a', 1), COALESCE(NULL, 1.5, 2), COALESCE(NULL, NULL);
SELECT CAST('1.5' AS SIGNED), CAST('1.5' AS DECIMAL(3,1)), CAST(1.5 AS CHAR), CAST('1e2' AS DOUBLE), CAST('1.5' AS FLOAT), CAST(5 AS REAL), CAST(TRUE AS CHAR), CAST(1 AS BINARY), CAST(3.7 AS UNSIGNED), CAST(2024 AS YEAR);
SELECT CONVERT('5', SIGNED), CONVERT(1.567, DECIMAL(3,1)), CONVERT('x', CHAR(5)), CONVERT('2024-01-01', DATE);
SELECT 5 BETWEEN 1 AND 10, 5 BETWEEN 10 AND 1, '5' BETWEEN 1 AND 10, 'b' BETWEEN 'a' AND 'c', 1.5 BETWEEN 1 AND 2, 5 NOT BETWEEN 1 AND 3;
-- deviation: in-list-warning: text that is compared with a number in an IN list is converted without a warning
SELECT 1 IN (1, 2, 3), 4 NOT IN (1, 2, 3), '1' IN (1, 2), 1 IN ('1', 'a'), 'A' IN ('a', 'b'), 1.0 IN (1, 2), NULL IN (1);
SELECT 1 AND 1, 1 AND 0, 1 OR 0, 0 OR 0, NOT 1, 1 XOR 1, 1 XOR 0, 2 AND 3, 'a' AND 1, 0.5 AND 1;
SELECT 5 & 12, 5 | 12, 5 ^ 12, ~1, 1 << 2, 8 >> 1, 5 & NULL, '5' & 4, 1.9 & 3, -1 & 255, x'0F' & 5;
SELECT 2 + 3 * 4, (2 + 3) * 4, 2 * 3 % 4, 10 - 2 - 3, 2 + 3 = 5, NOT 1 = 2, NOT 1 + 1, -2 ^ 2, 1 OR 0 AND 0, 3 & 2 = 2, 1 < 2 < 3, 5 > 4 > 3;
SELECT VERSION() = @@version, DATABASE(), CURRENT_ROLE();
SELECT CONNECTION_ID() = @@pseudo_thread_id;
SELECT SLEEP(0), SLEEP(0.01);
-- deviation: not-built: refused with 1235, which names the feature
SELECT BENCHMARK(1, 1);
-- deviation: not-built: refused with 1235, which names the feature
SELECT NAME_CONST('a', 1);
SELECT GET_LOCK('a', 0), RELEASE_LOCK('a'), IS_FREE_LOCK('a');
SELECT LAST_INSERT_ID(), UUID_SHORT() > 0, UUID() = UUID();
SELECT JSON_OBJECT('a', 1), JSON_EXTRACT('{"a": 1}', '$.a');
SELECT ROW_NUMBER() OVER (ORDER BY 'a');
