-- as root
create database accounts_d
create table accounts_d.t (a int, b int)
create user accounts_p, accounts_q, accounts_s
create role accounts_r, accounts_r2
grant system_user on *.* to accounts_s
grant select on accounts_d.* to accounts_q
grant accounts_r to accounts_q
-- as root
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
grant select on accounts_d.* to accounts_p with grant option
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
revoke grant option on accounts_d.* from accounts_p
grant create role, drop role on *.* to accounts_p
grant select (a), insert on accounts_d.t to accounts_p with grant option
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
revoke create role, drop role on *.* from accounts_p
grant role_admin on *.* to accounts_p
grant connection_admin on *.* to accounts_p with grant option
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
revoke role_admin on *.* from accounts_p
create role if not exists accounts_r
grant accounts_r to accounts_p with admin option
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
grant create user, update on *.* to accounts_p
create user if not exists accounts_q
create role if not exists accounts_r
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
grant system_user on *.* to accounts_p
-- as accounts_p
create user accounts_n
create role accounts_n
drop user accounts_q
drop role accounts_r
drop role accounts_q
alter user accounts_q account lock
alter user accounts_q identified by ''
alter user user() identified by ''
alter user accounts_p identified by ''
alter user accounts_p account unlock
alter user accounts_p comment 'x'
alter user accounts_s identified by 'x'
drop user accounts_s
set password for accounts_s='x'
set password for accounts_p=''
set password = ''
rename user accounts_q to accounts_n
grant select on *.* to accounts_q
grant select on accounts_d.* to accounts_q
grant insert on accounts_d.* to accounts_q
grant select on accounts_d.t to accounts_q
grant select(a) on accounts_d.t to accounts_q
grant all on accounts_d.* to accounts_q
grant usage on *.* to accounts_q
grant CONNECTION_ADMIN on *.* to accounts_q
grant accounts_r to accounts_q
revoke accounts_r from accounts_q
revoke all, grant option from accounts_q
revoke all, grant option from accounts_s
grant select on accounts_d.* to accounts_s
revoke select on accounts_d.* from accounts_q
set default role accounts_r to accounts_q
set default role none to accounts_p
alter user accounts_q default role none
set role accounts_r
show grants for accounts_q
show grants for accounts_p
show create user accounts_q
flush privileges
grant select on nodb.* to accounts_q
grant select on accounts_d.nott to accounts_q
show grants
-- as root
drop user if exists accounts_p, accounts_q, accounts_s, accounts_n, accounts_r, accounts_r2
drop database accounts_d
