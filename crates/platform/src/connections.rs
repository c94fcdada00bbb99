//! How much a platform's connections may take: their number, and the time that a request may.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum_server::accept::Accept;
use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bounds of one platform. Whoever is slow holds up nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open connections. Where one more comes, the one that has been silent for longest is closed. Well under the 1024 open files
    /// that a process has by default.
    pub connections: usize,
    /// From a connection's start, or its last answer, to the end of a request's header.
    pub header_time: Duration,
    /// For a request's body.
    pub body_time: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { connections: 512, header_time: Duration::from_secs(30), body_time: Duration::from_secs(30) }
    }
}

/// The open connections of one platform.
#[derive(Clone, Debug)]
pub(super) struct Connections(Arc<Registry>);

#[derive(Debug)]
struct Registry {
    limit: usize,
    started: Instant,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    links: HashMap<u64, Arc<Link>>,
}

/// What the registry and a connection's task share.
#[derive(Debug, Default)]
struct Link {
    /// Microseconds since the registry was made.
    last_active: AtomicU64,
    cut: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Link {
    fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }
}

impl Connections {
    pub(crate) fn limited_to(limit: usize) -> Self {
        Self(Arc::new(Registry { limit: limit.max(1), started: Instant::now(), open: Mutex::default() }))
    }

    pub(crate) fn cut_all(&self) {
        self.0.lock().links.drain().for_each(|(_, link)| link.cut());
    }

    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.lock().links.len()
    }
}

impl Registry {
    fn admit(self: &Arc<Self>) -> (u64, Arc<Link>) {
        let link = Arc::new(Link { last_active: AtomicU64::new(self.now()), ..Link::default() });
        let mut open = self.lock();
        if open.links.len() >= self.limit
            && let Some(number) = open
                .links
                .iter()
                .min_by_key(|(number, link)| (link.last_active.load(Ordering::Relaxed), **number))
                .map(|(number, _)| *number)
            && let Some(silent) = open.links.remove(&number)
        {
            silent.cut();
        }
        let number = open.next;
        open.next += 1;
        open.links.insert(number, link.clone());
        (number, link)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<I, S> Accept<I, S> for Connections {
    type Stream = Limited<I>;
    type Service = S;
    type Future = std::future::Ready<io::Result<(Limited<I>, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let (number, link) = self.0.admit();
        std::future::ready(Ok((Limited { stream, registry: self.0.clone(), number, link }, service)))
    }
}

/// A connection that the registry may cut.
#[derive(Debug)]
pub(super) struct Limited<I> {
    stream: I,
    registry: Arc<Registry>,
    number: u64,
    link: Arc<Link>,
}

impl<I> Limited<I> {
    /// Whether it may go on; `waker` is woken when it may not any more.
    fn go_on(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.link.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    fn active<T>(&self, progress: &Poll<io::Result<T>>) {
        if progress.is_ready() {
            self.link.last_active.store(self.registry.now(), Ordering::Relaxed);
        }
    }
}

impl<I> Drop for Limited<I> {
    fn drop(&mut self) {
        self.registry.lock().links.remove(&self.number);
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Limited<I> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.go_on(&self.link.reader, context)?;
        let progress = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.active(&progress);
        progress
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Limited<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.go_on(&self.link.writer, context)?;
        let progress = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.active(&progress);
        progress
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.go_on(&self.link.writer, context)?;
        let progress = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.active(&progress);
        progress
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    async fn connect(connections: &Connections) -> (DuplexStream, Limited<DuplexStream>) {
        let (near, far) = duplex(64);
        let (limited, ()) = connections.accept(far, ()).await.expect("every connection is let in");
        (near, limited)
    }

    #[tokio::test]
    async fn one_too_many_closes_the_one_that_was_silent_for_longest() {
        let connections = Connections::limited_to(2);
        let (mut first_near, mut first) = connect(&connections).await;
        let (_second_near, mut second) = connect(&connections).await;
        first_near.write_all(b"x").await.expect("it is open");
        assert_eq!(first.read_u8().await.expect("it is open"), b'x');
        let waiting = tokio::spawn(async move { second.read_u8().await });
        tokio::task::yield_now().await;
        let (_third_near, third) = connect(&connections).await;
        let cut = waiting.await.expect("it ends").expect_err("the second was silent for longest");
        assert_eq!(cut.kind(), io::ErrorKind::ConnectionAborted);
        first_near.write_all(b"y").await.expect("it is open");
        assert_eq!(first.read_u8().await.expect("the first has spoken since"), b'y');
        assert_eq!(connections.count(), 2);
        drop((first, third));
        assert_eq!(connections.count(), 0);
    }
}
