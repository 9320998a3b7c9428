//! What goes wrong in the storm.

use consensus::NodeId;

use crate::kinds::Kind;
use crate::network::Weather;
use crate::node::start::End;
use crate::queue::{Event, Local};
use crate::world::{World, draw_drift, place};

impl World {
    /// Now and then something breaks or is mended.
    pub(crate) fn misfortune(&mut self) {
        if self.env.is_calm {
            return;
        }
        let next_us = self.env.random.between(1, self.tuning.misfortune_us_max);
        self.env.queue.push(self.env.now_us + next_us, Event::Misfortune);
        match self.env.random.below(100) {
            0..14 => self.rearrange_links(),
            14..20 => self.power_cut(),
            20..27 => self.kill(),
            27..40 => self.pause(),
            40..43 => self.fail_disk(),
            43..60 => self.change_pace(),
            60..70 => self.report_link(),
            70..88 => self.purge(),
            88..92 => self.network_weather(),
            _ => self.rot(),
        }
    }

    fn any_node(&mut self) -> NodeId {
        let number = self.env.random.below(self.nodes.len() as u64) + 1;
        NodeId::new(number)
    }

    /// Any node, more often than not the one that leads.
    fn any_important_node(&mut self) -> NodeId {
        let is_leader_wanted = self.env.random.once_in(2);
        let leader = self.nodes.iter().find(|node| {
            node.process.as_ref().is_some_and(|process| process.role() == consensus::Role::Leader)
        });
        match leader {
            Some(leader) if is_leader_wanted => leader.id,
            Some(_) | None => self.any_node(),
        }
    }

    fn rearrange_links(&mut self) {
        self.env.network.heal();
        let choice = self.env.random.below(11);
        let is_one_way = matches!(choice, 5 | 6 | 8..11);
        let is_wanted = self.env.kinds.has(if is_one_way { Kind::OneWayCuts } else { Kind::Cuts });
        let ids: Vec<NodeId> = self.nodes.iter().map(|node| node.id).collect();
        let lonely = self.any_important_node();
        let sides = self.env.random.number();
        let with_leader = self.without_vote(lonely);
        if choice > 8 && is_wanted {
            // One node does not hear its leader, while nothing is written that it would miss: it may well be elected.
            let chosen = self.env.random.number() as usize;
            let leader = self.nodes.iter().find(|node| node.lease_read(self.env.now_us).is_some());
            if let Some((leader, process)) = leader.and_then(|node| Some((node.id, node.process.as_ref()?))) {
                let voters = process.membership().1.members.iter();
                let others: Vec<NodeId> = voters
                    .filter(|member| member.is_voter && member.id != leader)
                    .map(|member| member.id)
                    .collect();
                if let Some(deaf) = others.get(chosen % others.len().max(1)) {
                    self.env.network.cut(leader, *deaf);
                    self.quiet_until_us = self.env.now_us + 3 * self.tuning.election_us;
                }
            }
            return;
        }
        if !is_wanted {
            return;
        }
        let mut is_cut = |from: NodeId, to: NodeId| match choice {
            0 | 1 => false,
            // One node on its own.
            2 => from == lonely || to == lonely,
            // Two halves, any way.
            3 => (sides >> from.get() ^ sides >> to.get()) & 1 == 1,
            // Two halves, with one node that is in both.
            4 => from != lonely && to != lonely && (sides >> from.get() ^ sides >> to.get()) & 1 == 1,
            // One node hears nobody, or nobody hears it.
            5 => to == lonely,
            6 => from == lonely,
            // One node with all those that have no vote, which must not be taken for a majority.
            7 => with_leader.contains(&from) != with_leader.contains(&to),
            // Some directions, any of them.
            _ => self.env.random.once_in(3),
        };
        let mut cuts = Vec::new();
        for from in &ids {
            for to in &ids {
                if from != to && is_cut(*from, *to) {
                    cuts.push((*from, *to));
                }
            }
        }
        for (from, to) in cuts {
            self.env.network.cut(from, to);
        }
    }

    /// The worst moment for a leader to be cut off is when another is being made: now and then it is, so that it does not hear of it.
    pub(crate) fn silence_leaders(&mut self, challenger: NodeId) {
        let is_wanted = self.env.random.once_in(4);
        if !is_wanted || self.env.is_calm || !self.env.kinds.has(Kind::Cuts) {
            return;
        }
        for place in 0..self.nodes.len() {
            let leader = &self.nodes[place];
            let leads =
                leader.process.as_ref().is_some_and(|process| process.role() == consensus::Role::Leader);
            if leads && leader.id != challenger {
                for other in &self.nodes {
                    self.env.network.cut(leader.id, other.id);
                    self.env.network.cut(other.id, leader.id);
                }
            }
        }
    }

