#!/usr/bin/env bash
# The test suites of ORMs, as their sources ship them, and TPC-C, against one server: run.sh HOST PORT FOLDER [SUITE…]
#
# Prints a line a suite, `SUITE: N passed, N failed, N skipped`, and leaves each suite's output in FOLDER/SUITE.log and the names of what failed in
# FOLDER/SUITE.failed, one a line and sorted: `comm -13 MYSQL/SUITE.failed OURS/SUITE.failed` is what fails on ours alone.
# The server is for tests only: root has no password, and databases whose names begin with orm_, and test_schema, go.
# Sources are fetched into target/orm (or $QUORATE_ORM) the first time: from the Python index (SQLAlchemy, Django), the Node registry, and the
# Git repositories of Sequelize and sysbench-tpcc. sysbench is the machine's own.
set -uo pipefail
host=$1 port=$2 folder=$(mkdir -p "$3" && cd "$3" && pwd)
shift 3
here=$(cd "$(dirname "$0")" && pwd)
installed=${QUORATE_ORM:-$here/../../target/orm}
mkdir -p "$installed" && installed=$(cd "$installed" && pwd)
python=$installed/python/bin/python3
suites=${*:-sqlalchemy sqlalchemy-mysql django sequelize tpcc}

sqlalchemy=2.0.52 django=5.2.19 sequelize=v6.37.5

sql() { mariadb --no-defaults -uroot -h "$host" -P "$port" --protocol=tcp -N -e "$1"; }

if [ ! -x "$python" ]; then
  python3 -m venv "$installed/python"
  "$python" -m pip install --quiet pytest "sqlalchemy==$sqlalchemy" "django==$django" pymysql mysqlclient cryptography
