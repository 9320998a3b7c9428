//! LOAD DATA and SELECT … INTO with the clients that people have: against what a real MySQL answered, and when things go wrong midway.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails the test")]

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cluster_tests::question::scalar;
use cluster_tests::{Layout, TestCluster, program};

/// How long a statement that needs no luck may take to come so far.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cluster whose nodes may read and write files of a folder, and whose clients may send some.
struct Loaded {
    cluster: TestCluster,
    /// The folder; it goes with this.
    files: tempfile::TempDir,
}

fn start(count: u64) -> Loaded {
    start_with(count, &[])
}

fn start_with(count: u64, flags: &[&str]) -> Loaded {
    let files = tempfile::tempdir().unwrap();
    let folder = files.path().to_str().unwrap().to_owned();
    let own = ["--secure-file-priv", &folder, "--local-infile"];
    let cluster = Layout::of(count).flags(&[&own, flags].concat()).start();
    Loaded { cluster, files }
}

impl Loaded {
    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.files.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A pipe that a client can be told to send.
    fn pipe(&self) -> PathBuf {
        let path = self.files.path().join("pipe");
        program::succeed(Command::new("mkfifo").arg(&path));
        path
    }

    fn address(&self, id: u64) -> &str {
        &self.cluster.node(id).sql_address
    }

    /// The mariadb command line, told to run a statement; not waited for.
    fn mariadb(&self, id: u64, statement: &str) -> Child {
        let mut command = program::mariadb(self.address(id));
        command.args(["--local-infile=1", "-vv", "-e", statement]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Waits until a session of the node is in this state.
    fn wait_for_state(&self, id: u64, state: &str) {
        let mut connection = self.cluster.connect(id);
        self.wait_until(state, || {
            let shown = connection.query("SHOW PROCESSLIST").unwrap();
            (0..shown.rows.len()).any(|row| shown.text(row, 6).as_deref() == Some(state))
        });
    }

    fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let started = Instant::now();
        while !is_so() {
            assert!(started.elapsed() < PATIENCE, "waited in vain: {what}\n{}", self.cluster.logs());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn said(child: Child) -> (String, String, bool) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output.stdout), text(output.stderr), output.status.success())
}

/// Opens a pipe to write: returns once somebody reads it.
fn feed(pipe: &Path) -> File {
    File::options().write(true).open(pipe).unwrap()
}

fn lines(from: u32, to: u32) -> String {
    (from..to).map(|number| format!("{number}\tvalue {number}\n")).collect()
}

#[test]
fn the_answers_are_those_of_mysql() {
    let loaded = start(1);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let said = program::succeed(
        Command::new("python3")
            .arg(scripts.join("load_data.py"))
            .arg(loaded.address(1))
            .arg(loaded.files.path().canonicalize().unwrap()),
    );
    let expected = std::fs::read_to_string(scripts.join("load_data.txt")).unwrap();
    let mut case = "";
    assert!(expected.lines().count() > 900);
    for (number, (ours, theirs)) in said.lines().zip(expected.lines()).enumerate() {
        if theirs.starts_with("## ") {
            case = theirs;
        }
        assert_eq!(ours, theirs, "line {} of load_data.txt, {case}", number + 1);
    }
    assert_eq!(said.lines().count(), expected.lines().count());
}

#[test]
fn files_are_read_and_written_where_it_is_allowed_and_nowhere_else() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    let folder = loaded.files.path();
    let inside = loaded.file("in", "1\tone\n");
    let outside = loaded.cluster.folder().join("outside");
    std::fs::write(&outside, "2\ttwo\n").unwrap();
    std::os::unix::fs::symlink(&outside, folder.join("link")).unwrap();
    std::os::unix::fs::symlink(loaded.cluster.folder(), folder.join("way")).unwrap();
    let mut code = |statement: String| root.query(&statement).err().map_or(0, |error| error.code().unwrap());
    let load = |path: &Path| format!("LOAD DATA INFILE '{}' INTO TABLE d.t", path.display());
    assert_eq!(code(load(&inside)), 0);
    for refused in
        [&outside, &folder.join("link"), &folder.join("way/outside"), &folder.join("../x"), Path::new("in")]
    {
        assert_eq!(code(load(refused)), 1290, "{}", refused.display());
        let write = format!("SELECT * FROM d.t INTO OUTFILE '{}'", refused.display());
        let code = code(write);
        // The link is there already, whatever it leads to.
        assert!(code == 1290 || (code == 1086 && refused.ends_with("link")), "{}: {code}", refused.display());
    }
    let target = folder.join("out");
    let into = format!("INTO OUTFILE '{}'", target.display());
    // A row that fails takes the file with it.
    code("INSERT INTO d.t VALUES (2, 'b'), (3, 'c')".into());
    assert_eq!(
        code(format!("SELECT id, (SELECT id FROM d.t AS i WHERE i.id < o.id + 1) {into} FROM d.t AS o")),
        1242
    );
    assert!(!target.exists());
    assert_eq!(code(format!("SELECT id FROM d.t INTO DUMPFILE '{}'", target.display())), 1172);
    assert!(!target.exists());
    assert_eq!(code(format!("SELECT * FROM d.t {into}")), 0);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "1\tone\n2\tb\n3\tc\n");
    assert_eq!(code(format!("SELECT * FROM d.t {into}")), 1086);
    assert_eq!(
        scalar(&mut root, "SELECT @@secure_file_priv"),
        format!("{}/", folder.canonicalize().unwrap().display())
    );
    assert_eq!(root.query("SET GLOBAL secure_file_priv = '/'").unwrap_err().code(), Some(1238));

    let closed = TestCluster::start(1);
    let mut root = closed.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    assert_eq!(scalar(&mut root, "SELECT @@secure_file_priv"), "NULL");
    assert_eq!(root.query(&load(&inside)).unwrap_err().code(), Some(1290));
    assert_eq!(
        root.query(&format!("SELECT 1 INTO OUTFILE '{}'", folder.join("new").display())).unwrap_err().code(),
        Some(1290)
    );
    assert!(!folder.join("new").exists());
}

