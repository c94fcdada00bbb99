use super::judgement::{Clause, nothing, some};
use super::reading::{is_authorization_request, token_requests};
use super::{Judgement, sign_ins};
use crate::domain::{ClientAuthentication, Endpoint, Exchange};
use crate::oauth::giponext;

/// AC-08: the sign-in was interactive, and the token was asked for with both identities: the client's credentials at the token
/// endpoint, and `subject`'s own, typed at the platform (C-21, C-31).
///
/// `seen_typing`: whether somebody was seen to send a form to the platform's pages, where its exchanges do not tell.
pub fn check_interactive_sign_in(exchanges: &[Exchange], subject: &str, seen_typing: bool) -> Judgement {
    let clause = Clause("C-21");
    let Some(request) = exchanges.iter().find(|exchange| is_authorization_request(exchange)) else {
        return Err(nothing("no authorization request was seen"));
    };
    let typed = exchanges
        .iter()
        .any(|exchange| exchange.endpoint == Endpoint::Portal && exchange.method == "POST" && exchange.form_value("password").is_some());
    if !typed && !seen_typing {
        return Err(clause.refuse("nobody typed credentials at the platform", "the user's own sign-in", "none", [request.number]));
    }
    let redeemed = some(token_requests(exchanges), "no token request was seen")?;
    for token in redeemed.iter().filter(|token| token.status == 200) {
        let identified = token.facts.client_authentication.iter().any(|method| *method != ClientAuthentication::Query);
        if !identified {
            return Err(clause.refuse(
                "a token was given without the client's credentials",
                "client authentication",
                "none",
                [token.number],
            ));
        }
        if token.facts.subject.as_deref() != Some(subject) {
            let actual = if token.facts.subject.is_some() { "somebody else" } else { "nobody" };
            return Err(clause.refuse("a token is not of the user who signed in", "the signed-in user", actual, [token.number]));
        }
    }
    if redeemed.iter().any(|token| token.status == 200) { Ok(()) } else { Err(nothing("the platform gave no token")) }
}

/// GX-17: long access is asked for by the scope `offline_access` (C-32).
pub fn check_offline_access(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = some(sign_ins(exchanges), "no authorization request was seen")?;
    match sign_ins.iter().find(|sign_in| !sign_in.scopes().contains(giponext::OFFLINE_ACCESS)) {
        None => Ok(()),
        Some(sign_in) => {
            let actual = format!("`{}`", sign_in.scopes());
            Err(Clause("C-32").refuse(
                "the application asks for no refresh token",
                "`offline_access` among the scopes",
                actual,
                [sign_in.number()],
            ))
        }
    }
}

/// AZ-09: an application that asked for offline access asks for it in every later sign-in too, also after an error (C-32). Whoever never
/// asked gives nothing up.
pub fn check_offline_access_kept(exchanges: &[Exchange]) -> Judgement {
    let sign_ins = some(sign_ins(exchanges), "no authorization request was seen")?;
    let asks = |sign_in: &super::SignIn<'_>| sign_in.scopes().contains(giponext::OFFLINE_ACCESS);
    let later = sign_ins.iter().skip_while(|sign_in| !asks(sign_in));
    match later.into_iter().find(|sign_in| !asks(sign_in)) {
        None => Ok(()),
        Some(sign_in) => Err(Clause("C-32").refuse(
            "the application gives offline access up when it has met an error",
            "`offline_access` among the scopes of every attempt",
            format!("`{}`", sign_in.scopes()),
            [sign_in.number()],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::*;
    use super::*;

    fn honest() -> Vec<Exchange> {
        let mut typed = exchange(2, Endpoint::Portal, "POST", "/sign-in");
        set(&mut typed.form, "password", "[password-1]");
        let mut token = redemption(3, 1, "[code-1]");
        token.facts.subject = Some("ada".to_owned());
        token.facts.client_authentication = vec![ClientAuthentication::ClientSecretBasic];
        vec![authorization(1, 1), typed, token]
    }

    #[test]
    fn both_identities_are_needed() {
        assert_eq!(check_interactive_sign_in(&honest(), "ada", false), Ok(()));
        let mut untyped = honest();
        untyped.remove(1);
        found(check_interactive_sign_in(&untyped, "ada", false));
        assert_eq!(check_interactive_sign_in(&untyped, "ada", true), Ok(()), "at a target the browser was seen");
        let mut anonymous = honest();
        anonymous[2].facts.client_authentication.clear();
        found(check_interactive_sign_in(&anonymous, "ada", false));
        found(check_interactive_sign_in(&honest(), "bruno", false));
        undecided(check_interactive_sign_in(&[], "ada", false));
    }

    #[test]
    fn long_access_is_a_scope() {
        let mut request = authorization(1, 1);
        found(check_offline_access(std::slice::from_ref(&request)));
        set(&mut request.query, "scope", "openid offline_access");
        assert_eq!(check_offline_access(&[request]), Ok(()));
        undecided(check_offline_access(&[]));
    }

    #[test]
    fn long_access_is_not_given_up_on_the_way() {
        let asking = |login: u64, scopes: &str| {
            let mut request = authorization(login, login);
            set(&mut request.query, "scope", scopes);
            request
        };
        let kept = [asking(1, "openid offline_access"), asking(2, "offline_access openid")];
        assert_eq!(check_offline_access_kept(&kept), Ok(()));
        assert_eq!(check_offline_access_kept(&[asking(1, "openid"), asking(2, "openid")]), Ok(()), "it never asked");
        found(check_offline_access_kept(&[asking(1, "openid offline_access"), asking(2, "openid")]));
        undecided(check_offline_access_kept(&[]));
    }
}
