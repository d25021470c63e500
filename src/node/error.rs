//! Why the agent could not do something. The texts are for its log; what a task is told is in [`crate::engine::Failure`].

/// What this crate's fallible functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Something that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The control plane cannot be reached, or what it says cannot be read.
    #[error("{0}")]
    Control(#[from] outbound::Error),
    /// The control plane refused. Its name for that, and its words.
    #[error("{kind}: {message}")]
    Refused {
        /// `ClientException`, ….
        kind: String,
        /// What it says.
        message: String,
    },
    /// An answer or a message does not have its shape.
    #[error("what the control plane says cannot be read: {0}")]
    Malformed(String),
    /// The websocket broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The engine does not answer.
    #[error("the container engine: {0}")]
    Engine(String),
    /// The data folder cannot be used.
    #[error("{path}: {source}")]
    Data {
        /// What was being read or written.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}

impl Error {
    /// Whether whoever was asked may only be away, or have too much to do.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Control(_) | Self::Broken(_) => true,
            Self::Refused { kind, .. } => {
                ["ThrottlingException", "ServiceUnavailableException", "InternalFailure"].contains(&kind.as_str())
            }
            Self::Malformed(_) | Self::Engine(_) | Self::Data { .. } => false,
        }
    }

    /// Whether it is of no use to try again: the agent is set up wrongly.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Refused { kind, .. } => matches!(
                kind.as_str(),
                "InvalidParameterException"
                    | "ClientException"
                    | "AccessDeniedException"
                    | "UnrecognizedClientException"
            ),
            Self::Control(_) | Self::Malformed(_) | Self::Broken(_) | Self::Engine(_) => false,
            Self::Data { .. } => true,
        }
    }
}
