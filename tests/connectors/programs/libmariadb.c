/* The cells of the matrix for libmariadb: `libmariadb NAME cells|failover|version`. What a cell is: ../src/lib.rs. */
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BIG (17 * 1024 * 1024)
#define MOST_COLUMNS 40

static char why[512];      /* why the cell failed */
static int count_columns;  /* of the types' table */
static char *names[MOST_COLUMNS], kinds[MOST_COLUMNS];
static char *rows[3][MOST_COLUMNS];

enum outcome { OK, FAIL, SKIP };

static enum outcome say(enum outcome outcome, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    for (char *c = why; *c; c++) if (*c == '\n') *c = ' ';
    return outcome;
}

#define FAILED(...) return say(FAIL, __VA_ARGS__)
#define CHECK(condition) do { if (!(condition)) FAILED("line %d: %s", __LINE__, #condition); } while (0)
#define QUERY(my, text) do { if (mysql_query(my, text)) FAILED("line %d: %u %s", __LINE__, mysql_errno(my), mysql_error(my)); } while (0)

static const char *env(const char *name) {
    char full[64];
    snprintf(full, sizeof full, "MATRIX_%s", name);
    const char *value = getenv(full);
    return value ? value : "";
}

static void split(char *text, char separator, char **parts) {
    int count = 0;
    for (char *part = text; part && count < MOST_COLUMNS; count++) {
        char *next = strchr(part, separator);
        if (next) *next++ = 0;
        parts[count] = part;
        part = next;
    }
    count_columns = count;
}

static void read_environment(void) {
    split(strdup(env("ROW_1")), '\t', rows[1]);
    split(strdup(env("ROW_2")), '\t', rows[2]);
    split(strdup(env("COLUMNS")), ',', names);
    for (int i = 0; i < count_columns; i++) {
        char *colon = strchr(names[i], ':');
        kinds[i] = colon ? colon[1] : '?';
        if (colon) *colon = 0;
    }
}

struct options { const char *user, *password; int tls, compress, local, port, timeout; unsigned long flags; };

