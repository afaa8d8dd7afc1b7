//! L5: kubectl and the shell around it. Text in, text and an exit code out; what it does to the cluster it does through
//! the API alone.

pub mod background;
pub mod builtins;
pub mod call;
pub mod control;
pub mod describe;
pub mod dispatch;
mod expand;
pub mod failure;
mod faults;
pub mod field_selector;
pub mod flags;
mod go_template;
mod go_template_functions;
mod go_template_run;
pub mod help;
mod load;
mod load_settings;
pub mod manifest;
pub mod network;
mod node_shell;
pub mod output;
pub mod player;
pub mod print;
mod raw;
mod raw_metrics;
mod raw_proxy;
pub mod reader;
pub mod resources;
mod runners;
mod running;
pub mod script;
pub mod session;
pub mod shell;
pub mod sources;
pub mod syntax;
mod syntax_compound;
pub mod unified;
mod variables;
pub mod verbs;
mod web_manifests;

pub use call::Poll;
pub use output::Stream;
pub use session::{Sent, Session};
pub use shell::Job;
