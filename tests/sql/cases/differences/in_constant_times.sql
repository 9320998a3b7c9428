-- Constants among which a TIME is, IN front of which is a text: one that is no time is 00:00:00 among them, and equal to none in front.
SET max_error_count = 0;
create table vb2 (id int primary key, c1 varbinary(30), v varchar(30));
insert into vb2 values (1,'',''),(4,'abd','abd'),(5,'10:11:12','10:11:12'),(6,'9','9'),(7,'Zed','Zed'),(8,'0x1F','0x1F'),(9,' lead',' lead'),(10,'1e1','1e1'),(11,'-5','-5'),(12,'true','true'),(13,'%','%'),(14,'2020-01-31','2020-01-31'),(15,'x y','x y'),(16,'00:00','00:00');
select id, c1 in ('q', time'10:11:12') a, v in ('q', time'10:11:12') b, c1 in ('abc', time'10:11:12') c, c1 in ('1.5', time'10:11:12') d, v in ('', time'10:11:12') e, v not in ('a', time'10:11:12') f, v in ('q',time'00:00:00') g, v in ('q',time'00:20:20') h from vb2 order by id;
create table yy (id int primary key, y year);
insert into yy values (1,1901),(2,2000),(3,2065),(4,2155),(5,null);
select id, y between x'41' and y a, y between 65 and y b, y between y and x'41' c, y between x'41' and x'42' d, y in (x'41', 5) e, y = x'41' f from yy order by id;
