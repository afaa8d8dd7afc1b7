//! L5: what is prepared for somebody who learns: scenarios that open with something to see, and
//! lessons, which are scenarios with steps. It decides nothing about
//! Kubernetes and reads no file itself.

pub mod scenario;
pub mod steps;
