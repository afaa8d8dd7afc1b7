//! What the scheduler decided about a pod, node by node: which filter refused it, or what each score came to. Plain data for
//! those who ask "why here, why not there".

use std::sync::Arc;

use ecow::EcoString;

use super::filter::Verdict;
use super::nodes::NodeInfo;
use super::score::Score;
use super::State;
use crate::base::time::SimTime;

/// So many decisions are kept, the latest ones.
const KEPT: usize = 256;
/// In a cluster of more nodes decisions are not kept: there would be too much of it.
const MOST_NODES: usize = 64;

/// The outcome of the last attempt to place a pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// When it was made.
    pub at: SimTime,
    /// The node that was chosen; none where no node would do.
    pub chosen: Option<EcoString>,
    /// What it comes to in a sentence.
    pub summary: EcoString,
    /// Every node, by name.
    pub nodes: Vec<Judged>,
}

/// What was found for one node.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The node's name.
    pub node: EcoString,
    /// The filter that refused the pod; empty where it fits.
    pub plugin: &'static str,
    /// Why it refused.
    pub reasons: EcoString,
    /// The score plugins with what each counted for, weight included; empty where there was nothing to choose from.
    pub scores: Vec<(&'static str, i64)>,
    /// The sum of the scores.
    pub total: i64,
}

impl State {
    /// The last decision about a pod, by its UID.
    pub fn decision(&self, uid: &str) -> Option<&Decision> {
        self.decisions.iter().rev().find(|(of, _)| of == uid).map(|(_, decision)| &**decision)
    }

    pub(super) fn keep_decision(&mut self, uid: &EcoString, decision: Decision) {
        if decision.nodes.len() > MOST_NODES {
            return;
        }
        self.decisions.retain(|(of, _)| of != uid);
        if self.decisions.len() >= KEPT {
            self.decisions.remove(0);
        }
        self.decisions.push((uid.clone(), Arc::new(decision)));
    }
}

/// The verdicts as they are kept.
pub(super) fn judged<'a>(nodes: impl Iterator<Item = &'a NodeInfo>, verdicts: &[Verdict]) -> Vec<Judged> {
    let one = |(node, verdict): (&NodeInfo, &Verdict)| {
        let (plugin, reasons) = match verdict {
            Verdict::Fits => ("", EcoString::new()),
            Verdict::Refused { plugin, reasons, .. } => (*plugin, reasons.join(", ").into()),
        };
        Judged { node: node.name.clone(), plugin, reasons, scores: Vec::new(), total: 0 }
    };
    nodes.zip(verdicts).map(one).collect()
}

/// Adds the scores of the nodes that fit.
pub(super) fn add_scores(judged: &mut [Judged], scores: &[Score]) {
    let fitting = judged.iter_mut().filter(|judged| judged.plugin.is_empty());
    for (i, judged) in fitting.enumerate() {
        let each = scores.iter().map(|score| (score.plugin, score.weight * score.values[i]));
        judged.scores = each.collect();
        judged.total = judged.scores.iter().map(|(_, points)| points).sum();
    }
}
