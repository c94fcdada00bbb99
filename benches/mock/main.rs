//! The mock platform beside mock servers that others wrote: start, memory, and requests per second, in one run.
//!
//! `just bench-mock [ROUNDS]` installs the peers and runs this; it prints tables and judges nothing. See `docs/benchmarks.md`.

mod load;
mod login;
mod peers;
mod server;

use std::error::Error;
use std::time::{Duration, Instant};

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::pkcs8::EncodePrivateKey;

use load::{Load, wrk};
use login::Session;
use peers::{COLLAUDO, Measure, OAUTH2_MOCK_SERVER, OIDC_PROVIDER, PRISM, Table};
use server::Server;

type Outcome<T> = Result<T, Box<dyn Error>>;

const ROUNDS: usize = 3;
/// How long one load lasts.
const SPELL: Duration = Duration::from_secs(4);
/// Starts of which the median counts, in each round.
const STARTS: usize = 5;
/// Code flows at the same time.
const FLOWS: usize = 16;

#[tokio::main]
async fn main() -> Outcome<()> {
    // Fails only when a provider is installed already: then that one is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Cargo itself adds `--bench`.
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS).max(1);
    println!("{rounds} rounds; in each every server in turn, wrk with 16 connections for {} s a figure\n", SPELL.as_secs());
    let mut table = Table::default();
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        bare_signatures(&mut table)?;
        for algorithm in ["RS256", "ES256"] {
            let page = collaudo(&mut table, algorithm).await?;
            oauth2_mock_server(&mut table, algorithm).await?;
            oidc_provider(&mut table, algorithm).await?;
            if algorithm == "RS256" {
                prism(&mut table, &page).await?;
            }
        }
    }
    table.print();
    Ok(())
}

/// Signatures that one thread makes, without a server around them.
fn bare_signatures(table: &mut Table) -> Outcome<()> {
    let (message, random) = ([7_u8; 400], SystemRandom::new());
    let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048)?;
    let pair = RsaKeyPair::from_pkcs8(private.to_pkcs8_der()?.as_bytes()).map_err(|error| error.to_string())?;
    let mut signature = vec![0; pair.public().modulus_len()];
    table.add(COLLAUDO, Measure::BareRs256, per_second(|| pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).is_ok()));
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|error| error.to_string())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).map_err(|error| error.to_string())?;
    table.add(COLLAUDO, Measure::BareEs256, per_second(|| pair.sign(&random, &message).is_ok()));
    Ok(())
}

fn per_second(mut act: impl FnMut() -> bool) -> f64 {
    let began = Instant::now();
    let mut acts = 0_u32;
    while began.elapsed() < Duration::from_secs(1) {
        acts += u32::from(act());
    }
    f64::from(acts) / began.elapsed().as_secs_f64()
}

/// Gives a page of 20 patients, for the peer that repeats a document.
async fn collaudo(table: &mut Table, algorithm: &str) -> Outcome<String> {
    let plain = algorithm == "RS256";
    if plain {
        for _ in 0..STARTS {
            table.add(COLLAUDO, Measure::Start, Server::collaudo(algorithm).await?.started_ms);
        }
    }
    let server = Server::collaudo(algorithm).await?;
    if plain {
        table.add(COLLAUDO, Measure::Memory, server.memory_mb()?);
        table.add(COLLAUDO, Measure::Discovery, wrk(&server, &Load::get("/.well-known/openid-configuration"), SPELL).await?.rate);
        table.add(COLLAUDO, Measure::Jwks, wrk(&server, &Load::get("/.well-known/openid-configuration/jwks"), SPELL).await?.rate);
    }
    let session = Session::sign_in(&server).await?;
    let tokens = session.tokens(&server).await?;
    let refresh = Load::form("/connect/token", &session.refresh_form(&tokens.refresh_token));
    let seen = wrk(&server, &refresh, SPELL).await?;
    table.add(COLLAUDO, if plain { Measure::TokenRs256 } else { Measure::TokenEs256 }, seen.rate);
    let mut page = String::new();
    if plain {
        table.add(COLLAUDO, Measure::TokenProcessor, seen.processor_us);
        table.add(COLLAUDO, Measure::CodeFlow, login::flows_per_second(&server, &session, FLOWS, SPELL).await?);
        let patients = Load::get(&format!("/v2/tenants/{}/patients?limit=20", session.tenant)).bearer(&tokens.access_token);
        page = patients.body(&server).await?;
        table.add(COLLAUDO, Measure::Patients, wrk(&server, &patients, SPELL).await?.rate);
    }
    Ok(page)
}

