//! Manifests that courses apply by their address in the web: nothing is fetched, the known ones are here.

/// ingress-nginx without its admission webhook.
const INGRESS_NGINX: &str = include_str!("../../static/manifests/ingress-nginx.yaml");

/// The manifest at an address; none where it is not known.
pub fn at(url: &str) -> Option<String> {
    if url.contains("ingress-nginx/") && url.ends_with("deploy.yaml") {
        let provider = url.rsplit('/').nth(1).unwrap_or("");
        return Some(ingress_nginx(provider));
    }
    None
}

/// The manifest for a provider: `cloud` has a load balancer, `kind` the ports of its node, the others node ports.
fn ingress_nginx(provider: &str) -> String {
    let all = "app.kubernetes.io/instance: ingress-nginx, app.kubernetes.io/name: ingress-nginx";
    let version = "app.kubernetes.io/part-of: ingress-nginx, app.kubernetes.io/version: 1.12.1";
    let component = |name: &str| format!("{{app.kubernetes.io/component: {name}, {all}, {version}}}");
    let selector = format!("{{app.kubernetes.io/component: controller, {all}}}");
    let (service, publish) = match provider {
        "cloud" | "aws" | "do" | "scw" => (
            "LoadBalancer\n  externalTrafficPolicy: Local",
            "--publish-service=$(POD_NAMESPACE)/ingress-nginx-controller",
        ),
        "kind" => ("NodePort", "--publish-status-address=localhost"),
        _ => ("NodePort", "--watch-ingress-without-class=false"),
    };
    let kind = provider == "kind";
    let host = |port: &str| if kind { format!("hostPort: {port}, ") } else { String::new() };
    let text =
        INGRESS_NGINX.replace("LABELS", &component("controller")).replace("WEBHOOK", &component("admission-webhook"));
    let text = text.replace("SELECTOR", &selector).replace("SERVICE-TYPE", service).replace("PUBLISH", publish);
    let text = text.replace("HOST80", &host("80")).replace("HOST443", &host("443"));
    text.replace("GRACE", if kind { "0" } else { "300" })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_manifest_of_each_provider_can_be_read() {
        let at = |provider: &str| {
            let url = format!("https://raw.githubusercontent.com/kubernetes/ingress-nginx/controller-v1.12.1/deploy/static/provider/{provider}/deploy.yaml");
            super::at(&url).expect("it is known")
        };
        for (provider, has) in [("cloud", "LoadBalancer"), ("kind", "hostPort: 443"), ("baremetal", "NodePort")] {
            let text = at(provider);
            assert!(text.contains(has) && !text.contains("LABELS"), "{text}");
            assert!(text.split("---\n").count() > 15);
        }
        assert!(super::at("https://example.com/deploy.yaml").is_none());
    }
}
