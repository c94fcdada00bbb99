//! The account portal over HTTP forms: the accreditation's journey and who may take which step of it.

use collaudo::platform::accounts::{CARLA, DARIO, ELIO, Role};
use collaudo::platform::{Platform, Settings};
use reqwest::{StatusCode, header};
use secrecy::ExposeSecret;

use super::person::Person;

const INTEGRATOR: &str = "nora.sala@software.example";
const PASSWORD: &str = "correct horse 7";

async fn start() -> Platform {
    Platform::start(Settings::default()).await.expect("a free port")
}

async fn sign_up<'a>(platform: &'a Platform, given_name: &str, family_name: &str) -> Person<'a> {
    let fields = [("email", INTEGRATOR), ("password", PASSWORD), ("given_name", given_name), ("family_name", family_name)];
    let done = Person::nobody(platform).post_bare("/sign-up", &fields).await;
    assert_eq!((done.status, done.location.as_str()), (StatusCode::SEE_OTHER, "/sign-up/done"), "{}", done.html);
    Person::signed_in(platform, INTEGRATOR)
}

async fn developer(platform: &Platform) -> Person<'_> {
    let integrator = sign_up(platform, "Nora", "Sala").await;
    platform.shared().accounts().activate_developer(INTEGRATOR).expect("an account");
    integrator
}

const APPLICATION: [(&str, &str); 8] = [
    ("type", "web"),
    ("grant", "authorization_code"),
    ("name", "Portale Pazienti"),
    ("description", "Mostra ai pazienti i propri appuntamenti."),
    ("redirect_uris", "http://127.0.0.1:5000/callback\r\nhttps://app.example/callback"),
    ("scope", "openid"),
    ("scope", "giponext.patients"),
    ("claim", "name"),
];