#[test]
fn local_files_are_off_until_both_sides_want_them() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    let file = loaded.file("in", "1\tone\n2\ttwo\n");
    let statement = format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", file.display());
    // Our driver cannot send files, and says so.
    assert_eq!(root.query(&statement).unwrap_err().code(), Some(3948));
    let (out, err, ok) = said(loaded.mariadb(1, &statement));
    assert!(ok && out.contains("Records: 2  Deleted: 0  Skipped: 0  Warnings: 0"), "{out}{err}");
    root.query("SET GLOBAL local_infile = OFF").unwrap();
    let (_, err, ok) = said(loaded.mariadb(1, &statement));
    assert!(!ok && err.contains("ERROR 3948 (42000)"), "{err}");
    root.query("SET GLOBAL local_infile = ON").unwrap();
    // A client that cannot read its file sends none, and goes on.
    let (out, err, _) = said(loaded.mariadb(1, "LOAD DATA LOCAL INFILE '/no/such/file' INTO TABLE d.t"));
    assert!(err.contains("'/no/such/file' not found"), "{out}{err}");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "2");
    let more = format!("{}; SELECT 'then', COUNT(*) FROM d.t", statement.replace("INTO", "REPLACE INTO"));
    let (out, err, ok) = said(loaded.mariadb(1, &more));
    assert!(ok && out.contains("Records: 2  Deleted: 0") && out.contains("then\t2"), "{out}{err}");

    let closed = TestCluster::start(1);
    assert_eq!(scalar(&mut closed.connect(1), "SELECT @@global.local_infile"), "0");
}

