//! What every API server makes for itself when it starts: roles and bindings, flow schemas and priority levels, and
//! API services. A table, read once; what does not change is shared by all clusters.
//!
//! Nothing acts on these objects but the questions who may do what and which groups are served.

use std::sync::OnceLock;

use crate::api::kinds::catalog::version_of;
use crate::api::{kind, Map, Object, Value};
use crate::base::order::Order;
use crate::value;

/// The objects, without what each cluster gives them: UIDs and times.
pub(super) fn objects() -> &'static [Object] {
    static OBJECTS: OnceLock<Vec<Object>> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let mut objects = Vec::new();
        let lines = include_str!("bootstrap.txt").lines().filter(|line| !line.starts_with('#'));
        lines.for_each(|line| read(line, &mut objects));
        aggregate(&mut objects);
        objects
    })
}

fn read(line: &str, objects: &mut Vec<Object>) {
    let mut parts = line.split(" ; ");
    let mut words = parts.next().unwrap_or("").split(' ');
    let (letter, name) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let rest: Vec<&str> = words.collect();
    match letter {
        "A" | "R" => {
            let target = rest.iter().find_map(|word| word.strip_prefix('@'));
            let own: Vec<&str> = rest.iter().copied().filter(|word| !word.starts_with('@')).collect();
            let mut role = rbac("ClusterRole", "", name);
            if let Some(target) = target {
                let labels = role.value.slot("metadata").slot("labels");
                labels.map_mut().insert(&format!("rbac.authorization.k8s.io/aggregate-to-{target}"), "true");
            }
            match letter {
                "A" => {
                    let label = format!("rbac.authorization.k8s.io/aggregate-to-{}", own.first().unwrap_or(&""));
                    let mut labels = Map::default();
                    labels.insert(&label, "true");
                    role.set("aggregationRule", value!({"clusterRoleSelectors": [{"matchLabels": labels}]}));
                }
                _ => role.set("rules", rules(&own, parts)),
            }
            objects.push(role);
        }
        "C" => {
            let full = format!("system:controller:{name}");
            let mut role = rbac("ClusterRole", "", &full);
            role.set("rules", rules(&rest, parts));
            objects.push(role);
            let account = format!("s:kube-system/{name}");
            objects.push(binding("ClusterRoleBinding", "", &full, "ClusterRole", &full, &[&account]));
        }
        "B" => objects.push(binding("ClusterRoleBinding", "", name, "ClusterRole", name, &rest)),
        "N" => {
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            let mut role = rbac("Role", namespace, name);
            role.set("rules", rules(&rest, parts));
            objects.push(role);
        }
        "M" => {
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            let (name, role) = name.split_once('>').unwrap_or((name, name));
            objects.push(binding("RoleBinding", namespace, name, "Role", role, &rest));
        }
        "F" => objects.push(flow_schema(name, &rest, parts)),
        "P" => objects.push(priority_level(name, &rest)),
        "H" => {
            let mut component = Object::new(kind("ComponentStatus"), "", name);
            component.set("conditions", value!([{"message": "ok", "status": "True", "type": "Healthy"}]));
            objects.push(component);
        }
        _ => objects.push(api_service(name, &rest)),
    }
}

fn rbac(kind_name: &str, namespace: &str, name: &str) -> Object {
    let mut object = Object::new(kind(kind_name), namespace, name);
    object.set("metadata.labels", value!({"kubernetes.io/bootstrapping": "rbac-defaults"}));
    object.set("metadata.annotations", value!({"rbac.authorization.kubernetes.io/autoupdate": "true"}));
    object
}

fn binding(of: &str, namespace: &str, name: &str, role_kind: &str, role: &str, subjects: &[&str]) -> Object {
    let mut object = rbac(of, namespace, name);
    let reference = value!({"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role});
    object.set("roleRef", reference);
    if !subjects.is_empty() {
        object.set("subjects", subjects.iter().map(|subject| rbac_subject(subject)).collect::<Value>());
    }
    object
}

/// `g:NAME`, `u:NAME` or `s:NAMESPACE/NAME`: the kind of subject, its namespace and its name.
fn subject(text: &str) -> (&'static str, &str, &str) {
    let (letter, name) = text.split_once(':').unwrap_or(("", text));
    match letter {
        "g" => ("Group", "", name),
        "u" => ("User", "", name),
        _ => {
            let (namespace, name) = name.split_once('/').unwrap_or(("", name));
            ("ServiceAccount", namespace, name)
        }
    }
}

fn rbac_subject(text: &str) -> Value {
    match subject(text) {
        (kind, "", name) => value!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}),
        (kind, namespace, name) => value!({"kind": kind, "name": name, "namespace": namespace}),
    }
}

fn list(text: &str, separator: char) -> Value {
    text.split(separator).map(Value::from).collect()
}

/// The verbs of a rule: letters, or whole words.
fn verbs(text: &str) -> Value {
    let word = |letter: char| match letter {
        'g' => "get",
        'l' => "list",
        'w' => "watch",
        'c' => "create",
        'u' => "update",
        'p' => "patch",
        'd' => "delete",
        _ => "deletecollection",
    };
    match text.chars().all(|c| "glwcupdD".contains(c)) {
        true => {
            let mut words: Vec<&str> = text.chars().map(word).collect();
            words.order();
            words.into_iter().map(Value::from).collect()
        }
        false => list(text, ','),
    }
}

