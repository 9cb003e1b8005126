//! Floor 5: the command line. Each command is one file; all print through [`output`].

mod check;
mod completions;
mod demo;
mod explain;
mod output;
mod plan;
mod run;
mod status;
mod whohas;
mod withdraw;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde::Serialize;

use crate::agent;
use crate::agent::carry::render_error;
use crate::agent::config_file;
use crate::agent::outlook::Outlook;
use crate::config::ConfigErrors;
use output::Output;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Well.
    Well,
    /// A finding: something is not as it should be.
    Finding,
    /// The command line or the config is wrong.
    Usage,
    /// `whohas`: nobody answers.
    Nobody,
}

/// What ends a command early.
pub type Failure = anyhow::Error;

#[derive(Debug, Parser)]
#[command(name = "hostvip", version, about, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 well, 1 a finding, 2 usage or config, 3 whohas: nobody answers.")]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// The config file
    #[arg(long, global = true, value_name = "FILE", default_value = config_file::DEFAULT_PATH)]
    config: PathBuf,
    /// How to print: for people or for scripts
    #[arg(long, global = true, value_enum, default_value_t = Output::Text)]
    output: Output,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the agent
    Run,
    /// Look for what keeps hostvip from working on this host, and how to mend it
    Check(check::Args),
    /// Show what the agent would do now: its ordered operations, as the log prints them
    Plan,
    /// Show what the running agent holds, and why
    Status,
    /// Tell the whole story of one VIP or one Service
    Explain(explain::Args),
    /// Ask the segment who answers for a VIP: exactly one should
    Whohas(whohas::Args),
    /// Remove everything that bears the mark of hostvip, and give the kernel settings back
    Withdraw(withdraw::Args),
    /// Show it all on this machine: three nodes in namespaces, nothing outside of them is touched
    Demo(demo::Args),
    /// Print shell completions
    Completions(completions::Args),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print_failure(cli.common.output, &failure);
            exit_of(&cli.command, &failure).into()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<Exit, Failure> {
    let common = &cli.common;
    match &cli.command {
        Command::Run => run::run(common),
        Command::Check(args) => check::run(common, args),
        Command::Plan => plan::run(common),
        Command::Status => status::run(common),
        Command::Explain(args) => explain::run(common, args),
        Command::Whohas(args) => whohas::run(common, args),
        Command::Withdraw(args) => withdraw::run(common, args),
        Command::Demo(args) => demo::run(common, args),
        Command::Completions(args) => Ok(completions::run(args)),
    }
}

fn print_failure(output: Output, failure: &Failure) {
    let error = render_error(failure.as_ref());
    let as_json = output == Output::Json && output::print_json(&Failed { error: &error, config: config_errors(failure) }).is_ok();
    if !as_json {
        anstream::eprintln!("hostvip: {error}");
    }
}

/// A failure as JSON.
#[derive(Serialize)]
struct Failed<'a> {
    error: &'a str,
    /// Each error of the config, where that is what failed.
    config: Option<&'a ConfigErrors>,
}

fn config_errors(failure: &Failure) -> Option<&ConfigErrors> {
    let file = match failure.downcast_ref::<agent::Error>() {
        Some(agent::Error::Config(error)) => Some(error),
        _ => failure.downcast_ref::<config_file::Error>(),
    };
    match file? {
        config_file::Error::Invalid(errors) => Some(errors),
        _ => None,
    }
}

/// A wrong config is the caller's, everything else a finding. But 1 of `whohas` says that several answer, and nothing else.
fn exit_of(command: &Command, failure: &Failure) -> Exit {
    let config = matches!(command, Command::Whohas(_))
        || failure.downcast_ref::<config_file::Error>().is_some()
        || matches!(failure.downcast_ref::<agent::Error>(), Some(agent::Error::Config(_)));
    if config { Exit::Usage } else { Exit::Finding }
}

/// What an agent with this config would decide now.
fn outlook(common: &Common) -> Result<Outlook, Failure> {
    Ok(wait(Outlook::take(&common.config))??)
}

/// Runs it to its end, and no longer: a program for credentials that hangs, or a name server, is not waited for.
fn wait<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = runtime()?;
    let done = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(done)
}

/// One thread is enough: the kernel answers at once, and everything else waits.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Well => 0,
            Exit::Finding => 1,
            Exit::Usage => 2,
            Exit::Nobody => 3,
        })
    }
}
