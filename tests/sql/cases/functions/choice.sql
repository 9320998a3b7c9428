-- Texts by bits, sounds, periods.
select export_set(5,'Y','N',',',4), export_set(6,'1','0',',',10), export_set(-1,'1','0','',70), export_set(3,'a','b'), export_set(3,'a','b','-',0), export_set(3,'a','b','-',-1), export_set(NULL,'a','b'), export_set(3,NULL,'b'), export_set(3,'a','b',NULL), export_set(3,'a','b',',',NULL);
-- deviation: names-in-messages: a function is named in upper case
select export_set(1,2,3,4,5,6);
-- deviation: names-in-messages: a function is named in upper case
select export_set(1,2);
select make_set(1,'a','b','c'), make_set(1|4,'hello','nice','world'), make_set(1|4,'hello','nice',NULL,'world'), make_set(0,'a','b'), make_set(NULL,'a'), make_set(-1,'a','b'), make_set(3,'',''), make_set('5',1,2,3), make_set(8,'a');
-- deviation: names-in-messages: a function is named in upper case
select make_set(1);
select period_add(200801,2), period_add(0801,2), period_add(7001,1), period_add(6912,1), period_add(0,1), period_add(NULL,1), period_add(200813,1), period_add(200800,1), period_add(-1,1), period_add('200801',-13), period_add(200801,-30000);
select period_add(200813,1);
select period_add(20080101,1);
select period_add(200801, 1000000);
select period_diff(200802,200703), period_diff(0802,0703), period_diff(7001,6912), period_diff(NULL,1), period_diff(200703,200802);
select period_diff(0,200801);
select period_diff(200801,200813);
-- deviation: names-in-messages: a function is named in upper case
select period_add(1);
select period_diff('a','b');
select soundex('Hello'), soundex('Quadratically'), soundex(''), soundex(NULL) is null, soundex('123'), soundex(' abc'), soundex('Ärger'), soundex('日本語'), soundex('a b c d e'), soundex('Tymczak'), soundex('Pfister'), soundex('Honeyman'), soundex(12), soundex('bb'), soundex('BobbbyWwHhc');
select soundex('ñandu'), soundex('Robert'), soundex('Rupert'), soundex('Rubin'), soundex('Ashcraft'), soundex('Ashcroft');
select 'Hello' sounds like 'Helo', 'a' sounds like 'b', NULL sounds like 'a';
select hex(soundex(_binary'\xc4bc')), soundex('a-b'), soundex('a''b'), soundex('Éb'), soundex('straße'), soundex('мир');
select make_set(1, 'a', x'00ff'), export_set('abc', 1, 2);
select make_set(18446744073709551615,'a'), make_set(1.7,'a','b'), make_set(1e30,'a','b');
select export_set(1,'a','b',',',100), export_set(1,'a','b',',',64), export_set(1e0,'a','b',',','3'), export_set(2.5,'a','b',',',2.6);
select period_add('x',1), period_diff(1e10,200801), period_add(99991231,1);
select period_add(1,1), period_add(12,1);
select period_add(13,1);
select period_add(200801,-24096);
select period_add(200801,-24097);
select period_add(200801,-30000);
select period_add(200801,9223372036854775807);
select period_add(9223372036854775801,1);
select period_add(1e30,1);
select period_add(-200801,1);
select period_diff(1,2), period_diff(6912,7001), period_diff(999912,101), period_add(7001,-1), period_add(200012,1), period_add(197001,-12*1905);
select make_set(1,_latin1'a' collate latin1_bin, _utf8mb4'b'), make_set(1,'a' collate utf8mb4_bin,'b' collate utf8mb4_general_ci);
select soundex(date'2020-01-01'), soundex(true), soundex(_utf8mb4'a' collate utf8mb4_bin);
select 'abc' sounds like 'abd' and 1, not 'abc' sounds like 'x', 'a' sounds like 'b' = 0;
-- deviation: syntax-near: another parser
select 'a' not sounds like 'b';
select 1 sounds 2;
