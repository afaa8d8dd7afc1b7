//! Ingress.

use super::cells::{or_none, shown};
use super::*;
use crate::api::value::Value;

pub(super) static KIND: Kind = Kind {
    kind: "Ingress",
    group: "networking.k8s.io",
    version: "v1",
    plural: "ingresses",
    singular: "ingress",
    short_names: &["ing"],
    categories: &[],
    namespaced: true,
    has_status: true,
    has_generation: true,
    custom: None,
    defaults: no_defaults,
    validate: validation::networking::ingress,
    validate_update: validation::networking::ingress_update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "By pods with an image of ingress-nginx, whose IngressClass names k8s.io/ingress-nginx.",
        },
        Support {
            field: "spec.tls",
            depth: Depth::Modelled,
            note: "Plain requests are sent to https; clients see what stands in the Secret's certificate.",
        },
        Support {
            field: "status.loadBalancer",
            depth: Depth::Modelled,
            note:
                "Written once a minute by ingress-nginx, which `kubectl apply -f` of its address in the web installs.",
        },
        Support {
            field: "metadata.annotations",
            depth: Depth::Modelled,
            note: "rewrite-target, use-regex, redirects, canary, source ranges, body size, aliases; others are kept.",
        },
    ],
};

const COLUMNS: &[Column] =
    &[shown("NAME"), shown("CLASS"), shown("HOSTS"), shown("ADDRESS"), shown("PORTS"), shown("AGE")];

/// Models pkg/printers/internalversion/printers.go printIngress.
fn cells(ingress: &Object, context: &PrintContext) -> Vec<String> {
    let spec = ingress.spec();
    let ports = if spec.get("tls").is_empty() { "80" } else { "80, 443" };
    vec![
        ingress.name().to_owned(),
        or_none(spec.get("ingressClassName").str()),
        hosts(spec.get("rules")),
        super::service::balancer_addresses(ingress, context.wide),
        ports.to_owned(),
        age(ingress, context),
    ]
}

/// Models pkg/printers/internalversion/printers.go formatHosts.
fn hosts(rules: &Value) -> String {
    const SHOWN: usize = 3;
    let named: Vec<&str> =
        rules.list().iter().map(|rule| rule.get("host").str()).filter(|host| !host.is_empty()).collect();
    let text = named[..named.len().min(SHOWN)].join(",");
    match named.len() {
        0 => "*".to_owned(),
        n if n > SHOWN => format!("{text} + {} more...", rules.list().len() - SHOWN),
        _ => text,
    }
}
