//! collaudo: the acceptance test of integrations with GipoNext.
//!
//! The map, floor by floor (a room uses rooms on lower floors only; Cargo keeps it between crates,
//! `tests/architecture/` within this one):
//!
//! | floor | room | what it is for |
//! | --- | --- | --- |
//! | 0 | [`domain`] | requirement, scenario, verdict, finding, evidence, readiness: no I/O |
//! | 0 | [`oauth`] | messages and values of OAuth 2.0 and OpenID Connect as types |
//! | 1 | [`event`] | what happened in a run, in order |
//! | 1 | [`checks`] | pure functions over evidence, one per clause |
//! | 1 | [`supervision`] | processes and folders that are started or made: whose they are, how they end |
//! | 2 | [`catalogue`] | features and requirements: scenarios, tags, coverage |
//! | 2 | [`platform`] | the mock: portal, authorization server, API, faults, journal |
//! | 2 | [`relying_party`] | the bundled application and its defects |
//! | 2 | [`browser`] | driver process, isolated contexts, popups, waits, page objects |
//! | 2 | [`report`] | fold events, render console, HTML, JUnit, JSON |
//! | 3 | [`steps`] | World and step definitions |
//! | 4 | [`runner`] | order, isolation, deadlines; drives steps, emits events |
//! | 5 | [`cli`] | arguments, profiles, composition, exit codes |

pub use collaudo_browser as browser;
pub use collaudo_checks as checks;
pub use collaudo_model::{domain, event, oauth};
pub use collaudo_platform as platform;
pub use collaudo_relying_party as relying_party;
pub use collaudo_report as report;
pub use collaudo_supervision as supervision;

pub mod catalogue;
pub mod cli;
pub mod runner;
pub mod steps;
