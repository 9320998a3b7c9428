//! Finding the leader and the members, and keeping what is known of them fresh.
//!
//! All nodes are asked at once, and those that they name; the first that says it leads, in no older term than is known, is
//! it. One search at a time; who comes meanwhile waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::task::JoinSet;

use super::retry::Backoff;
use super::topology::{MEMBERS_QUERY, ROLE_QUERY, RoleAnswer, read_members};
use super::{NodePool, Shared};
use crate::{Connection, Error, Options, Result, limits};

/// A node's answer, and the connection that it came by.
type Asked = (String, Result<(RoleAnswer, Connection)>);

impl Shared {
    /// The leader's pool; looks for a leader if none is known.
    pub(super) async fn leader(self: &Arc<Self>, deadline: Instant) -> Result<Arc<NodePool>> {
        let known = || self.topology.borrow().leader.clone().map(|address| self.pool(&address));
        if let Some(pool) = known() {
            return Ok(pool);
        }
        let waited = Instant::now();
        let Ok(_one_at_a_time) = tokio::time::timeout_at(deadline.into(), self.searching.lock()).await else {
            return Err(self.no_leader(waited, &HashMap::new()));
        };
        match known() {
            Some(pool) => Ok(pool),
            None => self.search(deadline).await,
        }
    }

    /// The leader at this address failed, or said that it is none.
    pub(super) fn leader_failed(&self, address: &str) {
        self.topology.send_if_modified(|topology| {
            let is_meant = topology.leader.as_deref() == Some(address);
            if is_meant {
                topology.leader = None;
            }
            is_meant
        });
    }

    /// The addresses given, and the members'.
    fn candidates(&self) -> Vec<String> {
        let mut all = self.seeds.clone();
        for member in &self.topology.borrow().members {
            if !all.contains(&member.address) {
                all.push(member.address.clone());
            }
        }
        all
    }

    async fn search(self: &Arc<Self>, deadline: Instant) -> Result<Arc<NodePool>> {
        let start = Instant::now();
        let mut said = HashMap::new();
        let mut backoff = Backoff::new();
        loop {
            let round = tokio::time::timeout_at(deadline.into(), self.search_once(&mut said)).await;
            match round {
                Ok(Ok(Some(pool))) => return Ok(pool),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(None)) | Err(_) => {}
            }
            if Instant::now() >= deadline {
                return Err(self.no_leader(start, &said));
            }
            backoff.pause(deadline).await;
        }
    }

    fn no_leader(&self, since: Instant, said: &HashMap<String, String>) -> Error {
        let line = |address: &String| {
            format!("{address} ({})", said.get(address).map_or("no answer", String::as_str))
        };
        let addresses = self.candidates().iter().map(line).collect::<Vec<_>>().join(", ");
        Error::NoLeader { waited_ms: since.elapsed().as_millis(), addresses }
    }

    /// One round: none when nobody leads.
    async fn search_once(
        self: &Arc<Self>,
        said: &mut HashMap<String, String>,
    ) -> Result<Option<Arc<NodePool>>> {
        let mut asked = self.candidates();
        let mut asking: JoinSet<Asked> = JoinSet::new();
        let spawn = |asking: &mut JoinSet<Asked>, address: &str| {
            asking.spawn(ask(address.to_owned(), self.options.connection.clone()));
        };
        asked.iter().for_each(|address| spawn(&mut asking, address));
        while let Some(joined) = asking.join_next().await {
            let Ok((address, answer)) = joined else { continue };
            match answer {
                Ok((role, connection)) if role.is_serving => {
                    let mut is_newest = false;
                    self.topology.send_if_modified(|topology| {
                        is_newest = topology.leads(&address, role.term);
                        is_newest
                    });
                    if is_newest {
                        self.learn_members(connection).await;
                        return Ok(Some(self.pool(&address)));
                    }
                    said.insert(address, format!("leads in term {}, which is over", role.term));
                }
                Ok((RoleAnswer { leader: Some(named), .. }, _)) => {
                    if !asked.contains(&named) && asked.len() < limits::SEARCHED_NODES_MAX {
                        spawn(&mut asking, &named);
                        asked.push(named.clone());
                    }
                    said.insert(address, format!("names {named}"));
                }
                Ok(_) => drop(said.insert(address, "knows no leader".to_owned())),
                // A wrong password does not become right by waiting, nor a certificate.
                Err(error @ Error::Tls { .. }) => return Err(error),
                Err(error) if error.code() == Some(ACCESS_DENIED) => return Err(error),
                Err(error) => drop(said.insert(address, error.to_string())),
            }
        }
        Ok(None)
    }

    /// Asks for the members on the connection that found the leader. That it fails does not matter: they are asked for again.
    async fn learn_members(&self, mut connection: Connection) -> Option<Connection> {
        connection.set_timeout(limits::PROBE_TIMEOUT);
        let members = read_members(&connection.query(MEMBERS_QUERY).await.ok()?);
        self.topology.send_if_modified(|topology| {
            let is_new = !members.is_empty() && topology.members != members;
            if is_new {
                topology.members = members;
            }
            is_new
        });
        Some(connection)
    }
}

async fn ask(address: String, options: Options) -> Asked {
    let options = Options { timeout: options.timeout.min(limits::ROLE_TIMEOUT), ..options };
    let answer = async {
        let mut connection = Connection::connect(&address, &options).await?;
        let role = RoleAnswer::read(&connection.query(ROLE_QUERY).await?);
        Ok((role, connection))
    };
    let answer = answer.await;
    (address, answer)
}

/// Asks the leader for news from time to time, for as long as somebody holds the cluster.
pub(super) async fn keep_fresh(shared: Weak<Shared>) {
    let mut observer: Option<Connection> = None;
    loop {
        let Some(pause) = shared.upgrade().map(|shared| shared.options.refresh_every) else { return };
        tokio::time::sleep(pause).await;
        let Some(shared) = shared.upgrade() else { return };
        shared.reap();
        observer = shared.refresh(observer.take()).await;
    }
}

impl Shared {
    async fn refresh(self: &Arc<Self>, observer: Option<Connection>) -> Option<Connection> {
        let deadline = Instant::now() + limits::ROLE_TIMEOUT;
        let pool = self.leader(deadline).await.ok()?;
        let connection = match observer.filter(|connection| connection.address() == pool.address) {
            Some(connection) => Ok(connection),
            None => {
                let timeout = limits::PROBE_TIMEOUT;
                let options = Options { timeout, ..self.options.connection.clone() };
                Connection::connect(&pool.address, &options).await
            }
        };
        let asked = async {
            let mut connection = connection?;
            connection.set_timeout(limits::PROBE_TIMEOUT);
            let role = RoleAnswer::read(&connection.query(ROLE_QUERY).await?);
            Ok::<_, Error>((role, connection))
        };
        match asked.await {
            Ok((role, connection)) if role.is_serving => {
                self.topology.send_if_modified(|topology| {
                    let is_new = topology.term < role.term;
                    topology.leads(&pool.address, role.term) && is_new
                });
                self.learn_members(connection).await
            }
            Ok(_) | Err(_) => {
                self.leader_failed(&pool.address);
                self.leader(Instant::now() + limits::ROLE_TIMEOUT).await.ok()?;
                None
            }
        }
    }
}

/// The number of the error that refuses a user or a password.
const ACCESS_DENIED: u16 = wire::mysql::error::code::ER_ACCESS_DENIED_ERROR;
