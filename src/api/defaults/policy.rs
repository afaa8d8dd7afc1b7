//! Defaults of autoscalers, priority classes and role bindings.

use super::{each, fill, within};
use crate::api::{Object, Value};
use crate::value;

/// Models pkg/apis/autoscaling/v2/defaults.go SetDefaults_HorizontalPodAutoscaler.
pub fn autoscaler(object: &mut Object) {
    within(&mut object.value, "spec", |spec| {
        spec.set_default("minReplicas", 1);
        let cpu = value!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}});
        fill(spec, "metrics", value!([{"type": "Resource", "resource": cpu}]));
        within(spec, "behavior", |behavior| {
            let percent = value!({"type": "Percent", "value": 100, "periodSeconds": 15});
            let pods = value!({"type": "Pods", "value": 4, "periodSeconds": 15});
            scaling_rules(behavior, "scaleUp", Some(0), vec![pods, percent.clone()]);
            scaling_rules(behavior, "scaleDown", None, vec![percent]);
        });
    });
}

/// Models pkg/apis/autoscaling/v2/defaults.go GenerateHPAScaleUpRules and GenerateHPAScaleDownRules.
fn scaling_rules(behavior: &mut Value, field: &str, window_seconds: Option<i64>, policies: Vec<Value>) {
    behavior.set_default(field, Value::map());
    within(behavior, field, |rules| {
        rules.set_default("selectPolicy", "Max");
        if let Some(seconds) = window_seconds {
            rules.set_default("stabilizationWindowSeconds", seconds);
        }
        rules.set_default("policies", policies);
    });
}

/// Models pkg/apis/scheduling/v1/defaults.go SetDefaults_PriorityClass.
pub fn priority_class(object: &mut Object) {
    object.value.set_default("preemptionPolicy", "PreemptLowerPriority");
}

/// Models pkg/apis/rbac/v1/defaults.go SetDefaults_RoleBinding, SetDefaults_ClusterRoleBinding and SetDefaults_Subject.
pub fn binding(object: &mut Object) {
    let group = "rbac.authorization.k8s.io";
    within(&mut object.value, "roleRef", |reference| fill(reference, "apiGroup", group));
    each(&mut object.value, "subjects", |subject| {
        if ["User", "Group"].contains(&subject.get("kind").str()) {
            fill(subject, "apiGroup", group);
        }
    });
}
