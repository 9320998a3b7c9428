//! Runs the golden scripts in `tests/scripts`. The file name is the scenario, its first line the claim.
//! `UPDATE_GOLDENFILES=1 cargo test -p consensus --test scripts` rewrites them; the reviewer reads the difference.
//!
//! Commands (`N`, `M` are nodes):
//!
//! ```text
//! cluster nodes=3 [batch=N] [window=N] [lag=N]   new nodes with empty logs, all founding members
//!     [weights=9.5.1] [log=3] [strong=2.3] [learners=4.5]   by node, in lists with dots
//! join N                  a new node that was told nothing yet
//! node N terms=1.1.2 term=T [vote=M] [commit=I] [young=true]   the node started long ago (or now) with this log and hard state
//! tick N [COUNT]          time passes for one node
//! pass COUNT              time passes for all nodes, and everything arrives after every tick
//! stand N                 time passes for one node until its election timer runs out
//! propose N PAYLOAD...    [term=T] [first=I]
//! fill N COUNT            proposes COUNT payloads at once
//! deliver [from=N] [to=M] [count=C]      everything that matches, and what follows from it
//! drop [from=N] [to=M]    what is on the way is lost
//! cut N M | oneway N M | isolate N | heal
//! hold N | sync N [upto=SEQ] | release N  the disk of a node
//! crash N | restart N [commit=I]
//! connect N M | disconnect N M           what the driver of N tells about its link to M
//! change N add M [source=S] [log=true] | promote M | demote M | remove M | weight M W | strong M true
//!     | source M [S] [group=S.S] | address M     asks N for a change of the members and proposes it
//! transfer N [M] | cancel N
//! read N TICKET...
//! applied N I | purge N I
//! stage N of=M            node N gets a snapshot of all that M has committed
//! heartbeat | commit | ack | vote | append | timeout | feed | subscribe | reply   a message made by hand: from=N to=M term=T
//!     and its numbers
//! status [N] | members N
//! ```

#![expect(clippy::unwrap_used, reason = "a test harness: a failure to write or read is a failed test")]

#[expect(dead_code, reason = "shared: each of the tests uses a part")]
mod cluster;
mod text;

use std::error::Error;
use std::path::Path;

use cluster::Cluster;
use consensus::{
    Change, Config, Entry, EntryKind, HardState, Input, LogIndex, Member, Membership, Message, NodeId,
    Proposal, Role, Term,
};
use goldenscript::{ArgumentConsumer, Command, Runner};

/// How long a script may let time pass before it is taken for a mistake.
const TICKS_MAX: u32 = 1_000;

#[derive(Default)]
struct Script {
    cluster: Cluster,
}

type Output = Result<String, Box<dyn Error>>;

fn position(args: &mut ArgumentConsumer<'_>) -> Result<u64, Box<dyn Error>> {
    args.next_pos().ok_or("a node number is missing")?.parse()
}

fn number(args: &mut ArgumentConsumer<'_>, key: &str) -> Result<u64, Box<dyn Error>> {
    Ok(args.lookup_parse(key)?.unwrap_or(0))
}

/// Numbers with dots between them.
fn list(args: &mut ArgumentConsumer<'_>, key: &str) -> Result<Vec<u64>, Box<dyn Error>> {
    let text = args.lookup(key).map_or("", |argument| &argument.value);
    let numbers: Result<Vec<u64>, _> =
        text.split('.').filter(|part| !part.is_empty()).map(str::parse).collect();
    Ok(numbers?)
}

fn flag(args: &mut ArgumentConsumer<'_>, key: &str) -> Result<bool, Box<dyn Error>> {
    Ok(args.lookup_parse(key)?.unwrap_or(false))
}

