//! L5: kubectl and the shell around it. Text in, text and an exit code out; what it does to the cluster it does through
//! the API alone.

pub mod describe;
pub mod reader;
