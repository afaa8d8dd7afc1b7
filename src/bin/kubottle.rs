//! The command line: the one place that reads files and arguments.

fn main() {}
