//! What the metrics APIs answer, as those who scale see it: metrics.k8s.io, custom.metrics.k8s.io and
//! external.metrics.k8s.io. It says what the answers look like, never where the numbers come from.

use ecow::EcoString;

use crate::api::{Object, Value};
use crate::base::time::{SimTime, Span};

/// The usage of a pod as metrics.k8s.io has it.
#[derive(Clone, PartialEq, Debug)]
pub struct PodMetrics {
    /// The pod's name.
    pub name: EcoString,
    /// The end of the window that was measured.
    pub at: SimTime,
    /// How long that window was.
    pub window: Span,
    /// Each of its containers.
    pub containers: Vec<ContainerMetrics>,
}

/// The usage of a container.
#[derive(Clone, PartialEq, Debug)]
pub struct ContainerMetrics {
    /// Its name.
    pub name: EcoString,
    /// Billionths of a CPU, where that was measured.
    pub cpu_nano: Option<i64>,
    /// Bytes, where that was measured.
    pub memory_bytes: Option<i64>,
}

/// A custom metric of a pod.
#[derive(Clone, PartialEq, Debug)]
pub struct CustomMetrics {
    /// The pod's name.
    pub name: EcoString,
    /// When it was measured.
    pub at: SimTime,
    /// Over how long.
    pub window: Span,
    /// Thousandths.
    pub milli: i64,
}

/// An object that a metric is about: `Ingress` of `networking.k8s.io`, named `web`.
#[derive(Clone, Copy, Debug)]
pub struct Described<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its API group; empty for the core group.
    pub group: &'a str,
    /// Its name.
    pub name: &'a str,
}

/// Which pods are meant.
pub type Selects<'a> = &'a dyn Fn(&Object) -> bool;

/// The metrics APIs. A refusal is the text of the API server's answer.
pub trait MetricsApi {
    /// The usage of pods, in the order of their names.
    fn pods(&self, namespace: &str, selects: Selects) -> Result<Vec<PodMetrics>, String>;
    /// A custom metric of pods, in the order of their names.
    fn custom(
        &self,
        namespace: &str,
        selects: Selects,
        metric: &str,
        labels: &Value,
    ) -> Result<Vec<CustomMetrics>, String>;
    /// A custom metric of an object, in thousandths.
    fn described(&self, namespace: &str, object: Described, metric: &str, labels: &Value) -> Result<i64, String>;
    /// The values of an external metric whose labels a selector takes, in thousandths.
    fn external(&self, namespace: &str, metric: &str, labels: &Value) -> Result<Vec<i64>, String>;
}

/// A cluster without any metrics API.
pub struct NoMetrics;

/// What the API server says where nobody serves metrics.k8s.io.
pub const NO_PODS: &str = "the server could not find the requested resource (get pods.metrics.k8s.io)";
/// What the client of the custom metrics says where nobody serves them.
pub const NO_CUSTOM: &str = "no custom metrics API (custom.metrics.k8s.io) registered";

/// What the API server says where nobody serves external.metrics.k8s.io.
pub fn no_external(metric: &str) -> String {
    format!("the server could not find the requested resource (get {metric}.external.metrics.k8s.io)")
}

impl MetricsApi for NoMetrics {
    fn pods(&self, _: &str, _: Selects) -> Result<Vec<PodMetrics>, String> {
        Err(NO_PODS.to_owned())
    }

    fn custom(&self, _: &str, _: Selects, _: &str, _: &Value) -> Result<Vec<CustomMetrics>, String> {
        Err(NO_CUSTOM.to_owned())
    }

    fn described(&self, _: &str, _: Described, _: &str, _: &Value) -> Result<i64, String> {
        Err(NO_CUSTOM.to_owned())
    }

    fn external(&self, _: &str, metric: &str, _: &Value) -> Result<Vec<i64>, String> {
        Err(no_external(metric))
    }
}
