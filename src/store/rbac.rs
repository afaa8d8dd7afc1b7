//! Who may do what: role-based access control over the objects of the cluster, for requests made in another's name.

use super::Store;
use crate::api::{Map, Value};

/// Who asks.
#[derive(Clone, Debug)]
pub struct User {
    /// Name: `jane`, `system:serviceaccount:demo:builder`.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access<'a> {
    /// `get`, `list`, `create` ...
    pub verb: &'a str,
    /// API group.
    pub group: &'a str,
    /// Plural name of the kind.
    pub resource: &'a str,
    /// Sub-resource; empty for the object itself.
    pub part: &'a str,
    /// Name of the object; empty for all.
    pub name: &'a str,
    /// A path such as `/healthz` in place of all that; empty for objects.
    pub url: &'a str,
}

/// The roles every cluster has, where nobody has made one of that name: `NAME verbs group:resource,... ...`. The rules of
/// `+NAME` are included.
const BUILT_IN: &str = "\
cluster-admin * *:* url:*
system:basic-user create authorization.k8s.io:selfsubjectaccessreviews,selfsubjectrulesreviews authentication.k8s.io:selfsubjectreviews
system:discovery get url:/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/,/.well-known,/.well-known/*
system:public-info-viewer get url:/healthz,/livez,/readyz,/version,/version/
view get,list,watch :bindings,configmaps,endpoints,events,limitranges,namespaces,namespaces/status,persistentvolumeclaims,persistentvolumeclaims/status,pods,pods/log,pods/status,replicationcontrollers,replicationcontrollers/scale,replicationcontrollers/status,resourcequotas,resourcequotas/status,serviceaccounts,services,services/status apps:controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status autoscaling:horizontalpodautoscalers,horizontalpodautoscalers/status batch:cronjobs,cronjobs/status,jobs,jobs/status discovery.k8s.io:endpointslices events.k8s.io:events networking.k8s.io:ingresses,ingresses/status,networkpolicies policy:poddisruptionbudgets,poddisruptionbudgets/status
edit get,list,watch :pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy
edit create,delete,deletecollection,patch,update :pods,pods/attach,pods/proxy,pods/exec,pods/portforward,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/proxy,persistentvolumeclaims,configmaps,secrets,endpoints,events apps:statefulsets,statefulsets/scale,daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale autoscaling:horizontalpodautoscalers batch:jobs,cronjobs policy:poddisruptionbudgets networking.k8s.io:networkpolicies,ingresses
edit create :pods/eviction,serviceaccounts/token
edit impersonate :serviceaccounts
edit +view
admin create,delete,deletecollection,get,list,patch,update,watch rbac.authorization.k8s.io:roles,rolebindings
admin create authorization.k8s.io:localsubjectaccessreviews
admin +edit
";

/// The bindings every cluster has: a role and the group it is given to.
const BOUND: [(&str, &str); 4] = [
    ("cluster-admin", "system:masters"),
    ("system:basic-user", "system:authenticated"),
    ("system:discovery", "system:authenticated"),
    ("system:public-info-viewer", "system:authenticated"),
];

impl User {
    /// The user that a name and groups of flags mean; a service account has the groups of its namespace.
    pub fn named(name: &str, groups: &[String]) -> User {
        let mut groups = groups.to_vec();
        if let Some((namespace, _)) = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'))
        {
            groups.push("system:serviceaccounts".to_owned());
            groups.push(format!("system:serviceaccounts:{namespace}"));
        }
        groups.push("system:authenticated".to_owned());
        User { name: name.to_owned(), groups }
    }

    fn is(&self, subject: &Value, namespace: &str) -> bool {
        let name = subject.get("name").str();
        match subject.get("kind").str() {
            "User" => name == self.name,
            "Group" => self.groups.iter().any(|group| group == name),
            _ => {
                let of = subject.get("namespace").opt_str().unwrap_or(namespace);
                self.name == format!("system:serviceaccount:{of}:{name}")
            }
        }
    }

    /// The rules that hold for the user: those of the whole cluster, then those of a namespace.
    ///
    /// Models plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation VisitRulesFor.
    pub fn rules(&self, store: &Store, namespace: &str) -> Vec<Value> {
        let mut rules = Vec::new();
        for (role, group) in BOUND {
            if self.groups.iter().any(|known| known == group) {
                rules.extend(role_rules(store, "ClusterRole", "", role));
            }
        }
        let given = |binding: &crate::api::Object| {
            let subjects = binding.value.get("subjects").list();
            subjects.iter().any(|subject| self.is(subject, binding.namespace()))
        };
        for binding in store.all("ClusterRoleBinding").filter(|binding| given(binding)) {
            rules.extend(role_rules(store, "ClusterRole", "", binding.at("roleRef.name").str()));
        }
        if !namespace.is_empty() {
            for binding in store.list("RoleBinding", namespace).filter(|binding| given(binding)) {
                let kind = binding.at("roleRef.kind").str();
                rules.extend(role_rules(store, kind, namespace, binding.at("roleRef.name").str()));
            }
        }
        rules
    }

    /// True where the user may do it.
    pub fn may(&self, store: &Store, namespace: &str, access: Access<'_>) -> bool {
        self.rules(store, namespace).iter().any(|rule| allows(rule, access))
    }
}

fn role_rules(store: &Store, kind: &str, namespace: &str, name: &str) -> Vec<Value> {
    let namespace = if kind == "Role" { namespace } else { "" };
    let kind = if kind == "Role" { "Role" } else { "ClusterRole" };
    match store.find(kind, namespace, name) {
        Some(role) => role.value.get("rules").list().to_vec(),
        None if kind == "ClusterRole" => built_in(name),
        None => Vec::new(),
    }
}

fn built_in(name: &str) -> Vec<Value> {
    let texts = |list: &str| list.split(',').map(Value::from).collect::<Value>();
    let mut rules = Vec::new();
    for line in BUILT_IN.lines() {
        let mut words = line.split(' ');
        if words.next() != Some(name) {
            continue;
        }
        let verbs = words.next().unwrap_or("");
        if let Some(other) = verbs.strip_prefix('+') {
            rules.extend(built_in(other));
            continue;
        }
        for (group, resources) in words.filter_map(|word| word.split_once(':')) {
            let mut rule = Map::default();
            rule.insert("verbs", texts(verbs));
            match group {
                "url" => rule.insert("nonResourceURLs", texts(resources)),
                group => {
                    rule.insert("apiGroups", vec![Value::from(group)]);
                    rule.insert("resources", texts(resources));
                }
            }
            rules.push(Value::from(rule));
        }
    }
    rules
}

/// Models pkg/apis/rbac/v1 VerbMatches, APIGroupMatches, ResourceMatches, ResourceNameMatches and NonResourceURLMatches.
fn allows(rule: &Value, access: Access<'_>) -> bool {
    let holds =
        |field: &str, wanted: &str| rule.get(field).list().iter().any(|item| item.str() == "*" || item.str() == wanted);
    if !holds("verbs", access.verb) {
        return false;
    }
    if !access.url.is_empty() {
        return rule.get("nonResourceURLs").list().iter().any(|item| match item.str().strip_suffix('*') {
            Some(head) => access.url.starts_with(head),
            None => item.str() == access.url,
        });
    }
    let full = match access.part {
        "" => access.resource.to_owned(),
        part => format!("{}/{part}", access.resource),
    };
    let names = rule.get("resourceNames").list();
    let named = names.is_empty() || names.iter().any(|name| name.str() == access.name);
    let any_part = !access.part.is_empty() && holds("resources", &format!("*/{}", access.part));
    named && holds("apiGroups", access.group) && (holds("resources", &full) || any_part)
}