impl Script {
    fn create(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let nodes: u64 = args.lookup_parse("nodes")?.unwrap_or(3);
        let batch = args.lookup_parse("batch")?;
        let window = args.lookup_parse("window")?;
        let lag = args.lookup_parse("lag")?;
        let weights = list(args, "weights")?;
        let (log_only, strong) = (list(args, "log")?, list(args, "strong")?);
        let learners = list(args, "learners")?;
        let member = |id: u64| Member {
            is_voter: !learners.contains(&id),
            is_log_only: log_only.contains(&id),
            is_strong_sync: strong.contains(&id),
            weight: weights.get(id as usize - 1).map_or(5, |weight| *weight as u8),
            ..Member::voter(NodeId::new(id), format!("host{id}:1"), String::new())
        };
        self.cluster = Cluster::default();
        self.cluster.founders = Membership { members: (1..=nodes).map(member).collect(), removed: vec![] };
        let mut out = String::new();
        for id in 1..=nodes {
            let mut config = Config::lan(NodeId::new(id), 1);
            config.batch_entries_max = batch.unwrap_or(config.batch_entries_max);
            config.inflight_batches_max = window.unwrap_or(config.inflight_batches_max);
            config.learner_lag_entries_max = lag.unwrap_or(config.learner_lag_entries_max);
            out += &self.cluster.add(config, &[], HardState::default(), 0);
        }
        Ok(out)
    }

    fn join(&mut self, id: u64) -> String {
        let config = Config::lan(NodeId::new(id), 1);
        self.cluster.add_with(config, &[], HardState::default(), 0, Membership::default())
    }

    fn node(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        let terms = list(args, "terms")?;
        let vote: Option<u64> = args.lookup_parse("vote")?;
        let hard_state = HardState { term: Term::new(number(args, "term")?), vote: vote.map(NodeId::new) };
        let commit = number(args, "commit")?;
        let is_young = flag(args, "young")?;
        let config = self.cluster.nodes[&id].config.clone();
        let age_ticks = config.election_ticks;
        let mut out = self.cluster.add(config, &terms, hard_state, commit);
        let is_alone = self.cluster.founders.members.len() == 1;
        if out.is_empty() && !is_young && !is_alone {
            // It has been up for long enough to vote.
            out += &self.repeat(id, age_ticks);
        }
        Ok(out)
    }

    fn change(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let leader = position(args)?;
        let what = args.next_pos().ok_or("a change is missing")?.value.clone();
        let id = NodeId::new(position(args)?);
        let node = |number: Option<u64>| number.and_then(NodeId::try_new);
        let change = match what.as_str() {
            "add" => Change::AddLearner {
                id: Some(id),
                is_log_only: flag(args, "log")?,
                source: node(args.lookup_parse("source")?),
                peer_address: format!("host{}:1", id.get()),
                sql_address: String::new(),
            },
            "promote" => Change::Promote { id },
            "demote" => Change::Demote { id },
            "remove" => Change::Remove { id },
            "weight" => Change::Configure { id, weight: Some(position(args)? as u8), is_strong_sync: None },
            "strong" => {
                let is_strong: bool = args.next_pos().ok_or("true or false is missing")?.parse()?;
                Change::Configure { id, weight: None, is_strong_sync: Some(is_strong) }
            }
            "source" => Change::SetSource {
                id,
                source: args
                    .next_pos()
                    .map(|argument| argument.parse())
                    .transpose()?
                    .and_then(NodeId::try_new),
                source_group: list(args, "group")?.into_iter().map(NodeId::new).collect(),
            },
            "address" => Change::SetAddress {
                id,
                peer_address: format!("moved{}:1", id.get()),
                sql_address: String::new(),
            },
            other => return Err(format!("unknown change {other}").into()),
        };
        Ok(self.cluster.change(leader, &change))
    }

    fn reads(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        let tickets: Result<Vec<u64>, _> = args.rest_pos().iter().map(|argument| argument.parse()).collect();
        Ok(tickets?.into_iter().map(|ticket| self.cluster.step(id, Input::Read { ticket })).collect())
    }

    fn stand(&mut self, id: u64) -> Output {
        let mut out = String::new();
        for _ in 0..TICKS_MAX {
            out += &self.cluster.step(id, Input::Tick);
            let stands = match self.cluster.replica(id).role() {
                Role::PreCandidate | Role::Candidate => !out.is_empty(),
                // A lone voter wins in the same tick.
                Role::Leader => true,
                Role::Follower | Role::Learner => false,
            };
            if stands {
                return Ok(out);
            }
        }
        Err("the election timer never ran out".into())
    }

