//! `--bundle`, `collaudo verify` and `collaudo key`: a run to hand on, and who signed it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::console::{product, say};
use super::folder::check_place;
use super::{CliError, End, profile};
use crate::catalogue::Sources;
use crate::domain::{Party, Readiness, plain};
use crate::report::Run;
use crate::report::bundle::{PublicKey, Seen, SigningKey, check_bundle, gather, is_a_bundle, write_bundle};

/// What to seal a run with.
#[derive(Default, clap::Args)]
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
        check_place(path, "bundle", is_a_bundle)?;
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
        say!("{}: {} files, signed with {}", self.path.display(), members.len(), self.key.public().id());
        Ok(())
    }
}

#[derive(clap::Args)]
pub struct Verify {
    /// The bundle.
    #[arg(value_name = "FILE")]
    bundle: PathBuf,
    /// A public key in PEM (Ed25519) whose signature is trusted; may be repeated.
    #[arg(long, value_name = "FILE", required_unless_present = "keys")]
    public_key: Vec<PathBuf>,
    /// The keys that are trusted and whose they are: a TOML file with a [[key]] for each, its `name` and its `pem`, or the `file` that holds that.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// The build of the application that is to be approved, as its profile's `version` says; another one is no approval.
    #[arg(long, value_name = "VERSION")]
    expect_version: Option<String>,
    /// A client id that is to be approved; a bundle that does not name it is no approval.
    #[arg(long, value_name = "CLIENT_ID")]
    expect_client: Option<String>,
    /// How many days ago it may have been judged; an older one is no approval.
    #[arg(long, value_name = "DAYS")]
    max_age: Option<u32>,
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
    let trusted = trusted(arguments)?;
    let keys: Vec<PublicKey> = trusted.iter().map(|trusted| trusted.key.clone()).collect();
    let now = Timestamp::now();
    let seen = check_bundle(&arguments.bundle, &keys, now)?;
    let owner = trusted.into_iter().find(|trusted| trusted.key.id() == seen.key).and_then(|trusted| trusted.name);
    let suite = match &arguments.suite {
        Some(suite) => suite.clone(),
        None => Sources::embedded()?.digest(),
    };
    let mut against = no_approval(&seen, &suite);
    against.extend(unexpected(&seen, arguments, now));
    if arguments.json {
        let told = Verified { seen: &seen, owner: owner.as_deref(), approval: against.is_empty(), no_approval: &against };
        product(&(serde_json::to_string_pretty(&told).map_err(|error| CliError::Other(error.to_string()))? + "\n"))?;
    } else {
        tell(&seen, owner.as_deref(), &against);
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
    /// Whose key it is, by the file of trusted keys.
    owner: Option<&'seen str>,
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

/// What of the bundle is not what this call expects: an approval of something else, or of long ago, may have been sent again.
fn unexpected(seen: &Seen, arguments: &Verify, now: Timestamp) -> Vec<String> {
    let told = &seen.told;
    let mut against = Vec::new();
    if let Some(expected) = arguments.expect_version.as_ref().filter(|expected| told.version.as_ref() != Some(*expected)) {
        let version = told.version.as_ref().map_or_else(|| "an unnamed version".to_owned(), |version| format!("version {version}"));
        against.push(format!("it is of {version} of the application, and not of {expected}"));
    }
    if let Some(expected) = arguments.expect_client.as_ref().filter(|expected| !told.client_ids.contains(expected)) {
        let clients = if told.client_ids.is_empty() { "no client id".to_owned() } else { told.client_ids.join(", ") };
        against.push(format!("it names {clients}, and not {expected}"));
    }
    let most = arguments.max_age.map(|days| (days, SignedDuration::from_hours(24 * i64::from(days))));
    if let Some((days, _)) = most.filter(|(_, most)| now.duration_since(told.judged_at) > *most) {
        against.push(format!("it was judged at {}, more than {days} days ago", told.judged_at));
    }
    against
}

/// A key, and whose it is.
struct Trusted {
    key: PublicKey,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    key: Vec<NamedKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedKey {
    name: String,
    pem: Option<String>,
    /// Beside the file that names it.
    file: Option<PathBuf>,
}

fn trusted(arguments: &Verify) -> Result<Vec<Trusted>, CliError> {
    let mut trusted = Vec::new();
    for path in &arguments.public_key {
        trusted.push(Trusted { key: PublicKey::parse(&read(path)?, &path.display().to_string())?, name: None });
    }
    let Some(path) = &arguments.keys else { return Ok(trusted) };
    for NamedKey { name, pem, file } in profile::parse::<KeyFile>(path, &profile::read(path)?)?.key {
        let (pem, place) = match (pem, file) {
            (Some(pem), None) => (pem.into_bytes(), format!("{name} in {}", path.display())),
            (None, Some(file)) => {
                let file = path.parent().map_or_else(|| file.clone(), |folder| folder.join(&file));
                (read(&file)?, file.display().to_string())
            }
            _ => return Err(CliError::Other(format!("{}: the key of {name} needs either `pem` or `file`", path.display()))),
        };
        trusted.push(Trusted { key: PublicKey::parse(&pem, &place)?, name: Some(name) });
    }
    Ok(trusted)
}

fn tell(seen: &Seen, owner: Option<&str>, against: &[String]) {
    let told = &seen.told;
    let until = match (&told.valid_until, seen.expired) {
        (Some(until), false) => until.strftime("%F").to_string(),
        (Some(until), true) => format!("{}: expired", until.strftime("%F")),
        (None, _) => "not valid as an approval".to_owned(),
    };
    let party = |party: Party| told.parties.get(&party).map_or_else(|| "not judged".to_owned(), ToString::to_string);
    say!("sound: {} files, none changed\n", seen.members);
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
        ("key", owner.map_or_else(|| seen.key.clone(), |owner| format!("{} of {owner}", seen.key))),
    ];
    let rows = of_application.into_iter().chain(selection).chain(who.into_iter().flatten()).chain(of_parties).chain(of_run);
    for (name, value) in rows {
        say!("{name:<12} {}", plain(&value));
    }
    if !told.conclusion.is_empty() {
        say!("\n{}", plain(&told.conclusion));
    }
    for reason in against {
        say!("no approval: {}", plain(reason));
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
    // Neither of them is made if the other one cannot be.
    if std::fs::symlink_metadata(&public).is_ok() {
        return Err(CliError::Taken { path: public, kind: "key to be replaced".to_owned() });
    }
    for (path, text, mode) in [(&arguments.file, key.pem().expose_secret(), 0o600), (&public, key.public().pem().as_str(), 0o644)] {
        let made = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        if let Err(source) = made.and_then(|mut file| file.write_all(text.as_bytes())) {
            if *path == public {
                // A private key alone is of use to nobody.
                let _ = std::fs::remove_file(&arguments.file);
            }
            return Err(CliError::Write { path: path.clone(), source });
        }
    }
    say!("{}: keep it to yourself\n{}: for those who verify, {}", arguments.file.display(), public.display(), key.public().id());
    Ok(End::Done)
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|source| CliError::Read { path: path.to_owned(), source })
}
