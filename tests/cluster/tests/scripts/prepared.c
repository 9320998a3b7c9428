/* Prepared statements as the MariaDB client library makes them: every kind of parameter and result in the binary protocol, long
   data, reuse of a plan, NULL, errors, a cursor, and statements that outlive a change of the schema.

       prepared HOST PORT USER

   Prints what was not as it should be; the exit code is the number of failures. */

#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
#define EXPECT(condition, ...)                                                                                                  \
  do {                                                                                                                          \
    if (!(condition)) {                                                                                                         \
      failures++;                                                                                                               \
      printf("FAILED line %d: ", __LINE__);                                                                                     \
      printf(__VA_ARGS__);                                                                                                      \
      printf("\n");                                                                                                             \
    }                                                                                                                           \
  } while (0)

static MYSQL *connection;

static void run(const char *sql) {
  if (mysql_query(connection, sql)) {
    printf("%s: %u %s\n", sql, mysql_errno(connection), mysql_error(connection));
    exit(100);
  }
}

static MYSQL_STMT *prepare(const char *sql) {
  MYSQL_STMT *statement = mysql_stmt_init(connection);
  if (mysql_stmt_prepare(statement, sql, strlen(sql))) {
    printf("prepare %s: %u %s\n", sql, mysql_stmt_errno(statement), mysql_stmt_error(statement));
    exit(101);
  }
  return statement;
}

static void execute(MYSQL_STMT *statement) {
  EXPECT(mysql_stmt_execute(statement) == 0, "execute: %u %s", mysql_stmt_errno(statement), mysql_stmt_error(statement));
}

static MYSQL_BIND in(enum enum_field_types type, void *value, unsigned long bytes) {
  MYSQL_BIND bind;
  memset(&bind, 0, sizeof bind);
  bind.buffer_type = type;
  bind.buffer = value;
  bind.buffer_length = bytes;
  return bind;
}

/* The rows of an executed statement as text, columns separated by '|', rows by '/'. */
static const char *text(MYSQL_STMT *statement) {
  static char all[4096];
  static char cells[20][256];
  unsigned long lengths[20];
  my_bool nulls[20], errors[20];
  MYSQL_BIND out[20];
  unsigned columns = mysql_stmt_field_count(statement);
  memset(out, 0, sizeof out);
  all[0] = 0;
  for (unsigned i = 0; i < columns; i++) {
    out[i] = in(MYSQL_TYPE_STRING, cells[i], sizeof cells[i]);
    out[i].length = &lengths[i];
    out[i].is_null = &nulls[i];
    out[i].error = &errors[i];
  }
  mysql_stmt_bind_result(statement, out);
  int outcome;
  for (int row = 0; (outcome = mysql_stmt_fetch(statement)) == 0 || outcome == MYSQL_DATA_TRUNCATED; row++) {
    if (row) strcat(all, "/");
    for (unsigned i = 0; i < columns; i++) {
      if (i) strcat(all, "|");
      if (nulls[i]) strcat(all, "NULL");
      else strncat(all, cells[i], lengths[i]);
    }
  }
  EXPECT(outcome == MYSQL_NO_DATA, "fetch: %u %s", mysql_stmt_errno(statement), mysql_stmt_error(statement));
  mysql_stmt_free_result(statement);
  return all;
}

static void expect_text(int line, MYSQL_STMT *statement, const char *wanted) {
  execute(statement);
  const char *found = text(statement);
  if (strcmp(found, wanted)) {
    failures++;
    printf("FAILED line %d: found %s, wanted %s\n", line, found, wanted);
  }
}
#define EXPECT_TEXT(statement, wanted) expect_text(__LINE__, statement, wanted)

