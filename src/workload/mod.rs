//! Workloads: what a container does once it runs. Images, commands and annotations in, behaviour out; it never looks at the
//! cluster.

use crate::api::{Object, Value};

/// What a container does.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Behaviour {}

/// A request as it reaches a container.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// What the client asked for: `tomcat-service:8080`.
    pub host: String,
    /// Path and query: `/index.html?x=1`.
    pub path: String,
    /// Address of the client as the container sees it.
    pub client: String,
    /// What was sent after the headers.
    pub body: String,
}

/// What a container answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Response {
    /// `200`.
    pub status: u16,
    /// In the order they are sent.
    pub headers: Vec<(String, String)>,
    /// What follows them.
    pub body: String,
}

/// What a container of a pod does once it is started.
pub fn behaviour(_pod: &Object, _container: &Value) -> Behaviour {
    Behaviour::default()
}

/// What a container answers on one of its ports; nothing where it does not listen there.
pub fn respond(_pod: &Object, _container: &Value, _port: u16, _request: &Request) -> Option<Response> {
    None
}
