//! The API server's write path: what happens to an object between a request and the store.
//!
//! It decides nothing about other objects; that is the controllers' part.

use std::sync::Arc;

use ecow::EcoString;

use super::deletion::{self, Deleted};
pub use super::kept_fields::set_condition;
use super::kept_fields::{keep_generation, keep_system_fields, reset_status};
use super::plan::DeleteOptions;
use super::{
    admission, definitions, pod_admission, pod_security, quota_admission, service_allocation, service_fields, Because,
    Settings, Store,
};
use crate::api::field_manager::{self, Manager};
use crate::api::{validation, Kind, Object, ObjectKey, Status};
use crate::base::draw;
use crate::base::time::{SimTime, Timestamp};

/// One request's access to the store.
pub struct Server<'a> {
    /// The objects.
    pub store: &'a mut Store,
    /// The cluster's settings.
    pub settings: &'a Settings,
    /// The present.
    pub at: SimTime,
    /// Who asks.
    pub manager: Manager<'a>,
}

/// Which part of an object a write means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Everything but the status.
    Main,
    /// The same, where a server-side apply has worked out already who owns what.
    Applied,
    /// The status alone.
    Status,
    /// The resources of a pod's containers.
    Resize,
    /// The containers that are put into a running pod.
    EphemeralContainers,
}

