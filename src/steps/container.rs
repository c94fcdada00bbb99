//! The application under test in a container, on the host's network: browser, application and platform agree on `localhost`.

use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use testcontainers::bollard::Docker;
use testcontainers::bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use testcontainers::core::Host;
use testcontainers::core::client::docker_client_instance;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt};

use super::Failure;
use super::application::{Filling, Lives, free_address, tail, wait_until_ready};
use crate::domain::App;
use crate::supervision::{self, Mark, NOTE_OF_A_CONTAINER};

/// Where the container finds the platform's certificate authority.
const CA_FILE: &str = "/collaudo-platform-ca.pem";
/// Label: which process started the container.
const OWNER: &str = "collaudo.owner";
/// Label: which of that process's containers it is.
const NUMBER: &str = "collaudo.number";

/// A container that the harness started, removed when dropped.
pub struct Container {
    inner: ContainerAsync<GenericImage>,
    /// Tells the next run to ask the engine, if this one is killed.
    _note: tempfile::TempDir,
}

impl Container {
    /// `hosts`: addresses of host names, as the browser has them.
    pub async fn start<'a>(
        app: &App,
        image: &str,
        filling: &Filling<'_>,
        hosts: impl IntoIterator<Item = (&'a String, &'a IpAddr)>,
    ) -> Result<Self, Failure> {
        free_address(app).await?;
        let engine = engine().await?;
        remove_orphans_at(&engine).await;
        let note = supervision::folder().map_err(Failure::broke)?;
        std::fs::write(note.path().join(NOTE_OF_A_CONTAINER), "").map_err(Failure::broke)?;
        let number = number();
        let inner = match request(app, image, filling, hosts, &number).start().await {
            Ok(inner) => inner,
            Err(error) => {
                // It may have been made, and not have started.
                remove_labelled(&engine, NUMBER, |label| label == number).await;
                return Err(Failure::unjudged(format!("the application's image `{image}` did not start: {}", chain(&error))));
            }
        };
        let mut container = Self { inner, _note: note };
        if let Err(failure) = wait_until_ready(app, filling.reach, &mut container).await {
            container.end().await;
            return Err(failure);
        }
        Ok(container)
    }

    /// Ends and removes it.
    pub async fn end(self) {
        if let Err(error) = self.inner.rm().await {
            tracing::warn!("the application's container is not removed: {}", chain(&error));
        }
    }
}

impl Lives for Container {
    async fn death(&mut self) -> Option<String> {
        let how = match self.inner.is_running().await {
            Ok(true) => return None,
            Ok(false) => match self.inner.exit_code().await {
                Ok(Some(code)) => format!("exit code {code}"),
                _ => "no exit code".to_owned(),
            },
            Err(error) => return Some(format!("the container engine says nothing of the application any more: {}", chain(&error))),
        };
        Some(format!("the application ended by itself ({how}); its last words: {}", self.last_words().await))
    }

    async fn last_words(&self) -> String {
        let (out, err) = (self.inner.stdout_to_vec().await, self.inner.stderr_to_vec().await);
        tail(&[out.unwrap_or_default(), err.unwrap_or_default()].concat())
    }
}

/// What the engine is asked for.
fn request<'a>(
    app: &App,
    image: &str,
    filling: &Filling<'_>,
    hosts: impl IntoIterator<Item = (&'a String, &'a IpAddr)>,
    number: &str,
) -> ContainerRequest<GenericImage> {
    let (name, tag) = name_and_tag(image);
    let mut request = GenericImage::new(name, tag)
        .with_network("host")
        .with_copy_to(CA_FILE, filling.ca_pem.unwrap_or_default().as_bytes().to_vec())
        .with_labels([(OWNER, owner()), (NUMBER, number.to_owned())]);
    for (variable, value) in filling.environment(app, Path::new(CA_FILE)) {
        request = request.with_env_var(variable, value);
    }
    for (host, address) in hosts {
        request = request.with_host(host, Host::Addr(*address));
    }
    request
}

/// The engine, once it has answered. What keeps it from that is for the person at this machine to mend.
async fn engine() -> Result<Docker, Failure> {
    let silent = |why: String| {
        Failure::broke(format!(
            "no container engine answers, and the profile's application is an image (app.image): start Docker, or set DOCKER_HOST to where it \
             listens, as a user who may use it ({why})"
        ))
    };
    let engine = docker_client_instance().await.map_err(|error| silent(chain(&error)))?;
    engine.ping().await.map_err(|error| silent(chain(&error)))?;
    Ok(engine)
}

