//! Which nodes a pod selects and which taints it tolerates. Label selectors themselves are the API's.

use super::selector::{expression_holds, value_satisfies};
use super::{Object, Value};

/// True where a node meets the node selector and the required node affinity of a pod.
///
/// Models staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity RequiredNodeAffinity.Match.
pub fn node_affinity_matches(pod: &Object, name: &str, labels: &Value) -> bool {
    let spec = pod.spec();
    let selected = spec.get("nodeSelector").entries().iter().all(|(key, value)| labels.get(key) == value);
    if !selected {
        return false;
    }
    let required = spec.at("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution");
    required.is_null() || node_selector_matches(required, name, labels)
}

/// True where a node meets one of the terms of a node selector.
pub fn node_selector_matches(selector: &Value, name: &str, labels: &Value) -> bool {
    selector.get("nodeSelectorTerms").list().iter().any(|term| node_selector_term_matches(term, name, labels))
}

/// True where a node meets every expression of a term; a term without expressions matches no node.
pub fn node_selector_term_matches(term: &Value, name: &str, labels: &Value) -> bool {
    let expressions = term.get("matchExpressions").list();
    let fields = term.get("matchFields").list();
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let field = |e: &Value| (e.get("key").str() == "metadata.name").then_some(name);
    expressions.iter().all(|e| is_valid(e) && expression_holds(e, labels))
        && fields.iter().all(|e| value_satisfies(e, field(e)))
}

/// The weights of the preferred terms that a node meets, added up.
pub fn preferred_node_weight(terms: &Value, name: &str, labels: &Value) -> i64 {
    let wanted = terms.list().iter().filter(|term| term.get("weight").int() != 0);
    let met = wanted.filter(|term| node_selector_term_matches(term.get("preference"), name, labels));
    met.map(|term| term.get("weight").int()).sum()
}

fn is_valid(expression: &Value) -> bool {
    expression.get("values").list().iter().all(|v| crate::base::names::label_value(v.str()).is_empty())
}

/// True where a toleration tolerates a taint.
///
/// Models staging/src/k8s.io/api/core/v1 Toleration.ToleratesTaint.
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let effect = toleration.get("effect").str();
    let key = toleration.get("key").str();
    if !effect.is_empty() && effect != taint.get("effect").str() {
        return false;
    }
    if !key.is_empty() && key != taint.get("key").str() {
        return false;
    }
    let compare = |holds: fn(i64, i64) -> bool| {
        let (mine, theirs) = (toleration.get("value").str().parse::<i64>(), taint.get("value").str().parse::<i64>());
        matches!((theirs, mine), (Ok(theirs), Ok(mine)) if holds(theirs, mine))
    };
    match toleration.get("operator").str() {
        "" | "Equal" => toleration.get("value").str() == taint.get("value").str(),
        "Exists" => true,
        "Gt" => compare(|theirs, mine| theirs > mine),
        "Lt" => compare(|theirs, mine| theirs < mine),
        _ => false,
    }
}

/// True where one of the tolerations tolerates a taint.
pub fn any_tolerates(tolerations: &[Value], taint: &Value) -> bool {
    tolerations.iter().any(|toleration| tolerates(toleration, taint))
}
