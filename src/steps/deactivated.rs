//! Temporary users that were deactivated at a target: nothing of theirs is good any more (C-18).

use cucumber::{given, then};
use oauth2::PkceCodeChallenge;

use super::Failure;
use super::client::{OwnClient, Response};
use super::setup::OldTokens;
use super::world::World;

#[given("users of the target file were deactivated")]
async fn were_deactivated(world: &mut World) -> Result<(), Failure> {
    world.deactivated_users().map(drop)
}

#[then("no deactivated user of the target file can sign in, refresh or call")]
async fn nothing_is_good(world: &mut World) -> Result<(), Failure> {
    let good = world.still_good().await?;
    let expected = "every temporary user is turned away, and old tokens are refused";
    if good.is_empty() { Ok(()) } else { world.find("left temporary users active", expected, &good.join("; "), &[]) }
}

impl World {
    fn deactivated_users(&self) -> Result<Vec<(String, OldTokens)>, Failure> {
        let setup = self.setup()?;
        let remote = setup.remote().ok_or_else(|| Failure::not_applicable("at the mock the journey deactivates a temporary user"))?;
        let users = remote.file.users.iter().filter(|(_, user)| user.deactivated);
        let users: Vec<_> = users.map(|(name, _)| (name.clone(), remote.old_tokens.get(name).cloned().unwrap_or_default())).collect();
        if users.is_empty() {
            return Err(Failure::not_applicable("the target file names no deactivated user (users.NAME.deactivated)"));
        }
        Ok(users)
    }

    /// What deactivated users can still do. What was seen of one is told, whatever could not be judged of another.
    async fn still_good(&mut self) -> Result<Vec<String>, Failure> {
        let (mut good, mut unjudged) = (Vec::new(), None);
        for (name, tokens) in self.deactivated_users()? {
            match self.still_good_of(&name, tokens).await {
                Ok(more) => good.extend(more),
                Err(failure) => unjudged = unjudged.or(Some(failure)),
            }
        }
        unjudged.filter(|_| good.is_empty()).map_or(Ok(good), Err)
    }

    /// What a deactivated user can still do, in words.
    async fn still_good_of(&mut self, name: &str, tokens: OldTokens) -> Result<Vec<String>, Failure> {
        let person = self.stage()?.person(name)?;
        let mut client = self.take_client()?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let went = client.attempt(self.stage_mut()?, &person, &[], Some(challenge), verifier).await;
        let old = client.old_tokens_good(&person.email, tokens).await;
        self.memory.client = Some(client);
        let signed_in = matches!(went?, Ok(Response::Code)).then(|| format!("{} can sign in", person.email));
        match (signed_in, old) {
            // What was seen is told, whatever could not be asked besides.
            (Some(signed_in), old) => Ok(std::iter::once(signed_in).chain(old.unwrap_or_default()).collect()),
            (None, old) => old,
        }
    }
}

impl OwnClient {
    async fn old_tokens_good(&mut self, email: &str, tokens: OldTokens) -> Result<Vec<String>, Failure> {
        let mut good = Vec::new();
        if let Some(refresh) = &tokens.refresh {
            self.refresh(refresh).await?;
            good.extend((self.answer()?.status == 200).then(|| format!("{email} can refresh")));
        }
        if let Some(access) = &tokens.access {
            let url = self.announced("userinfo_endpoint")?;
            self.get(&url, Some(access)).await?;
            good.extend((self.answer()?.status == 200).then(|| format!("{email} can call")));
        }
        Ok(good)
    }
}
