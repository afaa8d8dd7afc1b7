//! Who may do what: role-based access control over the objects of the cluster, for requests made in another's name.

use super::Store;
use crate::api::Value;

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
    let (kind, namespace) = if kind == "Role" { (kind, namespace) } else { ("ClusterRole", "") };
    store.find(kind, namespace, name).map_or_else(Vec::new, |role| role.value.get("rules").list().to_vec())
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
