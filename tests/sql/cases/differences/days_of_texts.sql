-- Of a text next to a DATE the day counts, where both differ from row to row; next to a constant or a subquery its time counts too.
SET max_error_count = 0;
SET NAMES utf8mb4;
create table u (id int primary key, d date, dt datetime, tm time, v varchar(20), w varchar(20), ts timestamp null);
set sql_mode='';
insert into u values (1,'2020-01-31','2020-01-31 10:11:12','00:20:20','2020-01-31 10:11:12','x','2020-01-31 10:11:12'),(2,'2020-01-31','2020-01-31 00:00:00','10:00:00','20200131','2020-01-31','2020-01-31 00:00:00'),(3,'0000-00-00','0000-00-00','00:00:00','x','y','0000-00-00'),(4,'2020-02-02','2020-02-02','10:11:12','10:11:12','2020-01-32','2020-02-02'),(5,'2020-02-02','2020-02-02','10:11:12','','x','2020-02-02');
set sql_mode=default;
create table e1 (id int primary key, c0 varchar(30) collate utf8mb4_general_ci, c1 text, dt datetime(6), v varchar(100));
insert into e1 values (1,'b','true','2020-02-29 23:59:59.999999','2020-02-29 23:59:59.99999918446744073709551615'),(8,'a','😀','2020-02-29','2020-02-29 00:00:00.00000018446744073709551615'),(9,'%','%','2020-01-31','2020-02-29 00:00:00.00000088446744073709551615');
select id, v, v = date'2020-01-31' a, v = d b, v in (date'2020-01-31') c, d = v e, v > date'2020-01-31' f, v > d g, concat(v,'') = date'2020-01-31' h, v = date('2020-01-31') i, concat(v) = date'2020-01-31' j, v <=> date'2020-01-31' l from u order by id;
select id, v = (select max(d) from u) a, (select max(v) from u where v < 'x') = date'2020-01-31' b, (select v from u x where x.id = u.id) = d c, (select v from u x where x.id = u.id) = date'2020-01-31' d2, v = (select d from u x where x.id = u.id and x.id <> 3) e from u order by id;
select id, concat(dt, 18446744073709551615) <> date'2020-02-29' a, v = date'2020-02-29' b, v = timestamp'2020-02-29 00:00:00' c, concat(dt, '18') = dt e, concat(dt, 18446744073709551615) = date(dt) f,  v < date'2020-02-29' g, v > date'2020-02-29' h from e1 order by id;
-- A time next to a date is today's, also where a condition is settled by its literals.
select count(*) from u where null or time'10:11:12' > date'2020-02-29';
select count(*) from u where 0 or date'2020-02-29' > time'10:11:12';
select count(*) from u where exists (select 1 from u where null or timestamp'2020-02-29 00:00:00' < time'10:11:12');
