<?php
// The cells of the matrix for PHP's mysqli and PDO: `matrix.php mysqli|PDO cells|failover|version`. What a cell is: ../src/lib.rs.
declare(strict_types=1);

class Skip extends Exception {}

function env(string $name): string { return getenv("MATRIX_$name") ?: ''; }

function check($found, $wanted, string $what): void {
    if ($found !== $wanted) {
        $show = fn($value) => substr(json_encode($value, JSON_INVALID_UTF8_SUBSTITUTE), 0, 150);
        throw new Exception("$what: {$show($found)}, not {$show($wanted)}");
    }
}

/** What both extensions do, each in its own way. */
abstract class Extension {
    public array $last = [];
    abstract public function connect(array $options = []): void;
    /** Rows as arrays by number; none of a statement without a result. */
    abstract public function run(string $statement, ?array $values = null): array;
    abstract public function error(Throwable $error): array;
    abstract public function prepared(bool $native): void;
}

class Mysqli_ extends Extension {
    public mysqli $connection;
    public bool $native = false;

    public function connect(array $options = []): void {
        mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
        $this->connection = mysqli_init();
        $this->connection->options(MYSQLI_OPT_CONNECT_TIMEOUT, 3);
        $this->connection->options(MYSQLI_OPT_READ_TIMEOUT, 20);
        if ($options['local'] ?? false) $this->connection->options(MYSQLI_OPT_LOCAL_INFILE, true);
        $flags = ($options['found'] ?? false ? MYSQLI_CLIENT_FOUND_ROWS : 0) | ($options['compress'] ?? false ? MYSQLI_CLIENT_COMPRESS : 0);
        if ($options['tls'] ?? false) $flags |= MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT;
        $host = ($options['persistent'] ?? false ? 'p:' : '') . env('HOST');
        $this->connection->real_connect($host, $options['user'] ?? 'root', $options['password'] ?? '', env('DATABASE'), (int) ($options['port'] ?? env('PORT')), null, $flags);
        $this->connection->set_charset('utf8mb4');
    }

    public function run(string $statement, ?array $values = null): array {
        if ($this->native) {
            $prepared = $this->connection->prepare($statement);
            $prepared->execute($values);
            $result = $prepared->get_result();
            $this->last = [$prepared->affected_rows, $prepared->insert_id];
        } else {
            foreach ($values ?? [] as $value) {
                $text = $value === null ? 'NULL' : (is_string($value) ? "'" . $this->connection->real_escape_string($value) . "'" : var_export($value, true));
                $at = strpos($statement, '?');
                $statement = substr($statement, 0, $at) . $text . substr($statement, $at + 1);
            }
            $result = $this->connection->query($statement);
            $this->last = [$this->connection->affected_rows, $this->connection->insert_id];
        }
        return is_bool($result) ? [] : $result->fetch_all(MYSQLI_NUM);
    }

    public function error(Throwable $error): array { return [$error->getCode(), $error->getSqlState(), $error->getMessage()]; }
    public function prepared(bool $native): void { $this->native = $native; }
}

class Pdo_ extends Extension {
    public PDO $connection;

    public function connect(array $options = []): void {
        $attributes = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 3, PDO::MYSQL_ATTR_FOUND_ROWS => $options['found'] ?? false,
            PDO::MYSQL_ATTR_LOCAL_INFILE => $options['local'] ?? false, PDO::MYSQL_ATTR_COMPRESS => $options['compress'] ?? false,
            PDO::ATTR_PERSISTENT => $options['persistent'] ?? false];
        if ($options['tls'] ?? false) {
            $attributes[PDO::MYSQL_ATTR_SSL_CA] = '';
            $attributes[PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT] = false;
            $attributes[PDO::MYSQL_ATTR_SSL_CIPHER] = 'DEFAULT';
        }
        $port = $options['port'] ?? env('PORT');
        $this->connection = new PDO('mysql:host=' . env('HOST') . ";port=$port;dbname=" . env('DATABASE') . ';charset=utf8mb4',
            $options['user'] ?? 'root', $options['password'] ?? '', $attributes);
    }

    public function run(string $statement, ?array $values = null): array {
        $prepared = $this->connection->prepare($statement);
        foreach ($values ?? [] as $i => $value) {
            $kind = is_int($value) ? PDO::PARAM_INT : ($value === null ? PDO::PARAM_NULL : PDO::PARAM_STR);
            $prepared->bindValue($i + 1, $value, $kind);
        }
        $prepared->execute();
        $this->last = [$prepared->rowCount(), (int) $this->connection->lastInsertId()];
        return $prepared->columnCount() ? $prepared->fetchAll(PDO::FETCH_NUM) : [];
    }

    public function error(Throwable $error): array { return [$error->errorInfo[1], $error->errorInfo[0], $error->errorInfo[2]]; }
    public function prepared(bool $native): void { $this->connection->setAttribute(PDO::ATTR_EMULATE_PREPARES, !$native); }
}

