-- A text that is the same for all rows is refused next to a date if it is none, also if a subquery gives it.
SET max_error_count = 0;
SET NAMES utf8mb4;
create table t (id int primary key, d date, dt datetime, tm time, v varchar(20), n int, y year, x decimal(10,2), b blob, g varchar(20) collate utf8mb4_general_ci, tx text, f double, dt6 datetime(6), vb varbinary(30), ts timestamp null);
set sql_mode='';
insert into t values (1,'2020-01-31','2020-01-31 10:11:12','10:11:12','abc',5,2024,1.5,'abc','abc','abc',1.5,'2020-01-31 10:11:12.000001','10','2020-01-31 10:11:12'),(2,'0000-00-00','0000-00-00','00:00:00','0000-00-00',0,0,0,'','','',0,'0000-00-00','','0000-00-00'),(3,'2020-02-02','2020-01-31 00:00:00','10:00:00','2020-01-31 10:11:12',20200131,2020,20200131,'2020-01-31','10','10',20200131,'2020-02-02','2020-01-31','2020-02-02'),(4,null,null,null,null,null,null,null,null,null,null,null,null,null,null);
set sql_mode=default;
create table s1 (id int primary key, tm time, d date, dt datetime, n int, v varchar(20), x decimal(30,10), y year, dt3 datetime(3) not null, tm3 time(3), b blob);
insert into s1 values (1,'00:00:00','2020-01-31','2020-01-31 10:11:12',0,'a',0,2000,'2020-01-31','00:00:00.001','a'),(2,'-01:00:00','2020-02-01','2020-01-31 00:00:00',1,'1',65,2001,'2020-01-31','10:11:12.123','1'),(3,null,null,null,null,null,1.5,null,'2020-01-31',null,null),(4,'00:00:05','2020-02-01','2020-01-31 00:00:00',5,'5',5,1901,'2020-01-31','00:00:05','5');
select id, dt not in (select 'x' from s1 where null) a from t group by id;
select id, dt not in (select 'x' from s1 where 0) a from t;
select id from t where trim((select max(1) from s1)) = d;
select id from t where trim((select max('2020-01-31') from s1)) = d;
select id from t where concat((select max(1) from s1)) = d;
select id from t where (select max('x') from s1) = d;
select id from t where d = (select v from s1 limit 1);
select id from t where trim((select max(1) from s1 where s1.id = t.id)) = d;
select id from t where dt6 between '1.5' and '1.5' order by id;
select id from t where dt6 not between '1.5' and '1.5' order by id;
