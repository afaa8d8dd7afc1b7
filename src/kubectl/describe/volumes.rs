//! Volumes of pods and pod templates.

use super::page::Page;
use crate::api::Value;

/// Models staging/src/k8s.io/kubectl/pkg/describe describeVolumes, for the sources that need no cloud or storage vendor;
/// others are printed as unknown.
pub(super) fn print(page: &mut Page, volumes: &[Value], indent: &str) {
    if volumes.is_empty() {
        page.line(0, &format!("{indent}Volumes:\t<none>"));
        return;
    }
    page.line(0, &format!("{indent}Volumes:"));
    let name_indent = if indent.is_empty() { "" } else { " " };
    for volume in volumes {
        page.line(1, &format!("{name_indent}{}:", volume.get("name").str()));
        let source = volume.entries().iter().find(|(key, _)| key != "name");
        match source {
            Some((key, value)) => print_source(page, key, value),
            None => page.line(1, "<unknown>"),
        }
    }
}

pub(super) fn print_source(page: &mut Page, key: &str, source: &Value) {
    let text = |field: &str| Value::str(source.get(field)).to_owned();
    let or = |field: &str, otherwise: &str| match source.get(field).str() {
        "" => otherwise.to_owned(),
        text => text.to_owned(),
    };
    let flag = |field: &str| source.get(field).bool().to_string();
    let (kind, fields): (&str, Vec<(&str, String)>) = match key {
        "hostPath" => (
            "HostPath (bare host directory volume)",
            vec![("Path", text("path")), ("HostPathType", source.get("type").opt_str().unwrap_or("<none>").to_owned())],
        ),
        "emptyDir" => (
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
            vec![("Medium", text("medium")), ("SizeLimit", or("sizeLimit", "<unset>"))],
        ),
        "secret" => (
            "Secret (a volume populated by a Secret)",
            vec![("SecretName", text("secretName")), ("Optional", flag("optional"))],
        ),
        "configMap" => (
            "ConfigMap (a volume populated by a ConfigMap)",
            vec![("Name", text("name")), ("Optional", flag("optional"))],
        ),
        "persistentVolumeClaim" => (
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            vec![("ClaimName", text("claimName")), ("ReadOnly", flag("readOnly"))],
        ),
        "nfs" => (
            "NFS (an NFS mount that lasts the lifetime of a pod)",
            vec![("Server", text("server")), ("Path", text("path")), ("ReadOnly", flag("readOnly"))],
        ),
        "local" => {
            ("LocalVolume (a persistent volume backed by local storage on a node)", vec![("Path", text("path"))])
        }
        "csi" => {
            let mut fields = vec![("Driver", text("driver")), ("FSType", text("fsType"))];
            if !source.get("volumeHandle").is_null() {
                fields.push(("VolumeHandle", text("volumeHandle")));
            }
            fields.push(("ReadOnly", flag("readOnly")));
            let attributes = source.get("volumeAttributes").entries().iter();
            let mut attributes: Vec<String> = attributes.map(|(k, v)| format!("{k}={}", v.str())).collect();
            attributes.push(if attributes.is_empty() { "<none>".to_owned() } else { String::new() });
            fields.push(("VolumeAttributes", attributes.join("\n      \t").trim_end().to_owned()));
            ("CSI (a Container Storage Interface (CSI) volume source)", fields)
        }
        "glusterfs" => (
            "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
            vec![
                ("EndpointsName", text("endpoints")),
                ("EndpointsNamespace", or("endpointsNamespace", "<unset>")),
                ("Path", text("path")),
                ("ReadOnly", flag("readOnly")),
            ],
        ),
        "awsElasticBlockStore" => (
            "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
            vec![
                ("VolumeID", text("volumeID")),
                ("FSType", text("fsType")),
                ("Partition", source.get("partition").int().to_string()),
                ("ReadOnly", flag("readOnly")),
            ],
        ),
        "gcePersistentDisk" => (
            "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
            vec![
                ("PDName", text("pdName")),
                ("FSType", text("fsType")),
                ("Partition", source.get("partition").int().to_string()),
                ("ReadOnly", flag("readOnly")),
            ],
        ),
        "image" => (
            "Image (a container image or OCI artifact)",
            vec![("Reference", text("reference")), ("PullPolicy", text("pullPolicy"))],
        ),
        "projected" => {
            ("Projected (a volume that contains injected data from multiple sources)", projected_fields(source))
        }
        "downwardAPI" => {
            page.field(2, "Type", "DownwardAPI (a volume populated by information about the pod)");
            return downward_items(page, source);
        }
        _ => return page.line(1, "<unknown>"),
    };
    page.field(2, "Type", kind);
    for (name, value) in fields {
        page.field(2, name, value);
    }
}

/// True for the field of a PersistentVolume's spec that says where its data lies.
pub(super) fn is_source(field: &str) -> bool {
    const OTHERS: &[&str] = &[
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    ];
    !OTHERS.contains(&field)
}

/// An amount of storage; `0` for none.
pub(super) fn amount(value: &Value) -> String {
    match value {
        Value::Null => "0".to_owned(),
        Value::Int(n) => n.to_string(),
        other => other.str().to_owned(),
    }
}

fn projected_fields(projected: &Value) -> Vec<(&'static str, String)> {
    let mut fields = Vec::new();
    for source in projected.get("sources").list() {
        let named = |key: &str| {
            let part = source.get(key);
            (part.get("name").str().to_owned(), part.get("optional").bool().to_string())
        };
        if !source.get("secret").is_null() {
            let (name, optional) = named("secret");
            fields.extend([("SecretName", name), ("Optional", optional)]);
        } else if !source.get("downwardAPI").is_null() {
            fields.push(("DownwardAPI", "true".to_owned()));
        } else if !source.get("configMap").is_null() {
            let (name, optional) = named("configMap");
            fields.extend([("ConfigMapName", name), ("Optional", optional)]);
        } else if !source.get("serviceAccountToken").is_null() {
            let seconds = source.at("serviceAccountToken.expirationSeconds").int();
            fields.push(("TokenExpirationSeconds", seconds.to_string()));
        }
    }
    fields
}

fn downward_items(page: &mut Page, source: &Value) {
    page.line(2, "Items:");
    for item in source.get("items").list() {
        for path in [item.at("fieldRef.fieldPath").str(), item.at("resourceFieldRef.resource").str()] {
            if !path.is_empty() {
                page.line(3, &format!("{path} -> {}", item.get("path").str()));
            }
        }
    }
}
