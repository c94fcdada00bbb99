//! What a picture of a page shows, and what it does not.

use serde_json::{Value, json};

use super::*;

/// A list, and secrets where a list is not: in a dialog above the page, in a field, in a shadow root, in two elements, on a canvas.
const PAGE: &str = r##"void (() => {
    const div = markup => document.body.insertAdjacentHTML("beforeend", markup);
    div(`<p id="public" style="background: #fff; color: #fff">Agenda</p>
        <ul><li id="entry" style="background: #fff">anybody</li></ul>
        <input id="field" value="Segreta Maria">
        <p id="split" style="background: #fff"><b>Segreta</b> <i>Maria</i></p>
        <canvas id="drawn" width="40" height="20"></canvas><div id="host"></div>
        <dialog id="dialog" style="background: #fff; inset: 60px auto auto 60px; margin: 0"><p id="asked">Segreta Maria?</p></dialog>`);
    const root = document.querySelector("#host").attachShadow({ mode: "open" });
    root.innerHTML = `<p id="inner" style="background: #fff">Segreta Maria</p>`;
    document.querySelector("#dialog").showModal();
})()"##;

/// Whether the middle of each element is black in the picture.
async fn blackened(page: &Page, picture: &[u8], ids: &[&str]) -> Vec<bool> {
    use base64::Engine as _;
    let picture = base64::engine::general_purpose::STANDARD.encode(picture);
    let script = format!(
        r##"(async () => {{
            const image = await createImageBitmap(new Blob([Uint8Array.from(atob("{picture}"), c => c.charCodeAt(0))], {{ type: "image/png" }}));
            const canvas = new OffscreenCanvas(image.width, image.height);
            const drawn = canvas.getContext("2d");
            drawn.drawImage(image, 0, 0);
            const find = id => document.getElementById(id) ?? document.getElementById("host").shadowRoot.getElementById(id);
            return {ids}.map(id => {{
                const text = document.createRange();
                text.selectNodeContents(find(id));
                const rects = id === "field" || id === "drawn" ? find(id).getClientRects() : text.getClientRects();
                const {{ left, top, width, height }} = rects[0];
                const pixels = drawn.getImageData(left + scrollX, top + scrollY, width, height).data;
                return pixels.every((value, place) => place % 4 === 3 || value < 8);
            }});
        }})()"##,
        ids = json!(ids)
    );
    let answer: Value = page.evaluate(&script).await.expect("a picture can be read");
    serde_json::from_value(answer).expect("truth values")
}

#[tokio::test]
async fn what_nobody_may_see_is_covered_and_nothing_else() {
    let (browser, _context, page, _site) = opened("/missing").await;
    page.evaluate::<Option<()>>(PAGE).await.expect("runs");
    let ids = ["entry", "field", "split", "drawn", "inner", "asked", "public"];
    let picture = page.picture_without(&["#entry"], |text| text.contains("Segreta Maria")).await.expect("a picture");
    assert_eq!(blackened(&page, &picture, &ids).await, [true, true, true, true, true, true, false]);
    let source = page.source_without(&["#entry"]).await.expect("a source");
    assert!(source.contains("<li id=\"entry\">[hidden]</li>") && !source.contains("anybody"), "{source}");
    browser.close().await;
}

#[tokio::test]
async fn without_a_secret_on_it_a_page_is_shown_as_it_is() {
    let (browser, _context, page, _site) = opened("/missing").await;
    page.evaluate::<Option<()>>(PAGE).await.expect("runs");
    let picture = page.picture_without(&[], |_| false).await.expect("a picture");
    // What is drawn cannot be read, and is covered all the same.
    let ids = ["entry", "field", "split", "inner", "asked", "public", "drawn"];
    assert_eq!(blackened(&page, &picture, &ids).await, [false, false, false, false, false, false, true]);
    browser.close().await;
}
