-- Bytes that are written among texts of a choice are texts.
SET NAMES utf8mb4;
create table e1 (id int primary key, c0 varchar(30) collate utf8mb4_general_ci, c1 text, dt datetime(6), v varchar(100));
insert into e1 values (1,'b','true','2020-02-29 23:59:59.999999','2020-02-29 23:59:59.99999918446744073709551615'),(8,'a','😀','2020-02-29','2020-02-29 00:00:00.00000018446744073709551615'),(9,'%','%','2020-01-31','2020-02-29 00:00:00.00000088446744073709551615');
select id, c1 >= case when id then x'41' when c0 then c1 end a, c1 >= x'41' b, c1 >= if(id, x'41', c1) c, c1 >= ifnull(x'41', c1) d, c1 >= coalesce(null,x'41', c1) e, collation(case when id then x'41' when c0 then c1 end) f, c0 >= case when id then x'41' else c0 end g, c1 >= nullif(x'41', c1) h from e1 order by id;
select id, if(id, x'41', c1) + 0 a, case when id = 1 then x'41' else c0 end + 0 b, concat(if(id, x'41', c1), 'a') c, hex(if(id, x'41', c1)) d, collation(if(id, x'41', id)) e, collation(if(id, x'41', null)) f, collation(if(id, cast('a' as binary), c1)) g, collation(ifnull(x'41', 'a')) h from e1 order by id;