#[test]
fn mariadb_import_and_several_statements_in_one_packet() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.people (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(30), born DATE)")
        .unwrap();
    let file = loaded.file(
        "people.csv",
        "name,born\n\"Ada, Countess\",1815-12-10\n\"Grace\",1906-12-09\n\"Nobody\",\\N\n",
    );
    let (host, port) = program::split(loaded.address(1));
    let mut import = Command::new("mariadb-import");
    import.args(["--no-defaults", "-uroot", "-h", host, "-P", port, "--protocol=tcp", "--local"]);
    import.args(["--fields-terminated-by=,", "--fields-optionally-enclosed-by=\"", "--ignore-lines=1"]);
    import.args(["--columns=name,born", "d"]).arg(&file);
    let out = program::succeed(&mut import);
    assert!(out.contains("Records: 3  Deleted: 0  Skipped: 0  Warnings: 0"), "{out}");
    assert_eq!(
        scalar(
            &mut root,
            "SELECT GROUP_CONCAT(id, name, IFNULL(born, '-') ORDER BY id SEPARATOR '; ') FROM d.people"
        ),
        "1Ada, Countess1815-12-10; 2Grace1906-12-09; 3Nobody-"
    );
    let script = "
import pymysql, sys
from pymysql.constants import CLIENT
host, port = sys.argv[1].rsplit(':', 1)
c = pymysql.connect(host=host, port=int(port), user='root', local_infile=True, client_flag=CLIENT.MULTI_STATEMENTS).cursor()
load = \"LOAD DATA LOCAL INFILE '\" + sys.argv[2] + \"' INTO TABLE d.n\"
c.execute('CREATE TABLE d.n (a VARCHAR(30))')
c.execute('SELECT 1; ' + load + '; ' + load + ' IGNORE 1 LINES; SELECT COUNT(*) FROM d.n')
got = [c.fetchall()]
while c.nextset():
    got.append(c.fetchall() if c.description else c.rowcount)
assert got == [((1,),), 4, 3, ((7,),)], got
";
    program::succeed(Command::new("python3").args(["-c", script, loaded.address(1)]).arg(&file));
}

/// What the server cannot read twice is read once: a batch that waits for a lock runs again, and nothing else does.
#[test]
fn a_batch_that_meets_a_lock_runs_again_alone() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30), n INT)").unwrap();
    root.query("INSERT INTO d.t VALUES (7000, 'held', 0)").unwrap();
    root.query("BEGIN").unwrap();
    root.query("DELETE FROM d.t WHERE id = 7000").unwrap();
    let pipe = loaded.pipe();
    let load = format!(
        "SET @n = 0; LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t (@id, v) SET id = @id, n = (@n := @n + 1); SELECT @n",
        pipe.display()
    );
    let client = loaded.mariadb(1, &load);
    let mut feeder = feed(&pipe);
    // Row 3 twice, for a warning before the lock; row 6990 once more in the batch that waits.
    let text = format!("{}3\tagain\n{}6990\tagain\n", lines(0, 6995), lines(6995, 10_000));
    feeder.write_all(text.as_bytes()).unwrap();
    drop(feeder);
    loaded.wait_for_state(1, "waiting for lock");
    root.query("COMMIT").unwrap();
    let (out, err, ok) = said(client);
    assert!(ok && out.contains("Records: 10002  Deleted: 0  Skipped: 2  Warnings: 2"), "{out}{err}");
    assert!(out.contains("@n\n10002\n"), "{out}");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "10000");
    assert_eq!(scalar(&mut root, "SELECT n FROM d.t WHERE id = 9999"), "10001");
    assert_eq!(scalar(&mut root, "SELECT v FROM d.t WHERE id = 7000"), "value 7000");
}