async fn oauth2_mock_server(table: &mut Table, algorithm: &str) -> Outcome<()> {
    let start = async || Server::node("oauth2-mock-server.js", &[algorithm], "/.well-known/openid-configuration").await;
    let plain = algorithm == "RS256";
    let server = start().await?;
    let token = wrk(&server, &Load::form("/token", "grant_type=client_credentials&scope=api"), SPELL).await?;
    table.add(OAUTH2_MOCK_SERVER, if plain { Measure::TokenRs256 } else { Measure::TokenEs256 }, token.rate);
    if !plain {
        return Ok(());
    }
    table.add(OAUTH2_MOCK_SERVER, Measure::TokenProcessor, token.processor_us);
    table.add(OAUTH2_MOCK_SERVER, Measure::CodeFlow, login::peer_flows_per_second(&server, FLOWS, SPELL).await?);
    drop(server);
    for _ in 0..STARTS {
        table.add(OAUTH2_MOCK_SERVER, Measure::Start, start().await?.started_ms);
    }
    let server = start().await?;
    table.add(OAUTH2_MOCK_SERVER, Measure::Memory, server.memory_mb()?);
    table.add(OAUTH2_MOCK_SERVER, Measure::Discovery, wrk(&server, &Load::get("/.well-known/openid-configuration"), SPELL).await?.rate);
    table.add(OAUTH2_MOCK_SERVER, Measure::Jwks, wrk(&server, &Load::get("/jwks"), SPELL).await?.rate);
    Ok(())
}

async fn oidc_provider(table: &mut Table, algorithm: &str) -> Outcome<()> {
    let start = async || Server::node("oidc-provider.js", &[algorithm], "/.well-known/openid-configuration").await;
    let plain = algorithm == "RS256";
    let server = start().await?;
    if plain {
        table.add(OIDC_PROVIDER, Measure::Memory, server.memory_mb()?);
    }
    let basic = Load::form("/token", "grant_type=client_credentials&scope=api").basic("bench", "bench-secret");
    let token = wrk(&server, &basic, SPELL).await?;
    table.add(OIDC_PROVIDER, if plain { Measure::TokenRs256 } else { Measure::TokenEs256 }, token.rate);
    if !plain {
        return Ok(());
    }
    table.add(OIDC_PROVIDER, Measure::TokenProcessor, token.processor_us);
    table.add(OIDC_PROVIDER, Measure::Discovery, wrk(&server, &Load::get("/.well-known/openid-configuration"), SPELL).await?.rate);
    table.add(OIDC_PROVIDER, Measure::Jwks, wrk(&server, &Load::get("/jwks"), SPELL).await?.rate);
    drop(server);
    for _ in 0..STARTS {
        table.add(OIDC_PROVIDER, Measure::Start, start().await?.started_ms);
    }
    Ok(())
}

async fn prism(table: &mut Table, page: &str) -> Outcome<()> {
    let document = peers::document_of_patients(page)?;
    let start = || Server::prism(document.path());
    for _ in 0..STARTS {
        table.add(PRISM, Measure::Start, start().await?.started_ms);
    }
    let server = start().await?;
    table.add(PRISM, Measure::Memory, server.memory_mb()?);
    table.add(PRISM, Measure::Patients, wrk(&server, &Load::get("/patients"), SPELL).await?.rate);
    Ok(())
}
