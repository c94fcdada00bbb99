//! The program as a user runs it: exit codes, messages, what it writes and what it leaves behind.

mod applications;
mod containers;
mod data;
mod doctor;
mod gates;
mod handing_on;
mod input;
mod interruption;
mod killed;
mod leaks;
mod learning;
mod markup;
mod mock;
mod odd;
mod places;
mod program;
mod programs;
mod recorded;
mod relay;
mod reports;
mod sandbox;
mod sandbox_keys;
mod sick_sandbox;
mod single_page;
mod snapshots;
mod traps;
