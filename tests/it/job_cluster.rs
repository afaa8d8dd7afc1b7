//! A cluster around one Job, for its case tables.

use std::sync::Arc;

use kubottle::api::{kind, Object, ObjectKey, Value};
use kubottle::base::time::{SimTime, Span, Timestamp};
use kubottle::controllers::{job_count, Key, CONTROLLERS};
use kubottle::store::server::Part;
use kubottle::store::{Action, Because, Server, Settings, Store, View};
use kubottle::value;
use serde_json::{json, Value as Json};

use crate::support;

pub(super) const NOW_SECS: i64 = 1_800_000_000;

/// What one sync came to.
pub(super) struct Synced {
    pub(super) created: Vec<Option<i64>>,
    pub(super) deleted: usize,
    pub(super) job: Object,
}

/// A cluster with one Job and its pods.
pub(super) struct Cluster {
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) count: u32,
    pub(super) at: SimTime,
}

impl Cluster {
    pub(super) fn new() -> Cluster {
        let epoch = Timestamp((NOW_SECS - 100_000) * 1_000_000);
        let mut cluster = Cluster {
            store: Store::default(),
            settings: Settings { epoch, ..Settings::default() },
            count: 0,
            at: SimTime(0),
        };
        cluster.create(Object::new(kind("Namespace"), "", "default"));
        cluster.create(Object::new(kind("ServiceAccount"), "default", "default"));
        cluster
    }

    pub(super) fn now() -> SimTime {
        SimTime(Span::secs(100_000).0)
    }

    pub(super) fn server<T>(&mut self, act: impl FnOnce(&mut Server<'_>, &Arc<Because>) -> T) -> T {
        let because = Arc::new(Because::rule("test", "test"));
        let manager = kubottle::api::field_manager::Manager::default();
        act(&mut Server { store: &mut self.store, settings: &self.settings, at: self.at, manager }, &because)
    }

    fn create(&mut self, object: Object) -> Object {
        self.server(|server, because| server.create(object, because)).expect("the API server takes it")
    }

    pub(super) fn set_status(&mut self, mut object: Object, status: Value) -> Object {
        object.set("status", status);
        object.value.remove("metadata.resourceVersion");
        self.server(|server, because| server.update(object, Part::Status, because)).expect("a status is taken")
    }

    /// The Job of an example: `spec` over an ordinary one.
    pub(super) fn job(&mut self, spec: &Json, status: Value) -> Object {
        let mut job = Object::new(kind("Job"), "default", "foobar");
        let containers = json!([{"name": "main-container", "image": "foo/bar"}]);
        let mut whole =
            json!({"backoffLimit": 6, "template": {"spec": {"restartPolicy": "Never", "containers": containers}}});
        for (field, value) in spec.as_object().unwrap() {
            if !["selector", "template"].contains(&field.as_str()) {
                whole[field] = value.clone();
            }
        }
        if let Some(policy) = spec["template"]["spec"]["restartPolicy"].as_str() {
            whole["template"]["spec"]["restartPolicy"] = policy.into();
        }
        job.set("spec", support::value(&whole, NOW_SECS));
        let made = self.create(job);
        self.set_status(made, status)
    }

    pub(super) fn pod(&mut self, job: &Object, index: Option<&str>, status: Value, going: bool) {
        let mut pod = Object::new(kind("Pod"), "default", &format!("mypod-{}", self.count));
        self.count += 1;
        pod.set("metadata.ownerReferences", Value::from(vec![job.controller_reference()]));
        pod.set("metadata.finalizers", value!(["batch.kubernetes.io/job-tracking"]));
        if let Some(index) = index {
            pod.value.slot_at("metadata.annotations").map_mut().insert(job_count::INDEX_ANNOTATION, index);
        }
        pod.set(
            "spec",
            value!({"nodeName": "node", "restartPolicy": "Never", "containers": [{"name": "c", "image": "c"}]}),
        );
        let made = self.create(pod);
        let key = made.key();
        self.set_status(made, status);
        if going {
            self.at = Cluster::now();
            let gone = self.server(|server, because| server.delete(kind("Pod"), &key, "", Default::default(), because));
            gone.expect("a pod can be deleted");
            self.at = SimTime(0);
        }
    }

    pub(super) fn sync(&self, memory: &Value) -> Synced {
        let view = View::new(&self.store, Cluster::now(), &self.settings);
        let key = Key { kind: "Job", key: ObjectKey::new("default", "foobar"), uid: Default::default() };
        let row = CONTROLLERS.iter().find(|row| row.name == "job").unwrap();
        let plan = (row.reconcile)(&view, &key, memory);
        let mut job = self.store.find("Job", "default", "foobar").unwrap().clone();
        let (mut created, mut deleted) = (Vec::new(), 0);
        for action in plan.actions {
            match action {
                Action::Create { object, .. } => created.push(job_count::index_of(&object)),
                Action::Delete { .. } => deleted += 1,
                Action::UpdateStatus { object, .. } => job = object,
                _ => {}
            }
        }
        Synced { created, deleted, job }
    }
}

pub(super) fn phase(phase: &str) -> Value {
    value!({"phase": phase})
}
