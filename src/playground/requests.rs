//! A traced request as the page shows it.

use crate::network::{Hop, HopKind, Place, Trace, Verdict};
use crate::view::{HopView, RequestView, Target};

/// The way of a request, as plain data.
pub fn view(id: u32, at_ms: u64, trace: &Trace) -> RequestView {
    RequestView {
        id,
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
        passed: hop.verdict == Verdict::Passed,
        back: hop.kind == HopKind::Response,
        at_ms: at_ms + hop.at_us / 1000,
    }
}

fn target(place: &Place) -> Target {
    Target::new(place.kind, &place.namespace, &place.name)
}
