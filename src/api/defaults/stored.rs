//! Defaults of the kinds that are only kept.

use super::{each, fill, pod_template, within};
use crate::api::{Object, Value};
use crate::value;

/// Plain defaults below the object: kind, struct (`*` behind a list stands for each element), field, and value.
const TEXTS: &[(&str, &str, &str, &str)] = &[
    ("CSIDriver", "spec", "fsGroupPolicy", "ReadWriteOnceWithFSType"),
    ("CustomResourceDefinition", "spec.conversion", "strategy", "None"),
    ("MutatingAdmissionPolicy", "spec", "failurePolicy", "Fail"),
    ("ValidatingAdmissionPolicy", "spec", "failurePolicy", "Fail"),
];

/// Models SetDefaults functions of pkg/apis/storage/v1, admissionregistration/v1, flowcontrol/v1 and apiextensions/v1.
pub fn stored(object: &mut Object) {
    let kind = object.kind.kind;
    for (_, place, field, text) in TEXTS.iter().filter(|(of, ..)| *of == kind) {
        fill(object.value.slot_at(place), field, *text);
    }
    match kind {
        "PodTemplate" => within(&mut object.value, "template", pod_template),
        "CSIDriver" => {
            let flags = ["podInfoOnMount", "requiresRepublish", "seLinuxMount", "storageCapacity"];
            flags.iter().for_each(|flag| object.value.set_default(&format!("spec.{flag}"), false));
            object.value.set_default("spec.attachRequired", true);
            fill(object.value.slot("spec"), "volumeLifecycleModes", value!(["Persistent"]));
        }
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            each(&mut object.value, "webhooks", |hook| {
                fill(hook, "failurePolicy", "Fail");
                fill(hook, "matchPolicy", "Equivalent");
                hook.set_default("namespaceSelector", Value::map());
                hook.set_default("objectSelector", Value::map());
                hook.set_default("timeoutSeconds", 10);
                if kind == "MutatingWebhookConfiguration" {
                    fill(hook, "reinvocationPolicy", "Never");
                }
                each(hook, "rules", |rule| fill(rule, "scope", "*"));
                within(hook, "clientConfig", |config| {
                    within(config, "service", |service| service.set_default("port", 443));
                });
            })
        }
        "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy" | "ValidatingAdmissionPolicyBinding" => {
            let field = if kind.ends_with("Binding") { "matchResources" } else { "matchConstraints" };
            within(&mut object.value, "spec", |spec| {
                within(spec, field, |resources| {
                    fill(resources, "matchPolicy", "Equivalent");
                    resources.set_default("namespaceSelector", Value::map());
                    resources.set_default("objectSelector", Value::map());
                    each(resources, "resourceRules", |rule| fill(rule, "scope", "*"));
                });
            });
        }
        "FlowSchema" => object.value.set_default("spec.matchingPrecedence", 1000),
        "PriorityLevelConfiguration" => within(&mut object.value, "spec", |spec| {
            within(spec, "limited", |limited| {
                limited.set_default("nominalConcurrencyShares", 30);
                limited.set_default("lendablePercent", 0);
                within(limited, "limitResponse", |response| {
                    within(response, "queuing", |queuing| {
                        for (field, number) in [("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)] {
                            queuing.set_default(field, number);
                        }
                    });
                });
            });
        }),
        "CustomResourceDefinition" => {
            let kind = object.at("spec.names.kind").text();
            let names = object.value.slot_at("spec.names");
            fill(names, "singular", kind.to_lowercase());
            fill(names, "listKind", format!("{kind}List"));
        }
        _ => {}
    }
}
