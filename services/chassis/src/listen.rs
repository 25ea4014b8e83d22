//! Listening: connections as they come in, plain or with their TLS handshake done. One that is slow at that keeps nobody
//! else waiting.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{extract::connect_info, serve::IncomingStream};
use futures::{Stream, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::tls::ListenerTls;

/// Longest time for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most handshakes at once; the next connection waits to be accepted.
const HANDSHAKES: usize = 256;
/// Connections that were accepted and are not served yet.
const ACCEPTED: usize = 64;
/// Pause after a connection could not be accepted, as when there are too many open files.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection that came in.
#[derive(Debug)]
pub enum Connection {
    /// As it came.
    Plain(TcpStream),
    /// By TLS.
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Encrypted(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Encrypted(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        match self {
            Self::Plain(stream) => stream.connect_info(),
            Self::Encrypted(stream) => stream.get_ref().0.connect_info(),
        }
    }
}

/// Who is at the other end of an HTTP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl connect_info::Connected<IncomingStream<'_, Connections>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// The connections that come in at a listener. It is closed when they are dropped.
pub struct Connections {
    address: io::Result<SocketAddr>,
    accepted: mpsc::Receiver<(Connection, SocketAddr)>,
}

impl Connections {
    /// Connections as they come; encrypted ones where there is TLS.
    pub fn new(listener: TcpListener, tls: Option<ListenerTls>) -> Self {
        let (sender, accepted) = mpsc::channel(ACCEPTED);
        let address = listener.local_addr();
        tokio::spawn(accept(listener, tls, sender));
        Self { address, accepted }
    }

    /// The connections for a gRPC server.
    pub fn into_stream(self) -> impl Stream<Item = io::Result<Connection>> {
        ReceiverStream::new(self.accepted).map(|(connection, _)| Ok(connection))
    }
}

impl axum::serve::Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            // What accepts ends only after this value.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.address {
            Ok(address) => Ok(*address),
            Err(error) => Err(error.kind().into()),
        }
    }
}

type Accepted = mpsc::Sender<(Connection, SocketAddr)>;

/// Accepts until nobody takes connections any more.
async fn accept(listener: TcpListener, tls: Option<ListenerTls>, sender: Accepted) {
    let room = Arc::new(Semaphore::new(HANDSHAKES));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sender.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Without it, an answer that is written in parts waits for the caller's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps small packets back");
        }
        let Some(tls) = tls.clone() else {
            // Fails only when nobody takes connections any more.
            drop(sender.send((Connection::Plain(stream), peer)).await);
            continue;
        };
        let room = room.clone().acquire_owned().await;
        let sender = sender.clone();
        tokio::spawn(async move {
            if let Some(stream) = shake_hands(&tls, stream, peer).await {
                drop(sender.send((stream, peer)).await);
            }
            drop(room);
        });
    }
}

async fn shake_hands(tls: &ListenerTls, stream: TcpStream, peer: SocketAddr) -> Option<Connection> {
    let handshake = TlsAcceptor::from(tls.current()).accept(stream);
    let error = match tokio::time::timeout(HANDSHAKE, handshake).await {
        Ok(Ok(stream)) => return Some(Connection::Encrypted(Box::new(stream))),
        Ok(Err(error)) => error.to_string(),
        Err(late) => late.to_string(),
    };
    tracing::info!(purpose = tls.purpose(), %peer, error, "no TLS with a caller");
    metrics::counter!("perennial_tls_handshakes_failed_total", "purpose" => tls.purpose())
        .increment(1);
    None
}
