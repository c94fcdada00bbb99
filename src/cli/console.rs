//! Words for whoever looks at the console. That nobody reads them any more ends nothing: the work and its exit code count. What a command
//! is called for, such as a list, is written by [`product`], and its loss is an error.

use std::io::Write;

use super::CliError;

/// A line on the standard output, if that is still there.
macro_rules! say {
    ($($words:tt)*) => {{
        let _nobody_reads = std::io::Write::write_fmt(&mut anstream::stdout(), format_args!("{}\n", format_args!($($words)*)));
    }};
}

/// A line on the standard error, if that is still there.
macro_rules! note {
    ($($words:tt)*) => {{
        let _nobody_reads = std::io::Write::write_fmt(&mut anstream::stderr(), format_args!("{}\n", format_args!($($words)*)));
    }};
}

pub(super) use {note, say};

/// Writes what the command is called for. A reader that has read enough is no error.
///
/// # Errors
/// When it cannot be written.
pub fn product(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|source| CliError::Write { path: "/dev/stdout".into(), source }),
    }
}
