//! The bundled single-page application: sound as it is, and caught with each of its defects.

use collaudo::catalogue::Catalogue;
use collaudo::domain::Level;
use collaudo::relying_party::SINGLE_PAGE_DEFECTS;

use crate::program::{Desk, Ended};

/// The profile of the bundled single-page application, with further arguments.
fn profile(arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_collaudo");
    let more: String = arguments.iter().map(|argument| format!(", {argument:?}")).collect();
    format!(
        r##"
[app]
name = "Portale a pagina singola"
type = "spa"
url = "http://127.0.0.1:5000/"
command = [{program:?}, "app", "--type", "spa", "--listen", "127.0.0.1:{{port}}"{more}]
features = ["patients", "agenda"]
scopes = ["openid", "profile", "offline_access", "giponext.patients", "giponext.agenda"]
redirect_uris = ["http://127.0.0.1:5000/callback"]

[app.env]
OIDC_ISSUER = "{{issuer}}"
GIPO_API_BASE = "{{api}}"
CLIENT_ID = "{{client_id}}"
TENANTS = "{{tenants}}"
SCOPES = "openid profile offline_access giponext.patients giponext.agenda"

[app.login]
trigger = "#login"
signed_in = "#user"
error = ".login-error"
logout = "#logout"

[app.actions.patients]
open = "/patients"
shows = "#patients li"
scope = "giponext.patients"

[app.actions.agenda]
open = "/agenda"
shows = "#agenda li"
scope = "giponext.agenda"
"##
    )
}

fn judged(arguments: &[&str], requirements: &[&str]) -> (Desk, Ended) {
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile(arguments));
    let ended = desk.run(&[&["--app", "collaudo.toml", "--requirement"], requirements].concat());
    (desk, ended)
}

#[test]
fn a_page_that_forgets_its_user_at_a_load_is_judged_within_it() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile(&[]));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.stdout.contains("a load of the page signs the user out"), "{doctor:?}");
    let (desk, ended) = judged(&[], &["AC-08", "AZ-06", "TK-01", "SE-03", "GX-08", "RT-02", "GX-19", "PO-05"]);
    let wrong: Vec<_> = desk.verdicts().into_iter().filter(|(_, verdict, _)| verdict != "passed" && verdict != "not-applicable").collect();
    assert!(wrong.is_empty(), "{wrong:?}: {ended:?}");
}

#[test]
fn every_defect_of_a_single_page_is_written_down() {
    let page = include_str!("../../docs/single-page.md");
    for defect in SINGLE_PAGE_DEFECTS {
        let row = format!("| `{}` | {} | {}", defect.name, defect.description, defect.requirements.join(", "));
        assert!(page.contains(&row), "docs/single-page.md has no row `{row}`");
    }
}

#[test]
fn each_defect_of_a_single_page_is_caught() {
    let catalogue = Catalogue::embedded().expect("the suite is sound");
    for defect in SINGLE_PAGE_DEFECTS {
        let (desk, ended) = judged(&["--defect", defect.name], defect.requirements);
        let is_must = |id: &&str| {
            id.parse().ok().and_then(|id| catalogue.requirement(&id)).is_some_and(|known| known.level_for("spa") == Level::Must)
        };
        let verdicts = desk.verdicts();
        let found = |wanted: &str| verdicts.iter().any(|(_, verdict, _)| verdict == wanted);
        // What the text recommends only warns, also where the rest of its requirement is a MUST.
        let advised = defect.name == "keeps-tokens-in-local-storage";
        let as_expected = if defect.requirements.iter().any(is_must) && !advised { found("failed") } else { found("warned") };
        assert!(as_expected, "{}: {verdicts:?}, {ended:?}", defect.name);
    }
}

#[test]
fn a_page_of_an_application_that_is_registered_otherwise_is_told_of_the_browser_s_refusal() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile(&[]).replace("type = \"spa\"", "type = \"web\""));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(2), "{doctor:?}");
    assert!(doctor.stdout.contains("(CORS)") && doctor.stdout.contains("write app.type = \"spa\""), "{doctor:?}");
}
