//! The websockets that ECS agents dial: `/acs/ws`, over which they are told what to run, and `/tcs/ws`, over which they tell
//! what their containers use. Here text is carried; what it says is the affair of `ecs`.

use std::sync::Arc;
use std::time::Duration;

use acs::frame::MAX_TO_CONTROL;
use app::App;
use app::api::Api;
use aws::{Fault, Protocol};
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use ecs::sessions::{self, Connection, Session};
use http::Request;
use http::header::CONTENT_TYPE;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::api::head;

/// The longest silence of an agent. It is pinged three times as often, and its library answers; if not even that comes, its
/// host has lost power or network, which nobody else says.
const SILENCE: Duration = Duration::from_secs(45);

/// Messages that wait in each direction.
const WAITING: usize = 16;

struct Sockets {
    app: Arc<App>,
    api: Api,
}

/// The paths of both websockets.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let sockets = Sockets { app: Arc::clone(app), api: Api::new(Arc::clone(app)) };
    Router::new().route("/acs/ws", get(control)).route("/tcs/ws", get(telemetry)).with_state(Arc::new(sockets))
}

async fn control(State(sockets): State<Arc<Sockets>>, request: Request<Body>) -> Response {
    upgrade(&sockets, request, "ecs:Poll", |session, connection| async move { session.converse(connection).await })
        .await
}

async fn telemetry(State(sockets): State<Arc<Sockets>>, request: Request<Body>) -> Response {
    upgrade(&sockets, request, "ecs:StartTelemetrySession", |session, connection| async move {
        session.listen(connection).await;
    })
    .await
}

async fn upgrade<F>(
    sockets: &Sockets,
    request: Request<Body>,
    action: &'static str,
    talk: impl FnOnce(Session, Connection) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (mut parts, _) = request.into_parts();
    let socket = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(socket) => socket,
        Err(refusal) => return refusal.into_response(),
    };
    let session = match sessions::admit(&sockets.api, &sockets.app, &head(parts), action).await {
        Ok(session) => session,
        Err(fault) => return refused(&fault),
    };
    // Whoever gives hosts up sooner wants to know sooner.
    let silence = SILENCE.min(sockets.app.config().host_timeout);
    socket.max_message_size(MAX_TO_CONTROL).max_frame_size(MAX_TO_CONTROL).on_upgrade(move |socket| async move {
        let (said, incoming) = mpsc::channel(WAITING);
        let (outgoing, to_say) = mpsc::channel(WAITING);
        tokio::join!(carry(socket, silence, said, to_say), talk(session, Connection { incoming, outgoing }));
    })
}

/// Carries text both ways until one side is done.
async fn carry(
    mut socket: WebSocket,
    silence: Duration,
    said: mpsc::Sender<String>,
    mut to_say: mpsc::Receiver<String>,
) {
    let mut heard = Instant::now();
    let mut ping = interval(silence / 3);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What was said and the session has no room for yet. Until it has, nothing more is read; but what the session says goes out, as
    // it may be that for which it has to wait.
    let mut waiting: Option<String> = None;
    loop {
        tokio::select! {
            // What is here already is no silence.
            biased;
            room = said.reserve(), if waiting.is_some() => match (room, waiting.take()) {
                (Ok(room), Some(text)) => {
                    room.send(text);
                    // That the session took its time is no silence of the agent.
                    heard = Instant::now();
                }
                _ => break,
            },
            message = socket.recv(), if waiting.is_none() => {
                heard = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => waiting = Some(text.as_str().to_owned()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                }
            }
            text = to_say.recv() => match text {
                Some(text) => {
                    if socket.send(Message::Text(text.into())).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
            _ = ping.tick() => {
                if socket.send(Message::Ping(Bytes::new())).await.is_err() {
                    return;
                }
            }
            // Nothing that is sent now would arrive.
            () = sleep_until(heard + silence), if waiting.is_none() => return,
        }
    }
    // What the session still had to say goes out before the end.
    to_say.close();
    while let Some(text) = to_say.recv().await {
        if socket.send(Message::Text(text.into())).await.is_err() {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
}

fn refused(fault: &Fault) -> Response {
    let body = sessions::refusal(fault);
    (fault.status(&Protocol::Json { target: "" }), [(CONTENT_TYPE, "application/json")], body).into_response()
}
