#!/usr/bin/env bash
# The connectors' own test-suites, as their source packages ship them, against one server: suites.sh HOST PORT FOLDER [SUITE…]
#
# Prints a line a suite, `SUITE: N passed, N failed, N skipped`, and leaves each suite's output in FOLDER/SUITE.log and the names of what
# failed in FOLDER/SUITE.failed, one a line and sorted: `comm -13 MYSQL/SUITE.failed OURS/SUITE.failed` is what fails on ours alone.
# The server is for tests only: the account root has no password, the databases test, test1, test2, gotest, suites and test_pymysql and the
# accounts of PyMySQL's tests go, and local_infile is set. The Rust crates' tests use temporary tables, and tables in the database mysql, and
# so most need them; `rust-tables` and `rust-async-tables` are the same with tables like any other, each test in a database of its own.
# SUITES_CA is the file that signed the server's certificate, for PyMySQL.
# Packages are fetched into target/connectors/suites (or $QUORATE_CONNECTORS/suites) the first time.
set -uo pipefail
host=$1 port=$2 folder=$(mkdir -p "$3" && cd "$3" && pwd)
shift 3
repository=$(cd "$(dirname "$0")/../.." && pwd)
installed=${QUORATE_CONNECTORS:-$repository/target/connectors}
sources=$installed/suites
python=$installed/python-suites/bin/python3
mkdir -p "$sources"
suites=${*:-mysqlclient go pymysql connector-python aiomysql rust rust-async rust-tables rust-async-tables}

sql() { mariadb --no-defaults -uroot -h "$host" -P "$port" --protocol=tcp -N -e "$1"; }
databases() {
  for database in test test1 test2; do
    sql "DROP DATABASE IF EXISTS $database; CREATE DATABASE $database"
  done
}

# A virtual environment of the suites' own: some ask for other versions than the matrix.
if [ ! -x "$python" ]; then
  python3 -m venv "$installed/python-suites"
  "$python" -m pip install --quiet pytest pytest-timeout pytest-asyncio mysqlclient sqlalchemy pymysql cryptography uvloop
fi
source_of() { # PACKAGE [VERSION]: the folder of its source package
  local found
  found=$(find "$sources" -maxdepth 1 -iname "$1-${2:-[0-9]}*" -type d | head -1)
  if [ -z "$found" ]; then
    "$python" -m pip download --quiet --no-deps --no-binary :all: -d "$sources" "$1${2:+==$2}" >&2
    for archive in "$sources"/*.tar.gz; do tar -xzf "$archive" -C "$sources"; done
    found=$(find "$sources" -maxdepth 1 -iname "$1-${2:-[0-9]}*" -type d | head -1)
  fi
  echo "$found"
}

pytest_counts() { # SUITE: from pytest's short summary
  local log=$folder/$1.log
  grep -E '^(FAILED|ERROR) ' "$log" | sed -E 's/^[A-Z]+ //; s/ - .*//' | sort -u >"$folder/$1.failed"
  local last
  last=$(grep -E '(passed|failed|error).* in [0-9.]+' "$log" | tail -1)
  count() { grep -oE "[0-9]+ $1" <<<"$last" | grep -oE '[0-9]+' || echo 0; }
  echo "$1: $(count passed) passed, $(($(count failed) + $(count 'errors?'))) failed, $(count skipped) skipped"
}

suite_mysqlclient() {
  local source; source=$(source_of mysqlclient)
  databases
  printf '[MySQLdb-tests]\nhost = %s\nport = %s\nuser = root\ndatabase = test\ndefault-character-set = utf8mb4\n' "$host" "$port" >"$source/tests/suite.cnf"
  (cd "$source" && TESTDB=suite.cnf timeout 300 "$python" -m pytest -rfE -q --tb=line --timeout=10 tests) >"$folder/mysqlclient.log" 2>&1
  pytest_counts mysqlclient
}
suite_go() {
  sql "SET GLOBAL local_infile = 1; DROP DATABASE IF EXISTS gotest; CREATE DATABASE gotest"
  local copy=$sources/go
  mkdir -p "$copy/src/github.com/go-sql-driver"
  cp -r /usr/share/gocode/src/github.com/go-sql-driver/mysql "$copy/src/github.com/go-sql-driver/"
  (cd "$copy/src/github.com/go-sql-driver/mysql" && GO111MODULE=off GOFLAGS= GOPATH=$copy:/usr/share/gocode MYSQL_TEST_USER=root MYSQL_TEST_PASS= \
    MYSQL_TEST_PROT=tcp MYSQL_TEST_ADDR="$host:$port" MYSQL_TEST_DBNAME=gotest timeout 600 go test -v .) >"$folder/go.log" 2>&1
  grep -E '^ *--- FAIL' "$folder/go.log" | awk '{ print $3 }' | sort -u >"$folder/go.failed"
  echo "go: $(grep -cE '^--- PASS' "$folder/go.log") passed, $(grep -cE '^--- FAIL' "$folder/go.log") failed, $(grep -cE '^--- SKIP' "$folder/go.log") skipped"
}

