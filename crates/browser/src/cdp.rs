//! One DevTools connection: requests by number, events in order. Knows no domain of the protocol.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::BrowserError;

/// For any answer that does not itself wait for something in a page.
pub(super) const ANSWER_DEADLINE: Duration = Duration::from_secs(30);

pub(super) type Answer = oneshot::Receiver<Result<Value, Refusal>>;
type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An event of the browser, or of the session of one page.
pub(super) struct Event {
    pub session: Option<String>,
    pub method: String,
    pub params: Value,
}

pub(super) struct Connection {
    next: AtomicU64,
    out: mpsc::UnboundedSender<Message>,
    pending: Mutex<Pending>,
    /// Why the browser is gone.
    gone: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Pending {
    calls: HashMap<u64, Call>,
    over: bool,
}

struct Call {
    session: Option<String>,
    answer: oneshot::Sender<Result<Value, Refusal>>,
}

/// Why a call was not answered with a result.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The browser's own words.
    Answered(String),
    /// The page that it was for is no more.
    Detached,
    /// No answer within [`ANSWER_DEADLINE`]: a page whose script never ends, a browser that hangs.
    Silent,
    Gone,
}

#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    #[serde(rename = "sessionId")]
    session: Option<String>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<IncomingError>,
}

#[derive(Deserialize)]
struct IncomingError {
    message: String,
    data: Option<Value>,
}

impl Connection {
    /// Connects and hands every event, in order, to `on_event`, which must not block.
    pub(crate) async fn open(url: &str, on_event: impl Fn(&Arc<Self>, Event) + Send + 'static) -> Result<Arc<Self>, BrowserError> {
        // Screenshots and page sources come in one message.
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let (socket, _) =
            connect_async_with_config(url, Some(config), true).await.map_err(|why| BrowserError::start("a DevTools connection", why))?;
        let (sink, stream) = socket.split();
        let (out, queue) = mpsc::unbounded_channel();
        let connection = Arc::new(Self { next: AtomicU64::new(1), out, pending: Mutex::default(), gone: watch::Sender::new(None) });
        tokio::spawn(write(sink, queue));
        tokio::spawn(read(stream, Arc::clone(&connection), on_event));
        Ok(connection)
    }

    pub(crate) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Result<Value, Refusal> {
        let answer = self.send(session, method, params)?;
        match tokio::time::timeout(ANSWER_DEADLINE, answer).await {
            Ok(answered) => answered.unwrap_or(Err(Refusal::Gone)),
            Err(_) => Err(Refusal::Silent),
        }
    }

    /// Sends at once; the answer can be awaited later, so that several calls travel together.
    pub(crate) fn send(&self, session: Option<&str>, method: &str, params: Value) -> Result<Answer, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = json!(session);
        }
        {
            let mut pending = self.pending();
            if pending.over {
                return Err(Refusal::Gone);
            }
            pending.calls.insert(id, Call { session: session.map(str::to_owned), answer: sender });
        }
        self.out.send(Message::text(message.to_string())).map_err(|_| Refusal::Gone)?;
        Ok(receiver)
    }

    /// Sends and forgets: for what must be said but whose answer changes nothing.
    pub(crate) fn post(&self, session: Option<&str>, method: &str, params: Value) {
        let _answer_unread = self.send(session, method, params);
    }

    /// Answers every pending call of a session that is no more: the browser does not.
    pub(crate) fn detach(&self, session: &str) {
        let mut pending = self.pending();
        let of_session: Vec<u64> =
            pending.calls.iter().filter(|(_, call)| call.session.as_deref() == Some(session)).map(|(id, _)| *id).collect();
        for call in of_session.iter().filter_map(|id| pending.calls.remove(id)) {
            let _nobody_waits = call.answer.send(Err(Refusal::Detached));
        }
    }

    /// The browser is no more; the first reason stands.
    pub(crate) fn end(&self, why: &str) {
        self.gone.send_if_modified(|gone| {
            let first = gone.is_none();
            if first {
                *gone = Some(why.to_owned());
            }
            first
        });
        let mut pending = self.pending();
        pending.over = true;
        for (_, call) in pending.calls.drain() {
            let _nobody_waits = call.answer.send(Err(Refusal::Gone));
        }
        drop(pending);
        let _writer_gone = self.out.send(Message::Close(None));
    }

    pub(crate) fn gone(&self) -> watch::Receiver<Option<String>> {
        self.gone.subscribe()
    }

    pub(crate) fn why_gone(&self) -> Option<String> {
        self.gone.borrow().clone()
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, id: u64, incoming: Incoming) {
        let Some(call) = self.pending().calls.remove(&id) else { return };
        let answer = match incoming.error {
            None => Ok(incoming.result),
            // Sent between the end of a page and the news of it.
            Some(error) if error.message.contains("Session with given id not found") => Err(Refusal::Detached),
            Some(IncomingError { message, data }) => Err(Refusal::Answered(match data.as_ref().and_then(Value::as_str) {
                Some(data) => format!("{message}: {data}"),
                None => message,
            })),
        };
        let _nobody_waits = call.answer.send(answer);
    }
}

async fn write(mut sink: SplitSink<Socket, Message>, mut queue: mpsc::UnboundedReceiver<Message>) {
    while let Some(message) = queue.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
}

async fn read(mut stream: SplitStream<Socket>, connection: Arc<Connection>, on_event: impl Fn(&Arc<Connection>, Event)) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(mut incoming) = serde_json::from_str::<Incoming>(&text) else { continue };
        match (incoming.id, incoming.method.take()) {
            (Some(id), _) => connection.answer(id, incoming),
            (None, Some(method)) => on_event(&connection, Event { session: incoming.session, method, params: incoming.params }),
            (None, None) => {}
        }
    }
    connection.end("its DevTools connection closed");
}
