//! The target file, and what its types cannot say.

use std::path::{Path, PathBuf};

use super::{parse, read, secret};
use crate::cli::CliError;
use crate::domain::{SignInAct, TargetClient, TargetFile, TargetUser, Typed};
use crate::platform::{Assumptions, LOOPBACK_HOSTS, own_certificate};
use crate::steps::{Mock, OldTokens, Remote, Target};

/// What every authorization request has of its own: none of these is an extra.
const PARAMETERS: [&str; 12] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "prompt",
];

/// `mock`, or the path of a target file.
pub fn read_target(target: &str) -> Result<Target, CliError> {
    if target == "mock" {
        let certificate = own_certificate(&LOOPBACK_HOSTS)?;
        return Ok(Target::Mock(Box::new(Mock { assumptions: Assumptions::default(), certificate })));
    }
    let path = PathBuf::from(target);
    let file = parse_target(&path, &read(&path)?)?;
    let secret_of = |client: &TargetClient| client.secret_env.as_ref().map(|name| secret(name, &path)).transpose();
    let client_secret = secret_of(&file.client)?;
    let other_client_secret = file.other_client.as_ref().map(secret_of).transpose()?.flatten();
    let passwords =
        file.users.iter().map(|(name, user)| Ok((name.clone(), secret(&user.password_env, &path)?))).collect::<Result<_, CliError>>()?;
    let codes = file.users.iter().filter_map(|(name, user)| Some((name, user.code_env.as_ref()?)));
    let codes = codes.map(|(name, variable)| Ok((name.clone(), secret(variable, &path)?))).collect::<Result<_, CliError>>()?;
    let old_tokens = file.users.iter().filter(|(_, user)| user.deactivated).map(|(name, user)| {
        let token = |variable: &Option<String>| variable.as_ref().map(|variable| secret(variable, &path)).transpose();
        Ok((name.clone(), OldTokens { refresh: token(&user.refresh_token_env)?, access: token(&user.access_token_env)? }))
    });
    let old_tokens = old_tokens.collect::<Result<_, CliError>>()?;
    let extra_ca_pem = match &file.extra_ca {
        Some(ca) => Some(read(&path.parent().unwrap_or(Path::new(".")).join(ca))?),
        None => None,
    };
    let certificate = own_certificate(&LOOPBACK_HOSTS)?;
    Ok(Target::Remote(Box::new(Remote {
        file,
        client_secret,
        other_client_secret,
        passwords,
        codes,
        old_tokens,
        extra_ca_pem,
        certificate,
    })))
}

/// The text of a target file, read and found sound; its secrets stay where they are.
pub fn parse_target(path: &Path, text: &str) -> Result<TargetFile, CliError> {
    let file = parse(path, text)?;
    check_target(path, &file)?;
    Ok(file)
}

