//! Containers of pods and pod templates.

use super::page::{int_or_string, time_text, Page};
use crate::api::kinds::cells::or_none;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::base::quantity::Quantity;

/// Prints a list of containers; with a pod, their states too.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe describeContainers.
pub(super) fn print(page: &mut Page, title: &str, containers: &[Value], pod: Option<&Object>, indent: &str) {
    let none = if containers.is_empty() { " <none>" } else { "" };
    page.line(0, &format!("{indent}{title}:{none}"));
    for container in containers {
        let status = pod.and_then(|pod| status_of(pod, title, container.get("name").str()));
        print_basics(page, container, status, indent);
        print_lines(page, "Command", container.get("command").list());
        print_lines(page, "Args", container.get("args").list());
        if let Some(status) = status {
            print_state(page, "State", status.get("state"));
            if !status.at("lastState.terminated").is_null() {
                print_state(page, "Last State", status.get("lastState"));
            }
            page.field(2, "Ready", if status.get("ready").bool() { "True" } else { "False" });
            page.field(2, "Restart Count", status.get("restartCount").int());
        }
        print_resources(page, container.get("resources"), 2);
        for (name, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if !container.get(field).is_null() {
                page.field(2, name, probe_text(container.get(field)));
            }
        }
        print_environment(page, container, pod);
        print_mounts(page, container);
    }
}

fn status_of<'a>(pod: &'a Object, title: &str, name: &str) -> Option<&'a Value> {
    let field = match title {
        "Init Containers" => "initContainerStatuses",
        "Ephemeral Containers" => "ephemeralContainerStatuses",
        _ => "containerStatuses",
    };
    pod.status().get(field).list().iter().find(|status| status.get("name").str() == name)
}

fn print_basics(page: &mut Page, container: &Value, status: Option<&Value>, indent: &str) {
    let name_indent = if indent.is_empty() { "" } else { " " };
    page.line(1, &format!("{name_indent}{}:", container.get("name").str()));
    if let Some(status) = status {
        page.field(2, "Container ID", status.get("containerID").str());
    }
    page.field(2, "Image", container.get("image").str());
    if let Some(status) = status {
        page.field(2, "Image ID", status.get("imageID").str());
    }
    for (name, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let texts: Vec<String> = container.get("ports").list().iter().map(|port| port_text(port, field)).collect();
        let plural = if texts.len() > 1 { "s" } else { "" };
        page.field(2, &format!("{name}{plural}"), or_none(&texts.join(", ")));
    }
    let seccomp = container.at("securityContext.seccompProfile");
    page.field_if(2, "SeccompProfile", seccomp.get("type").str());
    page.field_if(3, "LocalhostProfile", seccomp.get("localhostProfile").str());
}

fn port_text(port: &Value, field: &str) -> String {
    let text = format!("{}/{}", port.get(field).int(), port.get("protocol").str());
    match port.get("name").str() {
        "" => text,
        name => format!("{text} ({name})"),
    }
}

fn print_lines(page: &mut Page, title: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    page.line(2, &format!("{title}:"));
    for line in words.iter().flat_map(|word| word.str().split('\n')) {
        page.line(3, line);
    }
}

