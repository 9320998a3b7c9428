//! Members that come, change and go, leaders that hand over, and nodes that are restarted in turn.

use rand::Rng;
use rand::rngs::StdRng;

use super::script::{Script, between, one, quiet};
use super::{Action, JoinAs, Step, View};

/// Fewest voters that are left.
const VOTERS_MIN: usize = 3;
/// Most members at a time.
const MEMBERS_MAX: usize = 6;
/// Between two steps of one script.
const STEP_MS: (u64, u64) = (10, 4_000);
/// Weights that a voter may get: 0 would never lead, and enough of those nobody.
const WEIGHTS: std::ops::RangeInclusive<u8> = 1..=9;

/// Changes of the members by their own statements.
pub(super) struct Membership;

impl Script for Membership {
    fn script(&mut self, random: &mut StdRng, view: &View) -> Vec<Step> {
        let actions = choose(random, view);
        let count = actions.len();
        let step = |(at, action): (usize, Action)| {
            let is_last = at + 1 == count;
            action.then(if is_last { quiet(random) } else { between(random, STEP_MS.0, STEP_MS.1) })
        };
        actions.into_iter().enumerate().map(step).collect()
    }
}

/// What is possible with these members; nothing when nobody says who they are.
fn choose(random: &mut StdRng, view: &View) -> Vec<Action> {
    let (voters, learners) = (view.voters(), view.learners());
    let Some(through) = one(random, &view.nodes) else { return Vec::new() };
    let followers: Vec<u64> = voters.iter().copied().filter(|id| Some(*id) != view.leader).collect();
    let Some(follower) = one(random, &followers) else { return Vec::new() };
    let has_room = view.members.len().max(view.nodes.len()) < MEMBERS_MAX;
    let has_spare = voters.len() > VOTERS_MIN;
    let remove = |id: u64| {
        // The one that leaves can be asked, too; mostly it is another.
        let others: Vec<u64> = view.nodes.iter().copied().filter(|other| *other != id).collect();
        Action::RemoveMember { through: others.first().copied().unwrap_or(id), id }
    };
    match random.random_range(0..12) {
        0 | 1 => vec![Action::Transfer { through, to: follower }],
        2 => vec![Action::Restart(follower)],
        3 => view.nodes.iter().map(|id| Action::Restart(*id)).collect(),
        4 => {
            let (weight, is_strong) = (random.random_range(WEIGHTS), random.random_bool(0.5));
            vec![Action::Configure { through, id: follower, weight, is_strong }]
        }
        5 | 6 if has_room => vec![Action::AddMember(JoinAs::Learner)],
        7 if has_room => vec![Action::AddMember(JoinAs::Voter)],
        // One for another.
        8 if has_room => vec![Action::AddMember(JoinAs::Voter), remove(follower)],
        9 if has_spare => vec![Action::Demote { through, id: follower }],
        10 if has_spare => vec![remove(follower)],
        _ => match one(random, &learners) {
            Some(id) if random.random_bool(0.5) => vec![Action::Promote { through, id }],
            Some(id) => vec![remove(id)],
            None if has_spare => vec![Action::Demote { through, id: follower }],
            None if has_room => vec![Action::AddMember(JoinAs::Learner)],
            None => vec![Action::Transfer { through, to: follower }],
        },
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::script::tests::view;
    use super::*;

    #[test]
    fn voters_do_not_become_too_few_nor_members_too_many() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..500 {
            for action in choose(&mut random, &view(3, Some(1))) {
                assert!(!matches!(action, Action::Demote { .. }), "{action:?}");
            }
            for action in choose(&mut random, &view(6, Some(1))) {
                assert!(!matches!(action, Action::AddMember(_)), "{action:?}");
            }
        }
        assert_eq!(choose(&mut random, &View { members: Vec::new(), ..view(3, None) }), []);
    }
}
