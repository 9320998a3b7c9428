-- DEFAULT(c) in expressions.
create table t(a int default 5, b timestamp default current_timestamp, c varchar(5) not null default 'x', d int not null, e decimal(5,2) default 1.5, f int auto_increment key, g text, h datetime default '2020-01-01');
insert into t(d) values(1);
select default(a), default(c), default(e), default(g), default(h) from t;
select default(b) from t;
select default(d) from t;
select default(f) from t;
select default(nosuch) from t;
select default(a)+1, concat(default(c),'y') from t where a=default(a);
update t set a=default(a)+1;
select default(t.a) from t;
select default(a) from t t1 join t t2;
insert into t(a,d) values(default(a)+1,2);
insert into t(d,a) values(3,default(e)*2) on duplicate key update a=default(a)*3;
select a from t order by a;
drop table t;
create table n (b timestamp not null default current_timestamp, c datetime(3) not null default now(3));
insert into n values ('2020-01-01', '2020-01-01');
select default(b), default(c) from n;
