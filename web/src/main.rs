//! The page. It shows what the playground hands out as plain data, and never looks into a Kubernetes object itself.

fn main() {}