$is_pdo = $argv[1] === 'PDO';
$db = $is_pdo ? new Pdo_() : new Mysqli_();
$columns = array_map(fn($column) => explode(':', $column), explode(',', env('COLUMNS')));
$names = implode(', ', array_map(fn($column) => $column[0], $columns));

$login = function (string $user, bool $tls) use ($db): void {
    if ($user === '') throw new Skip('this server has no mysql_native_password');
    $db->connect(['user' => $user, 'password' => env('PASSWORD'), 'tls' => $tls]);
    check($db->run('SELECT CURRENT_USER()'), [["$user@%"]], 'who it is');
    check($db->run("SHOW SESSION STATUS LIKE 'Ssl_cipher'")[0][1] !== '', $tls, 'encrypted');
};

/** What an application would send. */
function native(string $kind, string $name, string $text) {
    if ($kind === 'i' && $name !== 'u64') return (int) $text;
    if ($kind === 'f') return (float) $text;
    return $kind === 'b' ? hex2bin($text) : $text;
}

function check_row(array $columns, array $row, ?array $texts, string $what): void {
    foreach ($columns as $i => [$name, $kind]) {
        if ($texts === null) check($row[$i], null, "$what $name");
        elseif ($kind === 'f') check((float) $row[$i], (float) $texts[$i], "$what $name");
        elseif ($kind === 'b') check(bin2hex($row[$i]), $texts[$i], "$what $name");
        else check((string) $row[$i], $texts[$i], "$what $name");
    }
}

$types = function (bool $native, array $ids, bool $is_null = false) use ($db, $columns, $names): void {
    $db->connect();
    foreach ($ids as $id) {
        $texts = $is_null ? null : explode("\t", env('ROW_' . $id % 10));
        $values = [$id];
        foreach ($columns as $i => [$name, $kind]) $values[] = $is_null ? null : native($kind, $name, $texts[$i]);
        $db->prepared($native);
        $db->run('DELETE FROM written WHERE id = ?', [$id]);
        // mysqli's own text way replaces marks in the order of the text: the values must not have any.
        $marks = str_repeat(', ?', count($columns));
        if ($db instanceof Mysqli_ && !$native) {
            $literals = array_map(fn($v) => $v === null ? 'NULL' : (is_string($v) ? "'" . $db->connection->real_escape_string($v) . "'" : var_export($v, true)), $values);
            $db->run("INSERT INTO written (id, $names) VALUES (" . implode(', ', $literals) . ')');
        } else {
            $db->run("INSERT INTO written (id, $names) VALUES (?$marks)", $values);
        }
        $same = $db->run(env('SAME') . $id);
        check((int) $same[0][0], 1, "row $id as the server has it");
        foreach (['expected' => $id % 10, 'written' => $id] as $table => $key) {
            check_row($columns, $db->run("SELECT $names FROM $table WHERE id = ?", [$key])[0], $texts, $table);
        }
    }
    $db->prepared(false);
};

