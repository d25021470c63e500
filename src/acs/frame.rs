//! Frames: `{"type": "HeartbeatMessage", "message": {…}}`, one in each text message of a websocket.
//!
//! [`ToAgent`] is what a control plane sends, on both websockets; [`ToControl`] is what an agent sends. A type that this
//! side does not know is not an error: the other may be newer. It is kept by its name, so that it can be logged.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::telemetry::{PublishHealthRequest, PublishInstanceStatusRequest, PublishMetricsRequest};
use crate::{
    AckRequest, AttachInstanceNetworkInterfacesMessage, AttachTaskNetworkInterfacesMessage, CloseMessage, Complaint,
    ConfirmAttachmentMessage, Error, ErrorMessage, HeartbeatAckRequest, HeartbeatMessage, IamRoleCredentialsAckRequest,
    IamRoleCredentialsMessage, NackRequest, PayloadMessage, PerformUpdateMessage, Result, TaskManifestMessage,
    TaskStopVerificationAck, TaskStopVerificationMessage,
};

/// What an agent takes in one frame. Ours sends half of it at the most; another control plane may put ten tasks into a payload, each
/// with a MiB of variables from files, which in JSON may be six times as long. An agent that does not take one gets no other.
pub const MAX_TO_AGENT: usize = 64 << 20;

/// What a control plane takes in one frame.
pub const MAX_TO_CONTROL: usize = 1 << 20;

/// Exceptions that end a session. An agent knows from the name when to try again: `InactiveInstanceException` makes it
/// wait long, since its instance was deregistered.
pub const EXCEPTIONS: &[&str] = &[
    "ServerException",
    "BadRequestException",
    "InvalidClusterException",
    "InvalidInstanceException",
    "InactiveInstanceException",
    "AccessDeniedException",
    "ResourceValidationException",
    "InvalidParameterException",
];

/// What a control plane sends to an agent.
#[derive(Debug, Clone, PartialEq)]
pub enum ToAgent {
    /// It is still there.
    Heartbeat(HeartbeatMessage),
    /// Tasks to run or to stop.
    Payload(PayloadMessage),
    /// All tasks of the instance.
    TaskManifest(TaskManifestMessage),
    /// Which tasks that the manifest lacks are to be stopped.
    TaskStopVerificationAck(TaskStopVerificationAck),
    /// New credentials of a role.
    IamRoleCredentials(IamRoleCredentialsMessage),
    /// An interface for a task.
    AttachTaskNetworkInterfaces(AttachTaskNetworkInterfacesMessage),
    /// An interface for the instance.
    AttachInstanceNetworkInterfaces(AttachInstanceNetworkInterfacesMessage),
    /// An attachment to be confirmed.
    ConfirmAttachment(ConfirmAttachmentMessage),
    /// A new version of the agent.
    PerformUpdate(PerformUpdateMessage),
    /// A new version of the agent, to be fetched.
    StageUpdate(PerformUpdateMessage),
    /// The end of the connection.
    Close(CloseMessage),
    /// Something was wrong.
    Error(ErrorMessage),
    /// One of [`EXCEPTIONS`]: its name, and the text.
    Exception(String, Complaint),
    /// Metrics were taken.
    AckPublishMetric(Complaint),
    /// Health was taken.
    AckPublishHealth(Complaint),
    /// The state of the instance was taken.
    AckPublishInstanceStatus(Complaint),
    /// The end of a telemetry session.
    StopTelemetrySession(Complaint),
    /// A type that is not known here: its name.
    Unknown(String),
}

/// What an agent sends to a control plane.
#[derive(Debug, Clone, PartialEq)]
pub enum ToControl {
    /// A heartbeat arrived.
    HeartbeatAck(HeartbeatAckRequest),
    /// A message was taken.
    Ack(AckRequest),
    /// A message was refused.
    Nack(NackRequest),
    /// Credentials arrived.
    IamRoleCredentialsAck(IamRoleCredentialsAckRequest),
    /// Tasks that the manifest lacks.
    TaskStopVerification(TaskStopVerificationMessage),
    /// What the containers used.
    PublishMetrics(PublishMetricsRequest),
    /// What health checks say.
    PublishHealth(PublishHealthRequest),
    /// Whether the host is well.
    PublishInstanceStatus(PublishInstanceStatusRequest),
    /// A type that is not known here: its name.
    Unknown(String),
}

/// A frame whose message is not read yet.
#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Outgoing<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a T,
}