fn print_state(page: &mut Page, title: &str, state: &Value) {
    let (running, terminated) = (state.get("running"), state.get("terminated"));
    if !running.is_null() {
        page.field(2, title, "Running");
        page.field(3, "Started", time_text(running.get("startedAt")));
    } else if !terminated.is_null() {
        page.field(2, title, "Terminated");
        page.field_if(3, "Reason", terminated.get("reason").str());
        page.field_if(3, "Message", terminated.get("message").str());
        page.field(3, "Exit Code", terminated.get("exitCode").int());
        if terminated.get("signal").int() > 0 {
            page.field(3, "Signal", terminated.get("signal").int());
        }
        page.field(3, "Started", time_text(terminated.get("startedAt")));
        page.field(3, "Finished", time_text(terminated.get("finishedAt")));
    } else {
        page.field(2, title, "Waiting");
        page.field_if(3, "Reason", state.at("waiting.reason").str());
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describeResources.
pub(super) fn print_resources(page: &mut Page, resources: &Value, level: usize) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = resources.get(field);
        if !amounts.is_empty() {
            page.line(level, &format!("{title}:"));
        }
        for (name, amount) in amounts.entries() {
            page.field(level + 1, name, int_or_string(amount));
        }
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe DescribeProbe.
fn probe_text(probe: &Value) -> String {
    let number = |field: &str| probe.get(field).int();
    let settings = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let (exec, http) = (probe.get("exec"), probe.get("httpGet"));
    let (tcp, grpc) = (probe.get("tcpSocket"), probe.get("grpc"));
    if !exec.is_null() {
        let words: Vec<&str> = exec.get("command").list().iter().map(Value::str).collect();
        format!("exec [{}] {settings}", words.join(" "))
    } else if !http.is_null() {
        let scheme = http.get("scheme").str().to_lowercase();
        let (host, path) = (http.get("host").str(), http.get("path").str());
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let path = path.replace('%', "%25").replace('?', "%3F").replace(' ', "%20").replace('#', "%23");
        format!("http-get {scheme}://{host}:{}{slash}{path} {settings}", int_or_string(http.get("port")))
    } else if !tcp.is_null() {
        format!("tcp-socket {}:{} {settings}", tcp.get("host").str(), int_or_string(tcp.get("port")))
    } else if !grpc.is_null() {
        format!("grpc <pod>:{} {} {settings}", grpc.get("port").int(), grpc.get("service").str())
    } else {
        format!("unknown {settings}")
    }
}

fn print_environment(page: &mut Page, container: &Value, pod: Option<&Object>) {
    let sources = container.get("envFrom").list();
    if !sources.is_empty() {
        page.line(2, "Environment Variables from:");
    }
    for source in sources {
        let (kind, reference) = match source.get("configMapRef").is_null() {
            false => ("ConfigMap", source.get("configMapRef")),
            true => ("Secret", source.get("secretRef")),
        };
        let with = match source.get("prefix").str() {
            "" => String::new(),
            prefix => format!(" with prefix '{prefix}'"),
        };
        let (name, optional) = (reference.get("name").str(), reference.get("optional").bool());
        page.line(3, &format!("{name}\t{kind}{with}\tOptional: {optional}"));
    }
    let variables = container.get("env").list();
    page.line(2, if variables.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for variable in variables {
        print_variable(page, variable, container, pod);
    }
}

fn print_variable(page: &mut Page, variable: &Value, container: &Value, pod: Option<&Object>) {
    let (name, from) = (variable.get("name").str(), variable.get("valueFrom"));
    if from.is_null() {
        for (i, line) in variable.get("value").str().split('\n').enumerate() {
            let head = if i == 0 { format!("{name}:") } else { String::new() };
            page.line(3, &format!("{head}\t{line}"));
        }
        return;
    }
    let (field, resource) = (from.get("fieldRef"), from.get("resourceFieldRef"));
    let (secret, map) = (from.get("secretKeyRef"), from.get("configMapKeyRef"));
    let (key, optional, text): (&Value, bool, String);
    if !field.is_null() {
        let path = field.get("fieldPath").str();
        let value = pod.map(|pod| field_value(pod, path)).unwrap_or_default();
        return page.field(3, name, format!("{value} ({}:{path})", field.get("apiVersion").str()));
    } else if !resource.is_null() {
        let which = resource.get("resource").str();
        return page.field(3, name, format!("{} ({which})", resource_value(container, resource)));
    } else if !secret.is_null() {
        (key, optional) = (secret.get("key"), secret.get("optional").bool());
        text = format!("in secret '{}'", secret.get("name").str());
    } else {
        (key, optional) = (map.get("key"), map.get("optional").bool());
        text = format!("of config map '{}'", map.get("name").str());
    }
    page.field(3, name, format!("<set to the key '{}' {text}>\tOptional: {optional}", key.str()));
}

/// The value of a field that a pod hands to its containers: kubectl knows the two that every object has, and prints nothing
/// for others.
///
/// Models staging/src/k8s.io/kubectl/pkg/describe EnvValueRetriever.
fn field_value(pod: &Object, path: &str) -> String {
    match path {
        "metadata.name" | "metadata.namespace" => pod.at(path).str().to_owned(),
        _ => String::new(),
    }
}

/// The limit or request that a container is told, in units of the divisor; without a limit, the node's.
///
/// Models staging/src/k8s.io/kubectl/pkg/util/resource ExtractContainerResourceValue.
pub fn resource_value(container: &Value, reference: &Value) -> String {
    let which = reference.get("resource").str();
    let milli = |value: &Value| Quantity::parse(&int_or_string(value)).map_or(0, |quantity| quantity.milli_value());
    let divisor = match milli(reference.get("divisor")) {
        0 => 1_000,
        milli => milli,
    };
    let amount = milli(container.get("resources").at(which));
    match amount {
        0 if which == "limits.cpu" || which == "limits.memory" => "node allocatable".to_owned(),
        amount => (amount / divisor + i64::from(amount % divisor > 0)).to_string(),
    }
}

fn print_mounts(page: &mut Page, container: &Value) {
    let mut mounts: Vec<&Value> = container.get("volumeMounts").list().iter().collect();
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    page.line(2, &format!("Mounts:{none}"));
    mounts.order_by_key(|mount| mount.get("mountPath").str());
    for mount in mounts {
        let mut flags = if mount.get("readOnly").bool() { "ro" } else { "rw" }.to_owned();
        if !mount.get("subPath").is_empty() {
            flags.push_str(&format!(",path=\"{}\"", mount.get("subPath").str()));
        }
        page.line(3, &format!("{} from {} ({flags})", mount.get("mountPath").str(), mount.get("name").str()));
    }
    let mut devices: Vec<&Value> = container.get("volumeDevices").list().iter().collect();
    devices.order_by_key(|device| device.get("devicePath").str());
    // Upstream, too, says there are none where there are no mounts.
    if !devices.is_empty() {
        page.line(2, &format!("Devices:{none}"));
    }
    for device in devices {
        page.line(3, &format!("{} from {}", device.get("devicePath").str(), device.get("name").str()));
    }
}