$cells = [
    'plain-native' => fn() => $login(env('NATIVE_USER'), false),
    'plain-sha2' => fn() => $login(env('SHA2_PLAIN_USER'), false),
    'plain-sha2-again' => fn() => $login(env('SHA2_PLAIN_USER'), false),
    'tls-native' => fn() => $login(env('NATIVE_USER'), true),
    'tls-sha2' => fn() => $login(env('SHA2_TLS_USER'), true),
    'tls-sha2-again' => fn() => $login(env('SHA2_TLS_USER'), true),
    'text' => fn() => $types(false, [1, 2]),
    'prepared' => fn() => $types(true, [11, 12]),
    'nulls' => function () use ($types) { $types(false, [3], true); $types(true, [13], true); },
    'zero-dates' => function () use ($db) {
        $db->connect();
        $db->run("SET sql_mode = ''");
        foreach ([false, true] as $native) {
            $db->prepared($native);
            $db->run('REPLACE INTO zero VALUES (1, ?, ?)', ['0000-00-00', '0000-00-00 00:00:00']);
            check($db->run('SELECT d, t FROM zero'), [['0000-00-00', '0000-00-00 00:00:00']], 'read');
        }
        $db->prepared(false);
    },
    'warnings' => function () use ($db) {
        $db->connect();
        $db->run('SELECT 1/0');
        if ($db instanceof Mysqli_) {
            check($db->connection->warning_count, 1, 'count');
            $warning = $db->connection->get_warnings();
            check([$warning->errno, $warning->sqlstate, $warning->message], [1365, 'HY000', 'Division by 0'], 'warning');
        } else {
            $rows = $db->run('SHOW WARNINGS');
            check([(int) $rows[0][1], $rows[0][2]], [1365, 'Division by 0'], 'warning');
        }
    },
    'errors' => function () use ($db) {
        $db->connect();
        $cases = [['SELECT * FROM missing', 1146, '42S02', "Table '" . env('DATABASE') . ".missing' doesn't exist"],
            ['INSERT INTO counts (id) VALUES (1)', 1062, '23000', "Duplicate entry '1' for key 'counts.PRIMARY'"],
            ['SELECT nothing FROM counts', 1054, '42S22', "Unknown column 'nothing' in 'field list'"]];
        foreach ([false, true] as $native) {
            $db->prepared($native);
            foreach ($cases as [$statement, $number, $state, $message]) {
                try {
                    $db->run($statement);
                } catch (mysqli_sql_exception | PDOException $error) {
                    check($db->error($error), [$number, $state, $message], $statement);
                    continue;
                }
                throw new Exception("no error: $statement");
            }
        }
        $db->prepared(false);
    },
    'multi' => function () use ($db) {
        $db->connect();
        $found = [];
        if ($db instanceof Mysqli_) {
            try {
                $db->connection->multi_query("SELECT 1; SELECT 2, 'b'; SELECT nothing FROM counts; SELECT 3");
                do {
                    if ($result = $db->connection->store_result()) $found[] = $result->fetch_all(MYSQLI_NUM);
                } while ($db->connection->next_result());
            } catch (mysqli_sql_exception $error) {
                check($error->getCode(), 1054, 'error of the third');
            }
        } else {
            $result = $db->connection->query("SELECT 1; SELECT 2, 'b'; SELECT nothing FROM counts; SELECT 3");
            try {
                do {
                    $found[] = array_map(fn($row) => array_map('strval', $row), $result->fetchAll(PDO::FETCH_NUM));
                } while ($result->nextRowset());
            } catch (PDOException $error) {
                check($error->errorInfo[1], 1054, 'error of the third');
            }
        }
        check($found, [[['1']], [['2', 'b']]], 'results before the error');
        $db->connect();
        check((int) $db->run('SELECT 4')[0][0], 4, 'afterwards');
    },
    'big' => function () use ($db) {
        $db->connect();
        $text = str_repeat('0123456789abcdef', 17 * 65536);
        foreach ([false, true] as $native) {
            $db->prepared($native);
            $rows = $db->run('SELECT ? AS v', [$text]);
            check([strlen($rows[0][0]), $rows[0][0] === $text], [strlen($text), true], 'value');
        }
        $db->prepared(false);
    },
    'cursor' => function () use ($db, $is_pdo) {
        if ($is_pdo) throw new Skip('has no server-side cursors');
        $db->connect();
        $db->run('TRUNCATE TABLE transactions');
        for ($i = 0; $i < 10; $i++) $db->run('INSERT INTO transactions (v) VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)');
        $statement = $db->connection->prepare('SELECT id FROM transactions WHERE id > ? ORDER BY id');
        $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $after = 0;
        $statement->bind_param('i', $after);
        $statement->execute();
        $statement->bind_result($id);
        for ($i = 1; $i <= 20; $i++) check([$statement->fetch(), $id], [true, $i], 'row');
        check($db->run('SELECT COUNT(*) FROM transactions'), [['100']], 'another statement while it is open');
        for ($i = 21; $i <= 100; $i++) check([$statement->fetch(), $id], [true, $i], 'row');
        check($statement->fetch(), null, 'the end');
        $statement->close();
    },
    'transactions' => function () use ($db, $is_pdo) {
        $db->connect();
        $count = fn() => (int) $db->run('SELECT COUNT(*) FROM transactions')[0][0];
        $insert = 'INSERT INTO transactions (v) VALUES (1)';
        $begin = $is_pdo ? 'beginTransaction' : 'begin_transaction';
        $db->run('DELETE FROM transactions');
        $db->connection->$begin();
        $db->run($insert);
        $db->connection->rollback();
        check($count(), 0, 'rows after rollback');
        $is_pdo ? $db->connection->setAttribute(PDO::ATTR_AUTOCOMMIT, 0) : $db->connection->autocommit(false);
        $db->run($insert);
        $db->run('SAVEPOINT here');
        $db->run($insert);
        $db->run('ROLLBACK TO SAVEPOINT here');
        if ($is_pdo) check($db->connection->inTransaction(), true, 'in a transaction');
        $db->connection->commit();
        if ($is_pdo) check($db->connection->inTransaction(), false, 'in no transaction');
        check($count(), 1, 'rows after commit');
    },
    'pool' => function () use ($db, $is_pdo) {
        if ($is_pdo) throw new Skip('takes persistent connections up again as they are');
        $db->connect(['persistent' => true]);
        $before = $db->connection->thread_id;
        $db->run('DELETE FROM pooled');
        $db->run('START TRANSACTION');
        $db->run('INSERT INTO pooled (id) VALUES (1)');
        $db->connection->close();
        $db->connect(['persistent' => true]);
        check($db->run('SELECT COUNT(*) FROM pooled'), [['0']], 'rows of a transaction that was left open');
        $db->connection->close();
    },
    'counts' => function () use ($db) {
        foreach ([[false, 0], [true, 2]] as [$found, $wanted]) {
            $db->connect(['found' => $found]);
            $db->run('UPDATE counts SET v = 1 WHERE id IN (1, 2)');
            check($db->last[0], $wanted, 'affected rows');
            if ($db instanceof Mysqli_) check($db->connection->info, 'Rows matched: 2  Changed: 0  Warnings: 0', 'info');
        }
        $db->connect();
        foreach ([false, true] as $native) {
            $db->run('TRUNCATE TABLE numbered');
            $db->prepared($native);
            $db->run('INSERT INTO numbered (v) VALUES (1), (2), (3)');
            check($db->last, [3, 1], 'affected rows and last id');
            $db->run('INSERT INTO numbered (v) VALUES (?)', [4]);
            check($db->last, [1, 4], 'affected rows and last id');
            $db->prepared(false);
        }
    },
    'load-data' => function () use ($db, $is_pdo) {
        $db->connect(['local' => true]);
        $db->run('DELETE FROM loaded');
        $statement = "LOAD DATA LOCAL INFILE '" . env('FILE') . "' INTO TABLE loaded FIELDS TERMINATED BY ','";
        $rows = $is_pdo ? $db->connection->exec($statement) : ($db->run($statement) ?: $db->last[0]);
        check($rows, 3, 'affected rows');
        check($db->run('SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded'), [['36two']], 'loaded');
    },
    'compression' => function () use ($db) {
        $db->connect(['compress' => true]);
        check($db->run("SHOW SESSION STATUS LIKE 'Compression'"), [['Compression', 'ON']], 'status');
        $text = str_repeat('quorate ', 200000);
        check($db->run('SELECT ? AS v', [$text])[0][0] === $text, true, 'the same');
    },
    'reset' => function () use ($db, $is_pdo) {
        if ($is_pdo) throw new Skip('has neither change user nor reset connection');
        $db->connect();
        $db->run('SET @a = 1');
        $db->run('START TRANSACTION');
        $db->run('INSERT INTO pooled (id) VALUES (2)');
        $db->connection->change_user('root', '', env('DATABASE'));
        check($db->run('SELECT @a, DATABASE(), (SELECT COUNT(*) FROM pooled WHERE id = 2)'), [[null, env('DATABASE'), '0']], 'afterwards');
    },
];

