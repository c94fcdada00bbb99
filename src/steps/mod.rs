//! World and step definitions: a sentence of a feature, translated into one call on a stage.
//!
//! Step files are named after the concept of their feature. A step returns `Result<(), Failure>`: what a requirement did not
//! hold, what could not be judged, what broke. Selectors live in `browser/pages`, protocol rules in `checks`.
//!
//! To add a step: a function in the concept's file; at most ten lines, one call. To judge a new clause: a check in `checks/`,
//! then `world.judge(…)`.

mod accreditation;
mod addresses;
mod advice;
mod application;
mod attempt;
mod authorization;
mod backchannel_logout;
mod background;
mod canaries;
mod client;
mod client_requests;
mod concerned;
mod consent;
mod container;
mod device;
mod discovery;
mod dossier;
mod end_of_request;
mod ended_attempts;
mod failure;
mod fault_phrases;
mod foreign_addresses;
mod foreign_code;
mod forged_response;
mod instrument;
mod kept_evidence;
mod known_browser;
mod learning;
mod leaving;
mod limits;
mod looks;
mod loopback;
mod markers;
mod markup;
mod memory;
mod misbehaviour;
mod moving;
mod naming;
mod native;
mod near_miss_phrases;
mod near_misses;
mod origins;
mod output;
mod own_port;
mod patient_sign_in;
mod people;
mod places;
mod platform_api;
mod platform_authorize;
mod platform_discovery;
mod platform_document;
mod platform_sign_out;
mod platform_suite;
mod platform_token;
mod platform_tokens_in_use;
mod popup;
mod popup_life;
mod portal;
mod preflight;
mod presence;
mod program;
mod program_runs;
mod program_sign_in;
mod proof;
mod provocation;
mod reach;
mod reading_on;
mod reconnection;
mod recorded;
pub mod recordings;
mod redirectors;
mod refresh;
mod resource_access;
mod said_in_vain;
mod second_platform;
mod series;
mod session;
mod setup;
mod sight;
mod sign_in;
mod snapshot;
mod stage;
mod starting;
mod target_look;
mod target_pages;
mod tenants;
mod token;
mod traffic;
mod transport;
mod trials;
mod way;
mod windows;
mod without_journal;
mod world;
mod writing;

pub use container::remove_orphans;
pub use failure::Failure;
pub use fault_phrases::{armed, resolves, resolves_each};
pub use looks::{Look, Sight};
pub use preflight::preflight;
pub use reach::Reach;
pub use series::unknown_phrase;
pub use setup::{BrowserPool, Mock, Remote, Setup, Target};
pub use snapshot::{GoldenTexts, SNAPSHOT_MODE};
pub use world::{Finished, Levels, World};

/// How long an event of the application or the platform is awaited.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
