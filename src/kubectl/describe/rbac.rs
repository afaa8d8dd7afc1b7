//! Role, ClusterRole, RoleBinding, ClusterRoleBinding and PriorityClass.

use super::page::Page;
use crate::api::kinds::cells::labels_text;
use crate::api::{Object, Value};
use crate::base::order::Order;
use crate::kubectl::reader::Reader;

fn head(page: &mut Page, object: &Object) {
    page.field(0, "Name", object.name());
    page.labels("Labels", object.labels());
    page.annotations("Annotations", object.metadata().get("annotations"));
}

fn texts(value: &Value) -> Vec<String> {
    value.list().iter().map(|item| item.str().to_owned()).collect()
}

/// What one line of a role's table says: API group, resource, URL, name, and the verbs.
#[derive(Clone, PartialEq, Default)]
struct Row {
    group: String,
    resource: String,
    url: String,
    name: String,
    verbs: Vec<String>,
}

/// Each rule broken down to single resources, those of the same resource and name put together again.
///
/// Models pkg/apis/rbac BreakdownRule and staging/src/k8s.io/kubectl/pkg/util/rbac CompactRules.
fn rows(rules: &Value) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for rule in rules.list() {
        let verbs = texts(rule.get("verbs"));
        for url in texts(rule.get("nonResourceURLs")) {
            rows.extend(verbs.iter().map(|verb| Row { url: url.clone(), verbs: vec![verb.clone()], ..Row::default() }));
        }
        let mut names = texts(rule.get("resourceNames"));
        if names.is_empty() {
            names.push(String::new());
        }
        for group in texts(rule.get("apiGroups")) {
            for resource in texts(rule.get("resources")) {
                for name in &names {
                    let row =
                        Row { group: group.clone(), resource: resource.clone(), name: name.clone(), ..Row::default() };
                    match rows.iter_mut().find(|known| Row { verbs: Vec::new(), ..(**known).clone() } == row) {
                        Some(known) => {
                            let new = verbs.iter().filter(|verb| !known.verbs.contains(verb)).cloned();
                            let new: Vec<String> = new.collect();
                            known.verbs.extend(new);
                        }
                        None => rows.push(Row { verbs: verbs.clone(), ..row }),
                    }
                }
            }
        }
    }
    rows.order_by_key(|row| {
        let list = |text: &str| format!("[{text}]");
        (list(&row.verbs.join(" ")), list(&row.group), list(&row.resource), list(&row.name), list(&row.url))
    });
    rows
}

/// Models staging/src/k8s.io/kubectl/pkg/describe RoleDescriber and ClusterRoleDescriber.
pub(super) fn print_role(page: &mut Page, role: &Object, _: &dyn Reader) {
    head(page, role);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for row in rule_rows(role.value.get("rules")) {
        page.line(1, &row.join("\t"));
    }
}

/// The rules of a role as the cells of a table: resource, URL, name and verbs.
pub fn rule_rows(rules: &Value) -> impl Iterator<Item = [String; 4]> {
    rows(rules).into_iter().map(|row| {
        let (head, part) =
            row.resource.split_once('/').map_or((row.resource.as_str(), ""), |(head, part)| (head, part));
        let mut resource = head.to_owned();
        for (mark, text) in [('.', row.group.as_str()), ('/', part)] {
            if !text.is_empty() {
                resource.push(mark);
                resource.push_str(text);
            }
        }
        [resource, format!("[{}]", row.url), format!("[{}]", row.name), format!("[{}]", row.verbs.join(" "))]
    })
}

/// Models staging/src/k8s.io/kubectl/pkg/describe RoleBindingDescriber and ClusterRoleBindingDescriber.
pub(super) fn print_binding(page: &mut Page, binding: &Object, _: &dyn Reader) {
    head(page, binding);
    page.line(0, "Role:");
    page.field(1, "Kind", binding.at("roleRef.kind").str());
    page.field(1, "Name", binding.at("roleRef.name").str());
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in binding.value.get("subjects").list() {
        let text = |field: &str| subject.get(field).str();
        page.line(1, &format!("{}\t{}\t{}", text("kind"), text("name"), text("namespace")));
    }
}

/// Models staging/src/k8s.io/kubectl/pkg/describe describePriorityClass.
pub(super) fn print_priority(page: &mut Page, class: &Object, _: &dyn Reader) {
    page.field(0, "Name", class.name());
    page.field(0, "Value", class.at("value").int());
    page.field(0, "GlobalDefault", class.at("globalDefault").bool());
    page.field(0, "PreemptionPolicy", class.at("preemptionPolicy").str());
    page.field(0, "Description", class.at("description").str());
    page.field(0, "Annotations", labels_text(class.metadata().get("annotations")));
}