/* A connection, or none and why. */
static MYSQL *connect_with(struct options o) {
    MYSQL *my = mysql_init(NULL);
    unsigned int timeout = o.timeout ? o.timeout : 20, local = o.local;
    unsigned long packet = 64 << 20;
    my_bool enforce = o.tls, verify = 0;
    mysql_options(my, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
    mysql_options(my, MYSQL_OPT_READ_TIMEOUT, &timeout);
    mysql_options(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(my, MYSQL_OPT_SSL_ENFORCE, &enforce);
    mysql_options(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    mysql_options(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    if (o.compress) mysql_options(my, MYSQL_OPT_COMPRESS, NULL);
    if (o.local) mysql_options(my, MYSQL_OPT_LOCAL_INFILE, &local);
    if (mysql_real_connect(my, env("HOST"), o.user ? o.user : "root", o.password ? o.password : "", env("DATABASE"),
                           o.port ? o.port : atoi(env("PORT")), NULL, o.flags | CLIENT_MULTI_STATEMENTS)) return my;
    say(FAIL, "%u %s", mysql_errno(my), mysql_error(my));
    mysql_close(my);
    return NULL;
}

#define CONNECT(my, ...) MYSQL *my = connect_with((struct options){__VA_ARGS__}); if (!my) return FAIL

/* First column of the first row; an empty text where there is none. */
static const char *scalar(MYSQL *my, const char *text) {
    static char value[256];
    value[0] = 0;
    if (mysql_query(my, text)) return say(FAIL, "%s", mysql_error(my)), "error";
    MYSQL_RES *result = mysql_store_result(my);
    if (!result) return "";
    MYSQL_ROW row = mysql_fetch_row(result);
    snprintf(value, sizeof value, "%s", row ? (row[0] ? row[0] : "NULL") : "none");
    mysql_free_result(result);
    return value;
}

static enum outcome login(const char *user, int tls) {
    if (!*user) return say(SKIP, "this server has no mysql_native_password");
    CONNECT(my, .user = user, .password = env("PASSWORD"), .tls = tls);
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s@%%", user);
    CHECK(!strcmp(scalar(my, "SELECT CURRENT_USER()"), wanted));
    CHECK((mysql_get_ssl_cipher(my) != NULL) == tls);
    mysql_close(my);
    return OK;
}
static enum outcome plain_native(void) { return login(env("NATIVE_USER"), 0); }
static enum outcome plain_sha2(void) { return login(env("SHA2_PLAIN_USER"), 0); }
static enum outcome tls_native(void) { return login(env("NATIVE_USER"), 1); }
static enum outcome tls_sha2(void) { return login(env("SHA2_TLS_USER"), 1); }

/* The bytes of a value whose text is hexadecimal. */
static unsigned long from_hex(const char *text, char *bytes) {
    unsigned long length = strlen(text) / 2;
    for (unsigned long i = 0; i < length; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], 0};
        bytes[i] = (char)strtoul(pair, NULL, 16);
    }
    return length;
}

static char *column_list(void) {
    static char list[1024];
    list[0] = 0;
    for (int i = 0; i < count_columns; i++) strcat(strcat(list, i ? ", " : ""), names[i]);
    return list;
}

static enum outcome check_row(MYSQL *my, int id) {
    char query[4096];
    snprintf(query, sizeof query, "%s%d", env("SAME"), id);
    if (strcmp(scalar(my, query), "1")) FAILED("row %d is not as it should be at the server", id);
    return OK;
}

static int is_same(int i, const char *value, unsigned long length, const char *text) {
    char bytes[256];
    if (kinds[i] == 'b') {
        unsigned long wanted = from_hex(text, bytes);
        return wanted == length && !memcmp(bytes, value, length);
    }
    if (kinds[i] == 'f') return strtod(value, NULL) == strtod(text, NULL);
    return strlen(text) == length && !memcmp(value, text, length);
}

static enum outcome text_protocol(void) {
    CONNECT(my, .port = 0);
    for (int id = 1; id <= 2; id++) {
        char query[8192], part[512], bytes[256];
        snprintf(query, sizeof query, "REPLACE INTO written (id, %s) VALUES (%d", column_list(), id);
        for (int i = 0; i < count_columns; i++) {
            const char *from = rows[id][i];
            unsigned long length = strlen(from);
            if (kinds[i] == 'b') length = from_hex(from, bytes), from = bytes;
            size_t at = strlen(query);
            mysql_real_escape_string(my, part, from, length);
            if (strchr("inf", kinds[i])) snprintf(query + at, sizeof query - at, ", %s", part);
            else snprintf(query + at, sizeof query - at, ", %s'%s'", kinds[i] == 'b' ? "_binary" : "", part);
        }
        strcat(query, ")");
        QUERY(my, query);
        if (check_row(my, id) != OK) return FAIL;
        snprintf(query, sizeof query, "SELECT %s FROM expected WHERE id = %d", column_list(), id);
        QUERY(my, query);
        MYSQL_RES *result = mysql_store_result(my);
        MYSQL_ROW row = mysql_fetch_row(result);
        unsigned long *lengths = mysql_fetch_lengths(result);
        for (int i = 0; i < count_columns; i++)
            if (!is_same(i, row[i], lengths[i], rows[id][i])) FAILED("%s: '%s', not '%s'", names[i], row[i], rows[id][i]);
        mysql_free_result(result);
    }
    mysql_close(my);
    return OK;
}

union value { long long integer; double number; MYSQL_TIME time; char text[256]; };

static int scan_time(char kind, const char *text, MYSQL_TIME *time) {
    memset(time, 0, sizeof *time);
    if (kind == 't') {
        time->neg = *text == '-';
        time->time_type = MYSQL_TIMESTAMP_TIME;
        int found = sscanf(text + time->neg, "%u:%u:%u.%lu", &time->hour, &time->minute, &time->second, &time->second_part);
        time->day = time->hour / 24, time->hour %= 24;
        return found == 4;
    }
    time->time_type = kind == 'd' ? MYSQL_TIMESTAMP_DATE : MYSQL_TIMESTAMP_DATETIME;
    return sscanf(text, "%u-%u-%u %u:%u:%u.%lu", &time->year, &time->month, &time->day, &time->hour, &time->minute, &time->second,
                  &time->second_part) == (kind == 'd' ? 3 : 7);
}

/* A buffer of the type that an application would take for the column. */
static void bind(MYSQL_BIND *bind, int i, union value *value, unsigned long *length, my_bool *is_null) {
    memset(bind, 0, sizeof *bind);
    bind->buffer = value;
    bind->buffer_length = sizeof value->text;
    bind->length = length;
    bind->is_null = is_null;
    switch (kinds[i]) {
    case 'i': bind->buffer_type = MYSQL_TYPE_LONGLONG; bind->is_unsigned = names[i][0] == 'u'; break;
    case 'f': bind->buffer_type = MYSQL_TYPE_DOUBLE; break;
    case 'd': bind->buffer_type = MYSQL_TYPE_DATE; break;
    case 't': bind->buffer_type = MYSQL_TYPE_TIME; break;
    case 'D': bind->buffer_type = MYSQL_TYPE_DATETIME; break;
    case 'b': bind->buffer_type = MYSQL_TYPE_BLOB; break;
    default: bind->buffer_type = MYSQL_TYPE_STRING;
    }
}

static void set_value(int i, const char *text, union value *value, unsigned long *length) {
    if (kinds[i] == 'i') value->integer = names[i][0] == 'u' ? (long long)strtoull(text, NULL, 10) : strtoll(text, NULL, 10);
    else if (kinds[i] == 'f') value->number = strtod(text, NULL);
    else if (strchr("dtD", kinds[i])) scan_time(kinds[i], text, &value->time);
    else if (kinds[i] == 'b') *length = from_hex(text, value->text);
    else *length = strlen(text), memcpy(value->text, text, *length);
}

static int has_value(int i, const char *text, union value *value, unsigned long length) {
    union value wanted;
    unsigned long wanted_length = 0;
    memset(&wanted, 0, sizeof wanted);
    set_value(i, text, &wanted, &wanted_length);
    if (kinds[i] == 'i') return wanted.integer == value->integer;
    if (kinds[i] == 'f') return wanted.number == value->number;
    if (!strchr("dtD", kinds[i])) return wanted_length == length && !memcmp(wanted.text, value->text, length);
    MYSQL_TIME *a = &wanted.time, *b = &value->time;
    /* A time's days may come as days or as hours. */
    return a->year == b->year && a->month == b->month && a->hour + (kinds[i] == 't' ? 24 * a->day : 0) == b->hour + (kinds[i] == 't' ? 24 * b->day : 0)
        && (kinds[i] == 't' || a->day == b->day) && a->minute == b->minute && a->second == b->second && a->second_part == b->second_part && a->neg == b->neg;
}

#define STATEMENT(statement, call) do { if (call) FAILED("line %d: %u %s", __LINE__, mysql_stmt_errno(statement), mysql_stmt_error(statement)); } while (0)

/* Writes row `id` with values (or NULLs) by a prepared statement, and reads it and the expected one. */
static enum outcome prepared_row(MYSQL *my, int id, char **texts) {
    MYSQL_BIND binds[MOST_COLUMNS];
    union value values[MOST_COLUMNS];
    unsigned long lengths[MOST_COLUMNS];
    my_bool nulls[MOST_COLUMNS];
    char query[2048];
    snprintf(query, sizeof query, "REPLACE INTO written (id, %s) VALUES (%d", column_list(), id);
    for (int i = 0; i < count_columns; i++) {
        strcat(query, ", ?");
        memset(&values[i], 0, sizeof values[i]);
        lengths[i] = 0;
        nulls[i] = texts == NULL;
        bind(&binds[i], i, &values[i], &lengths[i], &nulls[i]);
        if (texts) set_value(i, texts[i], &values[i], &lengths[i]);
    }
    strcat(query, ")");
    MYSQL_STMT *statement = mysql_stmt_init(my);
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    CHECK((int)mysql_stmt_param_count(statement) == count_columns);
    STATEMENT(statement, mysql_stmt_bind_param(statement, binds));
    STATEMENT(statement, mysql_stmt_execute(statement));
    mysql_stmt_close(statement);
    if (check_row(my, id) != OK) return FAIL;
    snprintf(query, sizeof query, "SELECT %s FROM expected WHERE id = ? UNION ALL SELECT %s FROM written WHERE id = ?", column_list(), column_list());
    statement = mysql_stmt_init(my);
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    int keys[2] = {id % 10, id};
    MYSQL_BIND key[2];
    memset(key, 0, sizeof key);
    for (int i = 0; i < 2; i++) key[i].buffer_type = MYSQL_TYPE_LONG, key[i].buffer = &keys[i];
    STATEMENT(statement, mysql_stmt_bind_param(statement, key));
    STATEMENT(statement, mysql_stmt_execute(statement));
    STATEMENT(statement, mysql_stmt_bind_result(statement, binds));
    for (int found = 0; found < 2; found++) {
        memset(values, 0, sizeof values);
        int fetched = mysql_stmt_fetch(statement);
        if (fetched) FAILED("row %d of %d: %d %s", found, id, fetched, mysql_stmt_error(statement));
        for (int i = 0; i < count_columns; i++) {
            if (!texts ? !nulls[i] : nulls[i] || !has_value(i, texts[i], &values[i], lengths[i])) FAILED("%s of row %d differs", names[i], id);
        }
    }
    CHECK(mysql_stmt_fetch(statement) == MYSQL_NO_DATA);
    mysql_stmt_close(statement);
    return OK;
}

static enum outcome prepared_protocol(void) {
    CONNECT(my, .port = 0);
    if (prepared_row(my, 11, rows[1]) != OK || prepared_row(my, 12, rows[2]) != OK) return FAIL;
    mysql_close(my);
    return OK;
}

static enum outcome nulls(void) {
    CONNECT(my, .port = 0);
    if (prepared_row(my, 13, NULL) != OK) return FAIL;
    QUERY(my, "SELECT * FROM expected WHERE id = 3");
    MYSQL_RES *result = mysql_store_result(my);
    MYSQL_ROW row = mysql_fetch_row(result);
    for (int i = 1; i <= count_columns; i++) CHECK(row[i] == NULL);
    mysql_free_result(result);
    mysql_close(my);
    return OK;
}

static enum outcome zero_dates(void) {
    CONNECT(my, .port = 0);
    QUERY(my, "SET sql_mode = ''");
    MYSQL_STMT *statement = mysql_stmt_init(my);
    const char *query = "REPLACE INTO zero VALUES (1, ?, ?)", *read = "SELECT d, t FROM zero";
    MYSQL_TIME times[2];
    MYSQL_BIND binds[2];
    memset(times, 0, sizeof times), memset(binds, 0, sizeof binds);
    for (int i = 0; i < 2; i++) {
        times[i].time_type = i ? MYSQL_TIMESTAMP_DATETIME : MYSQL_TIMESTAMP_DATE;
        binds[i].buffer_type = i ? MYSQL_TYPE_DATETIME : MYSQL_TYPE_DATE, binds[i].buffer = &times[i];
    }
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    STATEMENT(statement, mysql_stmt_bind_param(statement, binds));
    STATEMENT(statement, mysql_stmt_execute(statement));
    mysql_stmt_close(statement);
    CHECK(!strcmp(scalar(my, "SELECT CONCAT(d, '/', t) FROM zero"), "0000-00-00/0000-00-00 00:00:00"));
    statement = mysql_stmt_init(my);
    memset(times, 1, sizeof times);
    STATEMENT(statement, mysql_stmt_prepare(statement, read, strlen(read)));
    STATEMENT(statement, mysql_stmt_execute(statement));
    STATEMENT(statement, mysql_stmt_bind_result(statement, binds));
    CHECK(mysql_stmt_fetch(statement) == 0);
    CHECK(times[0].year + times[0].month + times[0].day == 0 && times[1].year + times[1].hour + times[1].day == 0);
    mysql_stmt_close(statement);
    mysql_close(my);
    return OK;
}

static enum outcome warnings(void) {
    CONNECT(my, .port = 0);
    QUERY(my, "SELECT 1/0");
    mysql_free_result(mysql_store_result(my));
    CHECK(mysql_warning_count(my) == 1);
    QUERY(my, "SHOW WARNINGS");
    MYSQL_RES *result = mysql_store_result(my);
    MYSQL_ROW row = mysql_fetch_row(result);
    CHECK(row && !strcmp(row[0], "Warning") && !strcmp(row[1], "1365") && !strcmp(row[2], "Division by 0"));
    mysql_free_result(result);
    mysql_close(my);
    return OK;
}

static enum outcome errors(void) {
    CONNECT(my, .port = 0);
    char missing[256];
    snprintf(missing, sizeof missing, "Table '%s.missing' doesn't exist", env("DATABASE"));
    struct { const char *text; unsigned number; const char *state, *message; } cases[] = {
        {"SELECT * FROM missing", 1146, "42S02", missing},
        {"INSERT INTO counts (id) VALUES (1)", 1062, "23000", "Duplicate entry '1' for key 'counts.PRIMARY'"},
        {"SELECT nothing FROM counts", 1054, "42S22", "Unknown column 'nothing' in 'field list'"}};
    for (int i = 0; i < 3; i++) {
        CHECK(mysql_query(my, cases[i].text) != 0);
        CHECK(mysql_errno(my) == cases[i].number && !strcmp(mysql_sqlstate(my), cases[i].state) && !strcmp(mysql_error(my), cases[i].message));
        MYSQL_STMT *statement = mysql_stmt_init(my);
        CHECK(mysql_stmt_prepare(statement, cases[i].text, strlen(cases[i].text)) || mysql_stmt_execute(statement));
        CHECK(mysql_stmt_errno(statement) == cases[i].number && !strcmp(mysql_stmt_sqlstate(statement), cases[i].state));
        CHECK(!strcmp(mysql_stmt_error(statement), cases[i].message));
        mysql_stmt_close(statement);
    }
    /* One placeholder more than the protocol can count. */
    char *many = malloc(2 * 65536 + 8);
    strcpy(many, "DO ?");
    for (int i = 1; i < 65536; i++) memcpy(many + 2 + 2 * i, ",?", 3);
    MYSQL_STMT *statement = mysql_stmt_init(my);
    CHECK(mysql_stmt_prepare(statement, many, strlen(many)) && mysql_stmt_errno(statement) == 1390);
    CHECK(!strcmp(mysql_stmt_error(statement), "Prepared statement contains too many placeholders"));
    mysql_stmt_close(statement);
    many[strlen(many) - 2] = 0;
    statement = mysql_stmt_init(my);
    STATEMENT(statement, mysql_stmt_prepare(statement, many, strlen(many)));
    CHECK(mysql_stmt_param_count(statement) == 65535);
    mysql_stmt_close(statement);
    free(many);
    mysql_close(my);
    return OK;
}

static enum outcome multi(void) {
    CONNECT(my, .port = 0);
    QUERY(my, "SELECT 1; DO 0; INSERT INTO numbered (v) VALUES (5), (6); SELECT 2; SELECT nothing FROM counts; SELECT 3");
    const char *wanted[] = {"1", NULL, NULL, "2"};
    for (int i = 0; i < 4; i++) {
        MYSQL_RES *result = mysql_store_result(my);
        CHECK((result != NULL) == (wanted[i] != NULL));
        if (result) {
            CHECK(!strcmp(mysql_fetch_row(result)[0], wanted[i]));
            mysql_free_result(result);
        } else if (i == 2) CHECK(mysql_affected_rows(my) == 2);
        CHECK(mysql_more_results(my));
        int next = mysql_next_result(my);
        CHECK(i < 3 ? next == 0 : next > 0 && mysql_errno(my) == 1054);
    }
    CHECK(!mysql_more_results(my));
    CHECK(!strcmp(scalar(my, "SELECT 4"), "4"));
    CHECK(mysql_set_server_option(my, MYSQL_OPTION_MULTI_STATEMENTS_OFF) == 0);
    CHECK(mysql_query(my, "SELECT 1; SELECT 2") != 0 && mysql_errno(my) == 1064);
    mysql_close(my);
    return OK;
}

static enum outcome big(void) {
    CONNECT(my, .port = 0);
    char *text = malloc(BIG + 64);
    size_t at = sprintf(text, "SELECT '");
    for (size_t i = 0; i < BIG; i++) text[at + i] = "0123456789abcdef"[i % 16];
    text[at + BIG] = '\'';
    if (mysql_real_query(my, text, at + BIG + 1)) FAILED("%u %s", mysql_errno(my), mysql_error(my));
    MYSQL_RES *result = mysql_use_result(my);
    MYSQL_ROW row = mysql_fetch_row(result);
    CHECK(row && mysql_fetch_lengths(result)[0] == BIG && !memcmp(row[0], text + at, BIG));
    CHECK(!mysql_fetch_row(result));
    mysql_free_result(result);
    /* The same by COM_STMT_SEND_LONG_DATA, in parts, into a table and back. */
    QUERY(my, "CREATE TABLE IF NOT EXISTS big (id INT PRIMARY KEY, v LONGBLOB)");
    MYSQL_STMT *statement = mysql_stmt_init(my);
    const char *query = "REPLACE INTO big VALUES (1, ?)";
    MYSQL_BIND bind;
    memset(&bind, 0, sizeof bind);
    bind.buffer_type = MYSQL_TYPE_BLOB;
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    STATEMENT(statement, mysql_stmt_bind_param(statement, &bind));
    for (size_t sent = 0; sent < BIG; sent += BIG / 4) STATEMENT(statement, mysql_stmt_send_long_data(statement, 0, text + at + sent, BIG / 4));
    STATEMENT(statement, mysql_stmt_execute(statement));
    mysql_stmt_close(statement);
    statement = mysql_stmt_init(my);
    char *back = malloc(BIG);
    unsigned long length = 0;
    bind.buffer = back, bind.buffer_length = BIG, bind.length = &length;
    query = "SELECT v FROM big WHERE id = 1";
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    STATEMENT(statement, mysql_stmt_execute(statement));
    STATEMENT(statement, mysql_stmt_bind_result(statement, &bind));
    CHECK(mysql_stmt_fetch(statement) == 0 && length == BIG && !memcmp(back, text + at, BIG));
    mysql_stmt_close(statement);
    QUERY(my, "DROP TABLE big");
    mysql_close(my);
    free(text), free(back);
    return OK;
}

static enum outcome cursor(void) {
    CONNECT(my, .port = 0);
    QUERY(my, "TRUNCATE TABLE transactions");
    for (int i = 0; i < 10; i++) QUERY(my, "INSERT INTO transactions (v) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)");
    MYSQL_STMT *statement = mysql_stmt_init(my);
    unsigned long type = CURSOR_TYPE_READ_ONLY, at_a_time = 7;
    const char *query = "SELECT id FROM transactions WHERE id > ? ORDER BY id";
    int after = 0, id = 0;
    MYSQL_BIND parameter, result;
    memset(&parameter, 0, sizeof parameter), memset(&result, 0, sizeof result);
    parameter.buffer_type = result.buffer_type = MYSQL_TYPE_LONG;
    parameter.buffer = &after, result.buffer = &id;
    STATEMENT(statement, mysql_stmt_prepare(statement, query, strlen(query)));
    STATEMENT(statement, mysql_stmt_attr_set(statement, STMT_ATTR_CURSOR_TYPE, &type));
    STATEMENT(statement, mysql_stmt_attr_set(statement, STMT_ATTR_PREFETCH_ROWS, &at_a_time));
    STATEMENT(statement, mysql_stmt_bind_param(statement, &parameter));
    STATEMENT(statement, mysql_stmt_execute(statement));
    unsigned int status = 0;
    mariadb_get_infov(my, MARIADB_CONNECTION_SERVER_STATUS, &status);
    if (!(status & SERVER_STATUS_CURSOR_EXISTS)) FAILED("the server has opened no cursor");
    STATEMENT(statement, mysql_stmt_bind_result(statement, &result));
    for (int i = 1; i <= 20; i++) CHECK(mysql_stmt_fetch(statement) == 0 && id == i);
    /* While it is open others are answered on the same connection. */
    CHECK(!strcmp(scalar(my, "SELECT COUNT(*) FROM transactions"), "100"));
    for (int i = 21; i <= 100; i++) CHECK(mysql_stmt_fetch(statement) == 0 && id == i);
    CHECK(mysql_stmt_fetch(statement) == MYSQL_NO_DATA);
    after = 95;
    STATEMENT(statement, mysql_stmt_execute(statement));
    CHECK(mysql_stmt_fetch(statement) == 0 && id == 96);
    STATEMENT(statement, mysql_stmt_reset(statement));
    STATEMENT(statement, mysql_stmt_execute(statement));
    CHECK(mysql_stmt_fetch(statement) == 0 && id == 96);
    mysql_stmt_close(statement);
    CHECK(!strcmp(scalar(my, "SELECT 1"), "1"));
    mysql_close(my);
    return OK;
}

static unsigned int status_of(MYSQL *my) {
    unsigned int status = 0;
    mariadb_get_infov(my, MARIADB_CONNECTION_SERVER_STATUS, &status);
    return status;
}

static enum outcome transactions(void) {
    CONNECT(my, .port = 0);
    const char *count = "SELECT COUNT(*) FROM transactions", *insert = "INSERT INTO transactions (v) VALUES (1)";
    QUERY(my, "DELETE FROM transactions");
    CHECK((status_of(my) & SERVER_STATUS_AUTOCOMMIT) && !(status_of(my) & SERVER_STATUS_IN_TRANS));
    CHECK(!mysql_autocommit(my, 0) && !(status_of(my) & SERVER_STATUS_AUTOCOMMIT));
    QUERY(my, insert);
    CHECK(status_of(my) & SERVER_STATUS_IN_TRANS);
    CHECK(!mysql_rollback(my) && !(status_of(my) & SERVER_STATUS_IN_TRANS) && !strcmp(scalar(my, count), "0"));
    QUERY(my, insert);
    CHECK(!mysql_commit(my) && !strcmp(scalar(my, count), "1"));
    QUERY(my, insert);
    QUERY(my, "SAVEPOINT here");
    QUERY(my, insert);
    QUERY(my, "ROLLBACK TO SAVEPOINT here");
    CHECK(!mysql_commit(my) && !strcmp(scalar(my, count), "2"));
    CHECK(!mysql_autocommit(my, 1));
    QUERY(my, "START TRANSACTION READ ONLY");
    CHECK(status_of(my) & SERVER_STATUS_IN_TRANS_READONLY);
    mysql_close(my);
    return OK;
}

static enum outcome pool(void) { return say(SKIP, "has no pool"); }

static enum outcome counts(void) {
    for (int found = 0; found < 2; found++) {
        CONNECT(my, .flags = found ? CLIENT_FOUND_ROWS : 0);
        QUERY(my, "UPDATE counts SET v = 1 WHERE id IN (1, 2)");
        CHECK(mysql_affected_rows(my) == (found ? 2 : 0));
        CHECK(mysql_info(my) && !strcmp(mysql_info(my), "Rows matched: 2  Changed: 0  Warnings: 0"));
        mysql_close(my);
    }
    CONNECT(my, .port = 0);
    QUERY(my, "TRUNCATE TABLE numbered");
    QUERY(my, "INSERT INTO numbered (v) VALUES (1), (2), (3)");
    CHECK(mysql_affected_rows(my) == 3 && mysql_insert_id(my) == 1 && !strcmp(mysql_info(my), "Records: 3  Duplicates: 0  Warnings: 0"));
    QUERY(my, "INSERT INTO numbered (v) VALUES (4)");
    CHECK(mysql_affected_rows(my) == 1 && mysql_insert_id(my) == 4 && !mysql_info(my));
    QUERY(my, "INSERT INTO numbered (id, v) VALUES (1, 9) ON DUPLICATE KEY UPDATE v = 9");
    CHECK(mysql_affected_rows(my) == 2);
    mysql_close(my);
    return OK;
}

static enum outcome load_data(void) {
    CONNECT(my, .local = 1);
    char query[512];
    QUERY(my, "DELETE FROM loaded");
    snprintf(query, sizeof query, "LOAD DATA LOCAL INFILE '%s' INTO TABLE loaded FIELDS TERMINATED BY ','", env("FILE"));
    QUERY(my, query);
    CHECK(mysql_affected_rows(my) == 3 && !strcmp(mysql_info(my), "Records: 3  Deleted: 0  Skipped: 0  Warnings: 0"));
    CHECK(!strcmp(scalar(my, "SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded"), "36two"));
    /* A file that is not there: the client says so, the connection goes on. */
    CHECK(mysql_query(my, "LOAD DATA LOCAL INFILE '/nowhere.csv' INTO TABLE loaded") != 0);
    CHECK(!strcmp(scalar(my, "SELECT 5"), "5"));
    mysql_close(my);
    return OK;
}

static enum outcome compression(void) {
    CONNECT(my, .compress = 1);
    QUERY(my, "SHOW SESSION STATUS LIKE 'Compression'");
    MYSQL_RES *result = mysql_store_result(my);
    MYSQL_ROW row = mysql_fetch_row(result);
    CHECK(row && !strcmp(row[1], "ON"));
    mysql_free_result(result);
    static char query[1000100];
    size_t at = sprintf(query, "SELECT '");
    for (size_t i = 0; i < 1000000; i++) query[at + i] = "quorate "[i % 8];
    strcpy(query + at + 1000000, "'");
    QUERY(my, query);
    result = mysql_store_result(my);
    row = mysql_fetch_row(result);
    CHECK(row && mysql_fetch_lengths(result)[0] == 1000000 && !memcmp(row[0], query + at, 1000000));
    mysql_free_result(result);
    mysql_close(my);
    return OK;
}

static enum outcome reset(void) {
    CONNECT(my, .port = 0);
    for (int way = 0; way < 2; way++) {
        QUERY(my, "SET @a = 1");
        QUERY(my, "START TRANSACTION");
        QUERY(my, "INSERT INTO pooled (id) VALUES (2)");
        CHECK(!(way ? mysql_change_user(my, "root", "", env("DATABASE")) : mysql_reset_connection(my)));
        CHECK(!strcmp(scalar(my, "SELECT @a"), "NULL"));
        CHECK(!strcmp(scalar(my, "SELECT DATABASE()"), env("DATABASE")));
        CHECK(!strcmp(scalar(my, "SELECT COUNT(*) FROM pooled WHERE id = 2"), "0"));
    }
    CHECK(mysql_change_user(my, "nobody", "wrong", NULL) != 0 && mysql_errno(my) == 1045);
    mysql_close(my);
    return OK;
}

/* Writes rows one by one, and goes to the next address when one fails. */
static void failover(void) {
    int ports[9], count = 0, at = 0, doubt = 0, key = 1, moved = 0;
    char *addresses = strdup(env("ADDRESSES")), query[128];
    for (char *part = strtok(addresses, ","); part && count < 9; part = strtok(NULL, ",")) ports[count++] = atoi(strrchr(part, ':') + 1);
    time_t until = time(NULL) + 60;
    MYSQL *my = NULL;
    while ((!moved || key <= moved + 20) && time(NULL) < until) {
        int done = 0;
        if (!my) my = connect_with((struct options){.port = ports[at % count], .timeout = 3});
        if (my) {
            const char *there = "0";
            snprintf(query, sizeof query, "SELECT COUNT(*) FROM failover WHERE k = %d FOR UPDATE", key);
            if (doubt) there = scalar(my, query);
            snprintf(query, sizeof query, "INSERT INTO failover (k) VALUES (%d)", key);
            done = !strcmp(there, "1") || (!strcmp(there, "0") && !mysql_query(my, query));
        }
        if (done) {
            printf("ACK %d\n", key), fflush(stdout);
            if (doubt && key > 1) moved = key;
            key++, doubt = 0;
            usleep(5000);
        } else {
            if (my) mysql_close(my);
            my = NULL, at++, doubt = 1;
            usleep(50000);
        }
    }
    printf(moved ? "failover ok\n" : "failover fail: it never went on elsewhere\n");
}

int main(int argc, char **argv) {
    struct { const char *name; enum outcome (*run)(void); } cells[] = {
        {"plain-native", plain_native}, {"plain-sha2", plain_sha2}, {"plain-sha2-again", plain_sha2}, {"tls-native", tls_native},
        {"tls-sha2", tls_sha2}, {"tls-sha2-again", tls_sha2}, {"text", text_protocol}, {"prepared", prepared_protocol}, {"nulls", nulls},
        {"zero-dates", zero_dates}, {"warnings", warnings}, {"errors", errors}, {"multi", multi}, {"big", big}, {"cursor", cursor},
        {"transactions", transactions}, {"pool", pool}, {"counts", counts}, {"load-data", load_data}, {"compression", compression}, {"reset", reset}};
    if (argc < 3) return 2;
    printf("version %s\n", mysql_get_client_info()), fflush(stdout);
    if (!strcmp(argv[2], "version")) return 0;
    read_environment();
    if (!strcmp(argv[2], "failover")) return failover(), 0;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        int is_wanted = argc == 3;
        for (int j = 3; j < argc; j++) is_wanted |= !strcmp(argv[j], cells[i].name);
        if (!is_wanted) continue;
        why[0] = 0;
        enum outcome outcome = cells[i].run();
        if (outcome == OK) printf("%s ok\n", cells[i].name);
        else printf("%s %s: %s\n", cells[i].name, outcome == FAIL ? "fail" : "skip", why);
        fflush(stdout);
    }
    return 0;
}
