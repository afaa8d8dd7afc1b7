//! The past: checkpoints close enough together that any instant is a short run away, and branches, so that acting in the
//! past loses nothing.
//!
//! A checkpoint is a clone of the World. One is taken after each input, so no input ever lies between a checkpoint and
//! the instants it serves, and one each so many events.

use super::World;
use crate::base::time::SimTime;

/// So many events at most lie between an instant and its checkpoint.
const EVENTS_BETWEEN: u64 = 2_500;

/// All that has happened, in all branches.
#[derive(Clone)]
pub struct History {
    branches: Vec<Branch>,
    current: usize,
}

/// One line of events, from the start or from where it left another.
#[derive(Clone)]
struct Branch {
    /// The branch it left and when; `None` for the first.
    parent: Option<(usize, SimTime)>,
    /// Checkpoints in the order of their time; never empty.
    points: Vec<World>,
    /// How far it has been played.
    end: SimTime,
}

/// A branch as a user sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BranchInfo {
    /// Its number.
    pub id: u32,
    /// The branch it left, and when.
    pub parent: Option<(u32, SimTime)>,
    /// How far it has been played.
    pub end: SimTime,
}

impl History {
    /// A history that begins with `world`.
    pub fn new(world: &World) -> History {
        let first = Branch { parent: None, points: vec![world.clone()], end: world.now() };
        History { branches: vec![first], current: 0 }
    }

    /// The world as it was at `at`, in the current branch; the nearest instant that was played where that is outside.
    pub fn seek(&self, at: SimTime) -> World {
        let mut branch = &self.branches[self.current];
        let at = at.min(branch.end);
        while let Some((parent, left)) = branch.parent {
            if at >= left {
                break;
            }
            branch = &self.branches[parent];
        }
        let index = branch.points.partition_point(|world| world.now() <= at);
        let mut world = branch.points[index.saturating_sub(1)].clone();
        world.run_until(at);
        world
    }

    /// Notes that time has passed in `world`, which must be at the end of the current branch.
    pub fn advanced(&mut self, world: &World) {
        let branch = &mut self.branches[self.current];
        branch.end = branch.end.max(world.now());
        let last = branch.points.last().map_or(0, World::events_done);
        if world.events_done() >= last + EVENTS_BETWEEN {
            branch.points.push(world.clone());
        }
    }

    /// Notes that an input has changed `world`. Where that happened before the end of the current branch, a new branch
    /// begins there; true when it does.
    pub fn acted(&mut self, world: &World) -> bool {
        let forks = world.now() < self.branches[self.current].end;
        if forks {
            self.fork(world);
        }
        let branch = &mut self.branches[self.current];
        branch.end = branch.end.max(world.now());
        branch.points.push(world.clone());
        forks
    }

    /// Begins a new branch that leaves the current one at `world`.
    pub fn fork(&mut self, world: &World) {
        let parent = Some((self.current, world.now()));
        self.branches.push(Branch { parent, points: vec![world.clone()], end: world.now() });
        self.current = self.branches.len() - 1;
    }

    /// Goes over to another branch and gives its end.
    pub fn switch(&mut self, id: u32) -> Option<World> {
        let id = id as usize;
        (id < self.branches.len()).then(|| {
            self.current = id;
            self.seek(self.branches[id].end)
        })
    }

    /// The current branch's number.
    pub fn current(&self) -> u32 {
        self.current as u32
    }

    /// When the current branch begins, all its parents included.
    pub fn start(&self) -> SimTime {
        self.branches[0].points[0].now()
    }

    /// How far the current branch has been played.
    pub fn end(&self) -> SimTime {
        self.branches[self.current].end
    }

    /// All branches, oldest first.
    pub fn branches(&self) -> Vec<BranchInfo> {
        let info = |(id, branch): (usize, &Branch)| BranchInfo {
            id: id as u32,
            parent: branch.parent.map(|(parent, at)| (parent as u32, at)),
            end: branch.end,
        };
        self.branches.iter().enumerate().map(info).collect()
    }
}
