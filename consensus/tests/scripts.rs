//! Runs the golden scripts in `tests/scripts`. The file name is the scenario, its first line the claim.
//! `UPDATE_GOLDENFILES=1 cargo test -p consensus --test scripts` rewrites them; the reviewer reads the difference.
//!
//! Commands (`N`, `M` are nodes):
//!
//! ```text
//! cluster nodes=3 [batch=N] [window=N]   new nodes with empty logs
//! node N terms=1.1.2 term=T [vote=M] [commit=I]   the node starts again with this log and hard state
//! tick N [COUNT]          time passes for one node
//! stand N                 time passes for one node until its election timer runs out
//! propose N PAYLOAD...    [term=T] [first=I]
//! fill N COUNT            proposes COUNT payloads at once
//! deliver [from=N] [to=M] [count=C]      everything that matches, and what follows from it
//! drop [from=N] [to=M]    what is on the way is lost
//! cut N M | oneway N M | isolate N | heal
//! hold N | sync N [upto=SEQ] | release N  the disk of a node
//! crash N | restart N [commit=I]
//! connect N M | disconnect N M           what the driver of N tells about its link to M
//! heartbeat | commit | ack | vote | append   a message made by hand: from=N to=M term=T and its numbers
//! status [N]
//! ```

#![expect(clippy::unwrap_used, reason = "a test harness: a failure to write or read is a failed test")]

mod cluster;

use std::error::Error;
use std::path::Path;

use cluster::Cluster;
use consensus::{Config, Entry, EntryKind, HardState, Input, LogIndex, Message, NodeId, Role, Term};
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

impl Script {
    fn create(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let nodes: u64 = args.lookup_parse("nodes")?.unwrap_or(3);
        let batch = args.lookup_parse("batch")?;
        let window = args.lookup_parse("window")?;
        let voters: Vec<NodeId> = (1..=nodes).map(NodeId::new).collect();
        self.cluster = Cluster::default();
        let mut out = String::new();
        for id in 1..=nodes {
            let mut config = Config::lan(NodeId::new(id), voters.clone(), 1);
            config.batch_entries_max = batch.unwrap_or(config.batch_entries_max);
            config.inflight_batches_max = window.unwrap_or(config.inflight_batches_max);
            out += &self.cluster.add(config, &[], HardState::default(), 0);
        }
        Ok(out)
    }

    fn node(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let id = position(args)?;
        let terms = args.lookup("terms").map_or("", |argument| &argument.value);
        let terms: Result<Vec<u64>, _> =
            terms.split('.').filter(|term| !term.is_empty()).map(str::parse).collect();
        let vote: Option<u64> = args.lookup_parse("vote")?;
        let hard_state = HardState { term: Term::new(number(args, "term")?), vote: vote.map(NodeId::new) };
        let commit = number(args, "commit")?;
        let config = self.cluster.nodes[&id].config.clone();
        Ok(self.cluster.add(config, &terms?, hard_state, commit))
    }

    fn stand(&mut self, id: u64) -> Output {
        let mut out = String::new();
        for _ in 0..TICKS_MAX {
            out += &self.cluster.step(id, Input::Tick);
            if matches!(self.cluster.replica(id).role(), Role::PreCandidate | Role::Candidate)
                && !out.is_empty()
            {
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
        let payloads = args.rest_pos().iter().map(|argument| argument.value.clone().into()).collect();
        Ok(self.cluster.step(id, Input::Propose { term, first, payloads }))
    }

    fn fill(&mut self, args: &mut ArgumentConsumer<'_>) -> Output {
        let (id, count) = (position(args)?, position(args)?);
        let replica = self.cluster.replica(id);
        let (term, first) = (replica.term(), replica.last_index().next());
        let payloads = (0..count).map(|place| Vec::from(format!("p{place}")).into()).collect();
        Ok(self.cluster.step(id, Input::Propose { term, first, payloads }))
    }

    fn by_hand(&mut self, name: &str, args: &mut ArgumentConsumer<'_>) -> Output {
        let (from, to) = (number(args, "from")?, number(args, "to")?);
        let term = Term::new(number(args, "term")?);
        let index = |args: &mut ArgumentConsumer<'_>, key: &str| number(args, key).map(LogIndex::new);
        let message = match name {
            "heartbeat" => {
                Message::Heartbeat { term, commit: index(args, "commit")?, seq: number(args, "seq")? }
            }
            "commit" => Message::Commit { term, commit: index(args, "commit")? },
            "ack" => Message::AppendAck { term, match_index: index(args, "match")? },
            "vote" => Message::Vote {
                term,
                last_index: index(args, "last")?,
                last_term: Term::new(number(args, "last_term")?),
            },
            _ => {
                let prev_index = index(args, "prev")?;
                let prev_term = Term::new(number(args, "prev_term")?);
                let commit = index(args, "commit")?;
                let entry = |(argument, index): (&goldenscript::Argument, u64)| Entry {
                    index: LogIndex::new(index),
                    term,
                    kind: EntryKind::Data,
                    payload: argument.value.clone().into(),
                };
                let payloads = args.rest_pos();
                let entries =
                    payloads.into_iter().zip(prev_index.get().wrapping_add(1)..).map(entry).collect();
                Message::Append { term, prev_index, prev_term, entries, commit }
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
            "hold" => self.cluster.hold_disk(position(args)?, true),
            "release" => self.cluster.hold_disk(position(args)?, false),
            "sync" => {
                let id = position(args)?;
                self.cluster.sync(id, args.lookup_parse("upto")?)
            }
            "crash" => {
                self.cluster.crash(position(args)?);
                String::new()
            }
            "restart" => {
                let id = position(args)?;
                self.cluster.restart(id, number(args, "commit")?)
            }
            "connect" | "disconnect" => {
                let (id, peer) = (position(args)?, NodeId::new(position(args)?));
                let connected = command.name == "connect";
                let input =
                    if connected { Input::PeerConnected { peer } } else { Input::PeerDisconnected { peer } };
                self.cluster.step(id, input)
            }
            "heartbeat" | "commit" | "ack" | "vote" | "append" => self.by_hand(&command.name, args)?,
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
    for path in paths {
        println!("{}", path.display());
        let first = std::fs::read_to_string(&path).unwrap();
        assert!(first.starts_with("# "), "{}: the first line is the claim", path.display());
        goldenscript::run(&mut Script::default(), &path).unwrap();
    }
}
