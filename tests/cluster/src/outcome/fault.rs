//! What happens to the nodes.

use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;

use super::clients::Clients;
use crate::TestCluster;

/// How long it may take until a leader serves again.
pub const FAILOVER_MAX: Duration = Duration::from_secs(15);
/// Transactions that have to be acknowledged while a node is gone.
const MEANWHILE: u64 = 20;

/// A failure, from its beginning to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL of the leader.
    Kill,
    /// SIGSTOP of the leader until another one leads.
    Pause,
    /// The leader is cut off from the others until another one leads.
    Isolation,
    /// SIGKILL of all nodes at once.
    AllAtOnce,
    /// The leadership is handed over.
    Transfer,
    /// SIGSTOP of all followers: no quorum for some seconds.
    NoQuorum,
    /// SIGKILL of the leader and, when it has just begun, of the next one.
    TwoLeaders,
    /// SIGKILL of the leader while it hands over.
    KillInTransfer,
    /// SIGSTOP of the leader for about as long as others wait before they stand.
    Hiccup,
    /// One node hears the others and is not heard, or the other way round.
    OneWay,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 10] = [
        Fault::Kill,
        Fault::Pause,
        Fault::Isolation,
        Fault::AllAtOnce,
        Fault::Transfer,
        Fault::NoQuorum,
        Fault::TwoLeaders,
        Fault::KillInTransfer,
        Fault::Hiccup,
        Fault::OneWay,
    ];

    /// Whether it needs a network that can be cut.
    #[must_use]
    pub fn needs_network(self) -> bool {
        matches!(self, Fault::Isolation | Fault::OneWay)
    }

    /// Lets it happen. All nodes run and reach each other afterwards; what it was to whom is returned.
    ///
    /// # Panics
    /// When there is no leader in time.
    pub fn happen(self, cluster: &mut TestCluster, clients: &Clients, random: &mut StdRng) -> String {
        let leader = cluster.wait_for_leader(FAILOVER_MAX);
        let others = cluster.others(&[leader]);
        let any = others[random.random_range(0..others.len())];
        match self {
            Fault::Kill => {
                cluster.kill(leader);
                let next = cluster.wait_for_leader(FAILOVER_MAX);
                clients.progress(MEANWHILE, cluster);
                cluster.start_node(leader);
                format!("n{leader} killed, n{next} leads")
            }
            Fault::Pause => {
                cluster.pause(leader);
                let next = another_leader(cluster, &others);
                pause(random, 0, 1_500);
                cluster.resume(leader);
                format!("n{leader} paused, n{next} leads")
            }
            Fault::Isolation => {
                cluster.network().isolate(&[leader]);
                let next = another_leader(cluster, &others);
                clients.progress(MEANWHILE, cluster);
                pause(random, 0, 1_500);
                cluster.network().heal();
                format!("n{leader} cut off, n{next} leads")
            }
            Fault::AllAtOnce => {
                cluster.kill_all();
                for id in cluster.nodes.iter().map(|node| node.id).collect::<Vec<_>>() {
                    cluster.start_node(id);
                }
                "all killed".to_owned()
            }
            Fault::Transfer => {
                // It may be refused, by a node that is not up to it.
                let answer = cluster.call(leader, &format!("change_leader({any})"));
                format!("n{leader} hands over to n{any}: {}", said(&answer))
            }
            Fault::NoQuorum => {
                others.iter().for_each(|id| cluster.pause(*id));
                pause(random, 300, 4_000);
                others.iter().for_each(|id| cluster.resume(*id));
                format!("n{leader} alone")
            }
            Fault::TwoLeaders => {
                cluster.kill(leader);
                let next = another_leader(cluster, &others);
                cluster.start_node(leader);
                pause(random, 0, 200);
                cluster.kill(next);
                pause(random, 0, 300);
                cluster.start_node(next);
                format!("n{leader} and n{next} killed")
            }
            Fault::KillInTransfer => {
                let address = cluster.node(leader).client_address.clone();
                let asked = std::thread::spawn(move || {
                    let call = format!("CALL dbms_consensus.change_leader({any})");
                    let connection = crate::connect(&address, FAILOVER_MAX);
                    connection.and_then(|mut connection| connection.query(&call)).map(|_| None)
                });
                pause(random, 0, 60);
                cluster.kill(leader);
                cluster.start_node(leader);
                let answer = asked.join().expect("the thread that asks");
                format!("n{leader} killed as it hands over to n{any}: {}", said(&answer))
            }
            Fault::Hiccup => {
                cluster.pause(leader);
                pause(random, 200, 1_200);
                cluster.resume(leader);
                format!("n{leader} stops for a moment")
            }
            Fault::OneWay => {
                let is_mute = random.random::<bool>();
                for other in &others {
                    let (from, to) = if is_mute { (leader, *other) } else { (*other, leader) };
                    cluster.network().cut_one_way(from, to);
                }
                pause(random, 300, 3_000);
                cluster.network().heal();
                format!("n{leader} {}", if is_mute { "is not heard" } else { "hears nobody" })
            }
        }
    }
}

fn said(answer: &client::blocking::Result<Option<String>>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn pause(random: &mut StdRng, least_ms: u64, most_ms: u64) {
    std::thread::sleep(Duration::from_millis(random.random_range(least_ms..=most_ms)));
}

/// Waits until one of these serves.
fn another_leader(cluster: &TestCluster, among: &[u64]) -> u64 {
    let started = Instant::now();
    loop {
        let serves = |id: &&u64| cluster.value(**id, "SELECT @@quorate_serving").as_deref() == Some("1");
        if let Some(id) = among.iter().find(serves) {
            return *id;
        }
        assert!(started.elapsed() < FAILOVER_MAX, "no leader among {among:?}\n{}", cluster.logs());
        std::thread::sleep(Duration::from_millis(10));
    }
}
