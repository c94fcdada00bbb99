use std::process::ExitCode;

fn main() -> ExitCode {
    collaudo::cli::main()
}