#[tokio::test]
async fn the_whole_accreditation_goes_through_the_pages() {
    let platform = start().await;
    let (manager, administrator) = (Person::signed_in(&platform, DARIO), Person::signed_in(&platform, CARLA));

    // C-10: the medical centre introduces the integrator.
    let fields = [("email", INTEGRATOR), ("text", "Prenotazioni online")];
    let introduction = manager.fill("/support/new/introduction", &fields).await.number();

    // C-11, C-12: the integrator's account, no clinical data, no Developer menu before the role.
    let integrator = sign_up(&platform, "Nora", "Sala").await;
    let home = integrator.get("/").await;
    assert!(home.html.contains("id=\"no-clinical-data\"") && !home.html.contains("developer-menu"), "{}", home.html);
    assert_eq!(integrator.get("/developer/applications").await.status, StatusCode::FORBIDDEN);
    assert_eq!(integrator.get("/developer/applications/new").await.status, StatusCode::FORBIDDEN);
    let role = integrator.fill("/support/new/developer-role", &[("email", INTEGRATOR)]).await.number();
    assert_eq!(integrator.get("/developer/applications").await.status, StatusCode::FORBIDDEN, "asking is not having");
    let settle = format!("/admin/tickets/{role}");
    assert_eq!(administrator.fill(&settle, &[("action", "fulfil")]).await.location, "/admin?done=ticket");
    assert!(integrator.get("/").await.html.contains("developer-menu"));
    let seen = integrator.get(&format!("/support/{role}")).await;
    assert_eq!(seen.first(r#"id="ticket" data-number="\d+" data-status="(\w+)""#).as_deref(), Some("done"));

    // C-13, C-15: the application, its approval, its credentials, the secret once.
    let number = integrator.fill("/developer/applications/new", &APPLICATION).await.number();
    let path = format!("/developer/applications/{number}");
    let pending = integrator.get(&path).await;
    assert!(pending.html.contains(r#"data-status="pending""#) && !pending.html.contains("client-id"), "{}", pending.html);
    let decide = format!("/admin/applications/{number}");
    assert_eq!(administrator.fill(&decide, &[("decision", "approve")]).await.location, "/admin?done=approved");
    let approved = integrator.get(&path).await;
    let client_id = approved.first(r#"id="client-id">([^<]+)<"#).expect("a client id");
    assert!(approved.html.contains("reveal-secret") && !approved.html.contains("\"client-secret\""));
    let revealed = integrator.post(&path, &format!("{path}/secret"), &[]).await;
    let secret = revealed.first(r#"id="client-secret">([^<]+)<"#).expect("a secret");
    {
        let accounts = platform.shared().accounts();
        let registration = accounts.client(&client_id).expect("the client");
        assert!(registration.secret_matches(&secret));
        assert_eq!(registration.request.redirect_uris, ["http://127.0.0.1:5000/callback", "https://app.example/callback"]);
        assert_eq!(registration.request.scopes.to_vec(), ["giponext.patients", "openid"]);
        assert_eq!(registration.request.claims, ["name"]);
    }
    for page in [integrator.get(&path).await, integrator.post("/", &format!("{path}/secret"), &[]).await] {
        assert!(!page.html.contains(&secret) && page.html.contains("secret-already-shown"), "the secret is shown once");
    }
    assert!(!administrator.get(&decide).await.html.contains(&secret));

    // C-20: the medical centre's user; its password once, to the ticket's author.
    let fields = [("email", "prova@sanluca.example"), ("given_name", "Pia"), ("family_name", "Prova"), ("temporary", "yes")];
    let asked = manager.fill("/support/new/create-user", &fields).await.number();
    let settle = format!("/admin/tickets/{asked}");
    let permitted = [("action", "fulfil"), ("permission", "giponext.patients"), ("permission", "giponext.agenda")];
    assert_eq!(administrator.fill(&settle, &permitted).await.location, "/admin?done=ticket");
    let path = format!("/support/{asked}");
    let revealed = manager.post(&path, &format!("{path}/password"), &[]).await;
    let password = revealed.first(r#"id="initial-password">([^<]+)<"#).expect("a password");
    {
        let accounts = platform.shared().accounts();
        let user = accounts.authenticate("prova@sanluca.example", &password).expect("the new user");
        let manager = accounts.user_by_email(DARIO).expect("the manager");
        assert_eq!((user.role, user.tenant, user.temporary), (Role::EndUser, manager.tenant, true));
        assert!(user.may("giponext.agenda", true) && !user.may("giponext.invoices", false));
    }
    for page in [manager.get(&path).await, manager.post("/", &format!("{path}/password"), &[]).await] {
        assert!(!page.html.contains("initial-password"), "the password is shown once");
    }

    // C-18: the temporary user is deactivated at the end.
    let asked = manager.fill("/support/new/deactivate-user", &[("email", "prova@sanluca.example")]).await.number();
    let user = Person::signed_in(&platform, "prova@sanluca.example");
    assert_eq!(user.get("/support").await.status, StatusCode::OK);
    administrator.fill(&format!("/admin/tickets/{asked}"), &[("action", "fulfil")]).await;
    assert!(platform.shared().accounts().authenticate("prova@sanluca.example", &password).is_err());
    assert_eq!(user.get("/support").await.location, "/sign-in?return_to=%2Fsupport", "its session has ended");

    // What remains: the introduction, answered.
    let settle = format!("/admin/tickets/{introduction}");
    administrator.fill(&settle, &[("action", "close"), ("answer", "Benvenuti")]).await;
    assert!(manager.get(&format!("/support/{introduction}")).await.html.contains("id=\"answer\">Benvenuti<"));
}

#[tokio::test]
async fn a_refused_application_has_its_reason_and_no_credentials() {
    let platform = start().await;
    let (integrator, administrator) = (developer(&platform).await, Person::signed_in(&platform, CARLA));
    let number = integrator.fill("/developer/applications/new", &APPLICATION).await.number();
    let decide = format!("/admin/applications/{number}");

    let unreasoned = administrator.fill(&decide, &[("decision", "refuse"), ("reason", "  ")]).await;
    assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unreasoned.html.contains("reason-error"));
    let refused = administrator.fill(&decide, &[("decision", "refuse"), ("reason", "Redirect URI di prova & produzione insieme")]).await;
    assert_eq!(refused.location, "/admin?done=refused");

    let page = integrator.get(&format!("/developer/applications/{number}")).await;
    assert!(page.html.contains(r#"data-status="refused""#) && !page.html.contains("client-id"));
    assert_eq!(page.first(r#"id="refusal-reason">([^<]+)<"#).as_deref(), Some("Redirect URI di prova &#38; produzione insieme"));
    assert!(platform.shared().accounts().registrations[0].client_id.is_none());
}

#[tokio::test]
async fn each_wrong_field_of_an_application_says_what_to_do() {
    let platform = start().await;
    let integrator = developer(&platform).await;
    let fields = [
        ("type", "toaster"),
        ("grant", "authorization_code"),
        ("redirect_uris", "http://app.example/callback"),
        ("scope", "giponext.everything"),
        ("name", "Mine"),
        ("claim", "shoe_size"),
    ];
    let page = integrator.fill("/developer/applications/new", &fields).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for expected in [
        "Choose the type of application.",
        "http://app.example/callback is not allowed: use https",
        "The scope giponext.everything does not exist",
        "Say in a sentence what the application does.",
        "shoe_size: No such claim",
        r#"value="Mine""#,
    ] {
        assert!(page.html.contains(expected), "{expected}: {}", page.html);
    }
    let empty = integrator.fill("/developer/applications/new", &[("type", "web"), ("grant", "authorization_code")]).await;
    assert!(empty.html.contains("at least one redirect URI") && empty.html.contains("Choose at least one scope."));
    let device = [("type", "daemon"), ("grant", "device_code"), ("name", "Notturno"), ("description", "Batch"), ("scope", "openid")];
    assert_eq!(integrator.fill("/developer/applications/new", &device).await.number(), 1, "no redirect URI for a device code");
}

#[tokio::test]
async fn pages_and_forms_of_another_role_are_refused() {
    let platform = start().await;
    let (integrator, manager, end_user) =
        (developer(&platform).await, Person::signed_in(&platform, DARIO), Person::signed_in(&platform, ELIO));
    let number = integrator.fill("/developer/applications/new", &APPLICATION).await.number();
    let ticket = integrator.fill("/support/new/question", &[("text", "Come si chiede lo scope?")]).await.number();

    for person in [&integrator, &manager, &end_user] {
        for path in ["/admin", "/admin/tickets/1", "/admin/applications/1"] {
            assert_eq!(person.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for (path, fields) in [
            (format!("/admin/applications/{number}"), ("decision", "approve")),
            (format!("/admin/tickets/{ticket}"), ("action", "close")),
            ("/admin/users/deactivate".to_owned(), ("email", CARLA)),
        ] {
            assert_eq!(person.post("/", &path, &[fields]).await.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    for person in [&integrator, &end_user] {
        let fields = [("email", "x@sanluca.example"), ("given_name", "X"), ("family_name", "Y")];
        assert_eq!(person.post("/", "/support/new/create-user", &fields).await.status, StatusCode::FORBIDDEN);
        assert_eq!(person.get("/support/new/introduction").await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(manager.get(&format!("/support/{ticket}")).await.status, StatusCode::NOT_FOUND, "another person's ticket");
    let other = manager.post("/", &format!("/developer/applications/{number}/secret"), &[]).await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    let foreign = manager.fill("/support/new/deactivate-user", &[("email", "bruno.conti@aurora.example")]).await;
    assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY, "another centre's user");
    let own = Person::signed_in(&platform, CARLA).post("/", "/admin/users/deactivate", &[("email", CARLA)]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN, "the own account");

    let nobody = Person::nobody(&platform);
    assert_eq!(nobody.get("/developer/applications?x=1").await.location, "/sign-in?return_to=%2Fdeveloper%2Fapplications%3Fx%3D1");
    assert_eq!(nobody.get("/support/zero").await.status, StatusCode::NOT_FOUND);
    assert!(nobody.get("/nothing").await.html.contains("There is no such page"));
    assert!(platform.shared().accounts().registrations.iter().all(|registration| registration.client_id.is_none()));
}

#[tokio::test]
async fn a_form_without_the_session_s_own_token_changes_nothing() {
    let platform = start().await;
    let (administrator, manager) = (Person::signed_in(&platform, CARLA), Person::signed_in(&platform, DARIO));
    let foreign = manager.get("/").await.first(r#"name="csrf" value="([^"]+)""#).expect("a token");
    for fields in [vec![("email", ELIO)], vec![("email", ELIO), ("csrf", foreign.as_str())], vec![("email", ELIO), ("csrf", "")]] {
        let answer = administrator.post_bare("/admin/users/deactivate", &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.html.contains("This form is no longer valid"));
    }
    assert!(platform.shared().accounts().user_by_email(ELIO).expect("Elio").active);
    assert_eq!(manager.post_bare("/support/new/question", &[("text", "x")]).await.status, StatusCode::FORBIDDEN);
    assert!(platform.shared().accounts().tickets.is_empty());

    let nobody = Person::nobody(&platform);
    let fields = [("email", INTEGRATOR), ("password", PASSWORD), ("given_name", "N"), ("family_name", "S")];
    let cross = nobody.client.post(nobody.url("/sign-up")).header("sec-fetch-site", "cross-site").form(&fields);
    assert_eq!(nobody.send(cross).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn markup_in_what_people_type_stays_text() {
    let platform = start().await;
    let markup = "<img src=x onerror=alert(1)>";
    let integrator = sign_up(&platform, markup, "\"><script>").await;
    platform.shared().accounts().activate_developer(INTEGRATOR).expect("an account");
    let mut fields = APPLICATION;
    (fields[2].1, fields[3].1) = (markup, markup);
    let number = integrator.fill("/developer/applications/new", &fields).await.number();
    let ticket = integrator.fill("/support/new/question", &[("text", markup)]).await.number();
    let administrator = Person::signed_in(&platform, CARLA);
    for page in [
        integrator.get("/").await,
        integrator.get("/support").await,
        integrator.get(&format!("/support/{ticket}")).await,
        integrator.get(&format!("/developer/applications/{number}")).await,
        integrator.post("/", "/developer/applications/new", &[("name", markup), ("redirect_uris", markup)]).await,
        administrator.get("/admin").await,
        administrator.get(&format!("/admin/tickets/{ticket}")).await,
    ] {
        assert!(!page.html.contains("<img src=x") && !page.html.contains("<script"), "{}", page.html);
        assert!(page.html.contains("&#60;img src=x"), "{}", page.html);
    }
}

#[tokio::test]
async fn a_sign_up_is_refused_with_what_to_do() {
    let platform = start().await;
    let nobody = Person::nobody(&platform);
    let with = |email, password, given_name| [("email", email), ("password", password), ("given_name", given_name), ("family_name", "S")];
    for (fields, expected) in [
        (with("nowhere", PASSWORD, "N"), "Give a whole e-mail address"),
        (with(ELIO, PASSWORD, "N"), "already has an account"),
        (with(INTEGRATOR, "short", "N"), "Use at least 10 characters."),
        (with(INTEGRATOR, PASSWORD, " "), "Give the first name."),
    ] {
        let page = nobody.post_bare("/sign-up", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.html.contains(expected), "{expected}: {}", page.html);
        assert!(!page.html.contains(PASSWORD), "a password is never sent back");
    }
    assert!(platform.shared().accounts().user_by_email(INTEGRATOR).is_none());
}

#[tokio::test]
async fn a_question_about_a_call_names_the_call() {
    let platform = start().await;
    let manager = Person::signed_in(&platform, DARIO);
    let half = [("text", "Perché 403?"), ("endpoint", "GET /v2/tenants/101/patients")];
    let page = manager.fill("/support/new/question", &half).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.html.contains("Give the HTTP status that came back."), "{}", page.html);
    let whole = [half[0], half[1], ("status", "403"), ("body", "{\"error\":\"forbidden\"}"), ("time", "2026-11-24 10:00 UTC")];
    let number = manager.fill("/support/new/question", &whole).await.number();
    assert!(manager.get(&format!("/support/{number}")).await.html.contains("2026-11-24 10:00 UTC"));
}

#[tokio::test]
async fn a_page_is_italian_unless_the_browser_or_the_person_wants_english() {
    let platform = start().await;
    let mut nobody = Person::nobody(&platform);
    assert!(nobody.get("/").await.html.contains("<html lang=\"en\">"));
    nobody.lang = "de";
    let italian = nobody.get("/sign-up?x=1").await;
    assert!(italian.html.contains("<html lang=\"it\">") && italian.html.contains("Crea l&#39;account"));
    assert!(italian.html.contains("/sign-up?x=1&#38;lang=en"), "the switch stays on the page");

    let answer = nobody.client.get(nobody.url("/?lang=en")).send().await.expect("an answer");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("a cookie").to_owned();
    assert!(cookie.starts_with("lang=en; "), "{cookie}");
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("a policy").to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
    let kept = nobody.client.get(nobody.url("/")).header(header::COOKIE, "lang=en");
    assert!(nobody.send(kept).await.html.contains("<html lang=\"en\">"));
}

#[tokio::test]
async fn the_journal_holds_no_password_and_no_secret_of_the_portal() {
    let platform = start().await;
    let integrator = developer(&platform).await;
    let number = integrator.fill("/developer/applications/new", &APPLICATION).await.number();
    let shared = platform.shared();
    shared.accounts().approve_registration(&shared.random, number, shared.clock.now()).expect("pending");
    let path = format!("/developer/applications/{number}");
    let secret = integrator.post(&path, &format!("{path}/secret"), &[]).await.first(r#"id="client-secret">([^<]+)<"#).expect("a secret");
    let journal = serde_json::to_string(&platform.journal().since(0)).expect("JSON");
    assert!(!journal.contains(&secret) && !journal.contains(PASSWORD) && !journal.contains("correct+horse"), "{journal}");
    assert!(shared.redaction.secrets().iter().any(|(_, known)| known.expose_secret() == secret), "the scan knows the secret");
}
