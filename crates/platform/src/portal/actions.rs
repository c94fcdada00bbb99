use crate::accounts::AccountError;
use crate::{Shared, authorization};

/// Deactivates a user and cuts everything that was given in the user's name (C-18, C-38).
pub(crate) fn deactivate(shared: &Shared, email: &str) -> Result<(), AccountError> {
    let user = shared.accounts().deactivate(email)?;
    authorization::revoke_all_of(shared, &user);
    Ok(())
}
