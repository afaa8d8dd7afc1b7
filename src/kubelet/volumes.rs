//! Volumes that the kubelet fills: ConfigMaps, Secrets, the downward API and what is projected together. The files lie in a
//! directory named for the time they were written; `..data` leads there, and each name leads through `..data`, so that all
//! files change at one instant.

use ecow::{eco_format, EcoString};

use super::config::is_access;
use super::environment::{data_of, field_of, resource_of};
use super::files::{is_filled, link_text};
use super::made_files::token;
use super::{PodRuntime, Sync};
use crate::api::{Object, Value};
use crate::base::draw;
use crate::base::time::{SimTime, Span, Timestamp};
use crate::store::volume_data::Entry;
use crate::store::{Change, View, VolumeData};

/// Paths and texts.
type Files = Vec<(EcoString, EcoString)>;

/// What a volume is to hold now.
fn contents(view: &View, pod: &Object, volume: &Value) -> Files {
    let mut files = Files::new();
    add(view, pod, volume, &mut files);
    for source in volume.at("projected.sources").list() {
        add(view, pod, source, &mut files);
    }
    files
}

/// Models pkg/volume/configmap, secret, downwardapi and projected: their MakePayload and collectData.
fn add(view: &View, pod: &Object, source: &Value, files: &mut Files) {
    let objects =
        [("configMap", "name", "ConfigMap"), ("secret", "secretName", "Secret"), ("secret", "name", "Secret")];
    for (field, name, kind) in objects {
        let reference = source.get(field);
        let Some(object) = view.store.find(kind, pod.namespace(), reference.get(name).str()) else { continue };
        let data = data_of(object);
        let items = reference.get("items").list();
        if items.is_empty() {
            files.extend(data);
            continue;
        }
        for item in items {
            let found = data.iter().find(|(key, _)| key == item.get("key").str());
            files.extend(found.map(|(_, text)| (item.get("path").text(), text.clone())));
        }
    }
    for item in source.at("downwardAPI.items").list() {
        let field = item.at("fieldRef.fieldPath").str();
        let text = match field {
            "" => resource_of(view, pod, &Value::Null, item.get("resourceFieldRef")),
            field => field_of(pod, field),
        };
        files.push((item.get("path").text(), text));
    }
    let path = source.at("serviceAccountToken.path").str();
    if !path.is_empty() {
        files.push((path.into(), token(pod, pod.at("spec.serviceAccountName").str())));
    }
}

/// Brings a volume up to date; true where something changed.
///
/// Models pkg/volume/util AtomicWriter.Write.
fn write(view: &View, pod: &Object, volume: &Value, data: &mut VolumeData) -> bool {
    let place = eco_format!("pod/{}/{}", pod.uid(), volume.get("name").str());
    let files = contents(view, pod, volume);
    let current = directory(data, &place);
    let held = |folder: &EcoString, path: &EcoString| match data.entry(&place, &eco_format!("{folder}/{path}")) {
        Some(Entry::File(text)) => Some(EcoString::from(text)),
        _ => None,
    };
    let same = current.as_ref().is_some_and(|folder| {
        let count = count(data, &place, folder);
        count == files.len() && files.iter().all(|(path, text)| held(folder, path).as_ref() == Some(text))
    });
    if same {
        return false;
    }
    let folder = folder_name(view.timestamp(), &place);
    data.remove(&place, "");
    data.make_directory(&place, &folder);
    for (path, text) in &files {
        data.write(&place, &eco_format!("{folder}/{path}"), text.clone());
        let top = path.split('/').next().unwrap_or(path);
        data.write(&place, top, link_text(&format!("..data/{top}")));
    }
    data.write(&place, "..data", link_text(&folder));
    true
}

fn directory(data: &VolumeData, place: &str) -> Option<EcoString> {
    match data.entry(place, "..data") {
        Some(Entry::File(text)) => Some(text.chars().skip(1).collect::<String>().into()),
        _ => None,
    }
}

fn count(data: &VolumeData, place: &str, folder: &str) -> usize {
    data.list(place, folder)
        .iter()
        .map(|name| match name.strip_suffix('/') {
            Some(inner) => count(data, place, &format!("{folder}/{inner}")),
            None => 1,
        })
        .sum()
}

