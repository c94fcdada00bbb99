//! Page objects: what a page looks like to a person, in selectors. One file per page or per group of pages of one party;
//! a method is named after what a person does there and takes a [`Page`](super::Page).

mod application;
mod consent;
mod device;
mod foreign;
mod platform_window;
mod portal;
mod portal_forms;
mod sign_in;
mod target_pages;

pub use application::{ApplicationPage, addresses_in};
pub use consent::ConsentPage;
pub use device::DevicePage;
pub use foreign::{ForeignPage, address_of, kept_messages, name_at_control, send_to};
pub use platform_window::{CANARY, PlatformWindow, Shown, holds_canary, visible_text, wait_for_text};
pub use portal::Portal;
pub use portal_forms::{Access, ApplicationForm, ApplicationStatus, PersonForm, TicketForm, TicketStatus};
pub use sign_in::SignInPage;
pub use target_pages::{Reached, TargetPages, Typing};
