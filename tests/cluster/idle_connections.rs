//! Connections as API servers keep them: used once, left alone, and used again.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use acr_admission::kubernetes::Kubeconfig;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioExecutor;
use kube::Client;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::direct;
use crate::objects::DENIAL;
use crate::release::{NAME, Release};

/// One of each protocol, through the Service to whichever pod it chose.
pub(crate) struct IdleConnections {
    runtime: Runtime,
    http1: http1::SendRequest<Full<Bytes>>,
    http2: http2::SendRequest<Full<Bytes>>,
    since: Instant,
}

impl IdleConnections {
    /// Returns when each has carried one review. The reason is for `skip`.
    pub(crate) fn open(release: &Release) -> Result<Self, &'static str> {
        let service = release.get(&["service", NAME, "--namespace", NAME]);
        let address = service["spec"]["clusterIP"].as_str().unwrap_or_default();
        let address: SocketAddr =
            format!("{address}:443").parse().map_err(|_| "the Service has no address")?;
        if std::net::TcpStream::connect_timeout(&address, Duration::from_secs(3)).is_err() {
            return Err("Services of this cluster cannot be reached from here: no connection was left idle");
        }
        let runtime = Runtime::new().unwrap();
        let (http1, http2) = runtime.block_on(connect(address)).unwrap();
        let mut connections = Self { runtime, http1, http2, since: Instant::now() };
        connections.assert_answers();
        connections.since = Instant::now();
        Ok(connections)
    }

    /// When they have idled for longer than API servers let them. Returns the figure.
    #[track_caller]
    pub(crate) fn assert_they_still_answer(mut self) -> String {
        thread::sleep(IDLE.saturating_sub(self.since.elapsed()));
        let idle = self.since.elapsed().as_secs();
        self.assert_answers();
        format!("HTTP/1.1 and HTTP/2 answer on the same connection after {idle} s")
    }

    #[track_caller]
    fn assert_answers(&mut self) {
        let Self { runtime, http1, http2, .. } = self;
        let answers = runtime.block_on(async {
            let first = direct::denial(http1.send_request(direct::review("")).await?).await?;
            let second = direct::denial(http2.send_request(direct::review(direct::ORIGIN)).await?).await?;
            Ok::<_, direct::Error>([first, second])
        });
        for answer in answers.unwrap() {
            assert!(answer.starts_with(DENIAL), "{answer}");
        }
    }
}

async fn connect(
    address: SocketAddr,
) -> Result<(http1::SendRequest<Full<Bytes>>, http2::SendRequest<Full<Bytes>>), direct::Error> {
    let client: Client = Kubeconfig::default().client().await?;
    let stream = direct::encrypted(&client, TcpStream::connect(address).await?, "http/1.1").await?;
    let (first, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    let stream = direct::encrypted(&client, TcpStream::connect(address).await?, "h2").await?;
    let (second, connection) = http2::handshake(TokioExecutor::new(), stream).await?;
    tokio::spawn(connection);
    Ok((first, second))
}

/// API servers keep a connection for 90 s.
const IDLE: Duration = Duration::from_secs(95);
