//! The words of the product: requirement, scenario, step, verdict, finding, evidence, readiness. No I/O.

mod address;
mod application;
mod assumptions;
mod dialogs;
mod dossier;
mod escapes;
mod evidence;
mod finding;
mod known_failure;
mod milliseconds;
mod oracle;
mod party;
mod patience;
mod plain;
mod platform_pages;
mod profile;
mod requirement;
mod scenario;
mod schema;
mod secrets;
mod shard;
mod target;
mod verdict;
mod waiver;

pub use address::{PORT, is_loopback, platform_host};
pub use application::{Application, ApplicationType, Attestation, Environment, Learned, TargetSummary};
pub use assumptions::{Assumptions, SigningAlgorithm, TlsVersion};
pub use dialogs::{Answer, Dialogs};
pub use dossier::{Attested, Dossier, DossierEnvironment, TemporaryUser};
pub use evidence::{
    Attachment, BrowserFact, BrowserFactKind, ClientAuthentication, Cookie, Credential, Endpoint, Exchange, Facts, HANDSHAKE, Leak,
    SameSite,
};
pub use finding::{Advice, Finding};
pub use known_failure::KnownFailure;
pub use milliseconds::milliseconds;
pub use oracle::{Oracle, OraclePart};
pub use party::{Parties, Party, Weighed};
pub use patience::{Patience, Waiting};
pub use plain::{plain, plain_lines, uncommanding};
pub use platform_pages::{ConsentSelectors, PlatformPages, SignIn, SignInAct, SignInStep, Typed};
pub use profile::{Action, App, Console, Control, Login, Profile, StaticClient, Window};
pub use requirement::{Actor, Level, Requirement, RequirementId, RequirementIdError};
pub use scenario::{ScenarioId, ScenarioSummary, StepText, Suite};
pub use schema::{profile_schema, target_schema};
pub use secrets::{Secrets, base64_cores, hexadecimal, tokens_in};
pub use shard::{Shard, ShardError};
pub use target::{Authorize, ClientAuth, Issuer, TargetClient, TargetFile, TargetUser};
pub use verdict::{Readiness, Verdict, readiness};
pub use waiver::{Waiver, day_of, waive, weight};
