//! The accept loop, and the order in which it comes to an end.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use blobs::Placeholder;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tracing::{debug, error, info};

use super::{
    Listener, Peer, Stopped,
    body::RequestBody,
    connection::{self, Shared},
};

impl Listener {
    /// Serves until `shutdown` completes; then stops accepting, lets what is in flight finish within the grace, and cuts
    /// off the rest.
    pub async fn serve<S, B>(self, service: S, shutdown: impl Future<Output = ()>) -> Stopped
    where
        S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Self { socket, address: _, tls, limits, places } = self;
        let shared = Arc::new(Shared {
            service,
            tls: tls.as_ref().map(super::Tls::acceptor),
            http: connection::http(&limits),
            limits: limits.clone(),
            placeholder: Placeholder::new(),
            stop: CancellationToken::new(),
            cut: CancellationToken::new(),
        });
        let reloader = tls.map(|tls| tokio::spawn(tls.watch(limits.tls_check)));
        let connections = TaskTracker::new();
        let accepting = async {
            loop {
                // Taken before accepting, so that what exceeds the limit waits in the kernel and costs us nothing.
                let permit = places.clone().acquire_owned().await.expect("the semaphore is never closed");
                let (socket, address) = match socket.accept().await {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        back_off(error).await;
                        continue;
                    }
                };
                connections.spawn(shared.clone().serve(socket, Peer { address, tls: false }, permit));
            }
        };
        tokio::select! {
            () = accepting => {}
            () = shutdown => {}
        }
        drop(socket);
        connections.close();
        let open = connections.len();
        info!(connections = open, "no longer accepting; finishing what is in flight");
        shared.stop.cancel();
        let _ = timeout(limits.grace, connections.wait()).await;
        let cut_off = connections.len();
        shared.cut.cancel();
        connections.wait().await;
        if let Some(reloader) = reloader {
            reloader.abort();
        }
        Stopped { finished: open - cut_off, cut_off }
    }
}

/// Some errors concern the connection that was about to be accepted; others, such as running out of descriptors, stay
/// for a while, and trying again at once would only heat the processor.
async fn back_off(error: io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted) {
        debug!(%error, "a client left before it was accepted");
        return;
    }
    error!(%error, "cannot accept connections; trying again in a moment");
    tokio::time::sleep(Duration::from_millis(500)).await;
}
