//! Connections: accepted up to a bound, shaken hands with in time, and kept while the client wants.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use prometheus_client::metrics::gauge::Gauge;
use rustls::ServerConfig;
use rustls::server::ResolvesServerCert;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::util::MapRequest;

use super::activity::Activity;
use super::lifecycle::Lifecycle;
use super::options::{Limits, TlsVersion};
use super::peers::{Peer, Peers};
use crate::telemetry::metrics::Metrics;

/// Streams that one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;
/// Pause after an error that concerns the listener and not one connection, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);
const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// What all ports have in common.
#[derive(Clone)]
pub(super) struct Listener {
    pub(super) limits: Limits,
    pub(super) lifecycle: Lifecycle,
    pub(super) metrics: Arc<Metrics>,
}

/// A port and who answers there.
struct Port {
    listener: Listener,
    /// `None` for plain HTTP.
    tls: Option<TlsAcceptor>,
    router: Router,
}

/// TLS with this certificate. API servers speak HTTP/1.1 to services; HTTP/2 does no harm.
pub(super) fn tls_config(
    certificate: Arc<dyn ResolvesServerCert>,
    oldest: TlsVersion,
) -> Result<ServerConfig, rustls::Error> {
    let versions: &[_] = match oldest {
        TlsVersion::Tls12 => &[&TLS13, &TLS12],
        TlsVersion::Tls13 => &[&TLS13],
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
    Ok(config)
}

impl Listener {
    /// Accepts connections until the server closes. Without `tls` in plain HTTP.
    pub(super) async fn serve(self, tcp: TcpListener, tls: Option<TlsAcceptor>, router: Router) {
        let room = Arc::new(Semaphore::new(self.limits.connections));
        let peers = Peers::new(self.limits.connections_of_one_peer);
        let lifecycle = self.lifecycle.clone();
        let port = Arc::new(Port { listener: self, tls, router });
        loop {
            // The place comes first: without one, a client waits in the backlog of the system.
            let accepted = async {
                let place = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                let (stream, peer) = tcp.accept().await?;
                io::Result::Ok((place, stream, peer))
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = lifecycle.closing() => return,
            };
            match accepted {
                Ok((place, stream, peer)) => {
                    let Some(share) = peers.take(peer.ip(), 1) else {
                        port.listener.metrics.refused_connections.inc();
                        continue;
                    };
                    let port = Arc::clone(&port);
                    lifecycle.connections.spawn(async move {
                        port.connection(stream, Peer(peer.ip())).await;
                        drop((place, share));
                    });
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept connections");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Port {
    async fn connection(&self, stream: TcpStream, peer: Peer) {
        let Listener { limits, lifecycle, metrics } = &self.listener;
        let _open = Open::count(&metrics.connections);
        // Answers are small; waiting for more of them would cost 40 ms.
        let _ = stream.set_nodelay(true);
        // Who asks and does not read the answers would keep its place for ever.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.write));
        let stream = Box::pin(stream);
        let Some(tls) = &self.tls else { return self.http1(stream, peer).await };
        let handshake = timeout(limits.handshake, tls.accept(stream));
        let stream = tokio::select! {
            handshake = handshake => handshake,
            () = lifecycle.closing() => return,
        };
        let Ok(Ok(stream)) = stream else {
            metrics.handshake_failures.inc();
            return;
        };
        if stream.get_ref().1.alpn_protocol() == Some(HTTP_2) {
            self.http2(stream, peer).await;
        } else {
            self.http1(stream, peer).await;
        }
    }

    async fn http1(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let service = TowerToHyperService::new(from(peer, self.router.clone()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Counts from the last answer, so it ends idle connections as well as slow heads.
            .header_read_timeout(self.listener.limits.idle)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        // An error here is a client that went away; there is nobody left to tell.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = self.listener.lifecycle.closing() => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
    }

    async fn http2(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let activity = Activity::default();
        let router = self.router.clone().layer(from_fn_with_state(activity.clone(), Activity::note));
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            // Finds out who went away without a word.
            .keep_alive_interval(self.listener.limits.idle)
            .max_concurrent_streams(MAX_STREAMS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(from(peer, router)));
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            () = self.listener.lifecycle.closing() => {}
            () = activity.idle_for(self.listener.limits.idle) => {}
        }
        connection.as_mut().graceful_shutdown();
        // A client that never takes notice would stay for ever.
        let _ = timeout(self.listener.limits.close, connection).await;
    }
}

/// The router, told of each request where it comes from.
fn from(
    peer: Peer,
    router: Router,
) -> MapRequest<Router, impl Fn(Request<Incoming>) -> Request<Incoming> + Clone> {
    MapRequest::new(router, move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    })
}

/// Errors of `accept` that say something about the connection that was to be accepted.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// Counts a connection while it is open.
struct Open<'a>(&'a Gauge);

impl<'a> Open<'a> {
    fn count(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
