//! What the other crates speak of: no I/O.
//!
//! | room | what it is for |
//! | --- | --- |
//! | [`domain`] | requirement, scenario, verdict, finding, evidence, readiness |
//! | [`oauth`] | messages and values of OAuth 2.0 and OpenID Connect as types |
//! | [`event`] | what happened in a run, in order |

#![deny(missing_docs, unreachable_pub)]

pub mod domain;
pub mod event;
pub mod oauth;