fn rules<'a>(first: &[&str], rest: impl Iterator<Item = &'a str>) -> Value {
    [rule(&first.join(" "))].into_iter().chain(rest.map(rule)).collect()
}

fn rule(text: &str) -> Value {
    let Some((allowed, target)) = text.split_once(' ') else {
        return value!({"apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch", "update"]});
    };
    let (groups, resources) = target.split_once(':').unwrap_or(("", target));
    if groups == "url" {
        return value!({"nonResourceURLs": (list(resources, ',')), "verbs": (verbs(allowed))});
    }
    let (resources, names) = resources.split_once('=').unwrap_or((resources, ""));
    let groups = list(groups, '+');
    let mut rule = value!({"apiGroups": groups, "resources": (list(resources, ',')), "verbs": (verbs(allowed))});
    if !names.is_empty() {
        rule.set("resourceNames", list(names, ','));
    }
    rule
}

/// The rules of the roles that gather those of others, as their controller has written them.
fn aggregate(objects: &mut [Object]) {
    for name in ["view", "edit", "admin"] {
        let label = format!("rbac.authorization.k8s.io/aggregate-to-{name}");
        let chosen = objects.iter().filter(|role| role.label(&label) == "true");
        let rules: Vec<Value> = chosen.flat_map(|role| role.value.get("rules").list().to_vec()).collect();
        if let Some(role) = objects.iter_mut().find(|object| object.name() == name && object.kind.kind == "ClusterRole")
        {
            role.set("rules", rules);
        }
    }
}

/// Models staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap newFlowSchema.
fn flow_schema<'a>(name: &str, words: &[&str], lines: impl Iterator<Item = &'a str>) -> Object {
    let mut schema = Object::new(kind("FlowSchema"), "", name);
    schema.set("metadata.annotations", value!({"apf.kubernetes.io/autoupdate-spec": "true"}));
    schema.set("metadata.generation", 1);
    let [level, precedence, method, subjects @ ..] = words else { return schema };
    let subjects: Value = subjects
        .iter()
        .map(|text| match subject(text) {
            ("Group", _, name) => value!({"kind": "Group", "group": {"name": name}}),
            ("User", _, name) => value!({"kind": "User", "user": {"name": name}}),
            (kind, namespace, name) => value!({"kind": kind, "serviceAccount": {"name": name, "namespace": namespace}}),
        })
        .collect();
    let mut rules = value!({"subjects": subjects});
    for line in lines {
        let (text, namespaces) = line.split_once('@').unwrap_or((line, ""));
        let mut rule = rule(text);
        let place = if rule.get("nonResourceURLs").is_null() { "resourceRules" } else { "nonResourceRules" };
        match namespaces {
            "" => {}
            "-" => rule.set("clusterScope", true),
            "*" => {
                rule.set("namespaces", value!(["*"]));
                if text == "* *:*" {
                    rule.set("clusterScope", true);
                }
            }
            _ => rule.set("namespaces", list(namespaces, ',')),
        }
        rules.slot(place).list_mut().push(rule);
    }
    let mut spec = value!({"matchingPrecedence": (precedence.parse::<i64>().unwrap_or(0)),
        "priorityLevelConfiguration": {"name": (*level)}, "rules": [(rules)]});
    if *method != "-" {
        spec.set("distinguisherMethod.type", *method);
    }
    schema.set("spec", spec);
    let message =
        format!("This FlowSchema references the PriorityLevelConfiguration object named \"{level}\" and it exists");
    schema.set(
        "status.conditions",
        value!([{"type": "Dangling", "status": "False", "reason": "Found", "message": message}]),
    );
    schema
}

/// Models staging/src/k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap newPriorityLevelConfiguration.
fn priority_level(name: &str, words: &[&str]) -> Object {
    let mut level = Object::new(kind("PriorityLevelConfiguration"), "", name);
    level.set("metadata.annotations", value!({"apf.kubernetes.io/autoupdate-spec": "true"}));
    level.set("metadata.generation", 1);
    let number = |i: usize| words.get(i).and_then(|word| word.parse::<i64>().ok());
    let spec = match (number(0), number(1)) {
        (None, _) => value!({"type": "Exempt", "exempt": {"lendablePercent": 0, "nominalConcurrencyShares": 0}}),
        (Some(shares), None) => value!({"type": "Limited", "limited": {"lendablePercent": 0,
            "limitResponse": {"type": "Reject"}, "nominalConcurrencyShares": shares}}),
        (Some(shares), Some(queues)) => value!({"type": "Limited", "limited": {"lendablePercent": 0,
            "limitResponse": {"type": "Queue", "queuing": {"handSize": (number(2).unwrap_or(0)),
                "queueLengthLimit": (number(3).unwrap_or(0)), "queues": queues}},
            "nominalConcurrencyShares": shares}}),
    };
    level.set("spec", spec);
    level
}

/// Models pkg/controlplane/apiserver apiServicesToRegister.
fn api_service(name: &str, words: &[&str]) -> Object {
    let number = |i: usize| words.get(i).and_then(|word| word.parse::<i64>().ok()).unwrap_or(0);
    version_of(name, number(0), number(1), "onstart")
}
