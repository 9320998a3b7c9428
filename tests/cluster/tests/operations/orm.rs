//! SQLAlchemy and Django against a cluster: what an application does through them, all migrations of Django's own applications among it.
//!
//! The script passes against MySQL 9.7 as it is. The suites of the ORMs themselves, which take longer, are run by `tests/orm/run.sh`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use cluster_tests::{TestCluster, program};

#[test]
fn sqlalchemy_and_django_work_as_with_mysql() {
    let cluster = TestCluster::start(3);
    let address = &cluster.node(cluster.wait_for_leader(Duration::from_secs(5))).sql_address;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/orm.py");
    let output = program::run(Command::new("python3").arg(script).args([address.as_str(), "orm_tour"]));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    cluster.assert_equal_nodes(Duration::from_secs(20));
}