    fn propose(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        let replica = self.cluster.replica(id);
        let term = args.lookup_parse("term")?.map_or(replica.term(), Term::new);
        let first = args.lookup_parse("first")?.map_or(replica.last_index().next(), LogIndex::new);
        let proposal = |argument: &&goldenscript::Argument| Proposal::data(argument.value.clone().into());
        let proposals = args.rest_pos().iter().map(proposal).collect();
        Ok(self.cluster.step(id, Input::Propose { term, first, proposals }))
    }

    fn fill(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let (id, count) = (position(args)?, position(args)?);
        let replica = self.cluster.replica(id);
        let (term, first) = (replica.term(), replica.last_index().next());
        let proposals =
            (0..count).map(|place| Proposal::data(Vec::from(format!("p{place}")).into())).collect();
        Ok(self.cluster.step(id, Input::Propose { term, first, proposals }))
    }

    fn by_hand(&mut self, name: &str, args: &mut ArgumentConsumer<'_>) -> Output {
        let (from, to) = (number(args, "from")?, number(args, "to")?);
        let term = Term::new(number(args, "term")?);
        let index = |args: &mut ArgumentConsumer<'_>, key: &str| number(args, key).map(LogIndex::new);
        let message = match name {
            "heartbeat" => Message::Heartbeat {
                term,
                commit: index(args, "commit")?,
                seq: number(args, "seq")?,
                floor: index(args, "floor")?,
                is_learner: flag(args, "learner")?,
            },
            "commit" => Message::Commit { term, commit: index(args, "commit")? },
            "ack" => Message::AppendAck { term, match_index: index(args, "match")? },
            "vote" => Message::Vote {
                term,
                last_index: index(args, "last")?,
                last_term: Term::new(number(args, "last_term")?),
                is_transfer: flag(args, "transfer")?,
            },
            "timeout" => Message::TimeoutNow { term, seq: number(args, "seq")? },
            "subscribe" => {
                Message::Subscribe { term, commit: index(args, "commit")?, applied: LogIndex::ZERO }
            }
            "reply" => {
                let index = args.lookup_parse("index")?.map(LogIndex::new);
                Message::ReadIndexReply { term, ticket: number(args, "ticket")?, index }
            }
            _ => {
                let prev_index = index(args, "prev")?;
                let prev_term = Term::new(number(args, "prev_term")?);
                let commit = index(args, "commit")?;
                let entry_term = args.lookup_parse("entry_term")?.map_or(term, Term::new);
                let entry = |(argument, index): (&goldenscript::Argument, u64)| Entry {
                    index: LogIndex::new(index),
                    term: entry_term,
                    kind: EntryKind::Data,
                    payload: argument.value.clone().into(),
                };
                let payloads = args.rest_pos();
                let entries =
                    payloads.into_iter().zip(prev_index.get().wrapping_add(1)..).map(entry).collect();
                match name {
                    "feed" => Message::Feed { term, prev_index, prev_term, entries, commit },
                    _ => Message::Append { term, prev_index, prev_term, entries, commit },
                }
            }
        };
        Ok(self.cluster.inject(from, to, message))
    }

    fn links(&mut self, name: &str, args: &mut ArgumentConsumer<'_>) -> Output {
        let node = position(args)?;
        let others: Vec<u64> = self.cluster.nodes.keys().copied().filter(|id| *id != node).collect();
        match name {
            "isolate" => {
                for other in others {
                    self.cluster.cut(node, other);
                    self.cluster.cut(other, node);
                }
            }
            "oneway" => self.cluster.cut(node, position(args)?),
            _ => {
                let other = position(args)?;
                self.cluster.cut(node, other);
                self.cluster.cut(other, node);
            }
        }
        Ok(String::new())
    }

