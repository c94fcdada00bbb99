//! The bundled single-page application, sound as it is. The kill matrix runs its defects.

use crate::program::Desk;

/// The profile of the bundled single-page application.
fn profile() -> String {
    include_str!("../fixtures/single_page.toml").replace("@PROGRAM@", env!("CARGO_BIN_EXE_collaudo")).replace("@MORE@", "")
}

#[test]
fn a_page_that_forgets_its_user_at_a_load_is_judged_within_it() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile());
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    assert!(doctor.stdout.contains("a load of the page signs the user out"), "{doctor:?}");
    let chosen = ["AC-08", "AZ-06", "TK-01", "SE-03", "GX-08", "RT-02", "GX-19", "PO-05"];
    let ended = desk.run(&[&["--app", "collaudo.toml", "--requirement"], &chosen[..]].concat());
    let wrong: Vec<_> = desk.verdicts().into_iter().filter(|(_, verdict, _)| verdict != "passed" && verdict != "not-applicable").collect();
    assert!(wrong.is_empty(), "{wrong:?}: {ended:?}");
}

#[test]
fn a_page_of_an_application_that_is_registered_otherwise_is_told_of_the_browser_s_refusal() {
    let desk = Desk::new();
    desk.write("collaudo.toml", &profile().replace("type = \"spa\"", "type = \"web\""));
    let doctor = desk.ended(&["doctor", "--app", "collaudo.toml"]);
    assert_eq!(doctor.code, Some(2), "{doctor:?}");
    assert!(doctor.stdout.contains("(CORS)") && doctor.stdout.contains("write app.type = \"spa\""), "{doctor:?}");
}
