//! Pictures of a page, without what nobody may see on them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BrowserError, Page};

/// Taller pages are cut: the browser draws no larger picture. CSS pixels.
const TALLEST: f64 = 16_000.0;

/// A part of a page as a picture would show it.
#[derive(Debug, Deserialize)]
struct Piece {
    texts: Vec<String>,
    /// Left, top, width and height in CSS pixels, from the page's corner.
    boxes: Vec<[f64; 4]>,
    /// Whether it is covered whatever it says.
    whole: bool,
}

impl Page {
    /// A picture of the whole page as PNG. What stands at one of the `hidden` selectors is covered, and so is every text that `is_secret`,
    /// and whatever cannot be read.
    ///
    /// # Errors
    /// [`BrowserError::Script`] where something to be covered came into sight while the picture was taken: there is none then.
    pub async fn picture_without(&self, hidden: &[&str], is_secret: impl Fn(&str) -> bool) -> Result<Vec<u8>, BrowserError> {
        // What has its place in the window moves with the window's size: it is as large as the page from here on.
        let metrics = self.call("Page.getLayoutMetrics", json!({})).await?;
        let side = |name: &str| metrics["cssContentSize"][name].as_f64().unwrap_or_default().clamp(1.0, TALLEST);
        let (width, height) = (side("width"), side("height"));
        let size = json!({ "width": width.ceil(), "height": height.ceil(), "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size).await?;
        let taken = self.taken_covered(hidden, is_secret, json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 })).await;
        self.call("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        taken
    }

    async fn taken_covered(&self, hidden: &[&str], is_secret: impl Fn(&str) -> bool, clip: Value) -> Result<Vec<u8>, BrowserError> {
        let covered = self.to_be_covered(hidden, &is_secret).await?;
        self.ask::<usize>(include_str!("scripts/mask.js").trim(), &[json!(covered)]).await?;
        let method = "Page.captureScreenshot";
        let answer = self.call(method, json!({ "format": "png", "clip": clip })).await?;
        let data = answer["data"].as_str().unwrap_or_default();
        let picture = STANDARD.decode(data).map_err(|why| BrowserError::unexpected(method, why))?;
        let late = self.to_be_covered(hidden, &is_secret).await?;
        if late.iter().any(|piece| !covered.iter().any(|cover| holds(cover, piece))) {
            return Err(BrowserError::Script { why: "the page changed while its picture was taken".to_owned() });
        }
        Ok(picture)
    }

    async fn to_be_covered(&self, hidden: &[&str], is_secret: impl Fn(&str) -> bool) -> Result<Vec<[f64; 4]>, BrowserError> {
        let pieces: Vec<Piece> = self.ask(include_str!("scripts/pieces.js").trim(), &[json!(hidden)]).await?;
        let secret = pieces.into_iter().filter(|piece| piece.whole || piece.texts.iter().any(|text| is_secret(text)));
        Ok(secret.flat_map(|piece| piece.boxes).collect())
    }
}

/// Whether one box covers the other, but for what rounding takes away.
fn holds(cover: &[f64; 4], piece: &[f64; 4]) -> bool {
    const SLACK: f64 = 1.0;
    let ends = |start: f64, length: f64| start + length + SLACK;
    cover[0] - SLACK <= piece[0]
        && cover[1] - SLACK <= piece[1]
        && ends(piece[0], piece[2] - SLACK) <= ends(cover[0], cover[2])
        && ends(piece[1], piece[3] - SLACK) <= ends(cover[1], cover[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_covers_what_lies_within_it() {
        let cover = [10.0, 10.0, 100.0, 20.0];
        assert!(holds(&cover, &cover) && holds(&cover, &[10.4, 9.6, 99.0, 20.3]));
        for outside in [[10.0, 10.0, 120.0, 20.0], [10.0, 40.0, 100.0, 20.0], [0.0, 10.0, 50.0, 20.0]] {
            assert!(!holds(&cover, &outside), "{outside:?}");
        }
    }
}