fn check_target(path: &Path, file: &TargetFile) -> Result<(), CliError> {
    let wrong = |message: String, hint| Err(CliError::Profile { path: path.to_owned(), message, hint });
    if let Some(name) = file.authorize.extra.keys().find(|name| PARAMETERS.contains(&name.as_str())) {
        return wrong(
            format!("authorize.extra names `{name}`, which every request has by itself, or must not have"),
            "leave it out; client.scopes says what is asked for",
        );
    }
    if file.sign_in.as_ref().is_some_and(|sign_in| sign_in.steps.is_empty()) {
        return wrong("sign_in has no step".to_owned(), "write what a person does, or leave sign_in out where the page is GipoNext's");
    }
    if file.consent.is_some() && file.sign_in.as_ref().is_some_and(|sign_in| sign_in.allow.is_some()) {
        return wrong("sign_in.allow and consent.allow are both there".to_owned(), "keep the one in [consent]");
    }
    let scopes = file.consent.as_ref().and_then(|consent| consent.scopes.as_ref());
    if let Some(scopes) = scopes.filter(|scopes| !scopes.contains("{scope}")) {
        return wrong(
            format!("consent.scopes is `{scopes}`, which has no {{scope}} in it"),
            "write {scope} where the scope's name stands in the selector, such as 'input[value=\"{scope}\"]'",
        );
    }
    let has_old = |user: &TargetUser| user.refresh_token_env.is_some() || user.access_token_env.is_some();
    if let Some((name, _)) = file.users.iter().find(|(_, user)| has_old(user) && !user.deactivated) {
        return wrong(
            format!("users.{name} has an old token, and is not deactivated"),
            "add `deactivated = true`, or leave refresh_token_env and access_token_env out",
        );
    }
    for (typed, key) in [(Typed::Code, "code_env"), (Typed::Name, "name")] {
        let lacks = |user: &TargetUser| if typed == Typed::Code { user.code_env.is_none() } else { user.name.is_none() };
        let mut steps = file.sign_in.iter().flat_map(|sign_in| &sign_in.steps).zip(1..);
        let types = steps.find(|(step, _)| step.act == SignInAct::Fill(typed));
        if let (Some((_, number)), Some((user, _))) = (types, file.users.iter().find(|(_, user)| lacks(user))) {
            return wrong(
                format!("users.{user}.{key} is missing: step {number} of sign_in types it"),
                "give it to every user, or take the step out",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(more: &str) -> String {
        let client = "[client]\nclient_id = \"c\"\nredirect_uri = \"http://127.0.0.1:1/callback\"\n";
        let users = "[users.ada]\nemail = \"a\"\npassword_env = \"A\"\n";
        let text = format!("name = \"x\"\nissuer = \"https://x.example\"\n{more}\n{client}{users}");
        parse_target(Path::new("target.toml"), &text).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_contradicts_itself_is_told() {
        let table = "[sign_in]\nemail = \"#a\"\npassword = \"#b\"\nsubmit = \"#c\"\n";
        for (text, said) in [
            (table.to_owned(), ""),
            (format!("{table}allow = \"#d\"\n"), ""),
            (format!("{table}allow = \"#d\"\n[consent]\nallow = \"#d\""), "sign_in.allow and consent.allow are both there"),
            (
                "[users.tea]\nemail = \"t\"\npassword_env = \"T\"\naccess_token_env = \"A\"".to_owned(),
                "users.tea has an old token, and is not",
            ),
            ("[users.tea]\nemail = \"t\"\npassword_env = \"T\"\ndeactivated = true\naccess_token_env = \"A\"".to_owned(), ""),
            ("sign_in = []".to_owned(), "sign_in has no step"),
            ("[consent]\nallow = \"#d\"\nscopes = \"input\"".to_owned(), "consent.scopes is `input`, which has no {scope} in it"),
            ("[consent]\nallow = \"#d\"\nscopes = \"#{scope}\"".to_owned(), ""),
            ("[consent]\nalow = \"#d\"".to_owned(), "target.toml:4:1: unknown field `alow`, expected one of `allow`, `cancel`, `scopes`"),
            ("authorize = { extra = { audience = \"api\" } }".to_owned(), ""),
            ("authorize = { extra = { scope = \"api\" } }".to_owned(), "authorize.extra names `scope`"),
            (
                "sign_in = [{ click = \"#a\" }, { fill = \"#b\", with = \"code\", optional = true }]".to_owned(),
                "users.ada.code_env is missing: step 2 of sign_in types it",
            ),
            ("sign_in = [{ fill = \"#b\", with = \"name\" }]".to_owned(), "users.ada.name is missing: step 1"),
        ] {
            let error = told(&text);
            assert!(error.contains(said) && error.is_empty() == said.is_empty(), "{text}: {error}");
        }
    }

    #[test]
    fn a_client_says_who_it_is_in_one_of_two_ways() {
        let with = |auth: &str| {
            let text = format!(
                "name = \"x\"\nissuer = \"https://x.example\"\n[client]\nclient_id = \"c\"\nredirect_uri = \"http://127.0.0.1:1/\"\nauth = \"{auth}\"\n"
            );
            parse_target(Path::new("target.toml"), &text).map(|file| file.client.auth).map_err(|error| error.to_string())
        };
        assert_eq!(with("post"), Ok(crate::domain::ClientAuth::Post));
        let told = with("jwt").expect_err("no such way");
        assert!(told.starts_with("target.toml:6:8") && told.contains("`basic` or `post`"), "{told}");
    }
}
