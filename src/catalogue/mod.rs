//! The suite as data: features and requirements become scenarios, tags, coverage.
//!
//! [`Sources`] are the files as they were read: compiled in, or from a folder. [`Catalogue`] is what they say.
//! [`parse_features`] gives the runner what it runs, [`lint`] finds what the engine would pass over in silence: a step that
//! nobody defined, a keyword misspelt into a description, an outline without rows.
//!
//! The suite of a scenario: the folder `features/accreditation/` is the accreditation suite; a feature tagged
//! `@platform-suite` is of the platform suite; every other one is of the relying party suite. A scenario has the tags of its
//! feature, rule, outline and Examples as well as its own, and is about the requirements that they name.
//!
//! A scenario's id is `features/…/file.feature:LINE`: the line of its keyword, or, of an outline, of the row of Examples. A person may
//! name any of its lines ([`resolve`]); a row of what it tries is run alone.
//!
//! Uses `domain` only. To add a requirement: a table in `features/requirements.toml` and its id in the golden list of
//! `tests/catalogue.rs`. To add a scenario: a file under `features/`. To close a hole of the engine: a rule in `lint/`.

mod contents;
mod features;
mod lines;
mod lint;
mod problem;
mod requirements;
mod selection;
mod sources;
mod unparsable;

pub use contents::{Catalogue, Coverage};
pub use features::{PLATFORM_SUITE_TAG, parse_features, scenario_id, suite_of, summaries};
pub use lines::{Resolved, resolve};
pub use lint::{StepMatch, lint};
pub use problem::{CatalogueErrors, Problem};
pub use requirements::parse_requirements;
pub use selection::{Place, Selection, SelectionError};
pub use sources::{PLATFORM_REQUIREMENTS_PATH, REQUIREMENTS_PATH, Sources};
