create table t (id int auto_increment primary key, u varchar(20) unique, n int not null default 7)
insert into t (u) values ('a'), ('b')
insert into t values (0, 'c', default), (null, 'd', 1)
insert into t (id, u) values (10, 'e')
insert into t (u) values ('f')
insert into t values (-5, 'g', 1)
insert into t (u) values (null), (null)
insert into t (u) values ('A')
insert into t (id) values (1)
insert ignore into t (u) values ('a'), ('h'), ('B')
insert into t (u) values ('i')
table t
insert into t (u, n) values ('a', 100) on duplicate key update n = n + 1
insert into t (u, n) values ('a', 100) as new on duplicate key update n = new.n + t.n
insert into t (u, n) values ('a', 100) on duplicate key update n = n
insert into t (u) values ('j')
insert into t (id, u) values (1, 'z'), (2, 'z'), (99, 'k') as v on duplicate key update u = concat(v.u, t.id), n = t.n + 1
insert into t (u) values ('a') on duplicate key update id = last_insert_id(id), n = 0
insert into t (u) values ('z1') on duplicate key update u = 'k'
insert ignore into t (u) values ('z1') on duplicate key update u = 'k'
insert into t (u) values ('z1') on duplicate key update n = null
table t
replace into t values (1, 'k', 5)
replace into t (u) values ('new')
replace into t (u, n) values ('new', 2), ('k', 3)
table t
create table p (id int primary key, b int)
replace into p values (1, 1)
replace into p values (1, 1)
replace into p values (1, 2), (2, 2)
insert into p (id, b) values (3, id + 1), (4, b)
insert into p (b, id) values (8, b + 1)
insert into p select id + 10, b from p
insert ignore into p select id + 8, b from p
insert into p (id) select id from p
insert into p (id, b) select id + 1 from p
insert into p values (1)
insert into p values (1, 2), (3)
insert into p (id, id) values (1, 2)
insert into p (id, zz) values (1, 2)
insert into p (id) values (zz)
insert into nope values (1)
insert into nodb.t values (1)
insert into p set id = 40, b = 41
insert into p () values ()
insert into p (b) values (1)
insert into p values (50, null), (51, default)
table p
create table d (k varchar(10) primary key, i int not null, s varchar(3) not null, m decimal(5,2), dt datetime default '2020-01-02 03:04:05')
insert into d (k, i) values ('a', 1)
insert into d values ('a', 1, 'abcd', 1, null)
insert into d values ('a', 'x', 'abc', 1, null)
insert into d values ('a', null, 'abc', 1, null)
insert into d values ('a', 1, 'abc', 1000, null)
insert into d values ('a', 1, 'abc', 1.239, null)
insert into d values ('b', default, 'abc', 1, default)
insert into d values ('b', 1, default(k), 1, default)
insert into d (k, i, s, dt) values ('b', 3, 'x', default), ('c', '4', 5, '2021-1-2')
insert ignore into d values ('x', null, 'abcd', 1000, 'bad'), ('x', 1, '', 1, null), ('y', 'q', null, 2, 20200101)
insert ignore into d (k) values ('only')
table d
set sql_mode=''
insert into d values ('n1', null, 'a', 1, null)
insert into d values ('n1', null, 'a', 1, null), ('n2', 5000000000, 'abcd', -1000, '')
insert into d values ('n3', default, 'a', 1, null)
insert into d (k) values ('n4')
set sql_mode='NO_AUTO_VALUE_ON_ZERO'
create table z (id int auto_increment primary key)
insert into z values (0), (null), (null)
table z
set sql_mode=default
table d
create table tiny (id tinyint auto_increment primary key, b int)
insert into tiny values (126, 1)
insert into tiny (b) values (2)
insert into tiny (b) values (3)
insert into tiny (b) values (1), (2)
create table big (id bigint unsigned auto_increment primary key)
insert into big values (18446744073709551613)
insert into big values (null)
insert into big values (null)
table big
create table h (a int, b varchar(10), unique key ab (a, b), key (b))
insert into h values (1, 'x'), (1, null), (1, null), (null, 'x'), (null, 'x')
insert into h values (2, 'y'), (1, 'X')
replace into h values (1, 'X')
replace into h values (1, 'X')
insert into h values (1, 'x') on duplicate key update a = 5
insert into h values (1, 'x'), (5, 'X') on duplicate key update b = 'q'
table h
create table c (a char(5), b varbinary(5), d date, primary key (a, d), unique key pre (b, a))
insert into c values ('ab', x'0001ff', '2024-02-29')
insert into c values ('AB  ', x'02', '2024-02-29')
insert into c values ('ab', x'0001ff', '2024-02-28')
insert into c values ('ab', x'02', '2024-02-30')
table c
create table pk (a varchar(20), t varchar(20), primary key (a(2)), unique key (t(3)))
insert into pk values ('abc', 'xyz1'), ('acc', 'xyy1')
insert into pk values ('abd', 'q')
insert into pk values ('b', 'xyzzz')
table pk
create table ts (id int primary key, a timestamp null default current_timestamp, b datetime(3) default current_timestamp(3) on update current_timestamp(3), n int)
insert into ts (id, a, b, n) values (1, '2020-01-01 00:00:00', '2020-01-01 00:00:00.5', 1)
insert into ts (id, n) values (1, 1) on duplicate key update n = n
table ts
create table ai (a int, b int auto_increment, primary key (a), key (b))
insert into ai (a) values (5), (4)
insert into ai values (4, 9), (7, null) on duplicate key update b = 20
insert into ai (a) values (8)
table ai
set insert_id=50
insert into ai (a) values (9), (10)
insert into ai (a) values (11)
table ai
create table seq (id int auto_increment primary key, b int)
insert into seq (b) select b from p where id < 12
insert into seq (b) values (1)
insert into seq (id, b) select id + 100, b from seq where id < 3
insert into seq (b) values (1)
table seq
insert into seq (b) values ((select count(*) from p)), ((select max(id) from seq))
insert into seq (id, b) values (1, 1) on duplicate key update b = (select count(*) from p where p.id > seq.id)
insert into seq (id, b) values (1, 77) as n on duplicate key update b = (select count(*) from p where p.id > n.b)
table seq
