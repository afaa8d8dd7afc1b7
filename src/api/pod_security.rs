//! The Pod Security Standards: what a pod does that the levels `baseline` and `restricted` forbid, in upstream's words.
//!
//! It knows nothing of namespaces and refuses nothing; admission does.

use std::collections::BTreeSet;

use super::Value;

/// How strict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Everything is allowed.
    Privileged,
    /// What is known to let a pod out of its bounds is forbidden.
    Baseline,
    /// Pods must be hardened.
    Restricted,
}

/// Names of the levels, as labels write them.
pub const LEVELS: [(&str, Level); 3] =
    [("privileged", Level::Privileged), ("baseline", Level::Baseline), ("restricted", Level::Restricted)];

/// The latest version that has a standard of its own.
pub const LATEST_MINOR: u32 = 36;

/// What a check found: the reason in a word or two, and the details.
pub struct Violation {
    /// `host namespaces`.
    pub reason: String,
    /// `hostNetwork=true`.
    pub detail: String,
}

/// A pod as a check sees it.
struct Pod<'a> {
    metadata: &'a Value,
    spec: &'a Value,
    minor: u32,
}

type Check = fn(&Pod<'_>) -> Option<Violation>;

/// The checks of `baseline` by name, with true where a stricter one takes their place in `restricted`.
const BASELINE: &[(Check, bool)] = &[
    (app_armor, false),
    (capabilities_baseline, true),
    (host_namespaces, false),
    (host_path_volumes, true),
    (host_ports, false),
    (host_probes, false),
    (privileged, false),
    (proc_mount_baseline, true),
    (selinux, false),
    (seccomp_baseline, true),
    (sysctls, false),
    (windows_host_process, false),
];

/// The checks that `restricted` adds, by name.
const RESTRICTED: &[Check] = &[
    allow_privilege_escalation,
    capabilities_restricted,
    proc_mount,
    volume_types,
    run_as_non_root,
    run_as_user,
    seccomp_restricted,
];

/// All that a pod, or the template of one, does against a level at a version (`minor` of 1.x).
///
/// Models staging/src/k8s.io/pod-security-admission/policy Evaluator.EvaluatePod: the order is that of the checks' names.
pub fn evaluate(level: Level, minor: u32, metadata: &Value, spec: &Value) -> Vec<Violation> {
    let pod = Pod { metadata, spec, minor };
    let strict = level == Level::Restricted;
    let baseline = BASELINE.iter().filter(|(_, replaced)| level >= Level::Baseline && !(strict && *replaced));
    let restricted = RESTRICTED.iter().filter(|_| strict);
    baseline.map(|(check, _)| check).chain(restricted).filter_map(|check| check(&pod)).collect()
}

fn violation(reason: impl Into<String>, detail: String) -> Option<Violation> {
    Some(Violation { reason: reason.into(), detail })
}

fn plural<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 {
        one
    } else {
        many
    }
}

fn quoted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// `containers "a", "b"`.
fn counted(one: &str, many: &str, names: &[&str]) -> String {
    format!("{} {}", plural(one, many, names.len()), quoted(names.iter().copied()))
}

fn containers_text(names: &[&str]) -> String {
    counted("container", "containers", names)
}

impl<'a> Pod<'a> {
    fn containers(&self) -> impl Iterator<Item = &'a Value> + '_ {
        ["initContainers", "containers", "ephemeralContainers"].iter().flat_map(|list| self.spec.get(list).list())
    }

    /// The names of the containers that a test holds for.
    fn named(&self, test: impl Fn(&Value) -> bool) -> Vec<&'a str> {
        self.containers().filter(|container| test(container)).map(|container| container.get("name").str()).collect()
    }

    /// What the pod and its containers say in their security contexts: `pod`, `container "a"`. Values are collected.
    fn setters(&self, mut is_bad: impl FnMut(&'a Value) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        if is_bad(self.spec.get("securityContext")) {
            found.push("pod".to_owned());
        }
        let bad: Vec<&str> = self
            .containers()
            .filter(|container| is_bad(container.get("securityContext")))
            .map(|container| container.get("name").str())
            .collect();
        if !bad.is_empty() {
            found.push(containers_text(&bad));
        }
        found
    }

    fn is_windows(&self) -> bool {
        self.minor >= 25 && self.spec.at("os.name").str() == "windows"
    }

    /// True for a pod with users of its own, which may be root inside.
    fn has_own_users(&self) -> bool {
        self.minor >= 35 && self.spec.get("hostUsers").opt_bool() == Some(false)
    }
}