/// Removes every container of this process: what a run that was broken off could not end one by one.
pub async fn remove_own() {
    let owner = owner();
    if let Ok(engine) = engine().await {
        remove_labelled(&engine, OWNER, |label| label == owner).await;
    }
}

/// Removes containers of processes that were killed before they could, if there is an engine to ask.
///
/// # Errors
/// Where no engine answers.
pub async fn remove_orphans() -> Result<(), Failure> {
    remove_orphans_at(&engine().await?).await;
    Ok(())
}

async fn remove_orphans_at(engine: &Docker) {
    remove_labelled(engine, OWNER, |label| Mark::parse(label).is_some_and(|mark| mark.is_of_the_dead())).await;
}

async fn remove_labelled(engine: &Docker, label: &str, ours: impl Fn(&str) -> bool) {
    let filters = HashMap::from([("label", vec![label])]);
    let every = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let found = engine.list_containers(Some(every)).await.unwrap_or_default();
    let of_it =
        |labels: &Option<HashMap<String, String>>| labels.as_ref().and_then(|labels| labels.get(label)).is_some_and(|text| ours(text));
    for id in found.into_iter().filter(|one| of_it(&one.labels)).filter_map(|one| one.id) {
        let forced = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        if let Err(error) = engine.remove_container(&id, Some(forced)).await {
            tracing::debug!("container {id} is not removed: {}", chain(&error));
        }
    }
}

fn owner() -> String {
    Mark::own().map_or_else(|| std::process::id().to_string(), ToString::to_string)
}

fn number() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{} {}", owner(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `latest`, where the profile names no tag; a digest is left as it is.
fn name_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        // The colon of a registry's port.
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// An error with everything that led to it, said once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::reach::Reach;
    use super::*;

    #[test]
    fn a_container_is_told_what_browser_and_platform_know() {
        let text = "name = \"x\"\ntype = \"web\"\nscopes = []\nurl = \"http://localhost:5000/\"\nimage = \"agenda:1\"\n\
                    env = { PORT = \"{port}\", CA = \"{ca_file}\", ISSUER = \"{issuer}\" }";
        let app = toml::from_str::<App>(text).expect("an application").at_port(40_123);
        let filling = Filling {
            issuer: "http://localhost:4010",
            api: "",
            client_id: "",
            client_secret: None,
            tenants: &[],
            poll_seconds: 1,
            other: None,
            ca_pem: Some("a certificate"),
            reach: &Reach::default(),
        };
        let hosts = [("account.gipo.it".to_owned(), IpAddr::from(Ipv4Addr::LOCALHOST))];
        let request = request(&app, "agenda:1", &filling, hosts.iter().map(|(host, address)| (host, address)), "1");
        assert_eq!(request.network().as_deref(), Some("host"));
        let told: Vec<String> = request.hosts().map(|(host, address)| format!("{host} {address}")).collect();
        assert_eq!(told, ["account.gipo.it 127.0.0.1"]);
        let mut environment: Vec<String> = request.env_vars().map(|(name, value)| format!("{name}={value}")).collect();
        environment.sort();
        assert_eq!(environment, ["CA=/collaudo-platform-ca.pem", "ISSUER=http://localhost:4010", "PORT=40123"]);
    }

    #[test]
    fn an_image_has_a_tag() {
        for (image, parts) in [
            ("agenda:1.2", ("agenda", "1.2")),
            ("agenda", ("agenda", "latest")),
            ("registry.example:5000/team/agenda", ("registry.example:5000/team/agenda", "latest")),
            ("registry.example:5000/agenda:2", ("registry.example:5000/agenda", "2")),
            ("agenda@sha256:0123", ("agenda@sha256", "0123")),
        ] {
            assert_eq!(name_and_tag(image), parts);
        }
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("{0}")]
        struct Told(&'static str, #[source] Option<Box<Told>>);
        let error = Told("no answer", Some(Box::new(Told("no answer", Some(Box::new(Told("permission denied", None)))))));
        assert_eq!(chain(&error), "no answer: permission denied");
    }
}
