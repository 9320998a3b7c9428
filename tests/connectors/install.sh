#!/usr/bin/env bash
# Installs what tests/connectors needs: install.sh [--all]
#
# From Debian's packages: PHP, Go, Java, Perl and their connectors, the MariaDB command line, libmariadb. From the registries of Python
# and Node: the versions in programs/requirements.txt and programs/package.json, into target/connectors (or $QUORATE_CONNECTORS), so that
# nothing of the machine's own is changed. With --all also the programs of Rust's connectors, which take a minute to build.
#
# The mysql command line of MySQL itself is in no package of this Debian: where there is one, QUORATE_MYSQL_CLI names it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
installed=${QUORATE_CONNECTORS:-$here/../../target/connectors}
mkdir -p "$installed"
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

missing=()
has() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }
for package in mariadb-client libmariadb-dev gcc libdbd-mysql-perl libdbd-mariadb-perl php-cli php-mysql golang-go \
               golang-github-go-sql-driver-mysql-dev libmariadb-java; do
  has "$package" || missing+=("$package")
done
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! cmp -s "$here/programs/requirements.txt" "$installed/requirements.txt"; then
  python3 -m venv "$installed/python"
  "$installed/python/bin/python3" -m pip install --quiet --disable-pip-version-check -r "$here/programs/requirements.txt"
  cp "$here/programs/requirements.txt" "$installed/requirements.txt"
fi
if ! cmp -s "$here/programs/package.json" "$installed/package.json" || [ ! -d "$installed/node_modules" ]; then
  rm -rf "$installed/node_modules"
  cp "$here/programs/package.json" "$installed/package.json"
  (cd "$installed" && npm install --silent --no-audit --no-fund --no-package-lock)
fi
if [ "${1:-}" = --all ]; then
  CARGO_TARGET_DIR=$installed/rust cargo build --quiet --locked --manifest-path "$here/programs/rust/Cargo.toml"
fi
