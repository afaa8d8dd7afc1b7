//! All that is remembered of load: the clients, what containers use because of them, and what a file gives.

use std::sync::Arc;

use super::feed::{About, Given};
use super::usage::Usage;
use crate::base::order::Order;
use crate::base::time::SimTime;

/// All that is remembered of load. A clone shares it.
#[derive(Clone, Default)]
pub struct State {
    /// Values given by files, in the order of their times.
    pub given: Arc<Vec<Given>>,
    /// Containers that serve or have served load, in the order of their pods' UIDs.
    pub usages: Arc<Vec<Usage>>,
}

impl State {
    /// Adds given values.
    pub fn give(&mut self, given: Vec<Given>) {
        let all = Arc::make_mut(&mut self.given);
        all.extend(given);
        all.order_by_key(|given| given.at);
    }

    /// The given values that hold at an instant, the latest first.
    pub fn given_at(&self, now: SimTime) -> impl Iterator<Item = &Given> {
        let end = self.given.partition_point(|given| given.at <= now);
        self.given[..end].iter().rev()
    }

    /// Whether files say that an API answers; none where they say nothing.
    pub fn api(&self, group: &str, now: SimTime) -> Option<bool> {
        let said = self.given_at(now).find_map(|given| match &given.about {
            About::Api(api, answers) if api == group => Some(*answers),
            _ => None,
        });
        let serves = |about: &About| match about {
            About::Custom(..) | About::Object(..) => group == "custom.metrics.k8s.io",
            About::External(..) => group == "external.metrics.k8s.io",
            _ => false,
        };
        said.or_else(|| self.given.iter().any(|given| serves(&given.about)).then_some(true))
    }

    /// What a container uses because of load.
    pub fn usage(&self, uid: &str, container: &str) -> Option<&Usage> {
        let from = self.usages.partition_point(|usage| usage.uid.as_str() < uid);
        self.usages[from..].iter().take_while(|usage| usage.uid == uid).find(|usage| usage.container == container)
    }
}
