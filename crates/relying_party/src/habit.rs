use clap::ValueEnum;

/// A way of the application that is unusual and sound: whoever judges it must let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Habit {
    /// Begins one more login by itself after a refused one.
    BeginsAgain,
    /// Answers the first load of its redirect URI with a page that loads it again, and redeems the code then.
    LoadsTwice,
    /// Allows for five minutes between its own clock and the platform's.
    LenientClock,
    /// Sends a state and leaves the defence against forged responses to PKCE and nonce.
    ReliesOnPkce,
    /// Shows a page of the patients at a time, and reads each page when it is asked for.
    PagesItsLists,
    /// Keeps the person's account when the access has ended, and offers to connect it again.
    OffersReconnection,
    /// Has a banner over its pages until it is answered, and what signs in and out in menus.
    Covered,
    /// Has its login on another page than the first.
    TwoSteps,
    /// Names its users by their initials.
    Initials,
    /// Names its users by title, surname and a letter.
    TitleAndSurname,
    /// Names its users in the label of an icon alone.
    Labelled,
    /// Names its users in a menu alone, which is closed.
    BehindAMenu,
    /// Draws who is signed in within a shadow root.
    ShadowRoot,
    /// Says that a sign-in failed in a toast, which vanishes.
    Toast,
    /// Says what came of a sign-in after a word that passes.
    OneMoment,
    /// Draws who is signed in, and its lists, long after the page has loaded.
    Late,
    /// Opens its popup blank, and sends it on later.
    BlankPopup,
    /// Asks once more before it signs out.
    AsksOnceMore,
    /// Asks for a word to be typed before it signs out.
    AsksForAWord,
    /// Reads its lists on while they are scrolled, a page at a time, and takes its time for each.
    ScrollsSlowly,
    /// Draws its lists by a script, once its server has answered.
    WaitsForItsServer,
    /// Has a request to its own server open on every page, which is answered when there is news.
    LongPolls,
    /// Asks its own server each second on every page.
    PollsEachSecond,
    /// Loses some sign-ins without a word, as where a late answer to another request of its page takes the new cookie away.
    LosesSignIns,
}

impl Habit {
    /// What the pages' script makes of the markup, by name.
    pub(super) fn markup(self) -> Option<String> {
        let is_of_markup = !matches!(
            self,
            Self::BeginsAgain
                | Self::LoadsTwice
                | Self::LenientClock
                | Self::ReliesOnPkce
                | Self::PagesItsLists
                | Self::OffersReconnection
                | Self::WaitsForItsServer
                | Self::LosesSignIns
        );
        is_of_markup.then(|| self.to_possible_value().map(|value| value.get_name().to_owned())).flatten()
    }
}
