//! The checks of the Pod Security Standards' baseline level.

use std::collections::BTreeSet;

use super::pod_security::{
    added, bad_seccomp, containers_text, counted, must_not_add, plural, quoted, violation, Pod, Violation,
};
use super::Value;

pub(super) fn app_armor(pod: &Pod<'_>) -> Option<Violation> {
    let mut values: BTreeSet<&str> = BTreeSet::new();
    let mut setters = pod.setters(|context| {
        let kind = context.at("appArmorProfile.type");
        let bad = !kind.is_null() && !matches!(kind.str(), "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(kind.str());
        }
        bad
    });
    let allowed = |value: &str| value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
    let annotations = pod.metadata.get("annotations").entries().iter();
    let bad: Vec<String> = annotations
        .filter(|(key, value)| {
            key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !allowed(value.str())
        })
        .map(|(key, value)| format!("{key}=\"{}\"", value.str()))
        .collect();
    if !bad.is_empty() {
        setters.push(plural("annotation", "annotations", bad.len()).to_owned());
    }
    let all: Vec<&str> = values.into_iter().chain(bad.iter().map(String::as_str)).collect();
    if all.is_empty() {
        return None;
    }
    let reason = plural("forbidden AppArmor profile", "forbidden AppArmor profiles", all.len());
    violation(reason, format!("{} must not set AppArmor profile type to {}", setters.join(" and "), quoted(all)))
}

pub(super) fn capabilities_baseline(pod: &Pod<'_>) -> Option<Violation> {
    pub(super) const ALLOWED: &[&str] = &[
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ];
    let (bad, forbidden) = added(pod, ALLOWED)?;
    violation("non-default capabilities", must_not_add(&bad, forbidden))
}

pub(super) fn host_namespaces(pod: &Pod<'_>) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].iter().filter(|field| pod.spec.get(field).bool());
    let bad: Vec<String> = fields.map(|field| format!("{field}=true")).collect();
    if bad.is_empty() {
        return None;
    }
    violation("host namespaces", bad.join(", "))
}

pub(super) fn host_path_volumes(pod: &Pod<'_>) -> Option<Violation> {
    let volumes = pod.spec.get("volumes").list().iter().filter(|volume| !volume.get("hostPath").is_null());
    let bad: Vec<&str> = volumes.map(|volume| volume.get("name").str()).collect();
    if bad.is_empty() {
        return None;
    }
    violation("hostPath volumes", counted("volume", "volumes", &bad))
}

pub(super) fn host_ports(pod: &Pod<'_>) -> Option<Violation> {
    let ports = |container: &Value| -> Vec<i64> {
        let ports = container.get("ports").list().iter().map(|port| port.get("hostPort").int());
        ports.filter(|port| *port != 0).collect()
    };
    let bad = pod.named(|container| !ports(container).is_empty());
    let forbidden: BTreeSet<String> =
        pod.containers().flat_map(|container| ports(container).into_iter().map(|port| port.to_string())).collect();
    if bad.is_empty() {
        return None;
    }
    let word = plural("hostPort", "hostPorts", forbidden.len());
    let list = forbidden.into_iter().collect::<Vec<_>>().join(", ");
    violation(word, format!("{} {} {word} {list}", containers_text(&bad), plural("uses", "use", bad.len())))
}

pub(super) fn host_probes(pod: &Pod<'_>) -> Option<Violation> {
    const HANDLERS: [&str; 5] =
        ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop"];
    let hosts = |container: &'_ Value| -> Vec<String> {
        let handlers = HANDLERS.iter().map(|path| container.at(path));
        let hosts =
            handlers.flat_map(|h| [h.at("httpGet.host").str().to_owned(), h.at("tcpSocket.host").str().to_owned()]);
        hosts.filter(|host| !host.is_empty()).collect()
    };
    let bad: BTreeSet<&str> = pod.named(|container| !hosts(container).is_empty()).into_iter().collect();
    let bad: Vec<&str> = bad.into_iter().collect();
    if bad.is_empty() || pod.minor < 34 {
        return None;
    }
    let found: BTreeSet<String> = pod.containers().flat_map(hosts).collect();
    let word = plural("probe or lifecycle host", "probe or lifecycle hosts", found.len());
    let (use_word, list) = (plural("uses", "use", bad.len()), quoted(found.iter().map(String::as_str)));
    violation("probe or lifecycle host", format!("{} {use_word} {word} {list}", containers_text(&bad)))
}

pub(super) fn privileged(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.named(|container| container.at("securityContext.privileged").bool());
    if bad.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", containers_text(&bad)))
}