    /// A node, and all that have no vote as far as it knows.
    fn without_vote(&self, id: NodeId) -> Vec<NodeId> {
        let known = self.nodes[place(id)].process.as_ref().map(|process| &process.membership().1);
        let has_vote = |id: NodeId| {
            known.is_some_and(|known| known.members.iter().any(|member| member.id == id && member.is_voter))
        };
        self.nodes.iter().map(|node| node.id).filter(|other| *other == id || !has_vote(*other)).collect()
    }

    fn end(&mut self, id: NodeId, end: End) {
        if self.nodes[place(id)].process.is_some() {
            self.nodes[place(id)].end(&mut self.env, end);
            self.went_down(id);
        }
    }

    fn power_cut(&mut self) {
        let id = self.any_important_node();
        let is_everywhere = self.env.random.once_in(6);
        if !self.env.kinds.has(Kind::PowerCuts) {
            return;
        }
        if is_everywhere {
            for place in 0..self.nodes.len() {
                self.end(self.nodes[place].id, End::PowerCut);
            }
        } else {
            self.end(id, End::PowerCut);
        }
    }

    fn kill(&mut self) {
        let id = self.any_important_node();
        if self.env.kinds.has(Kind::Kills) {
            self.end(id, End::Killed);
        }
    }

    fn pause(&mut self) {
        let id = self.any_important_node();
        let election_us = self.tuning.election_us;
        let pause_us = match self.env.random.below(4) {
            0 => self.env.random.between(1_000, election_us / 2),
            1 | 2 => self.env.random.between(election_us, 3 * election_us),
            _ => self.env.random.between(election_us / 2, 6 * election_us),
        };
        if self.env.kinds.has(Kind::Pauses) {
            let node = &mut self.nodes[place(id)];
            let boot = node.boot;
            node.pause(&mut self.env);
            self.env.queue.push(self.env.now_us + pause_us, Event::Resume(id, boot));
        }
    }

    fn fail_disk(&mut self) {
        let id = self.any_node();
        let (operations, is_healed) = (self.env.random.below(30), self.env.random.once_in(2));
        let node = &mut self.nodes[place(id)];
        if node.is_disk_failing {
            if is_healed {
                node.heal_disk();
            }
        } else if self.env.kinds.has(Kind::DiskFailures) {
            node.fail_disk(operations);
        }
    }

    /// Disks, state machines and clocks get slower or faster.
    fn change_pace(&mut self) {
        let id = self.any_node();
        let (number, jump_ns) = (self.env.random.number(), self.env.random.below(2_000_000_000));
        let drift_ppm = draw_drift(&mut self.env.random);
        let election_us = self.tuning.election_us;
        let kinds = self.env.kinds;
        let now_us = self.env.now_us;
        let node = &mut self.nodes[place(id)];
        // Also the end of a failure that nobody ended.
        node.heal_disk();
        match number % 6 {
            0 | 1 if kinds.has(Kind::SlowDisks) => {
                node.sync_us = [100, 300, 2_000, 20_000, election_us][(number >> 8) as usize % 5];
            }
            2 if kinds.has(Kind::SlowApply) => {
                node.apply_us = [50, 500, 20_000, 2 * election_us][(number >> 8) as usize % 4];
                node.flush_one_in = [1, 3, 20][(number >> 16) as usize % 3];
            }
            3 | 4 if kinds.has(Kind::Drift) => node.clock.set_drift(now_us, drift_ppm),
            5 if kinds.has(Kind::Jumps) => node.clock.jump(jump_ns),
            _ => {}
        }
    }

    /// A driver notices that a link broke, and that it works again: both may be told when they are no longer true.
    fn report_link(&mut self) {
        let (id, peer) = (self.any_node(), self.any_node());
        let rest_us = self.env.random.between(1, 60_000);
        let boot = self.nodes[place(id)].boot;
        if id == peer || !self.env.kinds.has(Kind::LinkReports) {
            return;
        }
        self.env.after(1, id, boot, Local::Link { peer, is_up: false });
        self.env.after(rest_us, id, boot, Local::Link { peer, is_up: true });
    }

    fn purge(&mut self) {
        let id = self.any_node();
        let is_everywhere = self.env.random.once_in(3);
        let is_forced = self.env.random.once_in(4);
        let kind = if is_forced { Kind::ForcedPurges } else { Kind::Purges };
        if !self.env.kinds.has(kind) {
            return;
        }
        for node in &mut self.nodes {
            if is_everywhere || node.id == id {
                // What a node without tables drops is nowhere else if it goes further than what others hold.
                node.purge(&mut self.env, is_forced && !node.is_log_only);
            }
        }
    }

    fn network_weather(&mut self) {
        self.env.network.weather = Weather::draw(&mut self.env.random, self.env.kinds);
    }

    fn rot(&mut self) {
        let id = self.any_node();
        let node = &self.nodes[place(id)];
        if node.process.is_none()
            && node.boot > 0
            && !node.is_disk_failing
            && self.env.kinds.has(Kind::BitRot)
            && node.rot(&mut self.env)
        {
            self.env.tally.rot_found += 1;
        }
    }
}
