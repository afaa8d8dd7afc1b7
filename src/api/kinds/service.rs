//! Service.

use super::cells::{labels_text, or_none, shown, wide};
use super::*;
use crate::api::value::Value;

pub(super) static KIND: Kind = Kind {
    kind: "Service",
    group: "",
    version: "v1",
    plural: "services",
    singular: "service",
    short_names: &["svc"],
    categories: &["all"],
    namespaced: true,
    has_status: true,
    has_generation: false,
    custom: None,
    defaults: defaults::service,
    validate: validation::service::create,
    validate_update: validation::service::update,
    columns: COLUMNS,
    cells,
    support: &[
        Support {
            field: "",
            depth: Depth::Modelled,
            note: "ClusterIP, headless, NodePort and ExternalName, by the rules kube-proxy would write.",
        },
        Support {
            field: "spec.type: LoadBalancer",
            depth: Depth::Modelled,
            note: "Pending, as on bare machines, unless the scenario names addresses for load balancers.",
        },
        Support { field: "spec.sessionAffinity", depth: Depth::Modelled, note: "" },
        Support { field: "spec.externalTrafficPolicy, spec.internalTrafficPolicy", depth: Depth::Modelled, note: "" },
        Support { field: "spec.externalIPs, spec.loadBalancerSourceRanges", depth: Depth::Modelled, note: "" },
        Support { field: "spec.publishNotReadyAddresses", depth: Depth::Modelled, note: "" },
        Support {
            field: "spec.trafficDistribution",
            depth: Depth::Modelled,
            note: "By hints in EndpointSlices; the older annotation topology-mode is not looked at.",
        },
        Support {
            field: "spec.ipFamilies, spec.ipFamilyPolicy",
            depth: Depth::Modelled,
            note: "As in a cluster of one family: it speaks IPv4.",
        },
    ],
};

const COLUMNS: &[Column] = &[
    shown("NAME"),
    shown("TYPE"),
    shown("CLUSTER-IP"),
    shown("EXTERNAL-IP"),
    shown("PORT(S)"),
    shown("AGE"),
    wide("SELECTOR"),
];

/// Models pkg/printers/internalversion/printers.go printService.
fn cells(service: &Object, context: &PrintContext) -> Vec<String> {
    let spec = service.spec();
    vec![
        service.name().to_owned(),
        spec.get("type").str().to_owned(),
        or_none(spec.get("clusterIPs").index(0).str()),
        external_ip(service, context.wide),
        or_none(&ports(service)),
        age(service, context),
        labels_text(spec.get("selector")),
    ]
}

/// Models pkg/printers/internalversion/printers.go getServiceExternalIP.
fn external_ip(service: &Object, wide: bool) -> String {
    let spec = service.spec();
    let mut external: Vec<&str> = spec.get("externalIPs").list().iter().map(Value::str).collect();
    match spec.get("type").str() {
        "ClusterIP" | "NodePort" => or_none(&external.join(",")),
        "ExternalName" => spec.get("externalName").str().to_owned(),
        "LoadBalancer" => {
            let balancer = balancer_addresses(service, wide);
            if external.is_empty() {
                return if balancer.is_empty() { "<pending>".to_owned() } else { balancer };
            }
            if !balancer.is_empty() {
                external.insert(0, &balancer);
            }
            external.join(",")
        }
        _ => "<unknown>".to_owned(),
    }
}

const BALANCER_WIDTH: usize = 16;

/// The addresses a load balancer, or an Ingress, is reached at.
///
/// Models pkg/printers/internalversion/printers.go loadBalancerStatusStringer.
pub fn balancer_addresses(service: &Object, wide: bool) -> String {
    let mut all: Vec<&str> = Vec::new();
    for ingress in service.at("status.loadBalancer.ingress").list() {
        match ingress.get("ip").str() {
            "" => all.push(ingress.get("hostname").str()),
            ip => all.push(ip),
        }
    }
    let text = all.join(",");
    match text.get(..BALANCER_WIDTH - 3) {
        Some(start) if !wide && text.len() > BALANCER_WIDTH => format!("{start}..."),
        _ => text,
    }
}

/// Models pkg/printers/internalversion/printers.go makePortString.
fn ports(service: &Object) -> String {
    let texts = service.at("spec.ports").list().iter().map(|port| {
        let (number, protocol) = (port.get("port").int(), port.get("protocol").str());
        match port.get("nodePort").int() {
            0 => format!("{number}/{protocol}"),
            node_port => format!("{number}:{node_port}/{protocol}"),
        }
    });
    texts.collect::<Vec<_>>().join(",")
}
