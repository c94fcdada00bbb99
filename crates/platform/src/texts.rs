use super::accounts::{AccountError, RegistrationError, TicketError};
use super::frame::Frame;
use crate::oauth::giponext;

/// What a scope opens, in words of people: its name and one sentence.
pub(crate) fn scope_text<'a>(frame: &Frame, scope: &'a str) -> (&'a str, &'a str) {
    let (it, en) = match scope {
        giponext::OPENID => (("Accesso", "Sapere chi ha effettuato l'accesso."), ("Sign-in", "Know who has signed in.")),
        giponext::PROFILE => (("Nome", "Leggere nome e cognome dell'utente."), ("Name", "Read the user's first and last name.")),
        giponext::EMAIL => (("E-mail", "Leggere l'indirizzo e-mail dell'utente."), ("E-mail", "Read the user's e-mail address.")),
        giponext::OFFLINE_ACCESS => (
            ("Accesso continuativo", "Restare collegata senza un nuovo accesso (refresh token)."),
            ("Lasting access", "Stay connected without a new sign-in (refresh token)."),
        ),
        giponext::PATIENTS => (
            ("Pazienti", "Leggere e modificare le anagrafiche dei pazienti."),
            ("Patients", "Read and change the patients' records of identity."),
        ),
        giponext::AGENDA => (
            ("Agenda", "Leggere agende e disponibilità, gestire gli appuntamenti."),
            ("Agenda", "Read agendas and availabilities, manage appointments."),
        ),
        giponext::TREATMENTS => {
            (("Prestazioni", "Leggere le prestazioni e i listini."), ("Treatments", "Read treatments and price lists."))
        }
        giponext::EPISODES => (("Episodi", "Leggere e modificare gli episodi di cura."), ("Episodes", "Read and change episodes of care.")),
        giponext::MEDICAL_REPORTS => (
            ("Referti", "Leggere e scrivere i referti: dati clinici."),
            ("Medical reports", "Read and write medical reports: clinical data."),
        ),
        giponext::INVOICES => (("Fatture", "Leggere ed emettere le fatture."), ("Invoices", "Read and issue invoices.")),
        other => return (other, ""),
    };
    (frame.t(it.0, en.0), frame.t(it.1, en.1))
}

/// The field that an error belongs to, and what to do about it.
pub(crate) fn account_error(frame: &Frame, error: &AccountError) -> (&'static str, String) {
    match error {
        AccountError::EmailTaken(email) => (
            "email",
            match frame.is_italian() {
                true => format!("{email} ha già un account: accedi con quello, o indica un altro indirizzo."),
                false => format!("{email} already has an account: sign in with it, or give another address."),
            },
        ),
        AccountError::Email(_) => (
            "email",
            frame
                .t("Indica un indirizzo e-mail completo, come nome@azienda.it.", "Give a whole e-mail address, such as name@company.com.")
                .to_owned(),
        ),
        AccountError::Password => ("password", frame.t("Usa almeno 10 caratteri.", "Use at least 10 characters.").to_owned()),
        AccountError::Missing(what) => missing(frame, what),
        AccountError::UnknownUser(email) => (
            "email",
            match frame.is_italian() {
                true => format!("Nessun account ha l'indirizzo {email}: la persona deve prima registrarsi."),
                false => format!("No account has the address {email}: the person has to sign up first."),
            },
        ),
    }
}

pub(crate) fn ticket_error(frame: &Frame, error: &TicketError) -> (&'static str, String) {
    let text = match error {
        TicketError::Missing(what) => return missing(frame, what),
        TicketError::Account(error) => return account_error(frame, error),
        TicketError::NotOfTheCentre(email) => {
            let text = match frame.is_italian() {
                true => format!("Nessun utente del tuo centro ha l'indirizzo {email}: controlla l'indirizzo."),
                false => format!("No user of your centre has the address {email}: check the address."),
            };
            return ("email", text);
        }
        TicketError::NotTheManager => {
            frame.t("Può chiederlo solo il responsabile del centro medico.", "Only the medical centre's manager may ask for this.")
        }
        TicketError::Unknown(_) => frame.t("La richiesta non esiste.", "There is no such ticket."),
        TicketError::Closed => frame.t("La richiesta è già chiusa.", "The ticket is already closed."),
        TicketError::OtherKind => frame.t("La richiesta chiede un'altra cosa.", "The ticket asks for something else."),
    };
    ("form", text.to_owned())
}

pub(crate) fn registration_error(frame: &Frame, error: &RegistrationError) -> (&'static str, String) {
    match error {
        RegistrationError::Missing(what) => missing(frame, what),
        RegistrationError::RedirectUri(uri) => (
            "redirect_uris",
            match frame.is_italian() {
                true => format!("{uri} non è ammesso: usa https, o http su un indirizzo di loopback, senza frammento (#…)."),
                false => format!("{uri} is not allowed: use https, or http on a loopback address, without a fragment (#…)."),
            },
        ),
        RegistrationError::UnknownScope(scope) => (
            "scope",
            match frame.is_italian() {
                true => format!("Lo scope {scope} non esiste: scegli fra quelli elencati."),
                false => format!("The scope {scope} does not exist: choose among those listed."),
            },
        ),
        RegistrationError::NoDeveloperRole => {
            ("form", frame.t("Il ruolo developer non è attivo.", "The developer role is not active.").to_owned())
        }
    }
}

fn missing(frame: &Frame, what: &'static str) -> (&'static str, String) {
    let (field, it, en) = match what {
        "the first name" => ("given_name", "Indica il nome.", "Give the first name."),
        "the last name" => ("family_name", "Indica il cognome.", "Give the last name."),
        "the text" => ("text", "Scrivi che cosa ti serve.", "Write what you need."),
        "the endpoint" => ("endpoint", "Indica metodo e percorso della chiamata.", "Give the call's method and path."),
        "the status" => ("status", "Indica lo stato HTTP ricevuto.", "Give the HTTP status that came back."),
        "the time" => ("time", "Indica quando è stata fatta la chiamata.", "Say when the call was made."),
        "the name" => (
            "name",
            "Dai un nome all'applicazione: gli utenti lo leggono nel consenso.",
            "Name the application: users read it when they consent.",
        ),
        "the description" => {
            ("description", "Descrivi in una frase che cosa fa l'applicazione.", "Say in a sentence what the application does.")
        }
        "the redirect URI" => (
            "redirect_uris",
            "Con Authorization Code serve almeno un redirect URI, uno per riga.",
            "Authorization Code needs at least one redirect URI, one per line.",
        ),
        "the scopes" => ("scope", "Scegli almeno uno scope.", "Choose at least one scope."),
        _ => ("form", "Compila i campi obbligatori.", "Fill in the required fields."),
    };
    (field, frame.t(it, en).to_owned())
}
