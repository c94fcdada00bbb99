//! Processes and folders that this program starts or makes: whose they are, how they end with it, and what a run that was killed has left.
//!
//! Everything carries a [`Mark`]: the process that it belongs to, by number, start time and machine. An application has a supervisor of its
//! own ([`Supervised`]), which outlives `kill -9` and finds workers that have left their process group; a browser has a [`Reaper`]. What is
//! left in spite of both the next run sweeps ([`sweep`]), and only if its owner is surely dead.
//!
//! May use: nothing. Where to add: a mark on a new kind of thing to `mark.rs`, a way to find it again to `sweep.rs`.

#![deny(missing_docs, unreachable_pub)]

mod mark;
mod processes;
mod reaper;
mod supervised;
mod supervisor;
mod sweep;

pub use mark::{Mark, OWNER, folder};
pub use reaper::Reaper;
pub use supervised::{Supervised, start_supervisors};
pub use supervisor::{WORD, supervise};
pub use sweep::{NOTE_OF_A_CONTAINER, Swept, end_own, sweep};