/** Writes rows one by one, and goes to the next address when one fails. */
$failover = function () use ($db): void {
    $ports = array_map(fn($address) => (int) substr(strrchr($address, ':'), 1), explode(',', env('ADDRESSES')));
    [$until, $at, $key, $moved, $doubt, $open] = [time() + 60, 0, 1, 0, false, false];
    ini_set('mysqlnd.net_read_timeout', '5');
    while (($moved === 0 || $key <= $moved + 20) && time() < $until) {
        try {
            if (!$open) {
                $db->connect(['port' => $ports[$at % count($ports)]]);
                $open = true;
            }
            $there = $doubt ? (int) $db->run("SELECT COUNT(*) FROM failover WHERE k = $key FOR UPDATE")[0][0] : 0;
            if ($there === 0) $db->run("INSERT INTO failover (k) VALUES ($key)");
            echo "ACK $key\n";
            if ($doubt && $key > 1) $moved = $key;
            $key++;
            $doubt = false;
            usleep(5000);
        } catch (mysqli_sql_exception | PDOException $error) {
            [$open, $doubt] = [false, true];
            $at++;
            usleep(50000);
        }
    }
    echo $moved ? "failover ok\n" : "failover fail: it never went on elsewhere\n";
};

if (!extension_loaded($is_pdo ? 'pdo_mysql' : 'mysqli')) exit(1);
error_reporting(E_ERROR);
echo 'version ' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . '.' . PHP_RELEASE_VERSION . "\n";
if ($argv[2] === 'failover') $failover();
foreach ($argv[2] === 'cells' ? $cells : [] as $name => $cell) {
    if (count($argv) > 3 && !in_array($name, array_slice($argv, 3), true)) continue;
    try {
        $cell();
        echo "$name ok\n";
    } catch (Skip $why) {
        echo "$name skip: {$why->getMessage()}\n";
    } catch (Throwable $error) {
        echo "$name fail: ", substr(preg_replace('/\s+/', ' ', get_class($error) . ': ' . $error->getMessage()), 0, 300), "\n";
    }
}
