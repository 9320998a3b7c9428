-- COMPRESS and its inverse.
-- deviation: compressed-bytes: another compressor, the same form
select hex(compress('abc')), hex(compress('')), compress(NULL), hex(compress(repeat('a',300))), hex(compress(12345));
select uncompress(compress('abc')), uncompress(''), uncompress('abc'), uncompress(NULL);
select uncompress('abcdefgh');
select uncompress(unhex('03000000')), uncompress(unhex('0300000000'));
select uncompress(unhex('FFFFFFFF789C4B4C4A0600024D0127'));
select uncompress(unhex('00FFFFFF789C4B4C4A0600024D0127'));
select uncompress(unhex('02000000789C4B4C4A0600024D0127'));
select uncompress(unhex('04000000789C4B4C4A0600024D0127'));
select uncompressed_length(''), uncompressed_length('abc'), uncompressed_length('abcd'), uncompressed_length('abcde'), uncompressed_length(NULL), uncompressed_length(compress(repeat('x',70000)));
select hex(compress('abc ')), hex(compress('a ')), hex(compress('aaaaaaaaaaaaaaaaaaaa'));
select uncompress(compress(repeat('a',200))) = repeat('a',200), uncompress(1234567);
-- deviation: compressed-bytes: another compressor, the same form
select hex(compress(repeat('abcdefghij',30))), hex(compress('The quick brown fox jumps over the lazy dog')), hex(compress(concat(repeat('x',259),'y',repeat('ab',5))));
select compress(concat('a',repeat('b',3))) is not null, length(compress(repeat('abc ',10000))), uncompressed_length(compress(''));
