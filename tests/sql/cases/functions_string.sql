-- String functions.
SELECT LENGTH('abc'), CHAR_LENGTH('äöü'), LENGTH('äöü'), BIT_LENGTH('a'), OCTET_LENGTH('ab'), CHARACTER_LENGTH('日本');
SELECT UPPER('aé'), LOWER('AÉ'), UCASE('x'), LCASE('X'), UPPER(12);
SELECT SUBSTRING('Quorate', 2, 3), SUBSTR('Quorate', -3), SUBSTRING('Quorate' FROM 3), SUBSTRING('Quorate' FROM 2 FOR 2), MID('Quorate', 1, 2), SUBSTRING('abc', 0), SUBSTRING('abc', 5), SUBSTRING('abc', 1, -1), SUBSTRING('äöü', 2, 1);
SELECT LEFT('abc', 2), RIGHT('abc', 2), LEFT('abc', 0), LEFT('abc', -1), RIGHT('abc', 10);
SELECT LPAD('a', 5, 'xy'), RPAD('a', 5, 'xy'), LPAD('abcdef', 3, 'x'), RPAD('a', 0, 'x'), LPAD('a', -1, 'x'), LPAD('ä', 3, 'ö');
-- deviation: lpad-empty: padding with nothing gives an empty text, as in 8.4
SELECT LPAD('a', 3, ''), RPAD('a', 3, '');
SELECT TRIM('  a  '), LTRIM('  a  '), RTRIM('  a  '), TRIM(LEADING 'x' FROM 'xxaxx'), TRIM(TRAILING 'x' FROM 'xxaxx'), TRIM(BOTH 'xy' FROM 'xyaxyxy'), TRIM('x' FROM 'xax');
SELECT REPLACE('www.mysql.com', 'w', 'Ww'), REPLACE('abc', 'B', 'x'), REPLACE('abc', '', 'x'), REPLACE('aaa', 'a', '');
SELECT REVERSE('abc'), REVERSE('äb'), REPEAT('ab', 3), REPEAT('ab', 0), REPEAT('ab', -1), SPACE(3), CONCAT('[', SPACE(2), ']');
SELECT INSTR('foobar', 'bar'), LOCATE('o', 'foobar'), LOCATE('o', 'foobar', 3), POSITION('b' IN 'foobar'), INSTR('foobar', 'BAR'), LOCATE('', 'abc'), LOCATE('x', 'abc'), INSTR('日本語', '本');
SELECT CONCAT('a', 1, 2.50, NULL), CONCAT_WS('-', 2024, 1, 31), CONCAT_WS(NULL, 'a'), CONCAT_WS(',', NULL, NULL), CONCAT('');
SELECT INSERT('Quadratic', 3, 4, 'What'), INSERT('abc', -1, 1, 'x'), INSERT('abc', 2, 100, 'x'), ELT(2, 'a', 'b', 'c'), ELT(9, 'a'), FIELD('b', 'a', 'B'), FIELD('x', 'a'), FIELD(NULL, 'a'), FIND_IN_SET('b', 'a,b,c'), FIND_IN_SET('x', 'a,b'), FIND_IN_SET('a', '');
SELECT ASCII('A'), ASCII(''), ASCII('ä'), ORD('ä'), CHAR(77, 121, 83), CHAR(77.6, '83'), HEX('abc'), HEX(255), HEX(NULL), HEX(-1), UNHEX('4D7953514C'), UNHEX('4'), UNHEX('zz');
SELECT SUBSTRING_INDEX('www.mysql.com', '.', 2), SUBSTRING_INDEX('www.mysql.com', '.', -2), SUBSTRING_INDEX('abc', '.', 1), SUBSTRING_INDEX('a.b', '.', 0);
SELECT STRCMP('a', 'b'), STRCMP('b', 'a'), STRCMP('a', 'A'), STRCMP('a', NULL), QUOTE('it''s'), QUOTE(NULL), QUOTE('a\\b');
SELECT FORMAT(1234567.891, 2), FORMAT(1234.5, 0), FORMAT(-1234.567, 1), FORMAT(NULL, 1), FORMAT(0.5, 0), FORMAT(1e10, 2);
SELECT SHA2('a', 256), SHA2('a', 512), SHA2('a', 224), SHA2('a', 0), SHA2('a', 1), CRC32('MySQL'), CRC32('');
-- deviation: md5-sha1: MySQL 9.7 has moved MD5() and SHA1() to a component; we keep them, as 8.4 does
SELECT MD5('a'), SHA1('a'), SHA('a'), MD5(NULL);
SELECT TO_BASE64('abc'), FROM_BASE64('YWJj'), FROM_BASE64('!'), BIN(12), OCT(12), CONV('a', 16, 2), CONV(-17, 10, -18), CONV('zz', 36, 10), CONV(10, 10, 99);
SELECT INET_ATON('127.0.0.1'), INET_NTOA(2130706433), IS_UUID('6ccd780c-baba-1026-9564-5b8c656024db'), IS_UUID('x'), LENGTH(UUID());
SELECT CHARSET(UPPER('a')), COLLATION(CONCAT('a', 'b')), COERCIBILITY('a'), COERCIBILITY('a' COLLATE utf8mb4_bin), COERCIBILITY(NULL), COERCIBILITY(1);
SELECT 'a' 'b', CONCAT('a' 'b', 'c'), _utf8mb4 'x';
SELECT SOUNDEX('Hello'), MAKE_SET(5, 'a', 'b', 'c'), EXPORT_SET(5, 'Y', 'N', ',', 4);
SELECT UPPER(x'61'), CONCAT(x'61', 'b'), LOWER(BINARY 'A'), LEFT(x'414243', 2), REVERSE(x'4142');
SELECT LENGTH(REPEAT('a', 1000)), LEFT(REPEAT('ab', 1000), 5), LENGTH(SPACE(100));
CREATE TABLE s (a VARCHAR(10), b CHAR(5), c TEXT, d VARBINARY(5));
INSERT INTO s VALUES ('Hello', 'World', 'Some text', 'bin');
SELECT UPPER(a), LOWER(b), CONCAT(a, ' ', b), LEFT(c, 4), UPPER(d), CONCAT(a, d), LENGTH(c), REPLACE(c, 't', 'T'), SUBSTRING(a, 2), TRIM(b), LPAD(a, 8, '*'), REVERSE(a), CONCAT(a, 1), COALESCE(a, 'x'), IF(1, a, b), IFNULL(b, 'x'), HEX(a) FROM s;
SELECT CONCAT(a, c) LIKE 'hello%', INSTR(c, 'TEXT'), a REGEXP '^h', a LIKE '%L%' FROM s;