impl ToAgent {
    /// Reads a frame.
    pub fn decode(text: &str) -> Result<Self> {
        let Incoming { kind, message } = read(text, MAX_TO_AGENT)?;
        Ok(match kind.as_str() {
            "HeartbeatMessage" => Self::Heartbeat(body(message)?),
            "PayloadMessage" => Self::Payload(body(message)?),
            "TaskManifestMessage" => Self::TaskManifest(body(message)?),
            "TaskStopVerificationAck" => Self::TaskStopVerificationAck(body(message)?),
            "IAMRoleCredentialsMessage" => Self::IamRoleCredentials(body(message)?),
            "AttachTaskNetworkInterfacesMessage" => Self::AttachTaskNetworkInterfaces(body(message)?),
            "AttachInstanceNetworkInterfacesMessage" => Self::AttachInstanceNetworkInterfaces(body(message)?),
            "ConfirmAttachmentMessage" => Self::ConfirmAttachment(body(message)?),
            "PerformUpdateMessage" => Self::PerformUpdate(body(message)?),
            "StageUpdateMessage" => Self::StageUpdate(body(message)?),
            "CloseMessage" => Self::Close(body(message)?),
            "ErrorMessage" => Self::Error(body(message)?),
            "AckPublishMetric" => Self::AckPublishMetric(body(message)?),
            "AckPublishHealth" => Self::AckPublishHealth(body(message)?),
            "AckPublishInstanceStatus" => Self::AckPublishInstanceStatus(body(message)?),
            "StopTelemetrySessionMessage" => Self::StopTelemetrySession(body(message)?),
            name if EXCEPTIONS.contains(&name) => Self::Exception(kind, body(message)?),
            _ => Self::Unknown(named(&kind)),
        })
    }

    /// The frame. A type that is not known cannot be sent: it is an empty message of that name.
    pub fn encode(&self) -> String {
        match self {
            Self::Heartbeat(message) => write("HeartbeatMessage", message),
            Self::Payload(message) => write("PayloadMessage", message),
            Self::TaskManifest(message) => write("TaskManifestMessage", message),
            Self::TaskStopVerificationAck(message) => write("TaskStopVerificationAck", message),
            Self::IamRoleCredentials(message) => write("IAMRoleCredentialsMessage", message),
            Self::AttachTaskNetworkInterfaces(message) => write("AttachTaskNetworkInterfacesMessage", message),
            Self::AttachInstanceNetworkInterfaces(message) => write("AttachInstanceNetworkInterfacesMessage", message),
            Self::ConfirmAttachment(message) => write("ConfirmAttachmentMessage", message),
            Self::PerformUpdate(message) => write("PerformUpdateMessage", message),
            Self::StageUpdate(message) => write("StageUpdateMessage", message),
            Self::Close(message) => write("CloseMessage", message),
            Self::Error(message) => write("ErrorMessage", message),
            Self::Exception(name, message) => write(name, message),
            Self::AckPublishMetric(message) => write("AckPublishMetric", message),
            Self::AckPublishHealth(message) => write("AckPublishHealth", message),
            Self::AckPublishInstanceStatus(message) => write("AckPublishInstanceStatus", message),
            Self::StopTelemetrySession(message) => write("StopTelemetrySessionMessage", message),
            Self::Unknown(name) => write(name, &serde_json::Map::new()),
        }
    }
}

impl ToControl {
    /// Reads a frame. Frames of telemetry have signed header lines and an empty line before the JSON; they are skipped:
    /// the connection itself was signed.
    pub fn decode(text: &str) -> Result<Self> {
        if text.len() > MAX_TO_CONTROL {
            return Err(Error::TooLong(text.len(), MAX_TO_CONTROL));
        }
        let text = text.find('{').and_then(|start| text.get(start..)).ok_or(Error::Empty)?;
        let Incoming { kind, message } = read(text, MAX_TO_CONTROL)?;
        Ok(match kind.as_str() {
            "HeartbeatAckRequest" => Self::HeartbeatAck(body(message)?),
            "AckRequest" => Self::Ack(body(message)?),
            "NackRequest" => Self::Nack(body(message)?),
            "IAMRoleCredentialsAckRequest" => Self::IamRoleCredentialsAck(body(message)?),
            "TaskStopVerificationMessage" => Self::TaskStopVerification(body(message)?),
            "PublishMetricsRequest" => Self::PublishMetrics(body(message)?),
            "PublishHealthRequest" => Self::PublishHealth(body(message)?),
            "PublishInstanceStatusRequest" => Self::PublishInstanceStatus(body(message)?),
            _ => Self::Unknown(named(&kind)),
        })
    }

    /// The frame, without header lines.
    pub fn encode(&self) -> String {
        match self {
            Self::HeartbeatAck(message) => write("HeartbeatAckRequest", message),
            Self::Ack(message) => write("AckRequest", message),
            Self::Nack(message) => write("NackRequest", message),
            Self::IamRoleCredentialsAck(message) => write("IAMRoleCredentialsAckRequest", message),
            Self::TaskStopVerification(message) => write("TaskStopVerificationMessage", message),
            Self::PublishMetrics(message) => write("PublishMetricsRequest", message),
            Self::PublishHealth(message) => write("PublishHealthRequest", message),
            Self::PublishInstanceStatus(message) => write("PublishInstanceStatusRequest", message),
            Self::Unknown(name) => write(name, &serde_json::Map::new()),
        }
    }
}

fn read(text: &str, limit: usize) -> Result<Incoming<'_>> {
    if text.len() > limit {
        return Err(Error::TooLong(text.len(), limit));
    }
    Ok(serde_json::from_str(text)?)
}

