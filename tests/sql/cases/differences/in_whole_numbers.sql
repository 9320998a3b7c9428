-- An integer that is no column, IN constants that are texts and doubles: all are integers.
SET max_error_count = 0;
SET NAMES utf8mb4;
create table t (id int primary key, d date, dt datetime, tm time, v varchar(20), n int, y year, x decimal(10,2), b blob, g varchar(20) collate utf8mb4_general_ci, tx text, f double, dt6 datetime(6), vb varbinary(30), ts timestamp null);
set sql_mode='';
insert into t values (1,'2020-01-31','2020-01-31 10:11:12','10:11:12','abc',5,2024,1.5,'abc','abc','abc',1.5,'2020-01-31 10:11:12.000001','10','2020-01-31 10:11:12'),(2,'0000-00-00','0000-00-00','00:00:00','0000-00-00',0,0,0,'','','',0,'0000-00-00','','0000-00-00'),(3,'2020-02-02','2020-01-31 00:00:00','10:00:00','2020-01-31 10:11:12',20200131,2020,20200131,'2020-01-31','10','10',20200131,'2020-02-02','2020-01-31','2020-02-02'),(4,null,null,null,null,null,null,null,null,null,null,null,null,null,null);
set sql_mode=default;
select 1 in ('1.5','x') a, 1 in ('1.5') b, 1 in ('1.5',2) c, 1 in ('1.5',2.5) e, 1 in ('1.5', 2.5e0) f, 1 in ('1.5', 1.2e0) g, 1 in (1.2e0, 3) h, 1 in (1.2e0,1.3e0) i, 1 in (1.2,1.3) j, 1.2 in ('1.5','1.3') k, 1 in ('1.5', x'41') l, 1 in ('1.5', cast(3 as double)) m, 1+0 in ('1.5','1.6') n, 1 in ('1.5',null) o, 1 in (cast('1.5' as char), '1.7') p, 1 in (concat('1','.5'), 3e0) q, 1 in ('0x1', '1.5', 3e0) r, 65 in (x'41', 3e0) s, 1 in ('1.5', date'2020-01-31') tt, true in ('1.5', 3e0) u, 18446744073709551615 in ('1.8446744073709551615e19',3e0) v;
select id, n in ('5.5',3e0) a, n in ('5.5','6') b, n in ('5abc', 3e0) c, 5 in (v, '5.5') d, 5 in (n, '5.5') e, 5 in (f,'5.5') f, y in ('2024.5', 3e0) g, n+0 in ('5.5','6') h from t order by id;
select id, 1 in (f, '1.5') a, 1 in (f, 1.5e0) b, 1 in (x, '1.5') c from t order by id;
select id, n in (x'05', v) a, n in (x'05', '5') b, n in (x'05', 7) c, x in (x'41', v) e, n not in (x'41', g) f, (n is null) in (x'41', g) h from t order by id;
select id, least(time'10:11:12', n, y) in (null, y) a, least(time'10:11:12', n, y) in (y, 7) b, least(time'10:11:12', n, y) in (y, n) c, least(date'2020-01-31', n) in (null, n) e, v in (null, n) f, v in (n, null) h from t order by id;
create table w (id int primary key, u bigint unsigned, n int);
insert into w values (1, 18446744073709551615, 1), (2, null, null), (3, 1, 1), (4, 3, -1);
select id, u in (timestamp'2020-01-31 10:11:12', -1) a, u in ('x', -1) b, u in (5.5, -1) c, u in (-1, -2) d, u in (-1, n) e, u in (-1, null) f, u in (1e0, -1) g, -1 in (18446744073709551615, 'x') h, -1 in (18446744073709551615, 5) i, -1 in (u, 5.5) j from w order by id;
