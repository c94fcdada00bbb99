use super::api::ApiError;
use super::sign_in::SignInError;
use crate::event::Lang;

/// Italian and English side by side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words(pub Lang);

impl Words {
    pub(crate) fn t<'a>(&self, it: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Lang::It => it,
            Lang::En => en,
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.t("it", "en")
    }

    pub(crate) fn is_it(&self) -> bool {
        self.0 == Lang::It
    }

    /// What happened to the login, and what the person can do.
    pub(crate) fn sign_in_error(&self, error: &SignInError) -> &'static str {
        match error {
            SignInError::Refused(code) if code == "access_denied" => self.t(
                "Accesso annullato: non hai dato il consenso. Puoi riprovare quando vuoi.",
                "Sign-in cancelled: you did not give your consent. You can try again whenever you like.",
            ),
            SignInError::Refused(code) if code == "temporarily_unavailable" || code == "server_error" => self.t(
                "GipoNext non è riuscito a completare l’accesso. Riprova tra qualche minuto.",
                "GipoNext could not complete the sign-in. Please try again in a few minutes.",
            ),
            SignInError::Refused(_) => self.t(
                "GipoNext non ha accettato la richiesta di accesso. Riprova; se succede ancora, avvisa l’assistenza.",
                "GipoNext did not accept the sign-in request. Try again; if it happens again, contact support.",
            ),
            SignInError::Response(_) => self.t(
                "Accesso rifiutato: la risposta ricevuta non appartiene a un accesso iniziato qui. Riprova da questa pagina.",
                "Sign-in refused: the response does not belong to a sign-in begun here. Please start again from this page.",
            ),
            SignInError::IdToken(_) => self.t(
                "Accesso rifiutato: non è stato possibile confermare la tua identità. Riprova; se succede ancora, avvisa l’assistenza.",
                "Sign-in refused: your identity could not be confirmed. Try again; if it happens again, contact support.",
            ),
            SignInError::Platform(_) => self.t(
                "Accesso non riuscito: GipoNext ha dato una risposta inattesa. Riprova; se succede ancora, avvisa l’assistenza.",
                "Sign-in failed: GipoNext gave an unexpected answer. Try again; if it happens again, contact support.",
            ),
            SignInError::Unavailable => self.t(
                "GipoNext non risponde in questo momento. Riprova tra qualche minuto.",
                "GipoNext is not answering right now. Please try again in a few minutes.",
            ),
            SignInError::ForeignTenant => self.t(
                "Il tuo utente appartiene a un centro medico che non usa questo portale. Nessun dato è stato letto.",
                "Your user belongs to a medical centre that does not use this portal. No data has been read.",
            ),
            SignInError::PartialConsent => self.t(
                "Accesso rifiutato: per usare il portale devi concedere tutti i permessi.",
                "Sign-in refused: to use the portal you have to grant every permission.",
            ),
            SignInError::SessionEnded => {
                self.t("La tua sessione è terminata. Accedi di nuovo per continuare.", "Your session has ended. Sign in again to continue.")
            }
        }
    }

    pub(crate) fn api_error(&self, error: &ApiError) -> &'static str {
        match error {
            ApiError::SessionEnded => self.sign_in_error(&SignInError::SessionEnded),
            ApiError::MissingScope => self.t(
                "Manca il permesso dell’applicazione: non lo hai concesso durante l’accesso. Esci e accedi di nuovo per concederlo.",
                "The application’s permission is missing: you did not grant it when you signed in. Sign out and in again to grant it.",
            ),
            ApiError::MissingPermission => self.t(
                "Il tuo utente non è abilitato a vedere questi dati. Chiedi al responsabile del centro medico.",
                "Your user is not allowed to see this data. Ask the manager of the medical centre.",
            ),
            ApiError::NotFound => self.t("Questi dati non esistono o non esistono più.", "This data does not exist, or no longer does."),
            ApiError::Conflict => self.t(
                "Qualcun altro ha appena modificato questi dati. Ricarica la pagina per vedere la versione attuale.",
                "Somebody else has just changed this data. Reload the page to see the current version.",
            ),
            ApiError::Rejected(_) => self.t("GipoNext non ha accettato la richiesta.", "GipoNext did not accept the request."),
            ApiError::Busy => self.t(
                "Ci sono troppe richieste in questo momento. Aspetta un minuto e ricarica la pagina.",
                "There are too many requests right now. Wait a minute and reload the page.",
            ),
            ApiError::Unavailable | ApiError::Dropped => self.t(
                "GipoNext non risponde in questo momento. Riprova tra qualche minuto.",
                "GipoNext is not answering right now. Please try again in a few minutes.",
            ),
            ApiError::Unreadable(_) => self.t(
                "GipoNext ha dato una risposta che il portale non sa leggere. Avvisa l’assistenza.",
                "GipoNext gave an answer that the portal cannot read. Please contact support.",
            ),
        }
    }
}
