-- What LOAD DATA and SELECT … INTO need. What is refused here is refused before any file is looked at.
CREATE TABLE t (a INT PRIMARY KEY, b INT, c INT);
CREATE TABLE u (a INT PRIMARY KEY, b INT, c INT);
DROP USER IF EXISTS privileges_none, privileges_table, privileges_file, privileges_both, privileges_columns;
CREATE USER privileges_none, privileges_table, privileges_file, privileges_both, privileges_columns;
GRANT SELECT, INSERT ON sqltest_privileges_files.t TO privileges_table, privileges_both;
GRANT SELECT (a), INSERT (a), UPDATE (b) ON sqltest_privileges_files.t TO privileges_columns;
GRANT FILE ON *.* TO privileges_file, privileges_both, privileges_columns;
-- as: privileges_none, privileges_table, privileges_file, privileges_columns
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.t;
-- as: privileges_none, privileges_table, privileges_file, privileges_both, privileges_columns
LOAD DATA INFILE '/nosuch/file' REPLACE INTO TABLE sqltest_privileges_files.t;
-- as: privileges_none, privileges_file, privileges_columns
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.t (a, b);
-- as: privileges_file, privileges_columns
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.t (@x) SET b = @x;
-- as: privileges_file, privileges_columns
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.t (@x) SET a = b;
-- as: privileges_both, privileges_columns
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.t (@x) SET a = (SELECT MAX(b) FROM sqltest_privileges_files.u);
-- as: privileges_none, privileges_file, privileges_both
LOAD DATA INFILE '/nosuch/file' INTO TABLE sqltest_privileges_files.nosuch;
-- as: privileges_none, privileges_table, privileges_file
SELECT a FROM sqltest_privileges_files.t INTO OUTFILE '/nosuch/file';
-- as: privileges_none, privileges_table, privileges_file, privileges_both
SELECT b FROM sqltest_privileges_files.u INTO OUTFILE '/nosuch/file';
-- as: privileges_none, privileges_table
SELECT 1 INTO DUMPFILE '/nosuch/file';
-- as: privileges_none, privileges_file, privileges_both
SELECT MAX(a) FROM sqltest_privileges_files.t INTO @x;
-- as: privileges_columns
SELECT MAX(b) FROM sqltest_privileges_files.t INTO @x;
-- as: privileges_none
SELECT 1 INTO @y;
DROP USER privileges_none, privileges_table, privileges_file, privileges_both, privileges_columns;
