//! The mock platform beside its API and its authorization server: portal, connections, certificates.

mod connected;
mod person;
mod portal;
mod slow_clients;
mod tls_faults;
