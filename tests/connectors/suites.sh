#!/usr/bin/env bash
# The connectors' own test-suites, as their source packages ship them, against one server: suites.sh HOST PORT FOLDER [SUITE…]
#
# Prints a line a suite, `SUITE: N passed, N failed, N skipped`, and leaves each suite's output in FOLDER/SUITE.log and the names of what
# failed in FOLDER/SUITE.failed, one a line and sorted: `comm -13 MYSQL/SUITE.failed OURS/SUITE.failed` is what fails on ours alone.
# The server is for tests only: the account root has no password, and the databases test, test1, test2 and gotest go.
# Packages are fetched into target/connectors/suites (or $QUORATE_CONNECTORS/suites) the first time.
set -uo pipefail
host=$1 port=$2 folder=$(mkdir -p "$3" && cd "$3" && pwd)
shift 3
repository=$(cd "$(dirname "$0")/../.." && pwd)
installed=${QUORATE_CONNECTORS:-$repository/target/connectors}
sources=$installed/suites
python=$installed/python-suites/bin/python3
mkdir -p "$sources"
suites=${*:-mysqlclient go}

sql() { mariadb --no-defaults -uroot -h "$host" -P "$port" --protocol=tcp -N -e "$1"; }
databases() {
  for database in test test1 test2; do
    sql "DROP DATABASE IF EXISTS $database; CREATE DATABASE $database"
  done
}

# A virtual environment of the suites' own: some ask for other versions than the matrix.
if [ ! -x "$python" ]; then
  python3 -m venv "$installed/python-suites"
  "$python" -m pip install --quiet pytest pytest-timeout mysqlclient sqlalchemy
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
  sql "DROP DATABASE IF EXISTS gotest; CREATE DATABASE gotest"
  local copy=$sources/go
  mkdir -p "$copy/src/github.com/go-sql-driver"
  cp -r /usr/share/gocode/src/github.com/go-sql-driver/mysql "$copy/src/github.com/go-sql-driver/"
  (cd "$copy/src/github.com/go-sql-driver/mysql" && GO111MODULE=off GOFLAGS= GOPATH=$copy:/usr/share/gocode MYSQL_TEST_USER=root MYSQL_TEST_PASS= \
    MYSQL_TEST_PROT=tcp MYSQL_TEST_ADDR="$host:$port" MYSQL_TEST_DBNAME=gotest timeout 600 go test -v .) >"$folder/go.log" 2>&1
  grep -E '^ *--- FAIL' "$folder/go.log" | awk '{ print $3 }' | sort -u >"$folder/go.failed"
  echo "go: $(grep -cE '^--- PASS' "$folder/go.log") passed, $(grep -cE '^--- FAIL' "$folder/go.log") failed, $(grep -cE '^--- SKIP' "$folder/go.log") skipped"
}

for suite in $suites; do "suite_$suite"; done
