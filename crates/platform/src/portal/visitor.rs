use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::Fields;
use super::page::{Message, page};
use crate::Shared;
use crate::accounts::{Role, User};
use crate::authorization::session::signed_in;
use crate::frame::{Frame, csrf_token};

/// Why a handler answers with something else than its page.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody is signed in: to the sign-in page, and back to this path.
    SignIn(String),
    Message(Box<Message>),
}

pub(super) type Answer = Result<Response, Stop>;

impl IntoResponse for Stop {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(path) => {
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", &path).finish();
                Redirect::to(&format!("/sign-in?{query}")).into_response()
            }
            Self::Message(message) => page(StatusCode::from_u16(message.status).unwrap_or(StatusCode::BAD_REQUEST), &*message),
        }
    }
}

impl Stop {
    pub(super) fn not_found(frame: Frame) -> Self {
        let title = frame.t("Questa pagina non esiste", "There is no such page");
        let text = frame.t(
            "L'indirizzo non porta a nulla, oppure porta a qualcosa che non è tuo.",
            "The address leads to nothing, or to something that is not yours.",
        );
        Self::message(StatusCode::NOT_FOUND, title.to_owned(), text.to_owned(), frame)
    }

    pub(super) fn forbidden(frame: Frame, it: &str, en: &str) -> Self {
        let title = frame.t("Non puoi aprire questa pagina", "You may not open this page").to_owned();
        let text = frame.t(it, en).to_owned();
        Self::message(StatusCode::FORBIDDEN, title, text, frame)
    }

    pub(super) fn unprocessable(frame: Frame, text: String) -> Self {
        let title = frame.t("Non si può fare", "This cannot be done").to_owned();
        Self::message(StatusCode::UNPROCESSABLE_ENTITY, title, text, frame)
    }

    fn stale_form(frame: Frame) -> Self {
        let title = frame.t("Il modulo non è più valido", "This form is no longer valid").to_owned();
        let text = frame.t(
            "Non risulta inviato da una pagina della tua sessione: riapri la pagina e invialo di nuovo.",
            "It did not come from a page of your session: open the page again and send it once more.",
        );
        let text = text.to_owned();
        Self::message(StatusCode::FORBIDDEN, title, text, frame)
    }

    fn message(status: StatusCode, title: String, text: String, frame: Frame) -> Self {
        Self::Message(Box::new(Message { status: status.as_u16(), title, text, frame }))
    }
}

/// Somebody signed in, looking at a page.
pub(super) struct Visitor {
    pub frame: Frame,
    pub user: User,
}

impl Visitor {
    fn of(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Result<(Self, String), Stop> {
        let back = || uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        let (user, session) = signed_in(shared, headers).ok_or_else(|| Stop::SignIn(back()))?;
        Ok((Self { frame: Frame::of(shared, headers, uri), user }, session))
    }

    pub(super) fn administrator(self) -> Result<Self, Stop> {
        if self.user.role == Role::Administrator {
            return Ok(self);
        }
        Err(Stop::forbidden(self.frame, "È riservata all'amministrazione di GipoNext.", "It is for GipoNext's administrators only."))
    }

    /// C-12: what hangs under the Developer menu needs the role.
    pub(super) fn developer(self) -> Result<Self, Stop> {
        if self.user.developer {
            return Ok(self);
        }
        Err(Stop::forbidden(
            self.frame,
            "Serve il ruolo developer, che l'assistenza attiva su richiesta: apri una richiesta dalla pagina Assistenza.",
            "It needs the developer role, which support activates on request: open a ticket from the Support page.",
        ))
    }
}

impl FromRequestParts<Arc<Shared>> for Visitor {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Stop> {
        Self::of(shared, &parts.headers, &parts.uri).map(|(visitor, _)| visitor)
    }
}

/// The number in a path; anything else leads to no page.
pub(super) struct Number(pub u32);

impl FromRequestParts<Arc<Shared>> for Number {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Stop> {
        match Path::<u32>::from_request_parts(parts, shared).await {
            Ok(Path(number)) => Ok(Self(number)),
            Err(_) => Err(Stop::not_found(Frame::of(shared, &parts.headers, &parts.uri))),
        }
    }
}

/// A form that somebody signed in sent from a page of their own session.
pub(super) struct Posted {
    pub visitor: Visitor,
    pub fields: Fields,
}

impl FromRequest<Arc<Shared>> for Posted {
    type Rejection = Stop;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Stop> {
        let (visitor, session) = match Visitor::of(shared, request.headers(), request.uri()) {
            // A form cannot be sent again after the sign-in: to the home page instead.
            Err(Stop::SignIn(_)) => return Err(Stop::SignIn("/".to_owned())),
            other => other?,
        };
        let fields = read(request).await;
        if fields.one("csrf") == csrf_token(&session) { Ok(Self { visitor, fields }) } else { Err(Stop::stale_form(visitor.frame)) }
    }
}

/// A form of somebody who has no session yet. Browsers say when it comes from another site: then it is refused.
pub(super) struct Open {
    pub frame: Frame,
    pub fields: Fields,
}

impl FromRequest<Arc<Shared>> for Open {
    type Rejection = Stop;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Stop> {
        let frame = Frame::of(shared, request.headers(), request.uri());
        match request.headers().get("sec-fetch-site").map(|site| site.as_bytes()) {
            None | Some(b"same-origin") => Ok(Self { frame, fields: read(request).await }),
            Some(_) => Err(Stop::stale_form(frame)),
        }
    }
}

async fn read(request: Request) -> Fields {
    // Bodies are bounded where the exchange is recorded; one that breaks off is a form without fields.
    Bytes::from_request(request, &()).await.map(|body| Fields::parse(&body)).unwrap_or_default()
}
