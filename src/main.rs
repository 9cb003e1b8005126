//! The `hostvip` command.

fn main() {}
