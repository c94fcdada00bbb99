/// A way of the application that is unusual and sound: whoever judges it must let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Habit {
    /// Begins one more login by itself after a refused one.
    BeginsAgain,
    /// Answers the first load of its redirect URI with a page that loads it again, and redeems the code then.
    LoadsTwice,
    /// Allows for five minutes between its own clock and the platform's.
    LenientClock,
    /// Sends a state and leaves the defence against forged responses to PKCE and nonce.
    ReliesOnPkce,
    /// Has a banner over its pages until it is answered, and what signs in and out in menus.
    Covered,
}
