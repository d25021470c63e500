//! A websocket to the control plane: signed, bounded, with a clock on it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use outbound::{HeaderValue, Upgraded};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketConfig};

use crate::control::{Control, ECS, Target, signed};
use crate::{Error, Result};

/// How long it may take until the connection stands.
const DIAL: Duration = Duration::from_secs(30);
/// How long a frame may take on its way out.
const SEND: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Socket(WebSocketStream<Upgraded>);

impl Socket {
    /// Dials `<endpoint>/ws` with a query.
    pub(crate) async fn dial(control: &Control, endpoint: &str, query: &[(&str, &str)]) -> Result<Self> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        // In what is signed a space is not a plus.
        let query = query.replace('+', "%20");
        let url = format!("{}/ws?{query}", endpoint.trim_end_matches('/'));
        // The endpoints are named by their web schemes, and by some in those of websockets.
        let url = match url.split_once("://") {
            Some(("ws", rest)) => format!("http://{rest}"),
            Some(("wss", rest)) => format!("https://{rest}"),
            _ => url,
        };
        let target = Target { url: &url, region: &control.region, credentials: &control.credentials };
        let mut headers = signed("GET", &url, &[], b"", &target, ECS.name)?;
        let key = generate_key();
        for (name, value) in [
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", key.as_str()),
        ] {
            let value = HeaderValue::from_str(value).map_err(|error| Error::Malformed(error.to_string()))?;
            headers.insert(name, value);
        }
        let (answer, connection) = control.client.upgrade(&url, headers, DIAL).await?;
        let accepted = answer.get("sec-websocket-accept").and_then(|value| value.to_str().ok());
        if accepted != Some(derive_accept_key(key.as_bytes()).as_str()) {
            return Err(Error::Malformed("what answers is no websocket".to_owned()));
        }
        let limits = WebSocketConfig::default()
            .max_message_size(Some(acs::frame::MAX_TO_AGENT))
            .max_frame_size(Some(acs::frame::MAX_TO_AGENT));
        Ok(Self(WebSocketStream::from_raw_socket(connection, Role::Client, Some(limits)).await))
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: String) -> Result<()> {
        match tokio::time::timeout(SEND, self.0.send(Message::text(text))).await {
            Ok(sent) => sent.map_err(|error| Error::Broken(error.to_string())),
            Err(_) => Err(Error::Broken("it takes too long to send".to_owned())),
        }
    }

    /// The next text; nothing once the other side has closed the connection.
    pub(crate) async fn receive(&mut self) -> Result<Option<String>> {
        while let Some(message) = self.0.next().await {
            match message.map_err(|error| Error::Broken(error.to_string()))? {
                Message::Text(text) => return Ok(Some(text.to_string())),
                Message::Binary(bytes) => {
                    let text = String::from_utf8(bytes.into());
                    return text.map(Some).map_err(|_| Error::Malformed("a frame that is no text".to_owned()));
                }
                Message::Close(_) => return Ok(None),
                // Pings are answered below us.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        Ok(None)
    }

    /// Ends the connection in order, if the other side is there for it.
    pub(crate) async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(1), self.0.close(None)).await;
    }
}