/// A message; one that is absent has all of its members absent.
fn body<T: DeserializeOwned + Default>(message: Option<&RawValue>) -> Result<T> {
    message.map_or_else(|| Ok(T::default()), |message| Ok(serde_json::from_str(message.get())?))
}

/// A name that the other side chose, cut to a length that can be logged.
fn named(kind: &str) -> String {
    kind.chars().take(80).collect()
}

fn write<T: Serialize>(kind: &str, message: &T) -> String {
    serde_json::to_string(&Outgoing { kind, message }).expect("messages have text for keys")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Container, IamRoleCredentials, Task};

    #[test]
    fn a_payload_has_the_form_that_amazons_agent_reads() {
        let task = Task {
            arn: "arn:aws:ecs:us-east-1:123456789012:task/default/0123".to_owned(),
            family: "web".to_owned(),
            version: "3".to_owned(),
            desired_status: "RUNNING".to_owned(),
            cpu: Some(0.25),
            containers: vec![Container {
                name: "app".to_owned(),
                environment: [("A".to_owned(), "b".into())].into(),
                essential: true,
                ..Container::default()
            }],
            role_credentials: Some(IamRoleCredentials { credentials_id: "id".to_owned(), ..Default::default() }),
            ..Task::default()
        };
        let payload = PayloadMessage { tasks: vec![task], seq_num: 7, ..Default::default() };
        let text = ToAgent::Payload(payload.clone()).encode();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["type"], "PayloadMessage");
        assert_eq!(json["message"]["seqNum"], 7);
        let task = &json["message"]["tasks"][0];
        assert_eq!(task["cpu"], 0.25);
        assert_eq!(task["containers"][0]["environment"], serde_json::json!({"A": "b"}));
        assert_eq!(task["roleCredentials"]["credentialsId"], "id");
        assert!(task.get("networkMode").is_none(), "what is not said is absent, since null is a value to some readers");
        assert_eq!(ToAgent::decode(&text).unwrap(), ToAgent::Payload(payload));
    }

    #[test]
    fn a_type_that_is_not_known_is_kept_by_its_name() {
        let text = r#"{"type":"FlyMessage","message":{"height":[1,2]}}"#;
        assert_eq!(ToAgent::decode(text).unwrap(), ToAgent::Unknown("FlyMessage".to_owned()));
        assert_eq!(ToControl::decode(text).unwrap(), ToControl::Unknown("FlyMessage".to_owned()));
    }

    #[test]
    fn members_that_are_not_known_are_passed_over() {
        let text = r#"{"type":"AckRequest","message":{"messageId":"m","cluster":"c","newer":{"a":1}},"id":4}"#;
        let ack = AckRequest { message_id: "m".to_owned(), cluster: "c".to_owned(), ..Default::default() };
        assert_eq!(ToControl::decode(text).unwrap(), ToControl::Ack(ack));
    }

    #[test]
    fn the_header_lines_of_telemetry_are_skipped() {
        let text = "Authorization: AWS4-HMAC-SHA256 Credential=a\r\nHost: h\r\nX-Amz-Date: d\r\n\r\n\
                    {\"type\":\"PublishHealthRequest\",\"message\":{\"timestamp\":1.5}}";
        let ToControl::PublishHealth(request) = ToControl::decode(text).unwrap() else { panic!("another type") };
        assert!((request.timestamp - 1.5).abs() < f64::EPSILON);
        assert!(matches!(ToControl::decode("Host: h\r\n\r\n"), Err(Error::Empty)));
    }

    #[test]
    fn exceptions_keep_their_name() {
        let text = r#"{"type":"InactiveInstanceException","message":{"message":"gone"}}"#;
        let ToAgent::Exception(name, complaint) = ToAgent::decode(text).unwrap() else { panic!("another type") };
        assert_eq!((name.as_str(), complaint.message.as_str()), ("InactiveInstanceException", "gone"));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = format!(r#"{{"type":"AckRequest","message":{{"messageId":"{}"}}}}"#, "x".repeat(MAX_TO_CONTROL));
        assert!(matches!(ToControl::decode(&long), Err(Error::TooLong(..))));
        let tasks = ["{}"; 11].join(",");
        let many = format!(r#"{{"type":"PublishMetricsRequest","message":{{"taskMetrics":[{tasks}]}}}}"#);
        assert!(matches!(ToControl::decode(&many), Err(Error::Malformed(_))));
        let deep = format!(r#"{{"type":"x","message":{}}}"#, "[".repeat(100_000));
        assert!(ToControl::decode(&deep).is_err());
    }

    #[test]
    fn secrets_are_sent_and_not_printed() {
        let credentials = IamRoleCredentials { secret_access_key: "hush".into(), ..Default::default() };
        assert!(!format!("{credentials:?}").contains("hush"));
        assert!(serde_json::to_string(&credentials).unwrap().contains("hush"));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(text in ".{0,200}") {
            let _ = ToAgent::decode(&text);
            let _ = ToControl::decode(&text);
        }
    }
}
