/// An authorization request that waits for its user.
#[derive(Clone, Debug)]
pub(super) struct Attempt {}
