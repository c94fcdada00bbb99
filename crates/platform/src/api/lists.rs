//! Resources that can only be read here.

use super::answer::{one, page};
use super::call::Operation;
use crate::oauth::giponext::{AGENDA, TREATMENTS};

pub(super) const AGENDAS: &[Operation] = &[Operation::read(AGENDA, |call, records| page(call, records.agendas.iter().collect()))];
pub(super) const ONE_AGENDA: &[Operation] = &[Operation::read(AGENDA, |call, records| one(call, &records.agendas))];
pub(super) const ALL_TREATMENTS: &[Operation] =
    &[Operation::read(TREATMENTS, |call, records| page(call, records.treatments.iter().collect()))];
pub(super) const ONE_TREATMENT: &[Operation] = &[Operation::read(TREATMENTS, |call, records| one(call, &records.treatments))];
pub(super) const PRICE_LISTS: &[Operation] =
    &[Operation::read(TREATMENTS, |call, records| page(call, records.price_lists.iter().collect()))];
pub(super) const ONE_PRICE_LIST: &[Operation] = &[Operation::read(TREATMENTS, |call, records| one(call, &records.price_lists))];
