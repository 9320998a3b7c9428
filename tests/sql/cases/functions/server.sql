-- What asks the server: benchmarks, random bytes, constants with names.
select benchmark(10,1+1), benchmark(0,1), benchmark(-1,1), benchmark(NULL,1);
select benchmark('3',1), benchmark(2.5,NULL);
-- deviation: names-in-messages: a function is named in upper case
select benchmark(1);
select icu_version() regexp '^[0-9.]+$', icu_version();
select name_const('a',1), name_const('a','x'), name_const('b',-1), name_const('c',NULL);
select name_const('a',1+1);
select name_const(a,1);
select name_const(NULL,1);
select name_const('x',name_const('y',2));
select name_const('a',-1.5), name_const('z', 'a' collate utf8mb4_bin);
select length(random_bytes(16)), length(random_bytes(1024)), random_bytes(NULL);
select random_bytes(0);
select random_bytes(1025);
select random_bytes(-1);
select random_bytes('x');
-- deviation: names-in-messages: a function is named in upper case
select random_bytes();
select validate_password_strength('weak'), validate_password_strength('');
select ps_current_thread_id() > 0, ps_thread_id(connection_id()) = ps_current_thread_id(), ps_thread_id(999999), ps_thread_id(NULL), ps_thread_id(-1), ps_thread_id('a');
select can_access_column('a');
select is_visible_dd_object('a');
select internal_table_rows('a');
select xyz(1);
select any_value(1), any_value(null);
select a from (select name_const('a', 14)) z;
select name_const(1,2), name_const('a b', 2);
select validate_password_strength(NULL), validate_password_strength('aB1$aB1$');
select ps_thread_id(1);
select random_bytes(1.5) is null, length(random_bytes('7')), length(random_bytes(2.5)), length(random_bytes(1e3)), length(random_bytes(true));
select random_bytes(1e30);
-- deviation: names-in-messages: a function is named in upper case
select validate_password_strength(12345678), validate_password_strength();
-- deviation: names-in-messages: a function is named in upper case
select icu_version(1);
-- deviation: names-in-messages: a function is named in upper case
select load_file(1), load_file();
select name_const('a'), name_const('a',1,2);
select name_const('a', @x);
select name_const('a', date'2020-01-01'), name_const('b', true), name_const('c', x'41'), name_const('d', 1e3), name_const('e', -1e3), name_const('f', - 'a');
select name_const('a', +1);
select name_const('a', (1));
select any_value(a), max(b) from (select 1 a, 2 b) t;
select sum(distinct 1), bit_and(1), bit_or(null), bit_xor(3), bit_and(null), std(1), stddev_samp(1), var_samp(null), variance(2), group_concat(1,2 order by 1 desc separator '-');
select benchmark(3, (select 1)), benchmark(3, rand()), benchmark(2, sleep(0.01)), benchmark(1, (1,2));
select benchmark(2, (select 1 union select 2));
select benchmark(0.4,1), benchmark('a',1), benchmark(-2.7,1);
select ps_current_thread_id();
-- deviation: not-built: refused with 1235, which names the feature
SELECT EXTRACTVALUE('<a>1</a>', '/a');
-- deviation: not-built: refused with 1235, which names the feature
SELECT UPDATEXML('<a>1</a>', '/a', '<b/>');
-- deviation: not-built: refused with 1235, which names the feature
SELECT STATEMENT_DIGEST_TEXT('SELECT 1');
-- deviation: not-built: refused with 1235, which names the feature
SELECT WAIT_FOR_EXECUTED_GTID_SET('');
