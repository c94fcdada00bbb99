//! The authorization server from outside: cookies and forms, no browser.

mod bad_input;
mod cors;
mod crowds;
mod device;
mod end_session;
mod faults;
mod honest;
mod introspection;
mod limits;
mod near_misses;
mod observed;
mod odd_claims;
mod refusals;
mod relay;
mod stage;
mod strict;
mod tokens;