    /// What a driver tells its replica.
    fn order(&mut self, name: &str, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        Ok(match name {
            "transfer" => {
                let to =
                    args.next_pos().map(|argument| argument.parse()).transpose()?.and_then(NodeId::try_new);
                self.cluster.step(id, Input::Transfer { to })
            }
            "cancel" => self.cluster.step(id, Input::CancelTransfer),
            "applied" => {
                let index = LogIndex::new(position(args)?);
                self.cluster.step(id, Input::Applied { index })
            }
            "purge" => self.cluster.purge(id, position(args)?),
            _ => self.cluster.stage(id, number(args, "of")?),
        })
    }

    /// What happens to a node and its disk.
    fn disk(&mut self, name: &str, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        Ok(match name {
            "hold" => self.cluster.hold_disk(id, true),
            "release" => self.cluster.hold_disk(id, false),
            "sync" => self.cluster.sync(id, args.lookup_parse("upto")?),
            "crash" => {
                self.cluster.crash(id);
                String::new()
            }
            _ => self.cluster.restart(id, number(args, "commit")?),
        })
    }

    fn repeat(&mut self, id: u64, count: u32) -> String {
        (0..count).map(|_| self.cluster.step(id, Input::Tick)).collect()
    }
}

impl Runner for Script {
    fn run(&mut self, command: &Command) -> Output {
        let mut args = command.consume_args();
        let args = &mut args;
        let out = match command.name.as_str() {
            "cluster" => self.create(args)?,
            "node" => self.node(args)?,
            "tick" => {
                let id = position(args)?;
                let count = args.next_pos().map_or(Ok(1), |argument| argument.parse())?;
                self.repeat(id, count)
            }
            "pass" => {
                let count = position(args)?;
                self.cluster.pass(count)
            }
            "stand" => {
                let id = position(args)?;
                self.stand(id)?
            }
            "propose" => self.propose(args)?,
            "fill" => self.fill(args)?,
            "deliver" => {
                let (from, to) = (args.lookup_parse("from")?, args.lookup_parse("to")?);
                let count = args.lookup_parse("count")?.unwrap_or(10_000);
                self.cluster.deliver(from, to, count)
            }
            "drop" => self.cluster.drop_messages(args.lookup_parse("from")?, args.lookup_parse("to")?),
            "cut" | "oneway" | "isolate" => self.links(&command.name, args)?,
            "heal" => {
                self.cluster.heal();
                String::new()
            }
            "hold" | "release" | "sync" | "crash" | "restart" => self.disk(&command.name, args)?,
            "connect" | "disconnect" => {
                let (id, peer) = (position(args)?, NodeId::new(position(args)?));
                let connected = command.name == "connect";
                let input =
                    if connected { Input::PeerConnected { peer } } else { Input::PeerDisconnected { peer } };
                self.cluster.step(id, input)
            }
            "join" => {
                let id = position(args)?;
                self.join(id)
            }
            "change" => self.change(args)?,
            "read" => self.reads(args)?,
            "transfer" | "cancel" | "applied" | "purge" | "stage" => self.order(&command.name, args)?,
            "heartbeat" | "commit" | "ack" | "vote" | "append" | "timeout" | "feed" | "subscribe"
            | "reply" => self.by_hand(&command.name, args)?,
            "members" => self.cluster.members(position(args)?),
            "status" => match args.next_pos() {
                Some(argument) => self.cluster.describe(argument.parse()?),
                None => self.cluster.nodes.keys().map(|id| self.cluster.describe(*id)).collect(),
            },
            other => return Err(format!("unknown command {other}").into()),
        };
        args.reject_rest()?;
        Ok(out)
    }
}

#[test]
fn every_script_has_its_golden_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gs"));
    paths.sort();
    assert!(paths.len() >= 20, "the scripts are there: {}", paths.len());
    let mut failed = Vec::new();
    for path in paths {
        println!("{}", path.display());
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(first.starts_with("# "), "{}: the first line is the claim", path.display());
        if let Err(error) = goldenscript::run(&mut Script::default(), &path) {
            failed.push(format!("{}: {error}", path.display()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