fi
source_of() { # PACKAGE VERSION: the folder of its source package
  local found
  found=$(find "$installed" -maxdepth 1 -iname "$1-$2" -type d | head -1)
  if [ -z "$found" ]; then
    "$python" -m pip download --quiet --no-deps --no-binary :all: -d "$installed" "$1==$2" >&2
    tar -xzf "$(find "$installed" -maxdepth 1 -iname "$1-$2.tar.gz")" -C "$installed"
    found=$(find "$installed" -maxdepth 1 -iname "$1-$2" -type d | head -1)
  fi
  echo "$found"
}
checkout_of() { # OWNER/NAME REVISION: the folder of a Git checkout
  local into=$installed/${1##*/}
  [ -d "$into" ] || git clone --quiet --depth 1 --branch "$2" "https://github.com/$1" "$into" >&2
  echo "$into"
}

sqlalchemy_tests() { # SUITE TESTS
  local source; source=$(source_of sqlalchemy "$sqlalchemy")
  sql "DROP DATABASE IF EXISTS orm_sqlalchemy; DROP DATABASE IF EXISTS test_schema"
  sql "CREATE DATABASE orm_sqlalchemy CHARACTER SET utf8mb4; CREATE DATABASE test_schema CHARACTER SET utf8mb4"
  (cd "$source" && timeout 900 "$python" -m pytest -p no:cacheprovider -q -rfE --tb=line --maxfail=10000 \
    --dburi "mysql+pymysql://root@$host:$port/orm_sqlalchemy?charset=utf8mb4" "$2") >"$folder/$1.log" 2>&1
  # The name of a test's class ends with the server's version.
  grep -aE '^(FAILED|ERROR) ' "$folder/$1.log" | sed -E 's/^[A-Z]+ //; s/ - .*//; s/_mysql\+[a-z]*[0-9_]*//' | sort -u >"$folder/$1.failed"
  local last
  last=$(grep -aE '(passed|failed|error).* in [0-9.]+' "$folder/$1.log" | tail -1)
  count() { grep -oE "[0-9]+ $1" <<<"$last" | grep -oE '[0-9]+' || echo 0; }
  echo "$1: $(count passed) passed, $(($(count failed) + $(count 'errors?'))) failed, $(count skipped) skipped"
}
suite_sqlalchemy() { sqlalchemy_tests sqlalchemy test/dialect/test_suite.py; }
suite_sqlalchemy-mysql() { sqlalchemy_tests sqlalchemy-mysql test/dialect/mysql; }

suite_django() { # Its tests that ask a database most, in databases of its own making.
  local source; source=$(source_of django "$django")
  sql "DROP DATABASE IF EXISTS orm_default; DROP DATABASE IF EXISTS orm_other"
  # shellcheck disable=SC2046
  (cd "$source/tests" && ORM_HOST=$host ORM_PORT=$port PYTHONPATH=$source:$here timeout "${ORM_DJANGO_SECONDS:-3600}" "$python" -W ignore \
    runtests.py --settings=django_settings --noinput --parallel 1 $(grep -v '^#' "$here/django_apps.txt")) >"$folder/django.log" 2>&1
  grep -aE '^(FAIL|ERROR): ' "$folder/django.log" | sed -E 's/^[A-Z]+: //' | sort -u >"$folder/django.failed"
  local ran failed skipped
  ran=$(grep -aoE '^Ran [0-9]+' "$folder/django.log" | grep -oE '[0-9]+')
  failed=$(wc -l <"$folder/django.failed")
  skipped=$(grep -aoE 'skipped=[0-9]+' "$folder/django.log" | grep -oE '[0-9]+')
  echo "django: $((${ran:-0} - failed - ${skipped:-0})) passed, $failed failed, ${skipped:-0} skipped"
}

suite_sequelize() { # Its integration tests; of its many packages only those that they need.
  local source; source=$(checkout_of sequelize/sequelize "$sequelize")
  if [ ! -d "$source/node_modules" ]; then
    (cd "$source" && node "$here/sequelize_packages.js" && npm install --silent --no-audit --no-fund && node node_modules/esbuild/install.js &&
      node build.js) >"$folder/sequelize.install.log" 2>&1
  fi
  sql "DROP DATABASE IF EXISTS orm_sequelize; CREATE DATABASE orm_sequelize"
  (cd "$source" && DIALECT=mysql SEQ_DB=orm_sequelize SEQ_USER=root SEQ_HOST=$host SEQ_PORT=$port timeout 1800 node node_modules/mocha/bin/mocha \
    --timeout 30000 -r ./test/registerEsbuild 'test/integration/**/*.test.[tj]s') >"$folder/sequelize.log" 2>&1
  awk '/^  [0-9]+ failing$/ { f = 1 } f && /^  [0-9]+\) /{ t = 1; sub(/^ *[0-9]+\) */, ""); n = $0; next }
       t && /:$/ { gsub(/^ +/, ""); print n " " $0; t = 0; next } t { gsub(/^ +/, ""); n = n " " $0 }' "$folder/sequelize.log" | sort -u >"$folder/sequelize.failed"
  count() { grep -aoE "^ +[0-9]+ $1" "$folder/sequelize.log" | grep -oE '[0-9]+' || echo 0; }
  echo "sequelize: $(count passing) passed, $(count failing) failed, $(count pending) skipped"
}

suite_tpcc() { # Percona's TPC-C for sysbench: one warehouse, foreign keys, and its checks of consistency.
  local source; source=$(checkout_of Percona-Lab/sysbench-tpcc master)
  sql "DROP DATABASE IF EXISTS orm_tpcc; CREATE DATABASE orm_tpcc"
  local options=(--db-driver=mysql --mysql-host="$host" --mysql-port="$port" --mysql-user=root --mysql-db=orm_tpcc --threads=2 --tables=1 --scale=1
    --use_fk="${ORM_TPCC_FOREIGN_KEYS:-1}")
  (cd "$source" && { ./tpcc.lua "${options[@]}" prepare && ./tpcc.lua "${options[@]}" --time="${ORM_TPCC_SECONDS:-20}" run &&
    ./tpcc.lua "${options[@]}" check; }) >"$folder/tpcc.log" 2>&1
  local passed failed rate
  passed=$(grep -acE ' (PASSED|OK)\b' "$folder/tpcc.log") failed=$(grep -acE 'FAILED|FATAL' "$folder/tpcc.log")
  rate=$(grep -aoE 'transactions: .*\([0-9.]+ per sec' "$folder/tpcc.log" | grep -oE '[0-9.]+ per sec')
  grep -aE 'FAILED|FATAL' "$folder/tpcc.log" | sort -u >"$folder/tpcc.failed"
  echo "tpcc: $passed checks passed, $failed failed, ${rate:-0} transactions per second"
}

for suite in $suites; do "suite_$suite"; done
