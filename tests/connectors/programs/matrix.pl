# The cells of the matrix for Perl's DBD::mysql and DBD::MariaDB: `matrix.pl DBD-mysql|DBD-MariaDB cells|failover|version`.
# What a cell is: ../src/lib.rs.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use Time::HiRes qw(sleep time);

$| = 1;
binmode STDOUT, ':utf8';
my ($name, $mode, @only) = @ARGV;
my $is_maria = $name eq 'DBD-MariaDB';
my ($driver, $prefix) = $is_maria ? ('MariaDB', 'mariadb') : ('mysql', 'mysql');

sub env { my $value = $ENV{"MATRIX_$_[0]"} // ''; utf8::decode($value); return $value }
sub skip { die { skip => $_[0] } }

sub check {
    my ($found, $wanted, $what) = @_;
    my ($a, $b) = map { defined $_ ? "$_" : 'NULL' } $found, $wanted;
    die "$what: " . substr($a, 0, 150) . ', not ' . substr($b, 0, 150) . "\n" if $a ne $b;
}

my @columns = map { [split /:/] } split /,/, env('COLUMNS');
my $names = join ', ', map { $_->[0] } @columns;

sub connect_to {
    my (%o) = @_;
    my $port = $o{port} // env('PORT');
    my $source = "DBI:$driver:database=" . env('DATABASE') . ";host=" . env('HOST') . ";port=$port;${prefix}_connect_timeout=3;${prefix}_read_timeout=20";
    $source .= ";${prefix}_server_prepare=1" if $o{prepared};
    $source .= ";${prefix}_ssl=1;${prefix}_ssl_optional=1" if $o{tls};
    $source .= ";${prefix}_compression=1" if $o{compress};
    $source .= ";${prefix}_local_infile=1" if $o{local};
    $source .= ";${prefix}_client_found_rows=" . ($o{found} ? 1 : 0);
    $source .= ";${prefix}_multi_statements=1" if $o{multi};
    $source .= ";mariadb_max_allowed_packet=67108864" if $is_maria;
    my %attributes = (RaiseError => 1, PrintError => 0, AutoCommit => 1);
    $attributes{mysql_enable_utf8mb4} = 1 unless $is_maria;
    return DBI->connect($source, $o{user} // 'root', $o{password} // '', \%attributes);
}

sub scalar_of { my ($db, $query, @values) = @_; return ($db->selectrow_array($query, undef, @values))[0] }

sub login {
    my ($user, $tls) = @_;
    skip('this server has no mysql_native_password') if $user eq '';
    my $db = connect_to(user => $user, password => env('PASSWORD'), tls => $tls);
    check(scalar_of($db, 'SELECT CURRENT_USER()'), "$user\@%", 'who it is');
    my ($key, $cipher) = $db->selectrow_array("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    check($cipher ne '' ? 1 : 0, $tls, 'encrypted');
}

sub types {
    my ($prepared, $is_null, @ids) = @_;
    my $db = connect_to(prepared => $prepared);
    for my $id (@ids) {
        my @texts = $is_null ? () : split /\t/, env('ROW_' . $id % 10), -1;
        $db->do('DELETE FROM written WHERE id = ?', undef, $id);
        my $insert = $db->prepare("INSERT INTO written (id, $names) VALUES (?" . ', ?' x @columns . ')');
        $insert->bind_param(1, $id, SQL_INTEGER);
        for my $i (0 .. $#columns) {
            my ($column, $kind) = @{ $columns[$i] };
            my $text = $is_null ? undef : $texts[$i];
            my $type = $kind eq 'i' ? SQL_BIGINT : $kind eq 'f' ? SQL_DOUBLE : $kind eq 'b' ? SQL_BLOB : SQL_VARCHAR;
            # Perl's integers are signed here: as text above 2^63.
            $type = SQL_VARCHAR if $column eq 'u64';
            $text = pack 'H*', $text if defined $text && $kind eq 'b';
            $insert->bind_param($i + 2, $text, $type);
        }
        $insert->execute;
        check(scalar_of($db, env('SAME') . $id), 1, "row $id as the server has it");
        for my $pair (['expected', $id % 10], ['written', $id]) {
            my @row = $db->selectrow_array("SELECT $names FROM $pair->[0] WHERE id = ?", undef, $pair->[1]);
            check(scalar @row, scalar @columns, 'columns');
            for my $i (0 .. $#columns) {
                my ($column, $kind) = @{ $columns[$i] };
                my ($value, $wanted) = ($row[$i], $is_null ? undef : $texts[$i]);
                $value = unpack 'H*', $value if defined $value && $kind eq 'b';
                ($value, $wanted) = ($value + 0, $wanted + 0) if defined $wanted && $kind eq 'f';
                check($value, $wanted, "$pair->[0] $column");
            }
        }
    }
}

sub zero_dates {
    for my $prepared (0, 1) {
        my $db = connect_to(prepared => $prepared);
        $db->do("SET sql_mode = ''");
        $db->do('REPLACE INTO zero VALUES (1, ?, ?)', undef, '0000-00-00', '0000-00-00 00:00:00');
        check(join('/', $db->selectrow_array('SELECT d, t FROM zero WHERE id = ?', undef, 1)), '0000-00-00/0000-00-00 00:00:00', 'read');
    }
}

sub warnings_ {
    my $db = connect_to();
    my $statement = $db->prepare('SELECT 1/0');
    $statement->execute;
    $statement->fetchall_arrayref;
    check($statement->{"${prefix}_warning_count"}, 1, 'count');
    check(join('/', $db->selectrow_array('SHOW WARNINGS')), 'Warning/1365/Division by 0', 'warning');
}

sub errors {
    my @cases = (['SELECT * FROM missing', 1146, '42S02', "Table '" . env('DATABASE') . ".missing' doesn't exist"],
        ['INSERT INTO counts (id) VALUES (1)', 1062, '23000', "Duplicate entry '1' for key 'counts.PRIMARY'"],
        ['SELECT nothing FROM counts', 1054, '42S22', "Unknown column 'nothing' in 'field list'"]);
    for my $prepared (0, 1) {
        my $db = connect_to(prepared => $prepared);
        for my $case (@cases) {
            my ($text, @wanted) = @$case;
            my ($statement, @found) = eval { $db->prepare($text) };
            if ($statement) { eval { $statement->execute; 1 } and die "no error: $text\n" }
            my $at = $statement && $statement->err ? $statement : $db;
            check(join('/', $at->err, $at->state, $at->errstr), join('/', @wanted), $text);
        }
    }
}

sub multi {
    my $db = connect_to(multi => 1);
    my $statement = $db->prepare("SELECT 1; SELECT 2; SELECT nothing FROM counts; SELECT 3");
    $statement->execute;
    my @found = ($statement->fetchrow_array);
    $statement->more_results;
    push @found, $statement->fetchrow_array;
    check(join('/', @found), '1/2', 'results');
    eval { $statement->more_results };
    check($statement->err, 1054, 'error of the third');
    $db = connect_to();
    check(scalar_of($db, 'SELECT 4'), 4, 'afterwards');
}

sub big {
    my $text = '0123456789abcdef' x (17 * 65536);
    for my $prepared (0, 1) {
        my $db = connect_to(prepared => $prepared);
        my $back = scalar_of($db, 'SELECT ? AS v', $text);
        check(length $back, length $text, 'length');
        check($back eq $text ? 1 : 0, 1, 'the same');
    }
}

sub transactions {
    my $db = connect_to();
    my $count = sub { scalar_of($db, 'SELECT COUNT(*) FROM transactions') };
    my $insert = 'INSERT INTO transactions (v) VALUES (1)';
    $db->do('DELETE FROM transactions');
    $db->begin_work;
    $db->do($insert);
    $db->rollback;
    check($count->(), 0, 'rows after rollback');
    $db->{AutoCommit} = 0;
    $db->do($insert);
    $db->do('SAVEPOINT here');
    $db->do($insert);
    $db->do('ROLLBACK TO SAVEPOINT here');
    $db->commit;
    check($count->(), 1, 'rows after commit');
    $db->rollback;
    $db->{AutoCommit} = 1;
}

sub counts {
    for my $case ([0, '0E0'], [1, 2]) {
        my $db = connect_to(found => $case->[0]);
        my $statement = $db->prepare('UPDATE counts SET v = 1 WHERE id IN (1, 2)');
        check($statement->execute, $case->[1], 'affected rows');
        check($db->{"${prefix}_info"}, 'Rows matched: 2  Changed: 0  Warnings: 0', 'info');
    }
    for my $prepared (0, 1) {
        my $db = connect_to(prepared => $prepared);
        $db->do('TRUNCATE TABLE numbered');
        check($db->do('INSERT INTO numbered (v) VALUES (?), (?), (?)', undef, 1, 2, 3), 3, 'affected rows');
        check($db->last_insert_id(undef, undef, undef, undef), 1, 'last id');
    }
}

sub load_data {
    my $db = connect_to(local => 1);
    $db->do('DELETE FROM loaded');
    check($db->do("LOAD DATA LOCAL INFILE '" . env('FILE') . "' INTO TABLE loaded FIELDS TERMINATED BY ','"), 3, 'affected rows');
    check(scalar_of($db, 'SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded'), '36two', 'loaded');
}

sub compression {
    my $db = connect_to(compress => 1);
    check(($db->selectrow_array("SHOW SESSION STATUS LIKE 'Compression'"))[1], 'ON', 'status');
    my $text = 'quorate ' x 200_000;
    check(scalar_of($db, 'SELECT ?', $text) eq $text ? 1 : 0, 1, 'the same');
}

# Writes rows one by one, and goes to the next address when one fails.
sub failover {
    my @ports = map { /:(\d+)$/ } split /,/, env('ADDRESSES');
    my ($until, $at, $key, $moved, $doubt, $db) = (time + 60, 0, 1, 0, 0, undef);
    while ((!$moved || $key <= $moved + 20) && time < $until) {
        my $done = eval {
            $db //= connect_to(port => $ports[$at % @ports]);
            my $there = $doubt ? scalar_of($db, "SELECT COUNT(*) FROM failover WHERE k = $key FOR UPDATE") : 0;
            $db->do("INSERT INTO failover (k) VALUES ($key)") if !$there;
            1;
        };
        if ($done) {
            print "ACK $key\n";
            $moved = $key if $doubt && $key > 1;
            $key++;
            $doubt = 0;
            sleep 0.005;
        } else {
            eval { $db->disconnect } if $db;
            ($db, $doubt) = (undef, 1);
            $at++;
            sleep 0.05;
        }
    }
    print $moved ? "failover ok\n" : "failover fail: it never went on elsewhere\n";
}

my @cells = (
    ['plain-native', sub { login(env('NATIVE_USER'), 0) }], ['plain-sha2', sub { login(env('SHA2_PLAIN_USER'), 0) }],
    ['plain-sha2-again', sub { login(env('SHA2_PLAIN_USER'), 0) }], ['tls-native', sub { login(env('NATIVE_USER'), 1) }],
    ['tls-sha2', sub { login(env('SHA2_TLS_USER'), 1) }], ['tls-sha2-again', sub { login(env('SHA2_TLS_USER'), 1) }],
    ['text', sub { types(0, 0, 1, 2) }], ['prepared', sub { types(1, 0, 11, 12) }], ['nulls', sub { types(0, 1, 3); types(1, 1, 13) }],
    ['zero-dates', \&zero_dates], ['warnings', \&warnings_], ['errors', \&errors], ['multi', \&multi], ['big', \&big],
    ['cursor', sub { skip('has no server-side cursors') }], ['transactions', \&transactions], ['pool', sub { skip('has no pool') }],
    ['counts', \&counts], ['load-data', \&load_data], ['compression', \&compression],
    ['reset', sub { skip('has neither change user nor reset connection') }],
);

DBI->install_driver($driver);
no strict 'refs';
print 'version ', ${"DBD::${driver}::VERSION"}, "\n";
failover() if $mode eq 'failover';
for my $cell ($mode eq 'cells' ? @cells : ()) {
    my ($label, $work) = @$cell;
    next if @only && !grep { $_ eq $label } @only;
    if (eval { local $SIG{__WARN__} = sub { }; $work->(); 1 }) { print "$label ok\n"; next }
    my $error = $@;
    if (ref $error eq 'HASH') { print "$label skip: $error->{skip}\n"; next }
    $error =~ s/\s+/ /g;
    print "$label fail: ", substr($error, 0, 300), "\n";
}
