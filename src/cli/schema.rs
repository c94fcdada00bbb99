//! `collaudo schema`: JSON Schemas of the files that people write.

use clap::ValueEnum;

use super::{CliError, End};
use crate::cli::console::say;
use crate::domain::{profile_schema, target_schema};

#[derive(clap::Args)]
pub struct Arguments {
    /// Which file it describes: an application's profile, or a target file.
    #[arg(value_name = "app|target")]
    file: File,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum File {
    App,
    Target,
}

pub fn run(arguments: &Arguments) -> Result<End, CliError> {
    let schema = match arguments.file {
        File::App => profile_schema(),
        File::Target => target_schema(),
    };
    say!("{schema:#}");
    Ok(End::Done)
}
