-- JSON_TABLE.
create table j(id int, d json, s varchar(200));
insert into j values (1,'[{"a":1,"b":[10,20]},{"a":2,"b":[]},{"a":"x"}]','{"k":[1,2]}'),(2,'{"a":5}','x'),(3,NULL,NULL);
select * from json_table('[{"a":1,"b":"x"},{"a":2},{"b":null}]','$[*]' columns(n for ordinality, a int path '$.a', b varchar(10) path '$.b', e int exists path '$.b', j json path '$')) t;
select * from json_table('[1,"abc",null,[1],{"x":2}]','$[*]' columns(a int path '$', b varchar(3) path '$', j json path '$')) t;
select * from json_table('[1,"abc"]','$[*]' columns(a int path '$' error on error)) t;
select * from json_table('[{}]','$[*]' columns(a int path '$.x' error on empty)) t;
select * from json_table('[{}, {"x":"y"}]','$[*]' columns(a int path '$.x' default '7' on empty default '8' on error)) t;
select * from json_table('[{}]','$[*]' columns(a int path '$.x' default 'bad' on empty)) t;
select * from json_table('[{}]','$[*]' columns(a int path '$.x' default 7 on empty)) t;
select * from json_table('[{}]','$[*]' columns(a int path '$.x' default '"7"' on empty, b varchar(5) path '$.x' default 'abc' on empty, c varchar(5) path '$.x' default '"abc"' on empty, d json path '$.x' default '[1]' on empty)) t;
select * from json_table('[{}]','$[*]' columns(c varchar(5) path '$.x' default '"abc"' on empty, d json path '$.x' default '[1]' on empty, e json path '$.x' null on empty, f int path '$.x' default '"7"' on empty, g int path '$.x' default '[7]' on empty)) t;
select * from json_table('[{"a":[1,2],"b":[3,4]},{"a":[],"b":[5]}]','$[*]' columns(n for ordinality, nested path '$.a[*]' columns(na for ordinality, a int path '$'), nested path '$.b[*]' columns(nb for ordinality, b int path '$'))) t;
select j.id, t.* from j, json_table(j.d,'$[*]' columns(a varchar(5) path '$.a', nested path '$.b[*]' columns(b int path '$'))) t order by 1,2,3;
select j.id, t.* from j left join json_table(j.d,'$[*]' columns(a varchar(5) path '$.a')) t on true order by 1,2;
select j.id, t.* from j left join json_table(j.d,'$[*]' columns(a varchar(5) path '$.a')) t on t.a=1 order by 1,2;
select * from json_table('x','$' columns(a int path '$')) t;
select * from json_table('','$' columns(a int path '$')) t;
select * from json_table(NULL,'$' columns(a int path '$')) t;
select * from json_table(1,'$' columns(a int path '$')) t;
select * from json_table(x'00','$' columns(a int path '$')) t;
select * from json_table('{}','x' columns(a int path '$')) t;
select * from json_table('{}','$' columns(a int path 'a')) t;
select * from json_table('{}',concat('$','') columns(a int path '$')) t;
select * from json_table('{}','$' columns(a int path '$'));
select * from json_table('{}','$' columns(a int path '$', a int path '$')) t;
select * from json_table('{}','$' columns(a int path '$', A for ordinality)) t;
select * from json_table('{}','$' columns()) t;
select * from json_table('{}' '$' columns(a int path '$')) t;
select * from json_table('{}', '$' columns(a int)) t;
select * from json_table('{}', '$' columns(a int exists path '$.x' error on empty)) t;
select t.id from json_table('[1,2]','$[*]' columns(id int path '$')) as t where t.id > 1;
select * from json_table(j.d,'$' columns(a int path '$')) t, j;
select * from json_table(zz.d,'$' columns(a int path '$')) t;
select * from j right join json_table(j.d,'$' columns(a int path '$')) t on 1;
select (select count(*) from json_table(j.d,'$[*]' columns(a int path '$.a' )) t) c from j;
select (select sum(a) from json_table('[1,2,3]','$[*]' columns(a int path '$')) t) c;
update j, json_table('[{"id":1,"s":"new"}]','$[*]' columns(id int path '$.id', s varchar(10) path '$.s')) t set j.s = t.s where j.id=t.id;
select id,s from j;
update j, json_table('[1]','$[*]' columns(id int path '$')) t set t.id=1;
delete j from j, json_table('[3]','$[*]' columns(id int path '$')) t where j.id=t.id;
delete t from j, json_table('[3]','$[*]' columns(id int path '$')) t where j.id=t.id;
select id from j;
insert into j select a, null, null from json_table('[100,101]','$[*]' columns(a int path '$')) t;
select id from j order by 1;
select * from json_table('[1,2,3]','$[*]' columns(a int path '$')) t where a in (select a from json_table('[2,3]','$[*]' columns(a int path '$')) u);
select * from json_table('[1,2]','$[*]' columns(a int path '$')) t join json_table('[2,3]','$[*]' columns(b int path '$')) u on a=b;
select * from json_table('[1,2]','$[*]' columns(a int path '$')) t natural join json_table('[2,3]','$[*]' columns(a int path '$')) u;
with c as (select * from json_table('[1,2]','$[*]' columns(a int path '$')) t) select * from c, c c2;
set @d='[5,6]';
select * from json_table(@d,'$[*]' columns(a int path '$')) t;
prepare p from 'select * from json_table(?, ''$[*]'' columns(a int path ''$'')) t';
execute p using @d;
deallocate prepare p;
select * from json_table('{"a":1,"b":2}','$.*' columns(v int path '$')) t;
select * from json_table('{"a":1,"b":{"a":3}}','$**.a' columns(n for ordinality, v int path '$')) t;
select * from json_table('[[1,2],[3]]','$[*]' columns(v int path '$[0]', w int path '$[*]', x int path '$[1]')) t;
select * from json_table('[[1,2],[3]]','$[*]' columns(w int path '$[*]' error on error)) t;
-- deviation: not-built: refused with 1235, which names the feature
select * from json_table('[[1,2],[3]]','$[*]' columns(w json path '$[*]', e int exists path '$[1]', f varchar(10) exists path '$[1]', g json exists path '$[1]')) t;
select * from json_table('[300]','$[*]' columns(a tinyint path '$' error on error)) t;
select * from json_table('["abcdef"]','$[*]' columns(a varchar(3) path '$' error on error)) t;
select * from json_table('["abcdef"]','$[*]' columns(a date path '$' error on error)) t;
select * from json_table('[[1]]','$[*]' columns(a int path '$' error on error)) t;
-- deviation: json-warnings: fewer warnings
select * from json_table('[1.5]','$[*]' columns(a int path '$' error on error, b decimal(2,1) path '$', c decimal(2,0) path '$' error on error)) t;
select `t`.`a`, database() from json_table('[1]','$[*]' columns(a int path '$')) as `t`;
-- deviation: syntax-near: another parser
select json_table.a from json_table('[1]','$[*]' columns(a int path '$')) json_table;
create table json_table(a int);
drop table j;
select * from json_table('[{"a":[{"c":[1,2]},{"c":[3]}],"x":9}]','$[*]' columns(x int path '$.x', nested path '$.a[*]' columns(o for ordinality, nested path '$.c[*]' columns(c int path '$', p for ordinality)), y int path '$.x')) t;
create table k as select * from json_table('[1]','$[*]' columns(n for ordinality, a int path '$', b varchar(10) path '$', c json path '$', d decimal(5,2) path '$', e int exists path '$', f datetime(3) path '$', i blob path '$',k tinyint unsigned path '$', l year path '$', o double path '$', p text path '$', q varbinary(4) path '$', s float path '$', tt time path '$', u date path '$', v timestamp path '$')) t;
show create table k;
select * from k;
drop table k;
select * from json_table('["2020-01-01","2020-01-01 10:11:12","10:11:12",20200101,"12.345",12.345,true,false,-1,300,"abcdef","é",""]','$[*]' columns(n for ordinality, de decimal(5,2) path '$', b tinyint path '$', u tinyint unsigned path '$', v varchar(3) path '$', dd double path '$', y year path '$')) t;
-- deviation: json-warnings: fewer warnings
select * from json_table('["2020-01-01","2020-01-01 10:11:12",20200101,"x",""]','$[*]' columns(n for ordinality, d date path '$', dt datetime(3) path '$')) t;
select * from json_table('["10:11:12","10:11:12.6",101112,-1,true,"x"]','$[*]' columns(n for ordinality, t time path '$', u time(3) path '$')) t;
select t.*, u.* from json_table('[[1,2],[3]]','$[*]' columns(d json path '$', n for ordinality)) t, json_table(t.d,'$[*]' columns(v int path '$')) u order by n, v;
select * from (select '[1,2]' d union select '[3]') x, json_table(x.d,'$[*]' columns(v int path '$')) u order by v;
-- deviation: derived-integer-width: MySQL narrows them
select * from (select 1 a) x join json_table(concat('[',x.a,']'),'$[*]' columns(v int path '$')) u on x.a=u.v;
select count(*) from json_table('[]','$[*]' columns(v int path '$')) u;
select sum(v), max(n) from json_table('[1,2,3,4]','$[*]' columns(n for ordinality, v int path '$')) u where v > 1;
select v, count(*) from json_table('[1,2,1]','$[*]' columns(v int path '$')) u group by v order by v;
select * from json_table('{"a":"x"}','$' columns(a varchar(5) path '$.a', b varchar(5) path '$.b' default '"none"' on empty)) u;
select * from json_table('[1,2]','strict $[*]' columns(a int path '$')) t;
select * from json_table('[1,2]','lax $[*]' columns(a int path '$')) t;
select * from json_table('[1]','$[*]' columns(`select` int path '$', `a b` int path '$')) t;
select * from json_table('[1]','$[*]' columns(select int path '$')) t;
select * from json_table('[1]','$[*]' columns(a int path '$')) t where t.b = 1;
select b from json_table('[1]','$[*]' columns(a int path '$')) t;
select * from json_table(d,'$' columns(a int path '$')) t;
select * from json_table(j.zz,'$' columns(a int path '$')) t;
select * from (select 1 a) x, json_table(x.zz,'$' columns(a int path '$')) t;
select * from (select 1 a) x, json_table(zz,'$' columns(a int path '$')) t;
-- deviation: not-built: refused with 1235, which names the feature
select * from json_table('[1]','$[*]' columns(a point path '$')) t;
-- deviation: syntax-near: another parser
select * from json_table('[1]','$[*]' columns(a varchar path '$')) t;
select * from json_table('[1]','$[*]' columns(a int not null path '$')) t;
select * from json_table('["a","b"]','$[*]' columns(a char(1) path '$')) t where a = 'A';
select a, collation(a) from json_table('["a"]','$[*]' columns(a char(1) path '$')) t;
-- deviation: not-built: refused with 1235, which names the feature
create view v as select * from json_table('[1]','$[*]' columns(a int path '$')) t;
-- deviation: not-built: refused with 1235, which names the feature
select * from json_table('["a"]','$[*]' columns(a enum('a','b') path '$')) t;