static void every_type(void) {
  run("CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, ti TINYINT, si SMALLINT, i INT, bi BIGINT, bu BIGINT UNSIGNED, fl FLOAT,"
      " db DOUBLE, de DECIMAL(20,4), v VARCHAR(100), bl LONGBLOB, d DATE, dt DATETIME(6), ti6 TIME(6))");
  MYSQL_STMT *insert = prepare("INSERT INTO t VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  EXPECT(mysql_stmt_param_count(insert) == 13, "%lu parameters", mysql_stmt_param_count(insert));
  signed char tiny = -5;
  short small = -300;
  int normal = -70000;
  long long big = -9223372036854775807LL - 1;
  unsigned long long huge = 18446744073709551615ULL;
  float single = 1.5f;
  double twice = -0.1;
  char decimal[] = "-1234567890123456.7891", utf8[] = "na\xc3\xafve \xf0\x9f\x98\x80", bytes[] = {0, (char)0xff, 'a', 0};
  MYSQL_TIME date = {.year = 2026, .month = 11, .day = 22, .time_type = MYSQL_TIMESTAMP_DATE};
  MYSQL_TIME moment = {.year = 2026, .month = 11, .day = 22, .hour = 23, .minute = 59, .second = 58, .second_part = 123456,
                       .time_type = MYSQL_TIMESTAMP_DATETIME};
  MYSQL_TIME span = {.hour = 30, .minute = 1, .second = 2, .second_part = 500000, .neg = 1, .time_type = MYSQL_TIMESTAMP_TIME};
  MYSQL_BIND parameters[13] = {
      in(MYSQL_TYPE_TINY, &tiny, 0),       in(MYSQL_TYPE_SHORT, &small, 0),  in(MYSQL_TYPE_LONG, &normal, 0),
      in(MYSQL_TYPE_LONGLONG, &big, 0),    in(MYSQL_TYPE_LONGLONG, &huge, 0), in(MYSQL_TYPE_FLOAT, &single, 0),
      in(MYSQL_TYPE_DOUBLE, &twice, 0),    in(MYSQL_TYPE_NEWDECIMAL, decimal, strlen(decimal)),
      in(MYSQL_TYPE_STRING, utf8, strlen(utf8)), in(MYSQL_TYPE_BLOB, bytes, sizeof bytes), in(MYSQL_TYPE_DATE, &date, 0),
      in(MYSQL_TYPE_DATETIME, &moment, 0), in(MYSQL_TYPE_TIME, &span, 0)};
  parameters[4].is_unsigned = 1;
  unsigned long lengths[13];
  for (int i = 0; i < 13; i++) {
    lengths[i] = parameters[i].buffer_length;
    parameters[i].length = &lengths[i];
  }
  mysql_stmt_bind_param(insert, parameters);
  execute(insert);
  EXPECT(mysql_stmt_affected_rows(insert) == 1 && mysql_stmt_insert_id(insert) == 1, "the first row");
  /* All NULL, with the same statement. */
  my_bool yes = 1;
  for (int i = 0; i < 13; i++) parameters[i].is_null = &yes;
  mysql_stmt_bind_param(insert, parameters);
  execute(insert);
  EXPECT(mysql_stmt_insert_id(insert) == 2, "the second row");
  mysql_stmt_close(insert);

  MYSQL_STMT *select = prepare("SELECT ti, si, i, bi, bu, fl, db, de, v, HEX(bl), d, dt, ti6 FROM t WHERE id <= ? ORDER BY id");
  int most = 2;
  MYSQL_BIND bound = in(MYSQL_TYPE_LONG, &most, 0);
  mysql_stmt_bind_param(select, &bound);
  EXPECT_TEXT(select,
              "-5|-300|-70000|-9223372036854775808|18446744073709551615|1.5|-0.1|-1234567890123456.7891|na\xc3\xafve \xf0\x9f\x98\x80|"
              "00FF6100|2026-11-22|2026-11-22 23:59:58.123456|-30:01:02.500000/"
              "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL");
  most = 0;
  EXPECT_TEXT(select, "");
  mysql_stmt_close(select);
}

static void long_data(void) {
  MYSQL_STMT *insert = prepare("INSERT INTO t (bl, v) VALUES (?, ?)");
  char name[] = "long";
  unsigned long length = 4;
  MYSQL_BIND parameters[2] = {in(MYSQL_TYPE_LONG_BLOB, NULL, 0), in(MYSQL_TYPE_STRING, name, 4)};
  parameters[1].length = &length;
  mysql_stmt_bind_param(insert, parameters);
  static char piece[100000];
  memset(piece, 'x', sizeof piece);
  for (int i = 0; i < 20; i++) EXPECT(mysql_stmt_send_long_data(insert, 0, piece, sizeof piece) == 0, "send");
  execute(insert);
  mysql_stmt_close(insert);
  MYSQL_STMT *select = prepare("SELECT LENGTH(bl), LEFT(bl, 3) FROM t WHERE v = 'long'");
  EXPECT_TEXT(select, "2000000|xxx");
  mysql_stmt_close(select);
}

static void errors(void) {
  MYSQL_STMT *statement = mysql_stmt_init(connection);
  const char *unknown = "SELECT * FROM missing WHERE a = ?", *wrong = "SELEC ?";
  EXPECT(mysql_stmt_prepare(statement, unknown, strlen(unknown)) && mysql_stmt_errno(statement) == 1146, "%u",
         mysql_stmt_errno(statement));
  mysql_stmt_close(statement);
  statement = mysql_stmt_init(connection);
  EXPECT(mysql_stmt_prepare(statement, wrong, strlen(wrong)) && mysql_stmt_errno(statement) == 1064, "%u",
         mysql_stmt_errno(statement));
  mysql_stmt_close(statement);
  MYSQL_STMT *insert = prepare("INSERT INTO t (id) VALUES (?)");
  int id = 1;
  MYSQL_BIND bound = in(MYSQL_TYPE_LONG, &id, 0);
  mysql_stmt_bind_param(insert, &bound);
  EXPECT(mysql_stmt_execute(insert) && mysql_stmt_errno(insert) == 1062 && !strcmp(mysql_stmt_sqlstate(insert), "23000"), "%u %s",
         mysql_stmt_errno(insert), mysql_stmt_sqlstate(insert));
  id = 500;
  execute(insert);
  mysql_stmt_close(insert);
}

static void schema_changes_under_a_statement(void) {
  run("CREATE TABLE s (a INT PRIMARY KEY, b INT)");
  run("INSERT INTO s VALUES (1, 10), (2, 20), (3, 20)");
  MYSQL_STMT *by_b = prepare("SELECT a FROM s WHERE b = ? ORDER BY a");
  int wanted = 20;
  MYSQL_BIND bound = in(MYSQL_TYPE_LONG, &wanted, 0);
  mysql_stmt_bind_param(by_b, &bound);
  EXPECT_TEXT(by_b, "2/3");
  run("CREATE INDEX k ON s (b)");
  EXPECT_TEXT(by_b, "2/3");
  run("INSERT INTO s VALUES (4, 20)");
  EXPECT_TEXT(by_b, "2/3/4");
  run("DROP INDEX k ON s");
  EXPECT_TEXT(by_b, "2/3/4");
  run("DROP TABLE s");
  EXPECT(mysql_stmt_execute(by_b) && mysql_stmt_errno(by_b) == 1146, "%u", mysql_stmt_errno(by_b));
  run("CREATE TABLE s (a INT PRIMARY KEY, b INT)");
  EXPECT_TEXT(by_b, "");
  mysql_stmt_close(by_b);
}

static void with_a_cursor(void) {
  run("CREATE TABLE many (id INT PRIMARY KEY)");
  run("INSERT INTO many VALUES (1), (2), (3), (4), (5)");
  MYSQL_STMT *select = prepare("SELECT id FROM many ORDER BY id");
  unsigned long cursor = CURSOR_TYPE_READ_ONLY, rows = 2;
  mysql_stmt_attr_set(select, STMT_ATTR_CURSOR_TYPE, &cursor);
  mysql_stmt_attr_set(select, STMT_ATTR_PREFETCH_ROWS, &rows);
  EXPECT_TEXT(select, "1/2/3/4/5");
  EXPECT_TEXT(select, "1/2/3/4/5");
  mysql_stmt_close(select);
}

static void many_executions(void) {
  run("CREATE TABLE c (id INT PRIMARY KEY, v INT)");
  MYSQL_STMT *insert = prepare("INSERT INTO c VALUES (?, ?) ON DUPLICATE KEY UPDATE v = v + VALUES(v)");
  int id, value = 1;
  MYSQL_BIND parameters[2] = {in(MYSQL_TYPE_LONG, &id, 0), in(MYSQL_TYPE_LONG, &value, 0)};
  mysql_stmt_bind_param(insert, parameters);
  run("BEGIN");
  for (int i = 0; i < 300; i++) {
    id = i % 100;
    execute(insert);
  }
  run("COMMIT");
  mysql_stmt_close(insert);
  MYSQL_STMT *sum = prepare("SELECT COUNT(*), SUM(v), MIN(v) FROM c");
  EXPECT_TEXT(sum, "100|300|3");
  mysql_stmt_reset(sum);
  EXPECT_TEXT(sum, "100|300|3");
  mysql_stmt_close(sum);
}

int main(int count, char **arguments) {
  if (count != 4) return 99;
  connection = mysql_init(NULL);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (!mysql_real_connect(connection, arguments[1], arguments[3], "", NULL, (unsigned)atoi(arguments[2]), NULL, 0)) {
    printf("connect: %u %s\n", mysql_errno(connection), mysql_error(connection));
    return 98;
  }
  run("DROP DATABASE IF EXISTS prepared");
  run("CREATE DATABASE prepared");
  run("USE prepared");
  every_type();
  long_data();
  errors();
  schema_changes_under_a_statement();
  with_a_cursor();
  many_executions();
  run("DROP DATABASE prepared");
  mysql_close(connection);
  return failures;
}
