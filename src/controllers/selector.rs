//! Label selectors: whether the labels of an object satisfy one. It parses no text.

use crate::api::Value;

/// True where `labels` satisfy a LabelSelector. An absent selector matches nothing, an empty one everything.
///
/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1 LabelSelectorAsSelector.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    if selector.is_null() {
        return false;
    }
    let wanted = selector.get("matchLabels").entries();
    wanted.iter().all(|(key, value)| has(labels, key, value))
        && selector.get("matchExpressions").list().iter().all(|expression| holds(expression, labels))
}

/// True where `labels` hold every pair of a plain selector, as Services have; an empty one matches nothing here.
pub fn matches_pairs(pairs: &Value, labels: &Value) -> bool {
    !pairs.entries().is_empty() && pairs.entries().iter().all(|(key, value)| has(labels, key, value))
}

fn has(labels: &Value, key: &str, value: &Value) -> bool {
    labels.get(key).opt_str().is_some_and(|label| label == value.str())
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let label = labels.get(expression.get("key").str()).opt_str();
    let listed = || label.is_some_and(|label| expression.get("values").list().iter().any(|v| v.str() == label));
    match expression.get("operator").str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    #[test]
    fn expressions_and_pairs_must_all_hold() {
        let labels = value!({"app": "web", "tier": "front"});
        let selector = value!({"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["front", "back"]},
            {"key": "canary", "operator": "DoesNotExist"}
        ]});
        assert!(matches(&selector, &labels));
        assert!(!matches(&selector, &value!({"app": "web", "tier": "front", "canary": "yes"})));
        assert!(!matches(&selector, &value!({"app": "web"})));
        assert!(matches(&value!({}), &labels) && !matches(&Value::Null, &labels));
        assert!(!matches_pairs(&value!({}), &labels));
    }
}
