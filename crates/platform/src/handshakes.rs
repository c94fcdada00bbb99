//! Clients that go no further than the TLS handshake: they have an entry in the journal too. In TLS 1.3 a client may look at the
//! certificate when it has all that it needs, and hang up without an alert: in the handshake, as Node.js was seen to do, or after it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower::Layer;

use super::Shared;
use super::tls::{SHOWN, Spoilt, is_armed, record};

/// Wraps what makes handshakes: one that the client breaks off with an alert is recorded, and one after which it says nothing.
#[derive(Clone)]
pub(super) struct Handshakes<A> {
    pub acceptor: A,
    pub shared: Weak<Shared>,
}

impl<A, I, S> Accept<I, S> for Handshakes<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = Watched<A::Stream>;
    type Service = AddExtension<A::Service, Spoilt>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let (handshake, shared) = (self.acceptor.accept(stream, service), self.shared.clone());
        let handshake = async move {
            let made = handshake.await;
            (made, SHOWN.with(|shown| shown.get().copied()))
        };
        Box::pin(async move {
            let shared = shared.upgrade();
            let (made, shown) = SHOWN.scope(OnceLock::new(), handshake).await;
            match made {
                Ok((stream, service)) => {
                    let service = Extension(Spoilt(shown)).layer(service);
                    Ok((Watched { stream, silent: shared.filter(|shared| is_armed(shared)).as_ref().map(Arc::downgrade) }, service))
                }
                Err(error) => {
                    let alert = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                    match (alert, shared) {
                        (Some(rustls::Error::AlertReceived(alert)), Some(shared)) => {
                            refused(&shared, format!("the client broke the TLS handshake off: {alert:?}"));
                        }
                        (None, Some(shared)) if is_armed(&shared) => {
                            refused(&shared, format!("the client hung up in the TLS handshake: {error}"))
                        }
                        _ => {}
                    }
                    Err(error)
                }
            }
        })
    }
}

fn refused(shared: &Shared, how: String) {
    record(shared, shared.journal.open().number(), Vec::new(), Some(how));
}

/// A connection that was shown a bad certificate, until its client says something.
pub(super) struct Watched<S> {
    stream: S,
    silent: Option<Weak<Shared>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (room, before) = (buffer.remaining() > 0, buffer.filled().len());
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let said = buffer.filled().len() > before;
        if let Some(shared) = self.silent.take_if(|_| said || room)
            && !said
            && let Some(shared) = shared.upgrade()
        {
            refused(&shared, "the client closed the connection when it had seen the certificate".to_owned());
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
