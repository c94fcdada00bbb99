use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures::stream::{StreamExt, iter, unfold};
use tokio::time::{interval, timeout};

/// Between two pieces of a slow answer.
const PIECE_EVERY: Duration = Duration::from_millis(300);
const PIECES: usize = 8;
/// Longer than any client waits.
const HELD_FOR: Duration = Duration::from_secs(120);

/// How an answer travels, where a fault has it travel otherwise than whole and at once. It rides in the response's extensions: a
/// handler cannot close a connection itself, and the journal must have the exchange first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The connection is closed without an answer.
    Dropped,
    /// Nothing comes until the client hangs up.
    Held,
    /// The body comes in pieces, over some seconds.
    Slow,
    /// The connection is closed when half of the body is out.
    CutOff,
    /// Half of the body comes as if it were all.
    Halved,
    /// All but the last byte comes as if it were all.
    Unfinished,
}

/// Hands an answer out as its [`Delivery`] says.
pub(crate) async fn deliver(mut response: Response, body: Bytes) -> Response {
    let Some(delivery) = response.extensions_mut().remove::<Delivery>() else {
        *response.body_mut() = Body::from(body);
        return response;
    };
    let half = body.slice(..body.len() / 2);
    let (promised, body) = match delivery {
        Delivery::Dropped => (body.len().max(1), dropped()),
        Delivery::Held => {
            // Only the deadline, or the client's hanging up, ends it.
            let _ = timeout(HELD_FOR, std::future::pending::<()>()).await;
            (body.len().max(1), dropped())
        }
        Delivery::Slow => {
            let pieces = body.chunks(body.len().div_ceil(PIECES).max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece)));
            (body.len(), paced(pieces.collect()))
        }
        Delivery::CutOff => (body.len(), paced(vec![Ok(half), Err(closed())])),
        Delivery::Halved => (half.len(), Body::from(half)),
        Delivery::Unfinished => {
            let most = body.slice(..body.len().saturating_sub(1));
            (most.len(), Body::from(most))
        }
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(promised));
    *response.body_mut() = body;
    response
}

/// Fails at once: the head is not sent either, for it waits for the first byte of the body.
fn dropped() -> Body {
    Body::from_stream(iter([Err::<Bytes, _>(closed())]))
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "a fault closes the connection")
}

/// One piece a tick, the first at once.
fn paced(pieces: Vec<io::Result<Bytes>>) -> Body {
    let ticks = unfold(interval(PIECE_EVERY), async |mut interval| Some((interval.tick().await, interval)));
    Body::from_stream(iter(pieces).zip(ticks).map(|(piece, _)| piece))
}
