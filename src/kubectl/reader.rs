//! What a command may read of the cluster: objects and the present. The commands never see how they are stored.

use crate::api::{Kind, Object};
use crate::base::time::Timestamp;

/// A view of the objects of a cluster.
pub trait Reader {
    /// One object; none where there is no such object. `namespace` is empty for cluster-scoped kinds.
    fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Option<Object>;
    /// All objects of a kind in a namespace, or in all for an empty one, in the order of namespace and name.
    fn list(&self, kind: &'static Kind, namespace: &str) -> Vec<Object>;
    /// The present.
    fn now(&self) -> Timestamp;
}
