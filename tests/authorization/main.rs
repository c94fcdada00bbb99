//! The authorization server from outside: cookies and forms, no browser.

mod device;
mod faults;
mod honest;
mod limits;
mod refusals;
mod stage;
mod tokens;
