//! Who is in the cluster, and who leads it.

use crate::QueryResult;

/// A member that clients can connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its id.
    pub id: u64,
    /// Where it takes clients, as the cluster knows it.
    pub address: String,
    /// Whether it has tables to read; a logger has not.
    pub is_readable: bool,
}

/// What is known of the cluster. `term` never goes down; `leader` is that of `term`, or not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Where the leader takes clients.
    pub leader: Option<String>,
    /// The newest term that was heard of.
    pub term: u64,
    /// The members; none until a node was asked.
    pub members: Vec<Member>,
}

/// Asks for the members.
pub(super) const MEMBERS_QUERY: &str =
    "SELECT SERVER_ID, SQL_ADDRESS, LOG_ONLY FROM information_schema.QUORATE_CLUSTER_MEMBERS";

/// Asks a node whether it leads, and whom it takes for the leader.
pub(super) const ROLE_QUERY: &str =
    "SELECT @@global.quorate_serving, @@global.quorate_leader, @@global.quorate_term";

/// What a node says to [`ROLE_QUERY`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleAnswer {
    /// It leads, and takes writes.
    pub is_serving: bool,
    /// Whom it takes for the leader.
    pub leader: Option<String>,
    /// Its term.
    pub term: u64,
}

impl RoleAnswer {
    pub(super) fn read(result: &QueryResult) -> RoleAnswer {
        let text = |column| result.text(0, column).unwrap_or_default();
        RoleAnswer {
            is_serving: text(0) == "1",
            leader: Some(text(1)).filter(|address| !address.is_empty()),
            term: text(2).parse().unwrap_or(0),
        }
    }
}

/// The answer to [`MEMBERS_QUERY`].
pub(super) fn read_members(result: &QueryResult) -> Vec<Member> {
    let member = |row| {
        let address = result.text(row, 1).filter(|address| !address.is_empty())?;
        let is_readable = result.text(row, 2).as_deref() == Some("No");
        Some(Member { id: result.text(row, 0)?.parse().ok()?, address, is_readable })
    };
    (0..result.rows.len()).filter_map(member).collect()
}

impl Topology {
    /// This node said that it leads; false when a newer leader is known.
    pub(super) fn leads(&mut self, address: &str, term: u64) -> bool {
        if term < self.term {
            return false;
        }
        self.term = term;
        self.leader = Some(address.to_owned());
        true
    }

    /// What is pushed by session tracking: `leader=1;term=7;1=host:port,2=host:port`, the leader's id empty or 0 when there is none.
    /// A text that cannot be read, or that is of an older term, changes nothing; false then.
    pub(super) fn take_pushed(&mut self, text: &str) -> bool {
        let mut pushed = Topology::default();
        let mut leader_id = 0;
        for part in text.split([';', ',']).map(str::trim).filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else { return false };
            match (name, name.parse::<u64>()) {
                ("leader", _) => leader_id = value.parse().unwrap_or(0),
                ("term", _) => match value.parse() {
                    Ok(term) => pushed.term = term,
                    Err(_) => return false,
                },
                (_, Ok(_)) if value.is_empty() => {}
                (_, Ok(id)) => {
                    // It does not say who is a logger: what is known of a member stays.
                    let known = self.members.iter().find(|member| member.id == id);
                    let is_readable = known.is_none_or(|member| member.is_readable);
                    pushed.members.push(Member { id, address: value.to_owned(), is_readable });
                }
                // What later versions say.
                (_, Err(_)) => {}
            }
        }
        if pushed.term < self.term || pushed.members.is_empty() {
            return false;
        }
        let leader = pushed.members.iter().find(|member| member.id == leader_id);
        pushed.leader = leader.map(|member| member.address.clone());
        *self = pushed;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: u64, address: &str) -> Member {
        Member { id, address: address.into(), is_readable: true }
    }

    #[test]
    fn what_is_pushed_replaces_what_is_older() {
        let mut topology = Topology::default();
        assert!(topology.take_pushed("leader=2;term=7;1=a:1,2=b:2"));
        let expected = Topology {
            leader: Some("b:2".into()),
            term: 7,
            members: vec![member(1, "a:1"), member(2, "b:2")],
        };
        assert_eq!(topology, expected);
        for ignored in ["leader=1;term=6;1=a:1", "leader=1;term=x;1=a:1", "", "nothing", "leader=1;term=8"] {
            assert!(!topology.take_pushed(ignored), "{ignored}");
            assert_eq!(topology, expected);
        }
        assert!(topology.take_pushed("leader=;term=8;more=later;1=a:1;3=[::1]:3"));
        assert_eq!(topology.leader, None);
        assert_eq!(topology.members, [member(1, "a:1"), member(3, "[::1]:3")]);
    }

    #[test]
    fn a_leader_of_an_older_term_is_none() {
        let mut topology = Topology::default();
        assert!(topology.leads("a:1", 4) && topology.leads("b:2", 5));
        assert!(!topology.leads("a:1", 4));
        assert_eq!(topology.leader.as_deref(), Some("b:2"));
    }
}
