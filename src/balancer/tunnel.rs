//! Websockets: once both sides have agreed, bytes go through in both directions until one side ends, nothing happens for too
//! long, or the target's time is over.

use std::io;
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use listener::Slot;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};

use crate::pulse::Pulse;
use crate::target::InFlight;

/// What is read at a time, in each direction.
const PIECE: usize = 16 << 10;

/// Carries bytes between a client and a target. `slot` is the client's place among the connections of the listener.
pub(crate) fn open(client: OnUpgrade, target: OnUpgrade, idle: Duration, in_flight: InFlight, slot: Option<Slot>) {
    tokio::spawn(async move {
        let _slot = slot;
        let gone = in_flight.target().gone.clone();
        let (client, target) = match tokio::time::timeout(idle, async { tokio::try_join!(client, target) }).await {
            Ok(Ok(both)) => both,
            Ok(Err(error)) => return tracing::debug!(%error, "a websocket was not opened"),
            Err(_) => return,
        };
        let pulse = Pulse::new();
        let (from_client, to_client) = split(TokioIo::new(client));
        let (from_target, to_target) = split(TokioIo::new(target));
        let both = async {
            tokio::try_join!(copy(from_client, to_target, &pulse), copy(from_target, to_client, &pulse)).map(drop)
        };
        tokio::select! {
            ended = both => if let Err(error) = ended {
                tracing::debug!(%error, "a websocket ended early");
            },
            () = pulse.silence(idle) => {}
            () = gone.cancelled() => {}
        }
    });
}

async fn copy(
    mut from: ReadHalf<TokioIo<Upgraded>>,
    mut to: WriteHalf<TokioIo<Upgraded>>,
    pulse: &Pulse,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let count = from.read(&mut piece).await?;
        pulse.beat();
        if count == 0 {
            return to.shutdown().await;
        }
        to.write_all(&piece[..count]).await?;
        to.flush().await?;
        pulse.beat();
    }
}
