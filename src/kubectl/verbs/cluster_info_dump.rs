//! `kubectl cluster-info dump`: the state of the cluster as JSON, and the logs of all containers.

use crate::api::encode::{json_declared_list, without_managed_fields};
use crate::api::{kind, Object};
use crate::base::order::Order;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubelet;
use crate::value;

/// What is dumped of each namespace, with the names of the files.
const KINDS: [(&str, &str); 7] = [
    ("Event", "events"),
    ("ReplicationController", "replication-controllers"),
    ("Service", "services"),
    ("DaemonSet", "daemonsets"),
    ("Deployment", "deployments"),
    ("ReplicaSet", "replicasets"),
    ("Pod", "pods"),
];

/// Models staging/src/k8s.io/kubectl/pkg/cmd/clusterinfo ClusterInfoDumpOptions.Run.
pub fn run(call: &mut Call<'_>) -> Outcome {
    let folder = match call.line.text("output-directory") {
        "-" => String::new(),
        folder => folder.trim_end_matches('/').to_owned(),
    };
    list(call, "Node", "", &folder, "nodes.json");
    let mut namespaces = match call.line.list("namespaces") {
        _ if call.line.is("all-namespaces") => Vec::new(),
        given if !given.is_empty() => given,
        _ => vec!["kube-system".to_owned(), call.namespace()],
    };
    if namespaces.is_empty() {
        namespaces = call.world.store().all("Namespace").map(|namespace| namespace.name().to_owned()).collect();
    }
    for namespace in namespaces {
        for (kind, file) in KINDS {
            list(call, kind, &namespace, &folder, &format!("{namespace}/{file}.json"));
        }
        let mut pods: Vec<Object> = call.world.store().list("Pod", &namespace).cloned().collect();
        pods.order_by_key(|pod| pod.name().to_owned());
        pods.iter().for_each(|pod| print_logs(call, pod, &folder));
    }
    if !folder.is_empty() {
        call.out.line(format!("Cluster info dumped to {folder}"));
    }
    Ok(Run::Done(0))
}

fn put(call: &mut Call<'_>, folder: &str, file: &str, text: String) {
    match folder {
        "" => call.out.out(text),
        folder => call.session.write(&format!("{folder}/{file}"), text),
    }
}

fn list(call: &mut Call<'_>, name: &str, namespace: &str, folder: &str, file: &str) {
    let store = call.world.store();
    let here = store.all(name).filter(|object| namespace.is_empty() || object.namespace() == namespace);
    let mut found: Vec<Object> = here.map(|object| call.world.present(object)).collect();
    found.iter_mut().for_each(|object| object.value = without_managed_fields(&object.value));
    let metadata = value!({"resourceVersion": (store.revision().to_string())});
    let text = json_declared_list(kind(name), &metadata, &found, Some("    "), true) + "\n";
    put(call, folder, file, text);
}

fn print_logs(call: &mut Call<'_>, pod: &Object, folder: &str) {
    let (namespace, name) = (pod.namespace().to_owned(), pod.name().to_owned());
    for container in pod.at("spec.containers").list() {
        let container = container.get("name").str();
        let world = &call.world;
        let runtime = world.pod_runtime(pod.uid());
        let lines = runtime.and_then(|run| kubelet::logs(run, container, false, world.now(), world.settings()));
        let lines: String = lines.into_iter().flatten().map(|line| format!("{}\n", line.text)).collect();
        let text = format!("==== START logs for container {container} of pod {namespace}/{name} ====\n{lines}==== END logs for container {container} of pod {namespace}/{name} ====\n");
        put(call, folder, &format!("{namespace}/{name}/logs.txt"), text);
    }
}