impl Server<'_> {
    /// The present as date and time.
    pub fn now(&self) -> Timestamp {
        Timestamp::of(self.settings.epoch, self.at)
    }

    /// The row of a kind by its name in the store, or the NotFound of a kind whose definition is gone.
    pub fn kind(&self, name: &str) -> Result<&'static Kind, Status> {
        self.store
            .catalog()
            .named(name)
            .ok_or_else(|| Status::failure(404, "the server could not find the requested resource"))
    }

    /// An object, or the NotFound that the API server answers.
    pub fn get(&self, kind: &'static Kind, key: &ObjectKey) -> Result<&Object, Status> {
        self.store.get(kind.kind, key).ok_or_else(|| Status::not_found(&kind.resource(), &key.name))
    }

    /// Creates an object and gives back what was stored.
    ///
    /// Models staging/src/k8s.io/apiserver/pkg/registry/generic/registry Store.Create with rest.BeforeCreate.
    pub fn create(&mut self, object: Object, because: &Arc<Because>) -> Result<Object, Status> {
        let (object, charged) = self.prepare_create(object)?;
        self.charge(charged, because);
        service_allocation::keep_addresses(self, Some(&object), None, because);
        Ok(self.store.put(object, self.at, because))
    }

    /// What the API server says with an answer to a write of `object`: `Warning: ` and this text.
    pub fn warnings(&self, object: &Object, old: Option<&Object>) -> Vec<String> {
        let mut found = validation::warnings::warnings(object, old);
        found.extend(pod_security::warnings(self.store, object, old));
        found
    }

    /// Writes down what a request has used of the quotas.
    fn charge(&mut self, quotas: Vec<Object>, because: &Arc<Because>) {
        for quota in quotas {
            self.store.put(quota, self.at, because);
        }
    }

    /// Stores an object that the API server keeps for itself.
    pub(super) fn record_own(&mut self, mut object: Object, because: &Arc<Because>) {
        self.name_and_stamp(&mut object);
        self.store.put(object, self.at, because);
    }

    /// Stores an event of the cluster's own making, without the checks that a user's request goes through; an event in a
    /// namespace that is gone is lost.
    pub fn record(&mut self, mut event: Object, because: &Arc<Because>) {
        if self.store.find("Namespace", "", event.namespace()).is_some_and(|namespace| !namespace.is_deleting()) {
            self.name_and_stamp(&mut event);
            self.store.put(event, self.at, because);
        }
    }

    /// What [`Server::create`] would store, storing nothing: `--dry-run=server`.
    pub fn dry_create(&mut self, object: Object) -> Result<Object, Status> {
        let saved = self.store.allocations.clone();
        let result = self.prepare_create(object);
        self.store.allocations = saved;
        result.map(|(object, _)| object)
    }

    /// The object as it will be stored, and the quotas as they will be then.
    fn prepare_create(&mut self, mut object: Object) -> Result<(Object, Vec<Object>), Status> {
        let kind = object.kind;
        definitions::check_served(self.store, kind, "create")?;
        check_written(kind)?;
        if !object.at("metadata.resourceVersion").is_empty() {
            return Err(Status::bad_request("resourceVersion should not be set on objects to be created"));
        }
        self.name_and_stamp(&mut object);
        admission::check_namespace(self.store, &object)?;
        (kind.defaults)(&mut object);
        reset_status(&mut object);
        field_manager::created(&mut object, self.manager, &self.now().rfc3339());
        admission::admit_create(self, &mut object)?;
        refuse_invalid(&object, admission::by_gates(self.settings, &object, (kind.validate)(&object)))?;
        pod_security::check(self.store, &object, None)?;
        let charged = quota_admission::check(self.store, &object, None, self.now())?;
        if self.store.get(kind.kind, &object.key()).is_some() {
            return Err(Status::already_exists(&kind.resource(), object.name()));
        }
        service_allocation::allocate(self, &mut object, None)?;
        definitions::prepare(self.store, &mut object, None, &self.now().rfc3339());
        Ok((object, charged))
    }

    /// Replaces an object, or its status.
    pub fn update(&mut self, object: Object, part: Part, because: &Arc<Because>) -> Result<Object, Status> {
        let kind = object.kind;
        let wanted = object.resource_version();
        self.modify(kind, &object.key(), part, because, |current| {
            if wanted != 0 && wanted != current.resource_version() {
                return Err(Status::conflict(
                    &kind.resource(),
                    current.name(),
                    "the object has been modified; please apply your changes to the latest version and try again",
                ));
            }
            Ok(object)
        })
    }

    /// Changes an object by a function of its present state: patches, scale and the like. Nothing is stored and no
    /// revision is made when nothing changes.
    ///
    /// Models staging/src/k8s.io/apiserver/pkg/registry/generic/registry Store.Update with rest.BeforeUpdate.
    pub fn modify(
        &mut self,
        kind: &'static Kind,
        key: &ObjectKey,
        part: Part,
        because: &Arc<Because>,
        change: impl FnOnce(&Object) -> Result<Object, Status>,
    ) -> Result<Object, Status> {
        let current = self.get(kind, key)?.clone();
        let (object, charged) = self.prepare_update(&current, change(&current)?, part)?;
        if object.value == current.value {
            return Ok(current);
        }
        self.charge(charged, because);
        if deletion::may_go(&object) && matches!(part, Part::Main | Part::Applied) {
            deletion::remove(self, &object, because);
            return Ok(object);
        }
        service_allocation::keep_addresses(self, Some(&object), Some(&current), because);
        Ok(self.store.put(object, self.at, because))
    }

    /// Applies a configuration: the server merges it into the object, or makes one of it, and keeps who wants which field.
    ///
    /// Models staging/src/k8s.io/apiserver/pkg/endpoints/handlers applyPatcher.
    pub fn apply(
        &mut self,
        configuration: &Object,
        force: bool,
        dry: bool,
        because: &Arc<Because>,
    ) -> Result<Object, Status> {
        let (kind, key, manager) = (configuration.kind, configuration.key(), self.manager);
        if !configuration.metadata().get("managedFields").is_empty() {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        let now = self.now().rfc3339();
        if self.store.get(kind.kind, &key).is_none() {
            let object = field_manager::apply_new(configuration, manager, &now);
            return if dry { self.dry_create(object) } else { self.create(object, because) };
        }
        let change = |live: &Object| field_manager::apply(live, configuration, manager, force, &now);
        match dry {
            true => self.dry_modify(kind, &key, Part::Applied, change),
            false => self.modify(kind, &key, Part::Applied, because, change),
        }
    }

    /// What [`Server::modify`] would store, storing nothing.
    pub fn dry_modify(
        &mut self,
        kind: &'static Kind,
        key: &ObjectKey,
        part: Part,
        change: impl FnOnce(&Object) -> Result<Object, Status>,
    ) -> Result<Object, Status> {
        let saved = self.store.allocations.clone();
        let current = self.get(kind, key)?.clone();
        let result = change(&current).and_then(|object| self.prepare_update(&current, object, part));
        self.store.allocations = saved;
        result.map(|(object, _)| object)
    }

    /// The object as it will be stored, and the quotas as they will be then.
    ///
    /// A write of the status leaves everything else, but a Deployment's annotations: its controller numbers revisions so.
    fn prepare_update(
        &mut self,
        current: &Object,
        mut object: Object,
        part: Part,
    ) -> Result<(Object, Vec<Object>), Status> {
        let kind = current.kind;
        check_written(kind)?;
        if part == Part::Status {
            let mut kept = current.clone();
            kept.value.map_mut().insert("status", object.value.remove_key("status"));
            if kind.kind == "Deployment" {
                let annotations = object.value.slot("metadata").remove_key("annotations");
                kept.set("metadata.annotations", annotations);
                kept.value.slot("metadata").map_mut().retain(|_, value| !value.is_null());
            }
            if kind.custom.is_some() {
                (kind.defaults)(&mut kept);
                refuse_invalid(&kept, (kind.validate_update)(&kept, current))?;
            } else if !self.manager.name.is_empty() {
                refuse_invalid(&kept, validation::status::update(&kept, current))?;
            }
            return Ok((kept, Vec::new()));
        }
        if part == Part::EphemeralContainers {
            let added = object.at("spec.ephemeralContainers").clone();
            object = Object { kind, value: current.value.clone() };
            object.set("spec.ephemeralContainers", added);
        }
        if kind.has_status {
            let status = current.status().clone();
            object.value.map_mut().insert("status", status);
            object.value.map_mut().retain(|key, value| key != "status" || !value.is_null());
        }
        keep_system_fields(&mut object, current);
        service_fields::drop_type_dependent(&mut object, current);
        (kind.defaults)(&mut object);
        if kind.kind == "Pod" {
            pod_admission::admit_update(&mut object, current);
        }
        if part != Part::Applied {
            field_manager::changed(&mut object, current, self.manager, &self.now().rfc3339());
        }
        keep_generation(&mut object, current);
        let unchanged = |field: &str| object.value.get(field).same(current.value.get(field));
        if kind.custom.is_some() || !unchanged("spec") || !unchanged("metadata") {
            let saved = self.store.allocations.clone();
            service_allocation::allocate_health_port(self, &mut object, Some(current))?;
            let causes = match part {
                Part::Resize => validation::pod_resize::pod_resize(&object, current),
                Part::EphemeralContainers => validation::pod::ephemeral_update(&object, current),
                _ => (kind.validate_update)(&object, current),
            };
            let checked = refuse_invalid(&object, admission::by_gates(self.settings, &object, causes));
            if let Err(status) =
                checked.and_then(|()| super::admission_storage::admit_update(self.store, &object, current))
            {
                self.store.allocations = saved;
                return Err(status);
            }
        }
        if kind.kind == "PriorityClass" {
            pod_admission::check_priority_class(self.store, &object)?;
        }
        pod_security::check(self.store, &object, Some(current))?;
        let charged = quota_admission::check(self.store, &object, Some(current), self.now())?;
        service_allocation::allocate(self, &mut object, Some(current))?;
        definitions::prepare(self.store, &mut object, Some(current), &self.now().rfc3339());
        Ok((object, charged))
    }

    /// Deletes an object; see [`Deleted`] for what that may mean.
    pub fn delete(
        &mut self,
        kind: &'static Kind,
        key: &ObjectKey,
        uid: &str,
        options: DeleteOptions,
        because: &Arc<Because>,
    ) -> Result<Deleted, Status> {
        let current = self.get(kind, key)?.clone();
        check_written(kind)?;
        if !uid.is_empty() && current.uid() != uid {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", current.uid());
            return Err(Status::conflict(&kind.resource(), &key.name, &why));
        }
        admission::check_delete(&current)?;
        deletion::delete(self, current, options, because)
    }

    /// Binds a pod to a node.
    ///
    /// Models pkg/registry/core/pod/storage BindingREST.Create.
    pub fn bind(&mut self, key: &ObjectKey, uid: &str, node: &str, because: &Arc<Because>) -> Result<Object, Status> {
        let kind = crate::api::kind("Pod");
        let current = self.get(kind, key)?.clone();
        let refuse = |why: &str| Err(Status::conflict("pods/binding", &key.name, why));
        if current.uid() != uid {
            return refuse(&format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                current.uid()
            ));
        }
        if current.is_deleting() {
            return refuse(&format!("pod {} is being deleted, cannot be assigned to a host", key.name));
        }
        let bound = current.at("spec.nodeName").str();
        if !bound.is_empty() {
            return refuse(&format!("pod {} is already assigned to node \"{bound}\"", key.name));
        }
        let mut pod = current;
        pod.set("spec.nodeName", node);
        pod.value.remove("status.nominatedNodeName");
        let generation = pod.generation();
        let now = self.now().rfc3339();
        set_condition(
            &mut pod,
            crate::value!({"lastProbeTime": null, "lastTransitionTime": now, "observedGeneration": generation,
                "status": "True", "type": "PodScheduled"}),
        );
        Ok(self.store.put(pod, self.at, because))
    }

    fn name_and_stamp(&self, object: &mut Object) {
        let kind = object.kind;
        if object.name().is_empty() {
            let base = object.at("metadata.generateName").text();
            if !base.is_empty() {
                object.set("metadata.name", self.generated_name(kind, object, &base));
            }
        }
        let subject = format!("{} {}", kind.kind, object.key());
        let uid = draw::uuid(self.settings.seed, "uid", &subject, self.store.moment(self.at));
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"] {
            object.value.slot("metadata").remove_key(field);
        }
        object.set("metadata.uid", uid);
        object.set("metadata.creationTimestamp", self.now().rfc3339());
        if kind.has_generation {
            object.set("metadata.generation", 1);
        }
    }

    /// Models staging/src/k8s.io/apiserver/pkg/storage/names simpleNameGenerator.GenerateName: at most 58 characters of the
    /// base, and five random ones.
    fn generated_name(&self, kind: &'static Kind, object: &Object, base: &EcoString) -> String {
        let end = (0..=base.len().min(58)).rev().find(|end| base.is_char_boundary(*end)).unwrap_or(0);
        let base = &base[..end];
        let subject = format!("{}/{base}", object.namespace());
        (0..8)
            .map(|attempt| {
                let n = self.store.moment(self.at) * 8 + attempt;
                format!("{base}{}", draw::suffix(self.settings.seed, "generate-name", &subject, n, 5))
            })
            .find(|name| self.store.find(kind.kind, object.namespace(), name).is_none())
            .unwrap_or_default()
    }
}

/// What the API server only reports cannot be written.
fn check_written(kind: &Kind) -> Result<(), Status> {
    match kind.verbs() {
        "get,list" => Err(Status::method_not_allowed()),
        _ => Ok(()),
    }
}

fn refuse_invalid(object: &Object, causes: Vec<crate::api::status::Cause>) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&object.kind.qualified_kind(), object.name(), causes))
}
