//! The page objects of the portal, the sign-in and the consent against the mock in a real browser.

use collaudo::browser::pages::{
    Access, ApplicationForm, ApplicationStatus, ConsentPage, PersonForm, Portal, SignInPage, TicketForm, TicketStatus,
};
use collaudo::browser::{Browser, Options, Page};
use collaudo::oauth::{ScopeSet, code_challenge_s256};
use collaudo::platform::accounts::{CARLA, DARIO};
use collaudo::platform::{Platform, Settings};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

const INTEGRATOR: &str = "nora.sala@software.example";
const USER: &str = "prova@sanluca.example";
const CALLBACK: &str = "http://127.0.0.1:9/callback";

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0";

fn application(name: &str) -> ApplicationForm<'_> {
    ApplicationForm {
        r#type: "web",
        grant: "authorization_code",
        name,
        description: "Mostra gli appuntamenti.",
        redirect_uris: &[CALLBACK],
        scopes: ScopeSet::parse("openid giponext.patients giponext.agenda"),
        claims: &["name"],
    }
}

async fn window(browser: &Browser, base: &Url) -> Page {
    let context = browser.new_context().await.expect("a context");
    context.open(base.join("/").expect("a path").as_str()).await.expect("the portal")
}

async fn signed_in<'a>(platform: &Platform, page: &'a Page, base: &'a Url, email: &str) -> Portal<'a> {
    let password = platform.shared().accounts().user_by_email(email).expect("a user").password.clone();
    let portal = Portal::new(page, base);
    assert_eq!(portal.sign_in(email, &password).await.expect("a sign-in"), Access::Reached);
    portal
}

