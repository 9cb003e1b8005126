//! The `hostvip` command: parses the command line, runs one command, says how it ended.

use std::process::ExitCode;

fn main() -> ExitCode {
    hostvip::cli::main()
}
