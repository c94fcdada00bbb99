//! The program as a user runs it: exit codes, messages, what it writes and what it leaves behind.

mod applications;
mod data;
mod handing_on;
mod input;
mod interruption;
mod mock;
mod program;
mod reports;
mod sandbox;
mod snapshots;