#[test]
fn what_fails_midway_leaves_nothing_and_the_connection_goes_on() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    // Bytes that are no text in the middle of a file that is read on to its end.
    let mut bytes = lines(0, 50_000).into_bytes();
    bytes.extend_from_slice(b"50000\t\xff\n");
    bytes.extend_from_slice(lines(50_001, 300_000).as_bytes());
    let path = loaded.files.path().join("broken");
    std::fs::write(&path, bytes).unwrap();
    let load = format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", path.display());
    let rest = "SELECT COUNT(*) AS found FROM d.t;\nSELECT COUNT(*) AS marked FROM d.t WHERE id = -1";
    let statements = format!("BEGIN;\nINSERT INTO d.t VALUES (-1, 'mine');\n{load};\n{rest};\nCOMMIT");
    let mut client = program::mariadb(loaded.address(1));
    let child = client.args(["--local-infile=1", "-vv", "-e", &statements, "--force"]);
    let output = program::run(child);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(
        err.contains("ERROR 1300 (HY000)") && err.contains("Invalid utf8mb4 character string: ''"),
        "{out}{err}"
    );
    assert!(out.contains("found\n1\n") && out.contains("marked\n1\n"), "{out}{err}");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1");

    // KILL QUERY: the client hears of it when it has sent its file.
    let pipe = loaded.pipe();
    let load = format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", pipe.display());
    let mut client = program::mariadb(loaded.address(1));
    client.args(["--local-infile=1", "-e", &format!("{load};\nSELECT 'goes on'"), "--force"]);
    let child = client.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut feeder = feed(&pipe);
    feeder.write_all(lines(0, 5_000).as_bytes()).unwrap();
    loaded.wait_for_state(1, "reading the file");
    let id =
        scalar(&mut root, "SELECT id FROM information_schema.PROCESSLIST WHERE state = 'reading the file'");
    root.query(&format!("KILL QUERY {id}")).unwrap();
    loaded.wait_for_state(1, "reading the rest of the file");
    feeder.write_all(lines(5_000, 9_000).as_bytes()).unwrap();
    drop(feeder);
    let (out, err, _) = said(child);
    assert!(err.contains("ERROR 1317 (70100)") && out.contains("goes on"), "{out}{err}");
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1");
}

#[test]
fn a_client_that_vanishes_leaves_nothing() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    let pipe = loaded.pipe();
    let mut client =
        loaded.mariadb(1, &format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", pipe.display()));
    let mut feeder = feed(&pipe);
    feeder.write_all(lines(0, 50_000).as_bytes()).unwrap();
    loaded.wait_for_state(1, "reading the file");
    client.kill().unwrap();
    client.wait().unwrap();
    loaded.wait_until("the connection is gone", || {
        scalar(&mut root, "SELECT COUNT(*) FROM information_schema.PROCESSLIST") == "1"
    });
    // Its locks are gone with it.
    root.query("INSERT INTO d.t VALUES (1, 'free')").unwrap();
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1");
}

#[test]
fn a_leader_that_is_killed_midway_leaves_nothing() {
    let mut loaded = start(3);
    let leader = loaded.cluster.wait_for_leader(PATIENCE);
    let mut root = loaded.cluster.connect(leader);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(3000))").unwrap();
    root.query("INSERT INTO d.t VALUES (-1, 'before')").unwrap();
    let pipe = loaded.pipe();
    let client =
        loaded.mariadb(leader, &format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", pipe.display()));
    let mut feeder = feed(&pipe);
    // Past the bound at which it is written to the log in parts.
    let long = "x".repeat(2_900);
    for number in 0..20_000 {
        writeln!(feeder, "{number}\t{long}").unwrap();
    }
    loaded.wait_for_state(leader, "reading the file");
    loaded.cluster.kill(leader);
    drop(feeder);
    let (out, _, ok) = said(client);
    assert!(!ok, "{out}");
    let next = loaded.cluster.wait_for_leader(PATIENCE);
    assert_ne!(next, leader);
    let mut root = loaded.cluster.connect(next);
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1");
    loaded.cluster.start_node(leader);
    loaded.cluster.assert_equal_nodes(Duration::from_secs(60));
}

