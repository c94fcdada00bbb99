//! What the doctor tries out at a target with the suite's own client: a sign-in, the exchange of its code, one page of a list.

use super::Failure;
use super::client::{OwnClient, Response};
use super::proof::Proof;
use super::stage::Stage;
use crate::checks;
use crate::oauth::ScopeSet;
use crate::platform::api_document;

/// What an answer that is no page may mean, by its status.
const KEYS: [(u16, &str); 3] = [
    (401, "the API takes no token of this platform: look at api of the target file"),
    (403, "look at client.scopes of the target file, at what Ada grants and at her permissions"),
    (404, "look at api and at users.ada.tenant of the target file"),
];

/// Signs Ada in, redeems the code, and reads the first page of a list that its scopes open.
pub(super) async fn own_client(stage: &mut Stage) -> Result<Proof, Failure> {
    let mut client = OwnClient::register(stage).await?;
    let proof = sign_in_and_read(&mut client, stage).await;
    client.give_back(&stage.setup.given_back).await;
    client.stop().await;
    proof
}

async fn sign_in_and_read(client: &mut OwnClient, stage: &mut Stage) -> Result<Proof, Failure> {
    let response = match client.authorize(stage, "Ada", &[]).await {
        Err(Failure::Unjudged { reason }) => {
            return Ok(Proof::Hopeless(Failure::broke(format!(
                "an honest sign-in of Ada comes to nothing: {reason}; look at client.client_id of the target file, at client.redirect_uri, which \
                 has to be registered exactly so, and at [sign_in]"
            ))));
        }
        response => response?,
    };
    if let Response::Error(error) = response {
        let told =
            format!("an honest authorization request is answered with the error `{error}`: look at client.scopes of the target file");
        return Ok(Proof::Hopeless(Failure::broke(told)));
    }
    client.redeem(None).await?;
    let answer = client.answer()?.clone();
    if answer.status != 200 {
        let error = answer.error().unwrap_or("none").to_owned();
        let told = format!("a code of an honest sign-in is answered with status {} and the error `{error}`", answer.status);
        return Ok(Proof::Hopeless(Failure::broke(told)));
    }
    let Ok(api) = stage.platform_api().cloned() else {
        return Ok(Proof::Fine("signs Ada in and gets tokens; the target file names no API".to_owned()));
    };
    let tenant = stage.setup.remote().and_then(|remote| remote.file.users.get("ada")).map(|user| user.tenant.clone()).unwrap_or_default();
    let Some(path) = readable(&client.scopes, &tenant) else {
        return Ok(Proof::Doubtful(
            "signs Ada in and gets tokens; no scope of client.scopes opens a list, so that none was read".to_owned(),
        ));
    };
    let token = client.tokens()?.access.clone();
    client.get(api.join(&path).map_err(Failure::broke)?.as_str(), Some(&token)).await?;
    let answer = client.answer()?.clone();
    if answer.status == 200 && checks::check_page(&answer.body).is_ok() {
        return Ok(Proof::Fine(format!("signs Ada in, gets tokens and reads a page of /{path}")));
    }
    let error = answer.error().map_or_else(String::new, |error| format!(" and the error `{error}`"));
    let key = KEYS.iter().find(|(status, _)| *status == answer.status).map_or("", |(_, key)| *key);
    Ok(Proof::Wrong(format!(
        "signs Ada in and gets tokens, but /{path} is answered with status {}{error}, and no page; {key}",
        answer.status
    )))
}

/// The first list of the API's document that these scopes open.
fn readable(scopes: &ScopeSet, tenant: &str) -> Option<String> {
    let lists = ["patients", "agendas", "treatments", "episodes", "medical-reports", "invoices"];
    let mut paths = lists.into_iter().map(|list| format!("v2/tenants/{tenant}/{list}"));
    paths.find(|path| checks::documented_scope(api_document(), "GET", &format!("/{path}")).is_some_and(|scope| scopes.contains(&scope)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_that_the_scopes_open() {
        let with = |scopes: &[&str]| readable(&scopes.iter().copied().collect(), "7");
        assert_eq!(with(&["openid", "giponext.invoices"]).as_deref(), Some("v2/tenants/7/invoices"));
        assert_eq!(with(&["openid", "offline_access"]), None);
    }
}
