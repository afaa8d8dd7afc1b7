//! What the API server passes on to pods and Services, `/api/v1/namespaces/NS/pods/NAME:PORT/proxy/...`, and how its JSON
//! looks for those who ask without kubectl.

use super::call::Call;
use super::failure::Failure;
use super::raw;
use crate::api::encode::json;
use crate::api::{kind, selector, Status, Value};
use crate::network::Source;

/// What a path holds, or what the pod or Service behind it answers.
pub fn read(call: &mut Call<'_>, path: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = path.trim_start_matches('/').splitn(8, '/').collect();
    if let ["api", "v1", "namespaces", namespace, resource @ ("pods" | "services"), name, "proxy", ..] = parts[..] {
        let rest = parts.get(7).copied().unwrap_or("");
        return pass_on(call, namespace, resource, name, rest);
    }
    raw::read(call, path)
}

/// Models pkg/registry/core/pod ResourceLocation and pkg/registry/core/service/storage REST.ResourceLocation.
fn pass_on(call: &mut Call<'_>, namespace: &str, resource: &str, name: &str, rest: &str) -> Result<String, Failure> {
    let words: Vec<&str> = name.split(':').collect();
    let (scheme, name, port) = match words[..] {
        [scheme, name, port] => (scheme, name, port),
        [name, port] => ("http", name, port),
        _ => ("http", name, ""),
    };
    let unavailable = |message: String| Failure::Server(Status::unavailable(&message));
    let address = if resource == "pods" {
        let pod = call.get(kind("Pod"), namespace, name)?;
        let ip = pod.at("status.podIP").text();
        if ip.is_empty() {
            return Err(Failure::Server(Status::internal("address not allowed")));
        }
        let mut own = pod.at("spec.containers").list().iter().flat_map(|container| container.get("ports").list());
        let first = own.next().map_or_else(|| "80".to_owned(), |port| port.get("containerPort").int().to_string());
        format!("{ip}:{}", if port.is_empty() { first } else { port.to_owned() })
    } else {
        let service = call.get(kind("Service"), namespace, name)?;
        let ports = service.at("spec.ports").list();
        let chosen = ports.iter().find(|own| match port {
            "" => ports.len() == 1,
            port => own.get("name").str() == port || own.get("port").int().to_string() == port,
        });
        let Some(chosen) = chosen else {
            return Err(unavailable(format!("no service port {port:?} found for service {name:?}")));
        };
        let labels = service.at("spec.selector");
        let pods = call.world.store().list("Pod", namespace);
        let ready = |pod: &&crate::api::Object| pod.has_condition("Ready") && !pod.at("status.podIP").is_empty();
        let mut able =
            pods.filter(ready).filter(|pod| !labels.is_empty() && selector::matches_pairs(labels, pod.labels()));
        let Some(pod) = able.next() else {
            return Err(unavailable(format!("no endpoints available for service {name:?}")));
        };
        let target = match chosen.get("targetPort") {
            Value::Str(text) => {
                let all = pod.at("spec.containers").list().iter().flat_map(|container| container.get("ports").list());
                all.filter(|own| own.get("name").str() == text.as_str())
                    .map(|own| own.get("containerPort").int())
                    .next()
                    .unwrap_or(0)
            }
            target => target.opt_int().unwrap_or_else(|| chosen.get("port").int()),
        };
        format!("{}:{target}", pod.at("status.podIP").str())
    };
    let scheme = if scheme.is_empty() { "http" } else { scheme };
    let args = ["-s".to_owned(), format!("{scheme}://{address}/{rest}")];
    let node = call.world.store().all("Node").next().map_or("", |node| node.name()).to_owned();
    let output = call.world.run_tool(Source::Node(node), "curl", &args).unwrap_or_default();
    match output.exit_code {
        0 => Ok(output.stdout),
        _ => {
            Err(unavailable(format!("error trying to reach service: dial tcp {address}: connect: connection refused")))
        }
    }
}

/// A refusal as the API server sends it, with its code.
pub fn failed(failure: Failure) -> (String, u64) {
    let status = match failure {
        Failure::Server(status) => status,
        _ => return ("404 page not found\n".to_owned(), 404),
    };
    let quote = |text: &str| json(&Value::from(text));
    let (message, reason, code) = (quote(&status.message), quote(status.reason), status.code);
    let body = format!("{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\"message\":{message},\"reason\":{reason},\"code\":{code}}}");
    (pretty(&body), u64::from(code))
}

/// JSON with a line for each value, two blanks deeper in each list and object; other text as it is.
pub fn pretty(text: &str) -> String {
    if !text.starts_with(['{', '[']) {
        return text.to_owned();
    }
    let (mut out, mut depth, mut quoted, mut escaped) = (String::new(), 0, false, false);
    let mut chars = text.trim_end().chars().peekable();
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    };
    while let Some(c) = chars.next() {
        if quoted {
            out.push(c);
            quoted = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                quoted = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.peek().is_some_and(|c| c.is_whitespace()) {
                    chars.next();
                }
                match chars.peek() {
                    Some('}' | ']') => out.extend(chars.next()),
                    _ => {
                        depth += 1;
                        break_line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth -= 1;
                break_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => out.push(c),
        }
    }
    out + "\n"
}
