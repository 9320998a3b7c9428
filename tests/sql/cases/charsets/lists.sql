-- What lists the character sets and collations.
SHOW CHARACTER SET LIKE 'utf%';
SHOW CHARACTER SET LIKE 'latin_';
SHOW CHARSET WHERE Maxlen > 2 AND Charset LIKE 'utf%';
SELECT * FROM information_schema.character_sets WHERE character_set_name IN ('latin1', 'utf8mb4', 'binary', 'ucs2', 'koi8r') ORDER BY 1;
SELECT * FROM information_schema.collation_character_set_applicability WHERE character_set_name IN ('koi8u', 'ascii', 'utf16le') ORDER BY 1;
