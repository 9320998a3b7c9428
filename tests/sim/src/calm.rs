//! The end of every run: everything is restored, and the cluster must make progress and be of one mind.

use consensus::{Input, Membership, Role};

use crate::clock::RealUs;
use crate::network::Weather;
use crate::world::{World, place};

/// Real time in which a healed cluster must have a leader that takes writes.
const LEADER_US_MAX: RealUs = 30_000_000;
/// Real time in which all members must have everything. Some runs send one entry at a time, and some nodes need a snapshot.
const CALM_US_MAX: RealUs = 90_000_000;
/// More of it for each entry there is.
const ENTRY_US_MAX: RealUs = 10_000;
/// Writes that must go through.
const CALM_WRITES: u64 = 10;
/// Real time between two of them, and between two looks.
const LOOK_US: RealUs = 15_000;

impl World {
    /// Heals everything and demands that the cluster settles.
    ///
    /// # Panics
    /// When it does not settle in time, or does not end as it must.
    pub(crate) fn calm(&mut self) {
        self.restore();
        let began_us = self.env.now_us;
        let calm_us_max = CALM_US_MAX + ENTRY_US_MAX * self.env.checker.committed_count();
        let mut written = 0;
        while written < CALM_WRITES || !self.is_settled() {
            written += u64::from(written < CALM_WRITES && self.write(1));
            self.pass_until(self.env.now_us + LOOK_US);
            let calm_us = self.env.now_us - began_us;
            assert!(
                written > 0 || calm_us < LEADER_US_MAX,
                "liveness: nobody takes writes after {calm_us} us of calm:\n{}",
                self.describe()
            );
            assert!(
                calm_us < calm_us_max,
                "liveness: not settled after {calm_us} us of calm, {written} writes went through:\n{}",
                self.describe()
            );
        }
        let settled_us = self.env.now_us;
        self.read_everywhere(settled_us);
        self.hand_over(settled_us);
        self.env.tally.calm_ms_max = (self.env.now_us - began_us) / 1_000;
    }

    fn pass_until(&mut self, until_us: RealUs) {
        while self.env.now_us < until_us {
            self.pass();
        }
    }

    fn restore(&mut self) {
        self.env.is_calm = true;
        self.env.network.heal();
        self.env.network.weather = Weather::FAIR;
        for place in 0..self.nodes.len() {
            let node = &mut self.nodes[place];
            node.heal_disk();
            (node.sync_us, node.apply_us) = (200, 50);
            if node.process.is_some() {
                node.resume(&mut self.env);
            }
            let id = self.nodes[place].id;
            self.start(id);
        }
    }

    /// The node that takes writes, and the members it knows.
    fn ready_leader(&self) -> Option<(usize, &Membership)> {
        self.nodes.iter().enumerate().find_map(|(place, node)| {
            let process = node.process.as_ref()?;
            let is_ready = process.role() == Role::Leader && process.is_serving();
            is_ready.then(|| (place, &process.membership().1))
        })
    }

    /// Every member holds, has committed and has applied what the leader has.
    fn is_settled(&self) -> bool {
        let Some((leader, membership)) = self.ready_leader() else { return false };
        let Some(leader) = &self.nodes[leader].process else { return false };
        let last = leader.replica().last_index();
        leader.replica().commit() == last
            && membership.members.iter().all(|member| {
                let node = &self.nodes[place(member.id)];
                node.process.as_ref().is_some_and(|process| {
                    process.replica().commit() == last
                        && process.replica().last_index() == last
                        && process.state().index == last.get()
                })
            })
    }

    /// A read on every node with tables is answered.
    fn read_everywhere(&mut self, began_us: RealUs) {
        let Some((_, membership)) = self.ready_leader() else { return };
        let places: Vec<usize> = membership.members.iter().map(|member| place(member.id)).collect();
        for place in places {
            if self.nodes[place].is_log_only {
                continue;
            }
            let answered = |world: &World| world.env.tally.lease_reads + world.env.tally.index_reads;
            let before = answered(self);
            while answered(self) == before {
                // One may be refused while a leadership changes hands; the client asks again.
                if self.nodes[place].process.as_ref().is_some_and(|process| process.has_no_reads()) {
                    self.nodes[place].read(&mut self.env);
                }
                self.pass_until(self.env.now_us + LOOK_US);
                let calm_us = self.env.now_us - began_us;
                assert!(
                    calm_us < CALM_US_MAX,
                    "liveness: a read on n{} is not answered after {calm_us} us:\n{}",
                    place + 1,
                    self.describe()
                );
            }
        }
    }

    /// Asked to hand over, and with somebody to hand over to, the leader is succeeded.
    fn hand_over(&mut self, began_us: RealUs) {
        let before = self.env.checker.leader_count();
        while self.env.checker.leader_count() == before {
            if let Some((leader, membership)) = self.ready_leader() {
                let own = self.nodes[leader].id;
                let may_succeed = membership.members.iter().any(|member| {
                    member.is_voter && !member.is_log_only && member.weight > 0 && member.id != own
                });
                if !may_succeed {
                    return;
                }
                self.nodes[leader].step(&mut self.env, Input::Transfer { to: None });
            }
            self.pass_until(self.env.now_us + LOOK_US);
            let calm_us = self.env.now_us - began_us;
            assert!(
                calm_us < CALM_US_MAX,
                "liveness: the leadership is not handed over after {calm_us} us:\n{}",
                self.describe()
            );
        }
    }

    fn describe(&self) -> String {
        let lines: Vec<String> = self
            .nodes
            .iter()
            .map(|node| match &node.process {
                Some(process) => format!("{} {:?}", node.id, process.replica().status()),
                None => format!("{} is down", node.id),
            })
            .collect();
        lines.join("\n")
    }
}
