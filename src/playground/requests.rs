//! A traced request as the page shows it.

use crate::kubectl::Sent;
use crate::network::{Hop, HopKind, Place, Verdict};
use crate::view::{HopView, RequestView, Target};

/// The way of a request, or of the last of many, as plain data.
pub fn view(id: u32, at_ms: u64, sent: &Sent) -> RequestView {
    let trace = &sent.trace;
    RequestView {
        id,
        source: trace.source.to_string(),
        count: sent.count,
        shares: sent.shares.clone(),
        title: trace.target.clone(),
        result: trace.result(),
        answered: trace.answered(),
        at_ms,
        hops: trace.hops.iter().map(|hop| hop_view(at_ms, hop)).collect(),
    }
}

fn hop_view(at_ms: u64, hop: &Hop) -> HopView {
    HopView {
        from: target(&hop.from),
        to: target(&hop.to),
        title: hop.title.clone(),
        rule: hop.rule.clone(),
        sentence: hop.sentence.clone(),
        node: hop.node.clone(),
        chance: hop.probability.filter(|p| *p < 1.0).map_or_else(String::new, |p| format!("{:.1} %", p * 100.0)),
        rewritten: (hop.before != hop.after && !hop.after.is_empty()).then(|| (hop.before.clone(), hop.after.clone())),
        passed: hop.verdict == Verdict::Passed,
        back: hop.kind == HopKind::Response,
        at_ms: at_ms + hop.at_us / 1000,
    }
}

fn target(place: &Place) -> Target {
    Target::new(place.kind, &place.namespace, &place.name)
}
