//! `--bundle`, `collaudo verify` and `collaudo key`: a run to hand on, and who signed it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::{CliError, End};
use crate::catalogue::Sources;
use crate::domain::{Party, Readiness};
use crate::report::Run;
use crate::report::bundle::{PublicKey, Seen, SigningKey, check_bundle, gather, write_bundle};

/// What to seal a run with.
#[derive(clap::Args)]
pub struct Sealing {
    /// Put record, reports, evidence and profile into this archive, signed with --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    bundle: Option<PathBuf>,
    /// Ed25519 private key in PEM, of `collaudo key` or `openssl genpkey -algorithm ed25519`.
    #[arg(long, value_name = "FILE", requires = "bundle")]
    key: Option<PathBuf>,
    /// Who signs, as the bundle shall name them.
    #[arg(long, value_name = "NAME", requires = "bundle")]
    signer: Option<String>,
}

/// The same, read: a key that does not fit is told before a run.
pub struct Seal {
    path: PathBuf,
    key: SigningKey,
    signer: Option<String>,
}

impl Sealing {
    pub fn read(&self) -> Result<Option<Seal>, CliError> {
        let (Some(path), Some(key)) = (&self.bundle, &self.key) else { return Ok(None) };
        let key = SigningKey::parse(&read(key)?, &key.display().to_string())?;
        Ok(Some(Seal { path: path.clone(), key, signer: self.signer.clone() }))
    }
}

impl Seal {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Seals what stands in the run's folder, and what was rendered of it elsewhere: that replaces a report of the same name.
    pub fn write(&self, run: &Run, folder: &Path, rendered: &Path) -> Result<(), CliError> {
        let mut members = gather(folder)?;
        if rendered != folder {
            let newer = gather(rendered)?;
            members.retain(|member| newer.iter().all(|newer| newer.name != member.name));
            members.extend(newer);
            members.sort_by(|one, other| one.name.cmp(&other.name));
        }
        write_bundle(&self.path, run, &members, &self.key, self.signer.clone())?;
        anstream::println!("{}: {} files, signed with {}", self.path.display(), members.len(), self.key.public().id());
        Ok(())
    }
}

#[derive(clap::Args)]
pub struct Verify {
    /// The bundle.
    #[arg(value_name = "FILE")]
    bundle: PathBuf,
    /// The signer's Ed25519 public key in PEM.
    #[arg(long, value_name = "FILE")]
    public_key: PathBuf,
    /// The suite that has to have judged it, as its SHA-256; without it the suite of this program.
    #[arg(long, value_name = "SHA256")]
    suite: Option<String>,
    /// Print what the bundle says as JSON.
    #[arg(long)]
    json: bool,
}

/// Ends with 0 for a good approval, with 1 where the application is not ready, with 3 for whatever else is no approval; a bundle that is
/// not sound is an error.
pub fn verify(arguments: &Verify) -> Result<End, CliError> {
    let key = PublicKey::parse(&read(&arguments.public_key)?, &arguments.public_key.display().to_string())?;
    let seen = check_bundle(&arguments.bundle, &key, Timestamp::now())?;
    let suite = match &arguments.suite {
        Some(suite) => suite.clone(),
        None => Sources::embedded()?.digest(),
    };
    let against = no_approval(&seen, &suite);
    if arguments.json {
        let told = Verified { seen: &seen, approval: against.is_empty(), no_approval: &against };
        anstream::println!("{}", serde_json::to_string_pretty(&told).map_err(|error| CliError::Other(error.to_string()))?);
    } else {
        tell(&seen, &against);
    }
    Ok(match seen.told.readiness {
        Readiness::NotReady => End::NotReady,
        _ if against.is_empty() => End::Done,
        _ => End::Incomplete,
    })
}

/// What a bundle says, and what it is worth.
#[derive(Serialize)]
struct Verified<'seen> {
    #[serde(flatten)]
    seen: &'seen Seen,
    approval: bool,
    no_approval: &'seen [String],
}

/// Why the bundle is no approval: what the run said itself, its age, and the suite that judged it.
fn no_approval(seen: &Seen, suite: &str) -> Vec<String> {
    let told = &seen.told;
    let mut against = told.no_approval.clone();
    if told.valid_until.is_none() && against.is_empty() {
        against.push(format!("the run is {}", told.readiness));
    }
    if seen.expired {
        against.push("its time is over".to_owned());
    }
    if told.suite_digest != suite {
        let head = |digest: &str| digest.chars().take(12).collect::<String>();
        against.push(format!(
            "it was judged by the suite {} of collaudo {}, and not by {}: name the suite that you accept with --suite",
            head(&told.suite_digest),
            told.collaudo_version,
            head(suite)
        ));
    }
    against
}

fn tell(seen: &Seen, against: &[String]) {
    let told = &seen.told;
    let until = match (&told.valid_until, seen.expired) {
        (Some(until), false) => until.strftime("%F").to_string(),
        (Some(until), true) => format!("{}: expired", until.strftime("%F")),
        (None, _) => "not valid as an approval".to_owned(),
    };
    let party = |party: Party| told.parties.get(&party).map_or_else(|| "not judged".to_owned(), ToString::to_string);
    anstream::println!("sound: {} files, none changed\n", seen.members);
    let named = |name: &'static str, value: &Option<String>| value.clone().map(|value| (name, value));
    let who = [named("version", &told.version), named("contact", &told.contact), named("tested by", &told.tester)];
    let selection = (!told.selection.is_empty()).then(|| ("only a part", told.selection.join(", ")));
    let of_application = [("verdict", told.readiness.to_string()), ("application", told.application.clone())];
    let of_parties = [("project", party(Party::Project)), ("of platform", party(Party::Platform))];
    let of_run = [
        ("platform", told.target.clone()),
        ("judged at", told.judged_at.to_string()),
        ("valid until", until),
        ("suite", told.suite_digest.clone()),
        ("collaudo", told.collaudo_version.clone()),
        ("run", told.run_id.clone()),
        ("signed by", told.signer.clone().unwrap_or_else(|| "no name given".to_owned())),
        ("key", seen.key.clone()),
    ];
    let rows = of_application.into_iter().chain(selection).chain(who.into_iter().flatten()).chain(of_parties).chain(of_run);
    for (name, value) in rows {
        anstream::println!("{name:<12} {value}");
    }
    if !told.conclusion.is_empty() {
        anstream::println!("\n{}", told.conclusion);
    }
    for reason in against {
        anstream::println!("no approval: {reason}");
    }
}

#[derive(clap::Args)]
pub struct Key {
    /// Where the private key goes; the public one goes beside it, as FILE.pub.
    #[arg(value_name = "FILE", default_value = "collaudo.key")]
    file: PathBuf,
}

/// Makes a pair of keys; never over one that is there.
pub fn make_key(arguments: &Key) -> Result<End, CliError> {
    let key = SigningKey::generate()?;
    let mut public = arguments.file.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    for (path, text, mode) in [(&arguments.file, key.pem().expose_secret(), 0o600), (&public, key.public().pem().as_str(), 0o644)] {
        let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        made.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| CliError::Write { path: path.clone(), source })?;
    }
    anstream::println!(
        "{}: keep it to yourself\n{}: for those who verify, {}",
        arguments.file.display(),
        public.display(),
        key.public().id()
    );
    Ok(End::Done)
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}
