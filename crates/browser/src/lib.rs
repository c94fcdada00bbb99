//! The browser: one warm headless Chromium for all scenarios, one isolated [`Context`] for each.
//!
//! fantoccini owns the WebDriver session: it starts the browser through chromedriver (or on a Grid), and ends it. Everything that a
//! scenario does goes over one DevTools connection to the same browser, because there windows, navigations and dialogs are events:
//! nothing here polls. WebDriver alone cannot tell that a popup opened, nor keep the cookies of two scenarios apart.
//!
//! May use: `domain`, `oauth`, `supervision`. Does not know the platform or the application: what their pages look like stands in [`pages`],
//! the only place of the suite where a CSS selector of a page may be written.
//!
//! Where to add: an action or a wait of a person to `page.rs` (its script to `scripts/`), a DevTools event to `hub.rs`,
//! a browser flag to `session.rs`, a page object to `pages/`.

#![deny(missing_docs, unreachable_pub)]

use collaudo_model::{domain, oauth};
use collaudo_supervision as supervision;

mod answered;
mod cdp;
mod context;
mod controls;
mod detour;
mod error;
mod evidence;
mod hub;
mod kept;
mod launch;
mod options;
mod page;
pub mod pages;
mod picture;
mod process;
mod served;
mod session;
mod settled;
mod state;
mod wait;
mod words;

pub use context::{Context, Standing};
pub use controls::LeadsOn;
pub use error::BrowserError;
pub use evidence::{Cookie, Request, Storage};
pub use kept::{Body, Passed};
pub use launch::Browser;
pub use options::{Located, Options, locate};
pub use page::{DEFAULT_DEADLINE, Page};
pub use settled::Rest;
pub use words::Element;
