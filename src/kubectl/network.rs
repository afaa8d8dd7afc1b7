//! The network commands of the shell: they ask the network for a trace and print what the real tool would.

use super::call::Run;
use super::output::Output;
use crate::cluster::World;

/// What the help says of them.
pub const COMMANDS: &[(&str, &str)] = &[];

/// Runs a network command; none where the words are none.
pub fn run(_words: &[String], _stdin: Option<String>, _world: &mut World, _out: &mut Output) -> Option<Run> {
    None
}
