//! L3: the network: names, Service rules and requests, each traced hop by hop.

use crate::store::{Change, View};

/// What the nodes know of Services, and what the resolvers remember.
#[derive(Clone, Default)]
pub struct State {}

impl State {
    /// Takes notice of a change.
    pub fn observe(&mut self, _change: &Change, _view: &View) {}
}
