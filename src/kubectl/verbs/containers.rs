//! Which container of a pod a command means, where it names none.

use crate::api::{Object, Value};
use crate::kubectl::call::Call;

const LISTS: [(&str, &str); 3] =
    [("containers", ""), ("ephemeralContainers", " (ephem)"), ("initContainers", " (init)")];

/// A container by its name, whichever list it stands in.
pub(super) fn find<'a>(pod: &'a Object, name: &str) -> Option<&'a Value> {
    let mut all = LISTS.iter().flat_map(|(list, _)| pod.spec().get(list).list());
    all.find(|container| container.get("name").str() == name)
}

/// The names of all containers, and of which sort they are.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd AllContainerNames.
pub(super) fn all_names(pod: &Object) -> String {
    let names = LISTS.iter().flat_map(|(list, word)| {
        pod.spec().get(list).list().iter().map(move |container| format!("{}{word}", container.get("name").str()))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// The container that is meant where none is named; it is said when there are others.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/util/podcmd FindOrDefaultContainerByName.
pub(super) fn default_container(call: &mut Call<'_>, pod: &Object) -> String {
    let wanted = pod.annotation("kubectl.kubernetes.io/default-container");
    if !wanted.is_empty() {
        if find(pod, wanted).is_some() {
            return wanted.to_owned();
        }
        let text = format!("Default container name {wanted:?} not found in pod {}", pod.name());
        call.out.err(text);
    }
    let first = pod.at("spec.containers").index(0).get("name").str().to_owned();
    let count: usize = LISTS.iter().map(|(list, _)| pod.spec().get(list).list().len()).sum();
    if count > 1 && !call.line.is("quiet") {
        call.out.err(format!("Defaulted container {first:?} out of: {}", all_names(pod)));
    }
    first
}
