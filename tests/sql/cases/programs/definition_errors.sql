-- What CREATE PROCEDURE refuses.

CREATE TABLE t (a INT);

create procedure e1() begin declare x int; declare x int; end;

create procedure e2(a int, A int) select 1;

create procedure e3() return 1;

create procedure e4() begin leave foo; end;

create procedure e5() a: begin a: loop leave a; end loop; end;

create procedure e6() a: begin end b;

create procedure e7() begin iterate foo; end;

create procedure e7b() foo: begin iterate foo; end;

create procedure e8() begin create procedure zz() select 1; end;

create procedure e9() use test;

create procedure e10() lock tables t read;

create procedure e11() begin declare x int; declare c cursor for select 1; declare y int; end;

create procedure e12() begin select 1 into x; end;

create procedure e13() begin set x = 1; end;

create procedure e14() begin fetch c into x; end;

create procedure e15() begin declare c cursor for select 1; fetch c into x; end;

create procedure e16() select ?;

create procedure e17() begin declare continue handler for 1 begin end; declare c cursor for select 1; end;

create procedure e18() begin select 1 end;

create procedure e19() begin if 1 then end if; end;

create procedure e20() begin case when 1 then end case; end;

create procedure e21() begin declare exit handler for sqlstate '00000' begin end; end;

create procedure e22() begin declare exit handler for sqlstate 'abc' begin end; end;

create procedure e23() begin declare exit handler for foo begin end; end;

create procedure e24() begin declare exit handler for 1051, 1051 begin end; end;

create procedure e25() begin declare exit handler for 1051 begin end; declare exit handler for 1051 begin end; end;

create procedure e26() begin declare c cursor for select 1 into @x; end;

create procedure e27() begin declare c cursor for insert into t values (1); end;

create procedure e28() begin load data infile 'x' into table t; end;

create procedure e29() begin alter view v as select 1; drop procedure e; end;

create procedure e30() begin drop procedure e; end;

create procedure e31() begin drop view v; alter view v as select 1; end;

create procedure e32() begin declare x int default (select max(a) from nope); select nope(1); end;

create procedure e33() begin prepare s from 'select 1'; execute s; end;

create procedure e34() begin load table x; end;

create procedure e35() begin explain select 1; show tables; kill 5; flush tables; analyze table t; end;

create procedure e36() begin check table t; optimize table t; repair table t; end;

create procedure e37() begin unlock tables; end;

create procedure e38() begin begin work; end; end;

create procedure e39() begin declare `begin` int; set `begin` = 3; start transaction; commit; rollback; savepoint a; xa start 'a'; end;

create procedure e42(x int) begin create view v as select x; end;

create procedure `` () select 1;

create procedure nosuchdb.p() select 1;

create procedure e45(x int) begin call e45(1,2,3); call nope; call e45(x+1); end;

create procedure e46(x int) sql security invoker reads sql data deterministic comment 'abc' language sql not deterministic begin end;

create procedure e46(x int) select 1;

create procedure if not exists e46(x int) select 1;

create procedure e47(out x int) select 1;

create procedure e48(x serial) select 1;

create procedure e49(x int not null) select 1;

create procedure e50(x varchar(70000)) select 1;

create procedure e51(x varchar) select 1;

create procedure e53() begin end select 1;

create procedure e54() begin declare a, b int default 3; set a=1, @c=3, b=a, autocommit=1; end;

create procedure e55() begin select 1;;  end;

-- deviation: program-set-password: under SQL SECURITY DEFINER it would be the definer's password
create procedure e57() begin set password='x'; create user a; grant select on *.* to a; end;

create procedure e59() label1: begin declare exit handler for 1051 begin leave label1; end; end;