fn app_armor(pod: &Pod<'_>) -> Option<Violation> {
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

/// The containers that add capabilities other than those allowed, and which.
fn added<'a>(pod: &Pod<'a>, allowed: &[&str]) -> Option<(Vec<&'a str>, BTreeSet<&'a str>)> {
    let mut forbidden = BTreeSet::new();
    let mut bad = Vec::new();
    for container in pod.containers() {
        let before = bad.len();
        for name in container.at("securityContext.capabilities.add").list().iter().map(Value::str) {
            if !allowed.contains(&name) {
                forbidden.insert(name);
                bad.truncate(before);
                bad.push(container.get("name").str());
            }
        }
    }
    (!bad.is_empty()).then_some((bad, forbidden))
}

fn must_not_add(bad: &[&str], forbidden: BTreeSet<&str>) -> String {
    format!("{} must not include {} in securityContext.capabilities.add", containers_text(bad), quoted(forbidden))
}

fn capabilities_baseline(pod: &Pod<'_>) -> Option<Violation> {
    const ALLOWED: &[&str] = &[
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

fn capabilities_restricted(pod: &Pod<'_>) -> Option<Violation> {
    if pod.is_windows() || pod.minor < 22 {
        return if pod.minor < 22 { capabilities_baseline(pod) } else { None };
    }
    let mut details = Vec::new();
    let keeps = pod.named(|c| !c.at("securityContext.capabilities.drop").list().iter().any(|name| name.str() == "ALL"));
    if !keeps.is_empty() {
        details.push(format!("{} must set securityContext.capabilities.drop=[\"ALL\"]", containers_text(&keeps)));
    }
    if let Some((bad, forbidden)) = added(pod, &["NET_BIND_SERVICE"]) {
        details.push(must_not_add(&bad, forbidden));
    }
    if details.is_empty() {
        return None;
    }
    violation("unrestricted capabilities", details.join("; "))
}

fn host_namespaces(pod: &Pod<'_>) -> Option<Violation> {
    let fields = ["hostNetwork", "hostPID", "hostIPC"].iter().filter(|field| pod.spec.get(field).bool());
    let bad: Vec<String> = fields.map(|field| format!("{field}=true")).collect();
    if bad.is_empty() {
        return None;
    }
    violation("host namespaces", bad.join(", "))
}

fn host_path_volumes(pod: &Pod<'_>) -> Option<Violation> {
    let volumes = pod.spec.get("volumes").list().iter().filter(|volume| !volume.get("hostPath").is_null());
    let bad: Vec<&str> = volumes.map(|volume| volume.get("name").str()).collect();
    if bad.is_empty() {
        return None;
    }
    violation("hostPath volumes", counted("volume", "volumes", &bad))
}

fn host_ports(pod: &Pod<'_>) -> Option<Violation> {
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

fn host_probes(pod: &Pod<'_>) -> Option<Violation> {
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

fn privileged(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.named(|container| container.at("securityContext.privileged").bool());
    if bad.is_empty() {
        return None;
    }
    violation("privileged", format!("{} must not set securityContext.privileged=true", containers_text(&bad)))
}

/// Since 1.35 a pod with users of its own may have it at `baseline`.
fn proc_mount_baseline(pod: &Pod<'_>) -> Option<Violation> {
    proc_mount(pod).filter(|_| !pod.has_own_users())
}

fn proc_mount(pod: &Pod<'_>) -> Option<Violation> {
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

fn selinux(pod: &Pod<'_>) -> Option<Violation> {
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

/// What is said of seccomp profiles that are not allowed.
fn bad_seccomp(pod: &Pod<'_>) -> Option<Violation> {
    let mut values = BTreeSet::new();
    let setters = pod.setters(|context| {
        let kind = context.at("seccompProfile.type");
        let bad = !kind.is_null() && !matches!(kind.str(), "RuntimeDefault" | "Localhost");
        if bad {
            values.insert(kind.str());
        }
        bad
    });
    if setters.is_empty() {
        return None;
    }
    let (setters, list) = (setters.join(" and "), quoted(values));
    violation("seccompProfile", format!("{setters} must not set securityContext.seccompProfile.type to {list}"))
}

/// Before 1.19 the profiles stood in annotations.
fn seccomp_baseline(pod: &Pod<'_>) -> Option<Violation> {
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

fn seccomp_restricted(pod: &Pod<'_>) -> Option<Violation> {
    if pod.minor < 19 || pod.is_windows() {
        return if pod.minor < 19 { seccomp_baseline(pod) } else { None };
    }
    let unset = |context: &Value| context.at("seccompProfile.type").is_null();
    bad_seccomp(pod).or_else(|| {
        let open = pod.named(|container| unset(container.get("securityContext")));
        if open.is_empty() || !unset(pod.spec.get("securityContext")) {
            return None;
        }
        let who = containers_text(&open);
        let types = "\"RuntimeDefault\" or \"Localhost\"";
        violation("seccompProfile", format!("pod or {who} must set securityContext.seccompProfile.type to {types}"))
    })
}

fn sysctls(pod: &Pod<'_>) -> Option<Violation> {
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

fn windows_host_process(pod: &Pod<'_>) -> Option<Violation> {
    let setters = pod.setters(|context| context.at("windowsOptions.hostProcess").bool());
    if setters.is_empty() {
        return None;
    }
    violation(
        "hostProcess",
        format!("{} must not set securityContext.windowsOptions.hostProcess=true", setters.join(" and ")),
    )
}

fn allow_privilege_escalation(pod: &Pod<'_>) -> Option<Violation> {
    let bad = pod.named(|c| c.at("securityContext.allowPrivilegeEscalation").opt_bool() != Some(false));
    if bad.is_empty() || pod.is_windows() || pod.minor < 8 {
        return None;
    }
    let detail = format!("{} must set securityContext.allowPrivilegeEscalation=false", containers_text(&bad));
    violation("allowPrivilegeEscalation != false", detail)
}

fn volume_types(pod: &Pod<'_>) -> Option<Violation> {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let source = |volume: &'_ Value| {
        let fields = volume.entries().iter().map(|(key, _)| key.clone());
        fields.filter(|key| key != "name").find(|key| !ALLOWED.contains(&key.as_str()))
    };
    let volumes = pod.spec.get("volumes").list();
    let bad: Vec<&str> = volumes.iter().filter(|v| source(v).is_some()).map(|v| v.get("name").str()).collect();
    if bad.is_empty() {
        return None;
    }
    let types: BTreeSet<String> = volumes.iter().filter_map(source).map(|name| name.to_string()).collect();
    let (use_word, word) =
        (plural("uses", "use", bad.len()), plural("restricted volume type", "restricted volume types", types.len()));
    let list = quoted(types.iter().map(String::as_str));
    violation("restricted volume types", format!("{} {use_word} {word} {list}", counted("volume", "volumes", &bad)))
}

fn run_as_non_root(pod: &Pod<'_>) -> Option<Violation> {
    if pod.has_own_users() {
        return None;
    }
    let reason = "runAsNonRoot != true";
    let of = |context: &Value| context.get("runAsNonRoot").opt_bool();
    let whole = of(pod.spec.get("securityContext"));
    let explicit = pod.named(|container| of(container.get("securityContext")) == Some(false));
    let implicit = pod.named(|container| of(container.get("securityContext")).is_none());
    let mut setters = Vec::new();
    if whole == Some(false) {
        setters.push("pod".to_owned());
    }
    if !explicit.is_empty() {
        setters.push(containers_text(&explicit));
    }
    if !setters.is_empty() {
        return violation(reason, format!("{} must not set securityContext.runAsNonRoot=false", setters.join(" and ")));
    }
    if implicit.is_empty() || whole == Some(true) {
        return None;
    }
    violation(reason, format!("pod or {} must set securityContext.runAsNonRoot=true", containers_text(&implicit)))
}

fn run_as_user(pod: &Pod<'_>) -> Option<Violation> {
    let setters = pod.setters(|context| context.get("runAsUser").opt_int() == Some(0));
    if setters.is_empty() || pod.minor < 23 || pod.has_own_users() {
        return None;
    }
    violation("runAsUser=0", format!("{} must not set runAsUser=0", setters.join(" and ")))
}
