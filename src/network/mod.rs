//! L3: the network: names, Service rules and requests, each traced hop by hop.
//!
//! It follows Services and EndpointSlices, reads the rest from the view, and never writes to the store.

pub mod address;
pub mod http;
pub mod proxy;
pub mod state;
pub mod trace;

pub use http::{HttpRequest, HttpResponse, Url};
pub use state::State;
pub use trace::{Hop, HopKind, Outcome, Place, Response, Trace, Verdict};
