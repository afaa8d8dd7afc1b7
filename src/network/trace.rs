//! A request from its first name to its last byte: the hops it took, who decided at each, and how it ended. Plain data.

use serde::Serialize;

use super::certificate::Certificate;
use super::conntrack::Flow;
use super::counters::Hit;
use super::dns_cache::Question;
use crate::api::ObjectKey;

/// A thing a request starts at, passes or ends at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
pub struct Place {
    /// `outside`, `node`, `nodeport`, `service`, `pod`, `apiserver` or `address`.
    pub kind: &'static str,
    /// Empty for what belongs to none.
    pub namespace: String,
    /// The name; the number of a node port; an address that belongs to nothing known.
    pub name: String,
}

impl Place {
    /// The world outside of the cluster.
    pub fn outside() -> Place {
        Place { kind: "outside", ..Place::default() }
    }

    /// A node.
    pub fn node(name: &str) -> Place {
        Place { kind: "node", namespace: String::new(), name: name.to_owned() }
    }

    /// A port that is open on every node.
    pub fn node_port(port: u16) -> Place {
        Place { kind: "nodeport", namespace: String::new(), name: port.to_string() }
    }

    /// A Service.
    pub fn service(key: &ObjectKey) -> Place {
        Place { kind: "service", namespace: key.namespace.to_string(), name: key.name.to_string() }
    }

    /// A pod.
    pub fn pod(key: &ObjectKey) -> Place {
        Place { kind: "pod", namespace: key.namespace.to_string(), name: key.name.to_string() }
    }

    /// The API server.
    pub fn api_server() -> Place {
        Place { kind: "apiserver", namespace: String::new(), name: "kube-apiserver".to_owned() }
    }

    /// An address that belongs to nothing known.
    pub fn address(text: impl Into<String>) -> Place {
        Place { kind: "address", namespace: String::new(), name: text.into() }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.kind, self.namespace.as_str()) {
            ("outside", _) => f.write_str("outside"),
            (kind, "") => write!(f, "{kind} {}", self.name),
            (kind, namespace) => write!(f, "{kind} {namespace}/{}", self.name),
        }
    }
}

/// What kind of step a hop is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum HopKind {
    /// A name is looked up.
    Dns,
    /// The packet goes from one place to another.
    Link,
    /// A NetworkPolicy was asked.
    Policy,
    /// A Service's rule chose a pod and rewrote the address.
    Dnat,
    /// The source address was rewritten.
    Snat,
    /// A rule, or the want of one, ended the way.
    Filter,
    /// A proxy took the request and asks on its own.
    Proxy,
    /// A process took the connection, or nothing did.
    Listen,
    /// The answer goes back.
    Response,
}

/// What became of the packet at a hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Verdict {
    /// It went on.
    Passed,
    /// It was sent back at once.
    Refused,
    /// It vanished.
    Dropped,
    /// A name was not found.
    NotFound,
}

/// One step of a request.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Hop {
    /// What kind of step.
    pub kind: HopKind,
    /// Where it began.
    pub from: Place,
    /// Where it went; the same as `from` where a decision was taken on the spot.
    pub to: Place,
    /// In two or three words.
    pub title: String,
    /// The text of the rule or record that decided; empty without one.
    pub rule: String,
    /// The probability of that rule, where it was one of several.
    pub probability: Option<f64>,
    /// `source -> destination` before.
    pub before: String,
    /// `source -> destination` after; the same as before where nothing was rewritten.
    pub after: String,
    /// The node it happened on; empty outside of all.
    pub node: String,
    /// The same for a reader.
    pub sentence: String,
    /// When it began, in microseconds since the request was sent.
    pub at_us: u64,
    /// What became of it.
    pub verdict: Verdict,
}

/// How a request ended.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub enum Outcome {
    /// An HTTP answer.
    Response(Response),
    /// The connection was made, and nothing was asked.
    Connected,
    /// The server speaks something else than HTTP, and says this, which may be nothing.
    Greeting(String),
    /// Sent back at once: nobody listens, or a Service without endpoints.
    Refused,
    /// No answer.
    Timeout,
    /// No route to the host: an address in a network where nobody has it.
    NoRoute,
    /// The name does not exist.
    NxDomain,
    /// The name server did not answer.
    NoResolver,
    /// The certificate is not signed by anybody the client trusts.
    Untrusted,
    /// TLS was spoken to a port that speaks plain HTTP.
    NotTls,
}

/// An HTTP answer and who gave it.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Response {
    /// `200`.
    pub status: u16,
    /// Headers in the order they were sent.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub body: String,
    /// `namespace/name` of the pod that answered; empty for the API server.
    pub pod: String,
    /// What the server writes of it.
    #[serde(skip)]
    pub written: Option<Box<super::http::Written>>,
}

/// A request, its way and its end.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Trace {
    /// Where it began.
    pub source: Place,
    /// What was asked for, as it was written: `web:80`.
    pub target: String,
    /// The address the name was found to have, or that was given; empty where there was none.
    pub address: String,
    /// The port.
    pub port: u16,
    /// The hops in order.
    pub hops: Vec<Hop>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long name and connection took, in microseconds.
    pub connected_us: u64,
    /// How long all of it took, in microseconds.
    pub time_us: u64,
    /// What the nodes remember of it.
    pub memories: Vec<Memory>,
    /// The connections it left in the nodes' tables.
    pub flows: Vec<Flow>,
    /// The server's certificate, where it showed one.
    pub certificate: Option<Certificate>,
    /// The rules of nodes that its first packets met.
    #[serde(skip)]
    pub hits: Vec<Hit>,
    /// The names that were looked up.
    #[serde(skip)]
    pub names: Vec<Question>,
}

/// What a node remembers of a request: [`super::State::remember`] puts it where the next one finds it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Memory {
    /// The node.
    pub node: String,
    /// `namespace/name:port` of the Service port.
    pub service: String,
    /// The client the endpoint was chosen for.
    pub client: String,
    /// The endpoint.
    pub endpoint: String,
    /// True where the Service sticks to it.
    pub sticky: bool,
}

impl Trace {
    /// The pod that answered, as `namespace/name`; empty where none did.
    pub fn pod(&self) -> &str {
        match &self.outcome {
            Outcome::Response(response) => &response.pod,
            _ => "",
        }
    }

    /// True where an answer came or a connection was made.
    pub fn answered(&self) -> bool {
        matches!(self.outcome, Outcome::Response(_) | Outcome::Connected | Outcome::Greeting(_))
    }

    /// The end in a few words: `200 OK`, `connection refused`.
    pub fn result(&self) -> String {
        match &self.outcome {
            Outcome::Response(r) => format!("{} {}", r.status, super::http::reason(r.status)).trim_end().to_owned(),
            Outcome::Connected => "connected".to_owned(),
            Outcome::Greeting(_) => "connected, no HTTP".to_owned(),
            Outcome::Refused => "connection refused".to_owned(),
            Outcome::Timeout => "timed out".to_owned(),
            Outcome::NoRoute => "no route to host".to_owned(),
            Outcome::NxDomain => "name not found".to_owned(),
            Outcome::NoResolver => "name server did not answer".to_owned(),
            Outcome::Untrusted => "certificate not trusted".to_owned(),
            Outcome::NotTls => "no TLS spoken there".to_owned(),
        }
    }
}