#[test]
fn a_leadership_that_moves_midway_is_an_error_and_nothing_else() {
    let loaded = start(3);
    let leader = loaded.cluster.wait_for_leader(PATIENCE);
    let mut root = loaded.cluster.connect(leader);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(30))").unwrap();
    let pipe = loaded.pipe();
    let client =
        loaded.mariadb(leader, &format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", pipe.display()));
    let mut feeder = feed(&pipe);
    feeder.write_all(lines(0, 20_000).as_bytes()).unwrap();
    loaded.wait_for_state(leader, "reading the file");
    // A node that does not lead asks for no file.
    let follower = loaded.cluster.others(&[leader])[1];
    let (_, err, ok) = said(loaded.mariadb(follower, "LOAD DATA LOCAL INFILE '/x' INTO TABLE d.t"));
    assert!(!ok && err.contains("ERROR 1290") && err.contains(loaded.address(leader)), "{err}");
    let next = loaded.cluster.others(&[leader])[0];
    root.query(&format!("CALL dbms_consensus.change_leader({next})")).unwrap();
    loaded.cluster.wait_for_leader_to_be(next, PATIENCE);
    feeder.write_all(lines(20_000, 40_000).as_bytes()).unwrap();
    drop(feeder);
    let (out, err, ok) = said(client);
    assert!(!ok && err.contains("ERROR 1053"), "{out}{err}");
    assert_eq!(scalar(&mut loaded.cluster.connect(next), "SELECT COUNT(*) FROM d.t"), "0");
    loaded.cluster.assert_equal_nodes(Duration::from_secs(60));
}

/// Peak of the memory that a process has had, MiB.
fn peak_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

#[test]
fn a_million_rows_are_one_change_in_bounded_memory() {
    // What the caches take does not depend on the file.
    let loaded = start_with(1, &["--engine-cache-mib", "64", "--store-memory-mib", "64"]);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(200))").unwrap();
    let path = loaded.files.path().join("million");
    let mut file = std::io::BufWriter::new(File::create(&path).unwrap());
    let filling = "y".repeat(150);
    for number in 0..1_000_000 {
        writeln!(file, "{number}\t{number}{filling}").unwrap();
    }
    file.into_inner().unwrap().sync_all().unwrap();
    let started = Instant::now();
    let (out, err, ok) =
        said(loaded.mariadb(1, &format!("LOAD DATA LOCAL INFILE '{}' INTO TABLE d.t", path.display())));
    assert!(ok && out.contains("Records: 1000000  Deleted: 0  Skipped: 0  Warnings: 0"), "{out}{err}");
    println!("loaded after {:?}", started.elapsed());
    assert_eq!(scalar(&mut root, "SELECT COUNT(*) FROM d.t"), "1000000");
    assert_eq!(scalar(&mut root, "SELECT SUM(id) FROM d.t"), "499999500000");
    let back = loaded.files.path().join("back");
    let wrote =
        root.query(&format!("SELECT * FROM d.t ORDER BY id INTO OUTFILE '{}'", back.display())).unwrap();
    assert_eq!(wrote.affected, 1_000_000);
    program::succeed(Command::new("cmp").arg(&path).arg(&back));
    let peak = peak_mib(loaded.cluster.process_id(1));
    println!("most memory: {peak} MiB");
    assert!(peak < 700, "{peak} MiB for a file of 160 MB");
}

/// A literal of any bytes.
fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("X'{digits}'")
}