suite_pymysql() { # Logins only: its source package ships no other.
  local source; source=$(source_of PyMySQL)
  sql "DROP USER IF EXISTS nopass_sha256, user_sha256, nopass_caching_sha2, user_caching_sha2"
  sql "CREATE USER nopass_sha256 IDENTIFIED WITH sha256_password"
  sql "CREATE USER user_sha256 IDENTIFIED WITH sha256_password BY 'pass_sha256_01234567890123456789'"
  sql "CREATE USER nopass_caching_sha2; CREATE USER user_caching_sha2 IDENTIFIED BY 'pass_caching_sha2_01234567890123456789'"
  sql "GRANT RELOAD ON *.* TO user_caching_sha2"
  sed "s/^port = 3306/port = $port/; s/^host = .*/host = '$host'/; s|^ca = .*|ca = '${SUITES_CA:-}'|" "$source/tests/test_auth.py" >"$folder/test_auth.py"
  (cd "$folder" && timeout 60 "$python" -m pytest -rfE -q --tb=line -p no:cacheprovider test_auth.py) >"$folder/pymysql.log" 2>&1
  pytest_counts pymysql
}
suite_aiomysql() { # It has been seen to hang, on MySQL too.
  local source; source=$(source_of aiomysql)
  sql "DROP DATABASE IF EXISTS test_pymysql; CREATE DATABASE test_pymysql"
  (cd "$source" && MYSQL_ROOT_PASSWORD='' timeout 60 "$python" -m pytest -rfE -q --tb=line --timeout=8 -p no:cacheprovider \
    --mysql-address "$host:$port" tests) >"$folder/aiomysql.log" 2>&1
  if [ $? = 124 ]; then echo "aiomysql: not through after 60 s"; else pytest_counts aiomysql; fi
}

suite_connector-python() { # A module at a time: one that hangs is cut off alone. Its own servers' options and Unix sockets are not here.
  local source; source=$(source_of mysql_connector_python)
  : >"$folder/connector-python.log"
  for module in "$source"/tests/test_*.py; do
    module=$(basename "$module" .py)
    (cd "$source" && HOME=$source PYTHONPATH=lib timeout -k 5 240 "$python" unittests.py --use-external-server --host "$host" --port "$port" \
      --user root --unix-socket "" --verbosity 2 -t "${module#test_}") >>"$folder/connector-python.log" 2>&1
  done
  outcome() { sed -nE "s/^([a-z_0-9.A-Z]+) (\(.*)?\.\.\. ($1).*/\1/p" "$folder/connector-python.log" | sort -u; }
  outcome 'ERROR|FAIL' >"$folder/connector-python.failed"
  echo "connector-python: $(outcome ok | wc -l) passed, $(wc -l <"$folder/connector-python.failed") failed, $(outcome skipped | wc -l) skipped"
}

crate() { # NAME tables|temporary FEATURES: the crate's tests, built; the program
  local source=$sources/$1-$2
  if [ ! -d "$source" ]; then
    cargo info --quiet "$1" >/dev/null 2>&1 # fetches it
    cp -r "$(find "${CARGO_HOME:-$HOME/.cargo}"/registry/src -maxdepth 2 -name "$1-[0-9]*" -type d | sort -V | tail -1)" "$source" && chmod -R u+w "$source"
    # Left out of the package; any key will do.
    mkdir -p "$source/tests/fixtures" && openssl genrsa 2048 2>/dev/null | openssl rsa -pubout >"$source/tests/fixtures/server-public-key.pem" 2>/dev/null
    if [ "$2" = tables ]; then
      find "$source/src" -name '*.rs' -print0 | xargs -0 sed -i -E 's/(CREATE|DROP) TEMPORARY /\1 /g; s/\bmysql\.(tbl|tmp|issue|found_rows|foo|x|TEST_TABLE|test)\b/\1/g'
    fi
  fi
  (cd "$source" && CARGO_TARGET_DIR=$sources/target-$2 cargo test --quiet --no-default-features --features "$3" --lib --no-run --message-format=json) |
    grep -oE '"executable":"[^"]+"' | tail -1 | cut -d'"' -f4
}
crate_suite() { # SUITE NAME tables|temporary FEATURES
  local program; program=$(crate "$2" "$3" "$4")
  : >"$folder/$1.log"
  sql "SET GLOBAL local_infile = 1"
  for test in $("$program" --list 2>/dev/null | sed -n 's/: test$//p'); do
    sql "DROP DATABASE IF EXISTS suites; CREATE DATABASE suites"
    (cd "$sources/$2-$3" && DATABASE_URL="mysql://root@$host:$port/suites" timeout 60 "$program" --exact "$test") >>"$folder/$1.log" 2>&1 </dev/null
  done
  sed -nE 's/^test (.*) \.\.\. FAILED.*/\1/p' "$folder/$1.log" | sort -u >"$folder/$1.failed"
  echo "$1: $(grep -cE '^test .* \.\.\. ok' "$folder/$1.log") passed, $(wc -l <"$folder/$1.failed") failed, $(grep -cE '^test .* \.\.\. ignored' "$folder/$1.log") skipped"
}
suite_rust() { crate_suite rust mysql temporary minimal-rust; }
suite_rust-async() { crate_suite rust-async mysql_async temporary minimal-rust,time,chrono; }
suite_rust-tables() { crate_suite rust-tables mysql tables minimal-rust; }
suite_rust-async-tables() { crate_suite rust-async-tables mysql_async tables minimal-rust,time,chrono; }

for suite in $suites; do "suite_$suite"; done