/// Since 1.35 a pod with users of its own may have it at `baseline`.
pub(super) fn proc_mount_baseline(pod: &Pod<'_>) -> Option<Violation> {
    proc_mount(pod).filter(|_| !pod.has_own_users())
}

pub(super) fn proc_mount(pod: &Pod<'_>) -> Option<Violation> {
    let value = |container: &'_ Value| container.at("securityContext.procMount").text();
    let is_bad = |container: &Value| !matches!(value(container).as_str(), "" | "Default");
    let bad = pod.named(is_bad);
    if bad.is_empty() {
        return None;
    }
    let values: BTreeSet<String> = pod.containers().filter(|c| is_bad(c)).map(|c| value(c).to_string()).collect();
    let list = quoted(values.iter().map(String::as_str));
    violation("procMount", format!("{} must not set securityContext.procMount to {list}", containers_text(&bad)))
}

pub(super) fn selinux(pod: &Pod<'_>) -> Option<Violation> {
    let (mut types, mut user, mut role) = (BTreeSet::new(), false, false);
    let minor = pod.minor;
    let setters = pod.setters(|context| {
        let options = context.get("seLinuxOptions");
        let kind = options.get("type").str();
        let known = matches!(kind, "" | "container_t" | "container_init_t" | "container_kvm_t")
            || kind == "container_engine_t" && minor >= 31;
        if !known {
            types.insert(kind);
        }
        let (own_user, own_role) = (!options.get("user").str().is_empty(), !options.get("role").str().is_empty());
        user |= own_user;
        role |= own_role;
        !known || own_user || own_role
    });
    if setters.is_empty() {
        return None;
    }
    let mut data = Vec::new();
    if !types.is_empty() {
        data.push(format!("{} {}", plural("type", "types", types.len()), quoted(types)));
    }
    data.extend(user.then(|| "user may not be set".to_owned()));
    data.extend(role.then(|| "role may not be set".to_owned()));
    let setters = setters.join(" and ");
    violation("seLinuxOptions", format!("{setters} set forbidden securityContext.seLinuxOptions: {}", data.join("; ")))
}

/// Before 1.19 the profiles stood in annotations.
pub(super) fn seccomp_baseline(pod: &Pod<'_>) -> Option<Violation> {
    if pod.minor >= 19 {
        return bad_seccomp(pod);
    }
    let allowed =
        |value: &str| ["runtime/default", "docker/default"].contains(&value) || value.starts_with("localhost/");
    let keys =
        pod.containers().map(|c| format!("container.seccomp.security.alpha.kubernetes.io/{}", c.get("name").str()));
    let keys: BTreeSet<String> = keys.chain(["seccomp.security.alpha.kubernetes.io/pod".to_owned()]).collect();
    let said = keys.iter().filter_map(|key| Some((key, pod.metadata.get("annotations").get(key).opt_str()?)));
    let bad: Vec<String> = said.filter(|(_, v)| !allowed(v)).map(|(key, v)| format!("{key}=\"{v}\"")).collect();
    if bad.is_empty() {
        return None;
    }
    violation(
        "seccompProfile",
        format!("forbidden {} {}", plural("annotation", "annotations", bad.len()), bad.join(", ")),
    )
}

pub(super) fn sysctls(pod: &Pod<'_>) -> Option<Violation> {
    let allowed = |name: &str| match name {
        "kernel.shm_rmid_forced"
        | "net.ipv4.ip_local_port_range"
        | "net.ipv4.tcp_syncookies"
        | "net.ipv4.ping_group_range"
        | "net.ipv4.ip_unprivileged_port_start" => true,
        "net.ipv4.ip_local_reserved_ports" => pod.minor >= 27,
        "net.ipv4.tcp_keepalive_time"
        | "net.ipv4.tcp_fin_timeout"
        | "net.ipv4.tcp_keepalive_intvl"
        | "net.ipv4.tcp_keepalive_probes" => pod.minor >= 29,
        "net.ipv4.tcp_rmem" | "net.ipv4.tcp_wmem" => pod.minor >= 32,
        _ => false,
    };
    let names = pod.spec.at("securityContext.sysctls").list().iter().map(|sysctl| sysctl.get("name").str());
    let bad: Vec<&str> = names.filter(|name| !allowed(name)).collect();
    if bad.is_empty() {
        return None;
    }
    violation("forbidden sysctls", bad.join(", "))
}

pub(super) fn windows_host_process(pod: &Pod<'_>) -> Option<Violation> {
    let setters = pod.setters(|context| context.at("windowsOptions.hostProcess").bool());
    if setters.is_empty() {
        return None;
    }
    violation(
        "hostProcess",
        format!("{} must not set securityContext.windowsOptions.hostProcess=true", setters.join(" and ")),
    )
}
