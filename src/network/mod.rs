//! L3: the network: names, Service rules and requests, each traced hop by hop.
//!
//! It follows Services and EndpointSlices, reads the rest from the view, and never writes to the store.

pub mod address;
pub mod api_server;
mod balance;
pub mod certificate;
pub mod conntrack;
pub mod counters;
mod deliver;
pub mod dns;
pub mod dns_cache;
mod dns_records;
pub mod http;
pub mod ingress;
mod ingress_proxy;
mod lookup;
pub mod path;
mod path_packets;
pub mod policy;
pub mod proxy;
pub mod request;
mod request_places;
mod resolve;
pub mod resolver;
pub mod service_env;
pub mod state;
pub mod tools;
pub mod trace;

pub use http::{HttpRequest, HttpResponse, Url};
pub use request::{request, request_by_lots, Request, Source};
pub use state::State;
pub use trace::{Hop, HopKind, Outcome, Place, Response, Trace, Verdict};
