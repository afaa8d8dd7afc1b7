//! The publisher of the root certificate: a ConfigMap `kube-root-ca.crt` in every namespace.

use std::sync::Arc;

use super::{Controller, Key};
use crate::api::{Object, ObjectKey, Value};
use crate::base::draw::draw;
use crate::store::{Action, Because, Change, Plan, Verb, View};
use crate::value;

const COMPONENT: &str = "root-ca-cert-publisher";
const NAME: &str = "kube-root-ca.crt";
const DESCRIPTION: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
    endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across \
    distributions of Kubernetes clusters.";

pub(super) const CONTROLLER: Controller =
    Controller { name: "root-ca-certificate-publisher-controller", keys, reconcile };

/// Models pkg/controller/certificates/rootcacertpublisher/publisher.go configMapDeleted, configMapUpdated and namespaceAdded.
fn keys(change: &Change, _: &View) -> Vec<Key> {
    let namespace = match change.kind() {
        "Namespace" if change.verb != Verb::Deleted => change.object.name(),
        "ConfigMap" if change.object.name() == NAME && change.verb != Verb::Added => change.object.namespace(),
        _ => return Vec::new(),
    };
    vec![Key { kind: "Namespace", key: ObjectKey::new("", namespace), uid: Default::default() }]
}

/// Models pkg/controller/certificates/rootcacertpublisher/publisher.go syncNamespace.
fn reconcile(view: &View, key: &Key, _: &Value) -> Plan {
    let mut plan = Plan::nothing();
    let Some(namespace) = view.get("Namespace", &key.key) else { return plan };
    if namespace.at("status.phase").str() == "Terminating" {
        return plan;
    }
    let data = value!({"ca.crt": (certificate(view.settings.seed))});
    let because = |rule| Arc::new(Because::of(COMPONENT, namespace, rule));
    match view.store.find("ConfigMap", namespace.name(), NAME) {
        None => {
            let mut object = Object::new(crate::api::kind("ConfigMap"), namespace.name(), NAME);
            object.set("metadata.annotations", value!({"kubernetes.io/description": DESCRIPTION}));
            object.set("data", data);
            let because = because("pods need the certificate to trust the API server");
            plan.push(Action::Create { object, because, success: None, failure: None });
        }
        Some(found) if *found.at("data") != data => {
            let mut object = found.clone();
            object.set("data", data);
            plan.push(Action::Update { object, because: because("its data was changed"), success: None });
        }
        Some(_) => {}
    }
    plan
}

/// A text of the form of a certificate; the cluster's seed makes it.
fn certificate(seed: u64) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let line = |n: u64, length: u64| -> String {
        let letters = (0..length).map(|i| draw(seed, "root certificate", "", n * 64 + i) % 64);
        letters.map(|i| ALPHABET[i as usize] as char).collect()
    };
    let lines: Vec<String> = (0..17).map(|n| line(n, if n < 16 { 64 } else { 44 })).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
