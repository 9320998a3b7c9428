#!/usr/bin/env bash
# Unpacks Debian's mariadb-test packages (mysqltest and its scripts) into target/mtr, or $QUORATE_MTR. Nothing of them is kept in the repository.
#
# The scripts ask for MyISAM, Aria and MEMORY tables, which are not here: they get InnoDB instead, in the scripts and in what they expect. Nothing
# else is changed.
set -euo pipefail
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=${QUORATE_MTR:-${CARGO_TARGET_DIR:-$repository/target}/mtr}
[ -e "$folder/ready" ] && exit 0
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
rm -rf "$folder"
mkdir -p "$folder/packages"
ldconfig -p | grep -q libpcre2-posix || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libpcre2-posix3 >/dev/null
(cd "$folder/packages" && apt-get download -qq mariadb-test mariadb-test-data 2>/dev/null)
for package in "$folder"/packages/*.deb; do dpkg-deb -x "$package" "$folder/unpacked"; done
mv "$folder/unpacked/usr/share/mysql/mysql-test" "$folder/mysql-test"
mv "$folder/unpacked/usr/bin/mariadb-test" "$folder/mysqltest"
rm -rf "$folder/unpacked" "$folder/packages" "$folder/mysql-test/plugin"
find "$folder/mysql-test" \( -name '*.test' -o -name '*.inc' -o -name '*.result' \) -print0 |
  xargs -0 sed -i -E 's/\b(engine|type)( *= *| +)(myisam|aria|memory|heap)\b/\1\2InnoDB/gI; s/(default_storage_engine *= *)(myisam|aria|memory|heap)\b/\1InnoDB/gI'
touch "$folder/ready"
