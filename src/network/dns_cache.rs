//! What the name server keeps of its answers, and for how long. One cache stands for those of all its pods.

use std::sync::Arc;

use super::dns::{answer, Answer, QueryType, TTL_SECS, ZONE};
use super::State;
use crate::base::time::{SimTime, Span};
use crate::store::View;

/// So many answers are kept.
const KEPT: usize = 100;

/// A name that was asked for.
pub type Question = (String, QueryType);

/// Answers with the time they were given.
#[derive(Clone, Default)]
pub struct Cache {
    rows: Arc<Vec<(Question, Answer, SimTime)>>,
}

/// What the name server says, be it out of its cache.
///
/// Models coredns/coredns plugin/cache ServeDNS.
pub fn ask(view: &View, state: &State, name: &str, query: QueryType) -> Answer {
    let key = name.trim_end_matches('.').to_lowercase();
    let fresh = |at: &SimTime| view.now.since(*at) < Span::secs(u64::from(TTL_SECS));
    let row = state.names.rows.iter().find(|((known, kind), _, at)| *known == key && *kind == query && fresh(at));
    match row {
        Some((_, kept, at)) => {
            let mut answer = kept.clone();
            let age = view.now.since(*at).as_secs() as u32;
            answer.records.iter_mut().chain(&mut answer.additional).for_each(|record| record.ttl -= age);
            answer
        }
        None => answer(view, state, name, query),
    }
}

/// Keeps the answers to what was asked.
pub fn keep(view: &View, state: &mut State, asked: &[Question]) {
    for (name, query) in asked {
        let key = (name.trim_end_matches('.').to_lowercase(), *query);
        let fresh = |at: &SimTime| view.now.since(*at) < Span::secs(u64::from(TTL_SECS));
        let known = state.names.rows.iter().any(|(known, _, at)| *known == key && fresh(at));
        let answer = answer(view, state, name, *query);
        if known || !is_cached(view, &key.0, &answer) {
            continue;
        }
        let rows = Arc::make_mut(&mut state.names.rows);
        rows.retain(|(known, _, at)| *known != key && fresh(at));
        if rows.len() == KEPT {
            rows.remove(0);
        }
        rows.push((key, answer, view.now));
    }
}

/// True for an answer that the Corefile lets the name server keep: kubeadm's keeps none of the cluster's own zone.
fn is_cached(view: &View, name: &str, answer: &Answer) -> bool {
    let config = view.store.find("ConfigMap", "kube-system", "coredns");
    let text = config.map_or("", |config| config.value.get("data").get("Corefile").str());
    let what = if answer.records.is_empty() { "denial" } else { "success" };
    let disabled = text.contains(&format!("disable {what} {ZONE}")) && name.ends_with(ZONE);
    text.contains("cache ") && !disabled
}
