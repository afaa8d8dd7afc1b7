//! Files of containers that are made when somebody looks: names, resolvers, accounts, the first process.

use ecow::{eco_format, EcoString};

use super::surroundings::processes;
use super::Outside;
use crate::api::{Object, Value};
use crate::base::draw;
use crate::workload;

/// The words of the first process that is to be seen, each with a NUL behind it.
fn command_line(pod: &Object, container: &Value) -> EcoString {
    let shown = processes(pod, container).into_iter().next().map_or_else(EcoString::new, |(_, command)| command);
    let words = workload::words_of(container);
    match words.join(" ") == shown {
        true => words.iter().map(|word| eco_format!("{word}\0")).collect(),
        false => shown.split(' ').map(|word| eco_format!("{word}\0")).collect(),
    }
}

/// Files that are made when somebody looks.
pub(super) fn made_files(
    pod: &Object,
    container: &Value,
    ip: &str,
    memory_limit: u64,
    outside: &dyn Outside,
) -> Vec<(EcoString, EcoString)> {
    let mut made: Vec<(EcoString, EcoString)> = vec![
        ("/etc/hostname".into(), eco_format!("{}\n", workload::host_name(pod))),
        ("/etc/hosts".into(), outside.hosts_file(pod, ip).into()),
        ("/etc/resolv.conf".into(), outside.resolver_file(pod).into()),
        ("/proc/1/cmdline".into(), command_line(pod, container)),
        ("/dev/null".into(), EcoString::new()),
        ("/dev/termination-log".into(), EcoString::new()),
        (
            "/sys/fs/cgroup/memory.max".into(),
            if memory_limit > 0 { eco_format!("{memory_limit}\n") } else { "max\n".into() },
        ),
    ];
    let mounts = container.get("volumeMounts").list().iter();
    if let Some(mount) = mounts.into_iter().find(|mount| mount.get("name").str().starts_with("kube-api-access-")) {
        let folder = mount.get("mountPath").str();
        for (name, text) in account_files(pod) {
            made.push((eco_format!("{folder}/{name}"), text));
        }
    }
    made
}

/// The files by which a container may talk to the API server.
fn account_files(pod: &Object) -> [(&'static str, EcoString); 3] {
    let account = match pod.at("spec.serviceAccountName").str() {
        "" => "default",
        name => name,
    };
    [
        ("namespace", pod.namespace().into()),
        ("token", token(pod, account)),
        ("ca.crt", "-----BEGIN CERTIFICATE-----\nMIIDBTCCAe2gAwIBAgIIKubottle0wDQYJKoZIhvcNAQELBQAwFTETMBEGA1UEAxMKa3ViZXJuZXRlcw==\n-----END CERTIFICATE-----\n".into()),
    ]
}

/// A token of a service account: the three parts of a JWT, the last of which is no real signature.
pub(super) fn token(pod: &Object, account: &str) -> EcoString {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let (namespace, name) = (pod.namespace(), pod.name());
    let claims = format!(
        "{{\"aud\":[\"https://kubernetes.default.svc.cluster.local\"],\"iss\":\"https://kubernetes.default.svc.cluster.local\",\"kubernetes.io\":{{\"namespace\":\"{namespace}\",\"pod\":{{\"name\":\"{name}\",\"uid\":\"{}\"}},\"serviceaccount\":{{\"name\":\"{account}\"}}}},\"sub\":\"system:serviceaccount:{namespace}:{account}\"}}",
        pod.uid()
    );
    let signature =
        format!("{:016x}{:016x}", draw::draw(0, "token", pod.uid(), 0), draw::draw(0, "token", pod.uid(), 1));
    eco_format!("{}.{}.{}", encode("{\"alg\":\"RS256\",\"kid\":\"kubottle\"}"), encode(&claims), encode(&signature))
}
