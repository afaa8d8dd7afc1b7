//! L3: load and what is measured of it: clients that send requests at a rate, queues in front of containers, usage over time,
//! and values that a file gives instead. It looks at no object's controller and writes nothing.

pub mod feed;
pub mod queue;
pub mod shape;
pub mod state;
pub mod usage;

pub use state::State;
