import java.math.BigDecimal;
import java.math.BigInteger;
import java.sql.*;
import java.util.*;

/** The cells of the matrix for MariaDB Connector/J: `Matrix NAME cells|failover|version`. What a cell is: ../src/lib.rs. */
public final class Matrix {
    static final class Skip extends Exception {
        Skip(String why) { super(why); }
    }

    interface Cell { void run() throws Exception; }

    static final int BIG = 17 * 1024 * 1024;
    static final String HOST = env("HOST"), PORT = env("PORT"), DATABASE = env("DATABASE");
    static final List<String> COLUMNS = new ArrayList<>();
    static final List<Character> KINDS = new ArrayList<>();

    static String env(String name) {
        String value = System.getenv("MATRIX_" + name);
        return value == null ? "" : value;
    }

    static void check(Object found, Object wanted, String what) {
        if (!Objects.equals(found, wanted)) {
            String text = what + ": " + found + ", not " + wanted;
            throw new AssertionError(text.length() > 300 ? text.substring(0, 300) : text);
        }
    }

    static Connection connect(String... options) throws SQLException {
        return connectTo(PORT, "root", "", options);
    }

    static Connection connectTo(String port, String user, String password, String... options) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        for (String option : options) {
            String[] pair = option.split("=");
            properties.setProperty(pair[0], pair[1]);
        }
        // Its default is CLIENT_FOUND_ROWS, as JDBC asks for.
        String url = "jdbc:mariadb://" + HOST + ":" + port + "/" + DATABASE + "?connectTimeout=3000&socketTimeout=20000&serverTimezone=UTC"
            + "&allowMultiQueries=true&maxAllowedPacket=67108864&allowPublicKeyRetrieval=true";
        return DriverManager.getConnection(url, properties);
    }

    static String scalar(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery(query)) {
            return result.next() ? result.getString(1) : "none";
        }
    }

    static int update(Connection connection, String text) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return statement.executeUpdate(text);
        }
    }

    static void login(String user, boolean tls) throws Exception {
        if (user.isEmpty()) throw new Skip("this server has no mysql_native_password");
        String[] options = tls ? new String[] {"useSsl=true", "trustServerCertificate=true"} : new String[] {"useSsl=false"};
        try (Connection connection = connectTo(PORT, user, env("PASSWORD"), options)) {
            check(scalar(connection, "SELECT CURRENT_USER()"), user + "@%", "who it is");
            try (Statement statement = connection.createStatement(); ResultSet result = statement.executeQuery("SHOW SESSION STATUS LIKE 'Ssl_cipher'")) {
                result.next();
                check(!result.getString(2).isEmpty(), tls, "encrypted");
            }
        }
    }

    static byte[] bytes(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        return bytes;
    }

    static void set(PreparedStatement statement, int index, char kind, String name, String text) throws SQLException {
        switch (kind) {
            case 'i':
                if (name.equals("u64")) statement.setObject(index, new BigInteger(text));
                else statement.setLong(index, Long.parseLong(text));
                break;
            case 'n': statement.setBigDecimal(index, new BigDecimal(text)); break;
            case 'f': statement.setDouble(index, Double.parseDouble(text)); break;
            case 'b': statement.setBytes(index, bytes(text)); break;
            case 'D': statement.setTimestamp(index, Timestamp.valueOf(text)); break;
            // java.sql.Time has neither signs nor days; dates before 1582 are of another calendar.
            default: statement.setString(index, text);
        }
    }

    static void checkRow(ResultSet row, String[] texts, String what) throws SQLException {
        for (int i = 0; i < COLUMNS.size(); i++) {
            String name = COLUMNS.get(i);
            String text = texts == null ? null : texts[i];
            if (text == null) {
                check(row.getObject(name), null, what + " " + name);
                check(row.wasNull(), true, what + " " + name);
                continue;
            }
            switch (KINDS.get(i)) {
                case 'i':
                    if (name.equals("u64")) check(row.getObject(name), new BigInteger(text), what + " " + name);
                    else if (name.equals("yea")) check(row.getShort(name), Short.valueOf(text), what + " " + name);
                    else check(row.getLong(name), Long.valueOf(text), what + " " + name);
                    break;
                case 'n': check(row.getBigDecimal(name), new BigDecimal(text), what + " " + name); break;
                case 'f': check(row.getDouble(name), Double.valueOf(text), what + " " + name); break;
                case 'b': check(HexFormat.of().formatHex(row.getBytes(name)), text, what + " " + name); break;
                case 'D': check(row.getTimestamp(name), Timestamp.valueOf(text), what + " " + name); break;
                default: check(row.getString(name), text, what + " " + name);
            }
        }
    }

    static void types(boolean prepared, int[] ids, boolean isNull) throws Exception {
        try (Connection connection = connect("useServerPrepStmts=" + prepared)) {
            String marks = ", ?".repeat(COLUMNS.size());
            for (int id : ids) {
                String[] texts = isNull ? null : env("ROW_" + id % 10).split("\t", -1);
                update(connection, "DELETE FROM written WHERE id = " + id);
                String insert = "INSERT INTO written (id, " + String.join(", ", COLUMNS) + ") VALUES (" + id + marks + ")";
                try (PreparedStatement statement = connection.prepareStatement(insert)) {
                    for (int i = 0; i < COLUMNS.size(); i++) {
                        if (isNull) statement.setNull(i + 1, Types.VARCHAR);
                        else set(statement, i + 1, KINDS.get(i), COLUMNS.get(i), texts[i]);
                    }
                    check(statement.executeUpdate(), 1, "inserted");
                }
                check(scalar(connection, env("SAME") + id), "1", "row " + id + " as the server has it");
                String[] tables = {"expected", "written"};
                for (String table : tables) {
                    try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM " + table + " WHERE id = ?")) {
                        statement.setInt(1, table.equals("expected") ? id % 10 : id);
                        try (ResultSet result = statement.executeQuery()) {
                            check(result.next(), true, table);
                            checkRow(result, texts, table);
                        }
                    }
                }
            }
        }
    }

    static void zeroDates() throws Exception {
        for (boolean prepared : new boolean[] {false, true}) {
            try (Connection connection = connect("useServerPrepStmts=" + prepared)) {
                update(connection, "SET sql_mode = ''");
                update(connection, "REPLACE INTO zero VALUES (1, '0000-00-00', '0000-00-00')");
                try (PreparedStatement statement = connection.prepareStatement("SELECT d, t, CONCAT(d) FROM zero WHERE id = ?")) {
                    statement.setInt(1, 1);
                    ResultSet result = statement.executeQuery();
                    result.next();
                    check(result.getDate(1), null, "date");
                    check(result.getTimestamp(2), null, "timestamp");
                    check(result.getString(3), "0000-00-00", "text");
                }
            }
        }
    }

    static void warnings() throws Exception {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            statement.executeQuery("SELECT 1/0").close();
            SQLWarning warning = statement.getWarnings();
            check(warning.getErrorCode() + " " + warning.getMessage(), "1365 Division by 0", "warning");
            check(warning.getNextWarning(), null, "a second");
        }
    }

    static void errors() throws Exception {
        Object[][] cases = {
            {"SELECT * FROM missing", 1146, "42S02", "Table '" + DATABASE + ".missing' doesn't exist"},
            {"INSERT INTO counts (id) VALUES (1)", 1062, "23000", "Duplicate entry '1' for key 'counts.PRIMARY'"},
            {"SELECT nothing FROM counts", 1054, "42S22", "Unknown column 'nothing' in 'field list'"}};
        for (boolean prepared : new boolean[] {false, true}) {
            try (Connection connection = connect("useServerPrepStmts=" + prepared)) {
                for (Object[] one : cases) {
                    try (PreparedStatement statement = connection.prepareStatement((String) one[0])) {
                        statement.execute();
                        throw new AssertionError("no error: " + one[0]);
                    } catch (SQLException error) {
                        check(error.getErrorCode() + " " + error.getSQLState(), one[1] + " " + one[2], error.getMessage());
                        check(error.getMessage().contains((String) one[3]), true, error.getMessage());
                    }
                }
            }
        }
    }

    static void multi() throws Exception {
        try (Connection connection = connect(); Statement statement = connection.createStatement()) {
            check(statement.execute("SELECT 1; DO 0; SELECT 2"), true, "the first is a result");
            statement.getResultSet().next();
            check(statement.getResultSet().getInt(1), 1, "first");
            check(statement.getMoreResults(), false, "the second is none");
            check(statement.getUpdateCount(), 0, "second");
            check(statement.getMoreResults(), true, "the third is a result");
            statement.getResultSet().next();
            check(statement.getResultSet().getInt(1), 2, "third");
            check(!statement.getMoreResults() && statement.getUpdateCount() == -1, true, "no fourth");
            try {
                statement.execute("SELECT 1; SELECT nothing FROM counts; SELECT 3");
                while (statement.getMoreResults() || statement.getUpdateCount() != -1) { }
                throw new AssertionError("no error");
            } catch (SQLException error) {
                check(error.getErrorCode(), 1054, "error of the second");
            }
            check(scalar(connection, "SELECT 4"), "4", "afterwards");
            update(connection, "DELETE FROM transactions");
            connection.setAutoCommit(false);
            try (PreparedStatement batch = connection.prepareStatement("INSERT INTO transactions (v) VALUES (?)")) {
                for (int i = 0; i < 50; i++) {
                    batch.setInt(1, i);
                    batch.addBatch();
                }
                check(batch.executeBatch().length, 50, "batch");
            }
            connection.commit();
            check(scalar(connection, "SELECT COUNT(*) FROM transactions"), "50", "rows of the batch");
        }
    }

    static void big() throws Exception {
        String text = "0123456789abcdef".repeat(BIG / 16);
        for (boolean prepared : new boolean[] {false, true}) {
            try (Connection connection = connect("useServerPrepStmts=" + prepared);
                 PreparedStatement statement = connection.prepareStatement("SELECT ? AS v")) {
                statement.setString(1, text);
                ResultSet result = statement.executeQuery();
                result.next();
                check(result.getString(1).equals(text), true, "the same");
            }
        }
    }

    static void transactions() throws Exception {
        try (Connection connection = connect()) {
            String count = "SELECT COUNT(*) FROM transactions", insert = "INSERT INTO transactions (v) VALUES (1)";
            update(connection, "DELETE FROM transactions");
            connection.setAutoCommit(false);
            check(scalar(connection, "SELECT @@autocommit"), "0", "autocommit");
            update(connection, insert);
            connection.rollback();
            check(scalar(connection, count), "0", "rows after rollback");
            update(connection, insert);
            Savepoint here = connection.setSavepoint("here");
            update(connection, insert);
            connection.rollback(here);
            connection.commit();
            check(scalar(connection, count), "1", "rows after commit");
            connection.rollback();
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            check(connection.getTransactionIsolation(), Connection.TRANSACTION_READ_COMMITTED, "isolation");
            connection.setReadOnly(true);
            connection.setAutoCommit(true);
            check(scalar(connection, "SELECT @@autocommit"), "1", "autocommit");
        }
    }

    static void pool() throws Exception {
        org.mariadb.jdbc.MariaDbPoolDataSource pool = new org.mariadb.jdbc.MariaDbPoolDataSource(
            "jdbc:mariadb://" + HOST + ":" + PORT + "/" + DATABASE + "?user=root&maxPoolSize=1&useSsl=false&registerJmxPool=false");
        try (Connection connection = pool.getConnection()) {
            update(connection, "DELETE FROM pooled");
            connection.setAutoCommit(false);
            update(connection, "INSERT INTO pooled (id) VALUES (1)");
        }
        try (Connection connection = pool.getConnection()) {
            check(connection.getAutoCommit(), true, "autocommit");
            check(scalar(connection, "SELECT COUNT(*) FROM pooled"), "0", "rows of a transaction that was left open");
        }
        pool.close();
    }

    static void counts() throws Exception {
        for (boolean affected : new boolean[] {true, false}) {
            try (Connection connection = connect("useAffectedRows=" + affected)) {
                check(update(connection, "UPDATE counts SET v = 1 WHERE id IN (1, 2)"), affected ? 0 : 2, "useAffectedRows " + affected);
            }
        }
        for (boolean prepared : new boolean[] {false, true}) {
            try (Connection connection = connect("useServerPrepStmts=" + prepared)) {
                update(connection, "TRUNCATE TABLE numbered");
                String insert = "INSERT INTO numbered (v) VALUES (1), (2), (3)";
                try (PreparedStatement statement = connection.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
                    check(statement.executeUpdate(), 3, "affected rows");
                    ResultSet keys = statement.getGeneratedKeys();
                    keys.next();
                    check(keys.getInt(1), 1, "generated key");
                }
            }
        }
    }

    static void loadData() throws Exception {
        try (Connection connection = connect("allowLocalInfile=true")) {
            update(connection, "DELETE FROM loaded");
            check(update(connection, "LOAD DATA LOCAL INFILE '" + env("FILE") + "' INTO TABLE loaded FIELDS TERMINATED BY ','"), 3, "affected rows");
            check(scalar(connection, "SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded"), "36two", "loaded");
        }
    }

    static void compression() throws Exception {
        try (Connection connection = connect("useCompression=true");
             Statement statement = connection.createStatement()) {
            ResultSet result = statement.executeQuery("SHOW SESSION STATUS LIKE 'Compression'");
            check(result.next(), true, "status");
            check(result.getString(2), "ON", "status");
            String text = "quorate ".repeat(200_000);
            check(scalar(connection, "SELECT '" + text + "'").equals(text), true, "the same");
        }
    }

    static void reset() throws Exception {
        throw new Skip("has it in its pool only");
    }

    /** Writes rows one by one, and goes to the next address when one fails. */
    static void failover() throws Exception {
        String[] addresses = env("ADDRESSES").split(",");
        long until = System.currentTimeMillis() + 60_000;
        int at = 0, key = 1, moved = 0;
        boolean doubt = false;
        Connection connection = null;
        while ((moved == 0 || key <= moved + 20) && System.currentTimeMillis() < until) {
            try {
                if (connection == null) {
                    String address = addresses[at % addresses.length];
                    connection = connectTo(address.substring(address.lastIndexOf(':') + 1), "root", "", "useSsl=false");
                }
                String there = doubt ? scalar(connection, "SELECT COUNT(*) FROM failover WHERE k = " + key + " FOR UPDATE") : "0";
                if (there.equals("0")) update(connection, "INSERT INTO failover (k) VALUES (" + key + ")");
                System.out.println("ACK " + key);
                if (doubt && key > 1) moved = key;
                key++;
                doubt = false;
                Thread.sleep(5);
            } catch (SQLException error) {
                if (connection != null) {
                    try { connection.close(); } catch (SQLException closed) { /* it is gone */ }
                }
                connection = null;
                at++;
                doubt = true;
                Thread.sleep(50);
            }
        }
        System.out.println(moved > 0 ? "failover ok" : "failover fail: it never went on elsewhere");
    }

    public static void main(String[] arguments) throws Exception {
        System.out.println("version " + org.mariadb.jdbc.internal.util.constant.Version.version);
        for (String column : env("COLUMNS").split(",")) {
            if (column.isEmpty()) continue;
            COLUMNS.add(column.split(":")[0]);
            KINDS.add(column.split(":")[1].charAt(0));
        }
        if (arguments[1].equals("failover")) failover();
        if (!arguments[1].equals("cells")) return;
        Map<String, Cell> cells = new LinkedHashMap<>();
        cells.put("plain-native", () -> login(env("NATIVE_USER"), false));
        cells.put("plain-sha2", () -> login(env("SHA2_PLAIN_USER"), false));
        cells.put("plain-sha2-again", () -> login(env("SHA2_PLAIN_USER"), false));
        cells.put("tls-native", () -> login(env("NATIVE_USER"), true));
        cells.put("tls-sha2", () -> login(env("SHA2_TLS_USER"), true));
        cells.put("tls-sha2-again", () -> login(env("SHA2_TLS_USER"), true));
        cells.put("text", () -> types(false, new int[] {1, 2}, false));
        cells.put("prepared", () -> types(true, new int[] {11, 12}, false));
        cells.put("nulls", () -> {
            types(false, new int[] {3}, true);
            types(true, new int[] {13}, true);
        });
        cells.put("zero-dates", Matrix::zeroDates);
        cells.put("warnings", Matrix::warnings);
        cells.put("errors", Matrix::errors);
        cells.put("multi", Matrix::multi);
        cells.put("big", Matrix::big);
        cells.put("cursor", () -> { throw new Skip("has no server-side cursors"); });
        cells.put("transactions", Matrix::transactions);
        cells.put("pool", Matrix::pool);
        cells.put("counts", Matrix::counts);
        cells.put("load-data", Matrix::loadData);
        cells.put("compression", Matrix::compression);
        cells.put("reset", Matrix::reset);
        List<String> only = Arrays.asList(arguments).subList(2, arguments.length);
        for (Map.Entry<String, Cell> cell : cells.entrySet()) {
            if (!only.isEmpty() && !only.contains(cell.getKey())) continue;
            String outcome = "ok";
            try {
                cell.getValue().run();
            } catch (Skip why) {
                outcome = "skip: " + why.getMessage();
            } catch (Throwable error) {
                String text = (error.getClass().getSimpleName() + ": " + error.getMessage()).replaceAll("\\s+", " ");
                outcome = "fail: " + text.substring(0, Math.min(300, text.length()));
            }
            System.out.println(cell.getKey() + " " + outcome);
        }
        System.exit(0);
    }
}
