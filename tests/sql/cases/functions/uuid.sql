-- UUIDs as text and bytes.
select uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024db') = unhex('6CCD780CBABA102695645B8C656024DB');
select hex(uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024db',0)), hex(uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024db',1)), hex(uuid_to_bin('{6ccd780c-baba-1026-9564-5b8c656024db}',NULL)), hex(uuid_to_bin('6ccd780cbaba102695645b8c656024db','1'));
select uuid_to_bin('x');
select uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024d');
select uuid_to_bin(NULL), uuid_to_bin(NULL,1), bin_to_uuid(NULL), is_uuid(NULL), is_uuid(''), is_uuid('{6ccd780cbaba102695645b8c656024db}');
select bin_to_uuid(unhex('6CCD780CBABA102695645B8C656024DB')), bin_to_uuid(unhex('1026BABA6CCD780C95645B8C656024DB'),1), bin_to_uuid(unhex('6CCD780CBABA102695645B8C656024DB'),NULL);
select bin_to_uuid('abc');
select bin_to_uuid('0123456789abcdef');
-- deviation: names-in-messages: a function is named in upper case
select uuid_to_bin(1,2,3);
select uuid_to_bin(123);
select uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024dg');
select bin_to_uuid(_utf8mb4'abcdefgh12345678',2), bin_to_uuid('abcdefgh12345678','x');
select is_uuid(x'00'), is_uuid(1), is_uuid('6CCD780C-BABA-1026-9564-5B8C656024DB'), is_uuid('{6CCD780C-BABA-1026-9564-5B8C656024DB'), is_uuid('6CCD780CBABA-1026-9564-5B8C656024DB-');
select uuid_to_bin('6ccd780c-baba-1026-9564-5b8c656024db', 'x');
select uuid_to_bin(''), bin_to_uuid('');
select bin_to_uuid(1234567890123456), bin_to_uuid('é23456789012345');