/// `..2026_05_18_00_00_30.1234567890`.
fn folder_name(at: Timestamp, place: &str) -> EcoString {
    let text = at.rfc3339();
    let number = draw::below(0, "folder", place, at.0 as u64, 4_000_000_000);
    eco_format!("..{}.{number}", text[..19].replace(['-', 'T', ':'], "_"))
}

/// When the kubelet looks at a pod that nothing calls for: each 60 to 90 seconds.
///
/// Models pkg/kubelet pod_workers.go completeWork: the sync frequency, made longer by up to a half by lot. The lot is drawn
/// once for a pod.
fn looks_next(view: &View, pod: &Object, first_seen: SimTime) -> SimTime {
    let period = 60_000_000 + draw::below(view.settings.seed, "sync", pod.uid(), 0, 30_000_000);
    let rounds = view.now.since(first_seen).0 / period + 1;
    first_seen + Span(period * rounds)
}

/// True where a pod has a volume from the object of a change.
fn mounts(pod: &Object, change: &Change) -> bool {
    let (kind, name) = (change.kind(), change.object.name());
    let refers = |source: &Value| match kind {
        "ConfigMap" => source.at("configMap.name").str() == name,
        _ => source.at("secret.secretName").str() == name || source.at("secret.name").str() == name,
    };
    let volumes = pod.at("spec.volumes").list().iter().filter(|volume| !is_access(volume));
    volumes.into_iter().any(|volume| refers(volume) || volume.at("projected.sources").list().iter().any(refers))
}

/// The pods whose volumes follow a change of a ConfigMap or Secret.
pub fn followers<'a>(view: &View<'a>, change: &'a Change) -> impl Iterator<Item = &'a Object> + 'a {
    let concerned = matches!(change.kind(), "ConfigMap" | "Secret");
    let pods = concerned.then(|| view.store.list("Pod", change.object.namespace()));
    pods.into_iter().flatten().filter(move |pod| mounts(pod, change))
}

impl PodRuntime {
    /// Something that fills a volume of the pod has changed.
    pub fn call_for_refresh(&mut self) {
        self.called_for_refresh = true;
    }
}

impl Sync<'_> {
    /// Fills the volumes of a pod whose sandbox is made.
    pub(super) fn fill_volumes(&mut self) {
        let pod = self.run.object.clone();
        for volume in pod.at("spec.volumes").list().iter().filter(|v| is_filled(v) && !is_access(v)) {
            write(self.view, &pod, volume, self.data);
        }
    }

    /// Volumes follow their sources at the kubelet's next look; those from the pod itself at once.
    pub(super) fn follow_sources(&mut self) {
        if self.run.sandbox != super::Sandbox::Ready {
            return;
        }
        if self.run.called_for_refresh {
            self.run.called_for_refresh = false;
            self.run.refresh_at = Some(looks_next(self.view, &self.run.object, self.run.first_seen));
        }
        let due = self.run.refresh_at.is_some_and(|at| at <= self.now);
        if due {
            self.run.refresh_at = None;
            self.fill_volumes();
            return;
        }
        let pod = self.run.object.clone();
        let own = |v: &Value| {
            !v.get("downwardAPI").is_null()
                || v.at("projected.sources").list().iter().any(|s| !s.get("downwardAPI").is_null())
        };
        for volume in pod.at("spec.volumes").list().iter().filter(|v| own(v) && !is_access(v)) {
            write(self.view, &pod, volume, self.data);
        }
    }

    /// What the sub-paths of filled volumes hold when a container is started: that is all it ever sees of them.
    pub(super) fn snapshot_sub_paths(&mut self, container: &Value) {
        let pod = self.run.object.clone();
        let name = container.get("name").str();
        for (i, mount) in container.get("volumeMounts").list().iter().enumerate() {
            let sub = mount.get("subPath").str();
            let wanted = mount.get("name").str();
            let volume = pod.at("spec.volumes").list().iter().find(|v| v.get("name").str() == wanted && is_filled(v));
            let Some(volume) = volume.filter(|_| !sub.is_empty()) else { continue };
            let place = eco_format!("pod/{}/~{name}~{i}", pod.uid());
            self.data.remove(&place, "");
            for (path, text) in contents(self.view, &pod, volume) {
                match path.strip_prefix(sub) {
                    Some("") => self.data.write(&place, "file", text),
                    Some(rest) if rest.starts_with('/') => self.data.write(&place, &eco_format!("file{rest}"), text),
                    _ => {}
                }
            }
        }
    }
}