#[tokio::test(flavor = "multi_thread")]
async fn the_accreditation_is_walked_in_a_browser_and_ends_in_a_consent() {
    let platform = Platform::start(Settings::default()).await.expect("a free port");
    let base = platform.issuer().clone();
    let browser = Browser::launch(&Options::default()).await.expect("a browser");
    let pages = [window(&browser, &base).await, window(&browser, &base).await, window(&browser, &base).await];
    let manager = signed_in(&platform, &pages[0], &base, DARIO).await;
    let administrator = signed_in(&platform, &pages[1], &base, CARLA).await;
    let integrator = Portal::new(&pages[2], &base);

    let introduction = TicketForm::Introduction { integrator_email: INTEGRATOR, intent: "Prenotazioni online" };
    let introduction = manager.open_ticket(&introduction).await.expect("a ticket");
    administrator.close_ticket(introduction, "Benvenuti").await.expect("closed");
    assert_eq!(manager.ticket_status(introduction).await.expect("a status"), TicketStatus::Done);

    let password = SecretString::from("correct horse 7");
    let person = PersonForm { given_name: "Nora", family_name: "Sala", email: INTEGRATOR, password: &password };
    integrator.sign_up(&person).await.expect("an account");
    let again = integrator.sign_up(&person).await.expect_err("the e-mail is taken").to_string();
    assert!(again.contains("does not show the new account") && again.contains(INTEGRATOR), "{again}");
    let wrong = SecretString::from("wrong");
    assert_eq!(integrator.sign_in(INTEGRATOR, &wrong).await.expect("an answer"), Access::Refused);
    assert_eq!(integrator.sign_in(INTEGRATOR, &password).await.expect("an answer"), Access::Reached);

    assert!(!integrator.has_developer_menu().await.expect("a home page"));
    assert_eq!(integrator.open_developer_applications().await.expect("an answer"), Access::Refused);
    let role = integrator.open_ticket(&TicketForm::DeveloperRole { email: INTEGRATOR }).await.expect("a ticket");
    assert_eq!(integrator.ticket_status(role).await.expect("a status"), TicketStatus::Open);
    administrator.activate_developer(role).await.expect("activated");
    assert!(integrator.has_developer_menu().await.expect("a home page"));
    assert_eq!(integrator.open_developer_applications().await.expect("an answer"), Access::Reached);

    let bad = integrator.submit_application(&ApplicationForm { redirect_uris: &["http://app.example/"], ..application("X") }).await;
    assert!(bad.expect_err("http is refused").to_string().contains("http://app.example/"));
    let refused = integrator.submit_application(&application("Prima")).await.expect("a request");
    administrator.refuse_application(refused, "Manca lo scope dei referti").await.expect("refused");
    let status = integrator.application_status(refused).await.expect("a status");
    assert_eq!(status, ApplicationStatus::Refused { reason: "Manca lo scope dei referti".to_owned() });
    let number = integrator.submit_application(&application("Seconda")).await.expect("a request");
    assert_eq!(integrator.application_status(number).await.expect("a status"), ApplicationStatus::Pending);
    assert!(integrator.read_credentials(number).await.expect("a page").is_none());
    administrator.approve_application(number).await.expect("approved");
    assert_eq!(integrator.application_status(number).await.expect("a status"), ApplicationStatus::Approved);
    let (client_id, secret) = integrator.read_credentials(number).await.expect("a page").expect("credentials");
    let secret = secret.expect("a secret");
    {
        let accounts = platform.shared().accounts();
        let registered = accounts.client(&client_id).expect("the client");
        assert!(registered.secret_matches(secret.expose_secret()));
        assert_eq!(registered.request.scopes, ScopeSet::parse("openid giponext.patients giponext.agenda"));
    }
    let (_, again) = integrator.read_credentials(number).await.expect("a page").expect("credentials");
    assert!(again.is_none(), "the secret is shown once");

    let form = TicketForm::CreateUser { email: USER, given_name: "Pia", family_name: "Prova", temporary: true };
    let asked = manager.open_ticket(&form).await.expect("a ticket");
    assert!(manager.initial_password(asked).await.expect("a page").is_none());
    administrator.create_user(asked).await.expect("created");
    let password = manager.initial_password(asked).await.expect("a page").expect("a password");
    assert!(manager.initial_password(asked).await.expect("a page").is_none(), "the password is shown once");

    let user = window(&browser, &base).await;
    let challenge = code_challenge_s256(VERIFIER);
    let mut request = base.join("/connect/authorize").expect("a path");
    request
        .query_pairs_mut()
        .extend_pairs([("response_type", "code"), ("client_id", client_id.as_str()), ("redirect_uri", CALLBACK)])
        .extend_pairs([("scope", "openid giponext.patients giponext.agenda"), ("state", "s")])
        .extend_pairs([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
    user.goto(request.as_str()).await.expect("the sign-in page");
    SignInPage(&user).wait_for().await.expect("the sign-in page");
    assert_eq!(SignInPage(&user).application().await.expect("a page").as_deref(), Some("Seconda"));
    SignInPage(&user).sign_in(USER, &password).await.expect("signed in");
    let consent = ConsentPage(&user);
    assert_eq!(consent.requested_scopes().await.expect("scopes"), ScopeSet::parse("giponext.agenda giponext.patients"));
    assert_eq!(consent.application().await.expect("a page").as_deref(), Some("Seconda"));
    let unknown = consent.grant(&["giponext.invoices"]).await.expect_err("not asked for").to_string();
    assert!(unknown.contains("giponext.agenda giponext.patients"), "{unknown}");
    // Nothing listens at the callback: the browser's request to it holds the code.
    consent.grant(&["giponext.agenda"]).await.expect("granted");
    let requests = user.context().requests();
    let sent = requests.iter().find(|request| request.url.starts_with(CALLBACK)).expect("a request to the callback");
    let sent = Url::parse(&sent.url).expect("a URL");
    let code = sent.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    let request = reqwest::Client::new().post(base.join("/connect/token").expect("a path"));
    let answer = request.basic_auth(&client_id, Some(secret.expose_secret())).form(&form).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let subject = platform.subject_of(USER).expect("the user");
    let granted = platform.grants_of(&subject);
    assert_eq!((granted.len(), &granted[0].scopes), (1, &ScopeSet::parse("openid giponext.patients")));

    manager.open_ticket(&TicketForm::DeactivateUser { email: USER }).await.expect("a ticket");
    administrator.deactivate_user(USER).await.expect("deactivated");
    assert!(!platform.shared().accounts().user_by_email(USER).expect("the user").active);
    assert!(platform.grants_of(&subject).iter().all(|grant| grant.revoked), "C-38: the grants end with the user");
    let portal = Portal::new(&user, &base);
    assert!(!portal.is_signed_in().await.expect("a page"), "its session has ended");
    assert_eq!(portal.sign_in(USER, &password).await.expect("an answer"), Access::Refused);

    integrator.sign_out().await.expect("signed out");
    assert!(!integrator.is_signed_in().await.expect("a page"));
    browser.close().await;
}
