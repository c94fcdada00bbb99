//! Resources that can only be read here.

use super::answer::{one, page};
use super::call::Operation;
use crate::oauth::giponext::{AGENDA, TREATMENTS};

pub const AGENDAS: &[Operation] = &[Operation::read(AGENDA, |call, records| page(call, records.agendas.iter().collect()))];
pub const ONE_AGENDA: &[Operation] = &[Operation::read(AGENDA, |call, records| one(call, &records.agendas))];
pub const ALL_TREATMENTS: &[Operation] = &[Operation::read(TREATMENTS, |call, records| page(call, records.treatments.iter().collect()))];
pub const ONE_TREATMENT: &[Operation] = &[Operation::read(TREATMENTS, |call, records| one(call, &records.treatments))];
pub const PRICE_LISTS: &[Operation] = &[Operation::read(TREATMENTS, |call, records| page(call, records.price_lists.iter().collect()))];
pub const ONE_PRICE_LIST: &[Operation] = &[Operation::read(TREATMENTS, |call, records| one(call, &records.price_lists))];
