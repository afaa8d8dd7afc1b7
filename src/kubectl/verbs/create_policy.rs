//! `kubectl create quota|poddisruptionbudget|priorityclass`.

use super::create_kinds::{finish, new_object};
use super::Verb;
use crate::api::selector::{Operator, Selector};
use crate::api::{Map, Value};
use crate::base::quantity::Quantity;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::error;
use crate::value;

/// The row of `create quota`.
pub static QUOTA: Verb = Verb { name: "quota", aliases: &["resourcequota"], run: Some(quota), ..super::PLAIN };

/// The row of `create poddisruptionbudget`.
pub static BUDGET: Verb = Verb { name: "poddisruptionbudget", aliases: &["pdb"], run: Some(budget), ..super::PLAIN };

/// The row of `create priorityclass`.
pub static PRIORITY: Verb = Verb { name: "priorityclass", aliases: &["pc"], run: Some(priority), ..super::PLAIN };

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create QuotaOpts.createQuota.
fn quota(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "ResourceQuota");
    let mut hard = Map::default();
    for pair in call.line.list("hard").iter().filter(|pair| !pair.is_empty()) {
        match pair.split('=').collect::<Vec<_>>()[..] {
            [resource, amount] => match Quantity::parse(amount) {
                Ok(amount) => hard.insert(resource, amount.to_string()),
                Err(why) => return Err(error(why.to_string())),
            },
            _ => return Err(error(format!("Invalid argument syntax {pair}, expected <resource>=<value>"))),
        }
    }
    object.set("spec", Value::map());
    if !hard.is_empty() {
        object.set("spec.hard", hard);
    }
    let scopes = call.line.list("scopes");
    if call.line.has("scopes") && !scopes.iter().all(String::is_empty) {
        object.set("spec.scopes", scopes.iter().map(|scope| Value::from(scope.as_str())).collect::<Value>());
    }
    object.set("status", Value::map());
    finish(call, object, "quota")
}

/// Models staging/src/k8s.io/kubectl/pkg/cmd/create PodDisruptionBudgetOpts.Validate and createPodDisruptionBudgets.
fn budget(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "PodDisruptionBudget");
    let (least, most) = (call.line.text("min-available"), call.line.text("max-unavailable"));
    if call.line.text("selector").is_empty() {
        return Err(error("a selector must be specified"));
    }
    for (flag, text) in [("min-available", least), ("max-unavailable", most)] {
        let digits = text.strip_suffix('%').unwrap_or(text);
        if !text.is_empty() && (digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit())) {
            return Err(error(format!("invalid format specified for {flag}")));
        }
    }
    let (field, text) = match (least, most) {
        ("", "") => return Err(error("one of min-available or max-unavailable must be specified")),
        (least, "") => ("minAvailable", least),
        ("", most) => ("maxUnavailable", most),
        _ => return Err(error("min-available and max-unavailable cannot be both specified")),
    };
    object.set(
        &format!("spec.{field}"),
        text.parse::<i32>().map_or_else(|_| Value::from(text), |n| Value::Int(n.into())),
    );
    let selector = Selector::parse(call.line.text("selector")).map_err(error)?;
    object.set("spec.selector", label_selector(&selector));
    let zero = value!({"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0});
    object.set("status", zero);
    finish(call, object, "poddisruptionbudgets")
}

/// A selector as a field of an object holds it.
///
/// Models staging/src/k8s.io/apimachinery/pkg/apis/meta/v1 ParseToLabelSelector.
fn label_selector(selector: &Selector) -> Value {
    let (mut labels, mut expressions) = (Map::default(), Vec::new());
    for requirement in &selector.requirements {
        let operator = match requirement.operator {
            Operator::In if requirement.values.len() == 1 => {
                labels.insert(&requirement.key, requirement.values[0].clone());
                continue;
            }
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::DoesNotExist => "DoesNotExist",
            _ => "Exists",
        };
        let mut expression = value!({"key": (requirement.key.as_str()), "operator": operator});
        if !requirement.values.is_empty() {
            expression.set("values", requirement.values.iter().map(|text| Value::Str(text.clone())).collect::<Value>());
        }
        expressions.push(expression);
    }
    let mut value = Value::map();
    if !labels.is_empty() {
        value.set("matchLabels", labels);
    }
    if !expressions.is_empty() {
        value.set("matchExpressions", expressions);
    }
    value
}

fn priority(call: &mut Call<'_>) -> Outcome {
    let mut object = new_object(call.only_name()?, "PriorityClass");
    object.set("value", call.number("value")?.unwrap_or(0));
    if call.line.is("global-default") {
        object.set("globalDefault", true);
    }
    if let Some(text) = call.line.get("description").filter(|text| !text.is_empty()) {
        object.set("description", text);
    }
    object.set("preemptionPolicy", call.line.get("preemption-policy").unwrap_or("PreemptLowerPriority"));
    finish(call, object, "priorityclass")
}
