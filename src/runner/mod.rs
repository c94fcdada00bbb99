//! Drives the steps through the planned scenarios and emits events. Knows no display.
//!
//! The engine is cucumber, fed with the scenarios that were selected; its own writers, command line and retries are not used.
//! What it would pass over in silence is refused beforehand by [`Plan::make`].

mod cost;
mod engine;
mod events;
mod plan;

pub use cost::{own_ms, tree_ms};
pub use engine::run;
pub use plan::{Plan, known_steps, step_matcher};
