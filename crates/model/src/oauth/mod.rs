//! Messages and values of OAuth 2.0 and OpenID Connect as types. No I/O.

mod claims;
mod error;
mod metadata;
mod pkce;
mod redirect_uri;
mod scope;

pub use claims::{DecodeError, Jwt, LOGOUT_EVENT, decode_jwt};
pub use error::ErrorCode;
pub use metadata::{Metadata, discovery_of};
pub use pkce::{code_challenge_s256, is_code_verifier, is_unreserved};
pub use redirect_uri::redirect_uri_matches;
pub use scope::{Scope, ScopeSet, giponext};
