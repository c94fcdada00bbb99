//! Arguments, profiles, composition and exit codes: the only room that knows all the others.
//!
//! One file per command. To add a command: a variant of `Command`, a file with its arguments and `run`.

mod app;
mod bundle;
mod compose;
mod console;
mod doctor;
mod error;
mod folder;
mod follow;
mod gate;
mod init;
mod list;
mod merge;
mod mock;
mod placeholders;
mod profile;
mod report;
mod run;
mod schema;
mod signals;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use self::console::note;
use crate::domain::Readiness;
use crate::steps::remove_orphans;
use crate::supervision::{self, WORD};

pub use error::CliError;
pub use profile::{parse_profile, parse_target};

/// Version and commit of this program.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("COLLAUDO_COMMIT"), ")");

/// The acceptance test of integrations with GipoNext.
#[derive(Parser)]
#[command(name = "collaudo", version = VERSION, about, max_term_width = 110, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 ready, or every selected scenario held; 1 not ready; 2 usage or configuration; 3 incomplete, or no approval.";

#[derive(Subcommand)]
enum Command {
    /// Run the suites and say READY, NOT READY or INCOMPLETE; of a part of them PARTIAL.
    Run(Box<run::Arguments>),
    /// Run the mock platform alone, until Ctrl-C.
    Mock(mock::Arguments),
    /// Run the bundled application alone, until Ctrl-C.
    App(app::Arguments),
    /// Look before a run whether everything that it needs is there.
    Doctor(doctor::Arguments),
    /// Write a commented profile of an application, or a target file, to start from.
    Init(init::Arguments),
    /// Print the JSON Schema of a profile or of a target file, for editors.
    Schema(schema::Arguments),
    /// List requirements, scenarios, defects, faults or steps.
    List(list::Arguments),
    /// Render a finished run again from its run.jsonl.
    Report(report::Arguments),
    /// Check a bundle offline: who signed what, for how long, and that nothing was changed.
    Verify(bundle::Verify),
    /// Make a pair of keys to sign bundles with.
    Key(bundle::Key),
    /// Write a script that completes this program's words in a shell, such as `collaudo completions bash`.
    Completions(Completions),
}

impl Command {
    /// Whether it starts processes or makes temporary folders.
    fn starts_something(&self) -> bool {
        matches!(self, Self::Run(_) | Self::Mock(_) | Self::App(_) | Self::Doctor(_))
    }
}

/// Ends and removes what runs have left that were killed, and says so.
async fn sweep() {
    let swept = supervision::sweep();
    if swept.processes + swept.folders > 0 {
        note!("a run that was killed had left something behind: ended {} processes, removed {} folders", swept.processes, swept.folders);
    }
    if !swept.notes.is_empty() && remove_orphans().await.is_ok() {
        for note in swept.notes {
            let _ = std::fs::remove_dir_all(note);
        }
    }
}

#[derive(clap::Args)]
struct Completions {
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// Writes the script to stdout, from where a shell reads it.
fn complete(arguments: &Completions) -> Result<End, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "collaudo", &mut script);
    anstream::print!("{}", String::from_utf8_lossy(&script));
    Ok(End::Done)
}

/// The program's end, as exit codes promise it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// What was asked for was done; of a run: READY, or PARTIAL.
    Done,
    NotReady,
    Incomplete,
    /// Something that a configuration can mend.
    Configuration,
}

impl From<Readiness> for End {
    fn from(readiness: Readiness) -> Self {
        match readiness {
            Readiness::Ready | Readiness::Partial => Self::Done,
            Readiness::NotReady => Self::NotReady,
            Readiness::Incomplete => Self::Incomplete,
        }
    }
}

impl From<End> for ExitCode {
    fn from(end: End) -> Self {
        Self::from(match end {
            End::Done => 0,
            End::NotReady => 1,
            End::Configuration => 2,
            End::Incomplete => 3,
        })
    }
}

/// Parses the command line, runs the command, tells an error once.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == WORD) {
        return supervision::supervise(words);
    }
    supervision::start_supervisors();
    // Usage errors end with 2, as promised; help and version with 0.
    let arguments = Arguments::parse();
    // Fails only when a provider is installed already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let filter = EnvFilter::try_from_env("COLLAUDO_LOG").unwrap_or_else(|_| EnvFilter::new("error,rustls_platform_verifier=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            note!("error: failed to start the asynchronous runtime: {error}");
            return End::Configuration.into();
        }
    };
    let end = runtime.block_on(async {
        let starts = arguments.command.starts_something();
        if starts {
            sweep().await;
        }
        let end = match arguments.command {
            Command::Run(arguments) => run::run(*arguments).await,
            Command::Mock(arguments) => mock::run(arguments).await,
            Command::App(arguments) => app::run(arguments).await,
            Command::Doctor(arguments) => doctor::run(arguments).await,
            Command::Init(arguments) => init::run(&arguments),
            Command::Schema(arguments) => schema::run(&arguments),
            Command::List(arguments) => list::run(&arguments),
            Command::Report(arguments) => report::run(&arguments),
            Command::Verify(arguments) => bundle::verify(&arguments),
            Command::Key(arguments) => bundle::make_key(&arguments),
            Command::Completions(arguments) => complete(&arguments),
        };
        if starts {
            supervision::end_own();
        }
        end
    });
    match end {
        Ok(end) => end.into(),
        Err(error) => {
            error.tell();
            End::Configuration.into()
        }
    }
}
