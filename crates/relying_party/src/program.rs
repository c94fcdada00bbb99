use super::app::App;
use super::lists::{self, Feature};
use super::session::{Data, Session, random};
use super::sign_in::SignInError;
use super::words::Words;
use super::{Config, Defect, RelyingPartyError, device, native};
use crate::event::Lang;
use crate::oauth::giponext;

/// How a program without pages of its own lets a person sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The person types a code on another screen (RFC 8628).
    Device,
    /// The person's own browser comes back to a port of this machine (RFC 8252).
    Native,
}

/// Where a program writes: one call is one line.
pub(super) type Say<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Signs one person in and lists the patients of the medical centre. `false` where nobody was signed in; the reason has been said.
/// To try again is the person's decision: the program ends.
pub async fn run_program(program: Program, config: Config, say: Say<'_>) -> Result<bool, RelyingPartyError> {
    let words = Words(Lang::En);
    let (app, outcome) = match program {
        Program::Device => {
            let app = App::new(config)?;
            let outcome = device::sign_in(&app, say).await;
            (app, outcome)
        }
        Program::Native => native::sign_in(config, say).await?,
    };
    let signed_in = match outcome {
        Ok(signed_in) => signed_in,
        Err(error) => {
            tracing::warn!(%error, issuer = %app.config.issuer, "nobody was signed in");
            let useless = matches!(error, SignInError::Platform(_) | SignInError::Refused(_) | SignInError::Unavailable);
            if !(useless && app.config.has(Defect::FailsWithoutWords)) {
                say(&format!("Sign-in failed: {}", words.sign_in_error(&error)));
            }
            native::linger(&app).await;
            return Ok(false);
        }
    };
    say(&format!("Signed in as {} ({})", signed_in.user.name, signed_in.user.tenant.name));
    if !signed_in.granted.contains(giponext::PATIENTS) {
        say("Patients: off, you did not grant the permission");
        return Ok(true);
    }
    let session = Session::new(random(), Data { signed_in: Some(signed_in), ..Data::default() });
    match lists::read(&app, &session, Feature::Patients).await {
        Ok(rows) => {
            say(&format!("Patients: {}", rows.len()));
            if app.config.has(Defect::CrashesOnEmptyList) {
                say(&format!("First: {}", rows[0].title));
            }
            rows.iter().for_each(|row| say(&format!("  {}", row.title)));
        }
        Err(error) => say(&format!("Patients: {}", words.api_error(&error))),
    }
    native::linger(&app).await;
    Ok(true)
}