/// A row of [`EVERY_TYPE`], some of it NULL.
fn any_row(number: u32) -> String {
    use rand::{Rng as _, SeedableRng as _};
    let mut random = rand::rngs::StdRng::seed_from_u64(number.into());
    let words = [
        "a", "NULL", "N", "\\N", ",", "\t", "\"", "'", "\\", "\n", "\r\n", "\0", ";;", ">", "ä", "🙂", " ",
        "0", "-1.5e3", "t", "\u{1a}",
    ];
    let mut text = || -> String {
        (0..random.random_range(0..5)).map(|_| words[random.random_range(0..words.len())]).collect()
    };
    let texts = [text(), text(), text(), text()];
    let bytes: Vec<u8> = (0..random.random_range(0..12)).map(|_| random.random()).collect();
    let (month, day, hour) =
        (random.random_range(1..13), random.random_range(1..29), random.random_range(0..24));
    let values = [
        random.random::<i8>().to_string(),
        random.random::<u16>().to_string(),
        random.random_range(-8_388_608..8_388_608).to_string(),
        random.random::<i64>().to_string(),
        random.random::<u64>().to_string(),
        format!("{}.{:03}", random.random_range(-99_999..99_999), random.random_range(0..1_000)),
        format!("{}.25", random.random_range(-1_000..1_000)),
        format!("{:e}", random.random_range(-1e200..1e200)),
        format!("CONVERT({} USING utf8mb4)", hex(texts[0].as_bytes())),
        format!("CONVERT({} USING utf8mb4)", hex(texts[1].as_bytes())),
        format!("CONVERT({} USING utf8mb4)", hex(texts[2].trim_end().as_bytes())),
        hex(&bytes),
        hex(&[texts[3].as_bytes(), &bytes].concat()),
        hex(&bytes[..bytes.len().min(8)]),
        format!("'2{number:03}-{month:02}-{day:02}'"),
        format!("'-{hour}:{day}:{month}.{:06}'", random.random_range(0..1_000_000)),
        format!(
            "'1{number:03}-{month:02}-{day:02} {hour:02}:{day:02}:{month:02}.{:03}'",
            random.random_range(0..1_000)
        ),
        format!("'2020-{month:02}-{day:02} {hour:02}:{day:02}:{month:02}'"),
        random.random_range(1901..2156).to_string(),
    ];
    let values = values.map(|value| if random.random_ratio(1, 8) { "NULL".to_owned() } else { value });
    format!("({number}, {})", values.join(", "))
}

const EVERY_TYPE: &str = "id INT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d BIGINT, e BIGINT UNSIGNED, f DECIMAL(9,3), g FLOAT, h DOUBLE, \
     i VARCHAR(200), j TEXT, k CHAR(100), l VARBINARY(50), m BLOB, n BINARY(8), o DATE, p TIME(6), q DATETIME(3), r TIMESTAMP NULL, s YEAR";

#[test]
fn rows_of_every_type_come_back_as_they_were() {
    let loaded = start(1);
    let mut root = loaded.cluster.connect(1);
    root.query("CREATE DATABASE d").unwrap();
    root.query("USE d").unwrap();
    root.query(&format!("CREATE TABLE original ({EVERY_TYPE})")).unwrap();
    root.query("CREATE TABLE copy LIKE original").unwrap();
    let rows: Vec<String> = (0..400).map(any_row).collect();
    root.query(&format!("INSERT INTO original VALUES {}", rows.join(", "))).unwrap();
    let same: Vec<String> = "abcdefghijklmnopqrs"
        .chars()
        .map(|c| format!("CAST(x.{c} AS BINARY) <=> CAST(y.{c} AS BINARY)"))
        .collect();
    let equal = format!(
        "SELECT COUNT(*) FROM original AS x JOIN copy AS y ON x.id = y.id AND {}",
        same.join(" AND ")
    );
    for (number, format) in [
        "",
        "FIELDS TERMINATED BY ',' ENCLOSED BY '\"'",
        "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' LINES TERMINATED BY '\\r\\n'",
        "FIELDS TERMINATED BY ';;' ENCLOSED BY '' LINES STARTING BY '>' TERMINATED BY '--\\n'",
        "FIELDS TERMINATED BY '|' ESCAPED BY '!'",
        "FIELDS TERMINATED BY ',' ENCLOSED BY '\\'' ESCAPED BY '#' LINES STARTING BY 'row ' TERMINATED BY ';'",
        "FIELDS TERMINATED BY 't' ENCLOSED BY 'N' LINES TERMINATED BY '\\n'",
        "FIELDS TERMINATED BY X'07' LINES TERMINATED BY X'0C'",
    ]
    .iter()
    .enumerate()
    {
        let path = loaded.files.path().join(format!("out{number}"));
        let (path, binary) = (path.display(), "CHARACTER SET binary");
        root.query(&format!("SELECT * FROM original INTO OUTFILE '{path}' {format}")).unwrap();
        root.query("DELETE FROM copy").unwrap();
        let read = root.query(&format!("LOAD DATA INFILE '{path}' INTO TABLE copy {binary} {format}")).unwrap();
        assert_eq!(read.affected, 400, "{format}");
        assert_eq!(scalar(&mut root, &equal), "400", "{format}");
    }
}
