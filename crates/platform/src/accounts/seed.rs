use secrecy::SecretString;

use super::{Accounts, Permission, Role, Tenant, TenantId, User, UserId};
use crate::Random;
use crate::oauth::giponext;

/// The medical centre that runs are authorised for.
pub const TENANT: TenantId = TenantId(101);
/// Another medical centre, whose data must stay out of reach.
pub const OTHER_TENANT: TenantId = TenantId(202);

/// End-user of [`TENANT`] with every permission.
pub const ADA: &str = "ada.ferri@sanluca.example";
/// End-user of [`TENANT`] who attacks others.
pub const MALLORY: &str = "mallory.neri@sanluca.example";
/// End-user of [`TENANT`] without permission on medical reports.
pub const ELIO: &str = "elio.galli@sanluca.example";
/// Manager of [`TENANT`].
pub const DARIO: &str = "dario.riva@sanluca.example";
/// End-user of [`OTHER_TENANT`].
pub const BRUNO: &str = "bruno.conti@aurora.example";
/// GipoNext's administrator.
pub const CARLA: &str = "carla.moro@giponext.example";

/// (e-mail, who it is in Italian, the same in English)
pub const SAMPLE_PEOPLE: [(&str, &str, &str); 6] = [
    (ADA, "utente del centro medico, con ogni permesso", "end-user of the medical centre, every permission"),
    (MALLORY, "un'altra utente dello stesso centro", "another end-user of the same centre"),
    (ELIO, "utente senza permesso sui referti", "end-user without permission on medical reports"),
    (BRUNO, "utente di un altro centro medico", "end-user of another medical centre"),
    (DARIO, "responsabile del centro medico: apre i ticket per gli utenti", "manager of the medical centre: opens user tickets"),
    (CARLA, "amministrazione GipoNext: approva, attiva, disattiva", "GipoNext's administrator: approves, activates, deactivates"),
];

impl Accounts {
    /// The people and medical centres that every platform starts with.
    pub fn seeded(random: &Random) -> Self {
        let mut accounts = Self {
            tenants: vec![
                Tenant { id: TENANT, name: "Centro Medico San Luca".to_owned(), city: "Milano".to_owned() },
                Tenant { id: OTHER_TENANT, name: "Poliambulatorio Villa Aurora".to_owned(), city: "Torino".to_owned() },
            ],
            ..Self::default()
        };
        let all: Vec<&'static str> = giponext::RESOURCES.to_vec();
        let restricted: Vec<&'static str> = all.iter().copied().filter(|scope| *scope != giponext::MEDICAL_REPORTS).collect();
        type Person<'a> = (&'a str, &'a str, &'a str, Role, Option<TenantId>, &'a [&'static str]);
        let people: [Person<'_>; 6] = [
            (ADA, "Ada", "Ferri", Role::EndUser, Some(TENANT), &all),
            (MALLORY, "Mallory", "Neri", Role::EndUser, Some(TENANT), &all),
            (ELIO, "Elio", "Galli", Role::EndUser, Some(TENANT), &restricted),
            (DARIO, "Dario", "Riva", Role::Manager, Some(TENANT), &[]),
            (BRUNO, "Bruno", "Conti", Role::EndUser, Some(OTHER_TENANT), &all),
            (CARLA, "Carla", "Moro", Role::Administrator, None, &[]),
        ];
        for (email, given_name, family_name, role, tenant, scopes) in people {
            accounts.users.push(User {
                id: UserId(random.token(12)),
                email: email.to_owned(),
                password: SecretString::from(random.token(12)),
                given_name: given_name.to_owned(),
                family_name: family_name.to_owned(),
                role,
                tenant,
                permissions: scopes.iter().map(|scope| Permission { scope, write: true }).collect(),
                developer: false,
                active: true,
                temporary: false,
            });
        }
        accounts
    }
}
