//! Amazon's agent protocol as types: what an ECS control plane and the agents of its hosts say to each other.
//!
//! An agent dials the control plane and keeps two websockets open. On the first (ACS, the agent communication service) it
//! is told which tasks to run and to stop, and acknowledges what it was told; on the second (TCS, telemetry) it publishes
//! metrics and health. Every frame is text, `{"type": …, "message": {…}}` ([`frame`]). What became of tasks goes upward by
//! operations of the ECS API itself ([`api`]).
//!
//! The names and shapes are those of Amazon's agent, which has to understand every one of them; members that it leaves
//! out are absent here. The crate does no I/O, and what it decodes is bounded: a frame by its length, the lists in it by
//! their number.

mod attachment;
mod container;
mod credentials;
mod error;
mod list;
mod manifest;
mod payload;
mod sensitive;
mod session;
mod volume;

pub mod api;
pub mod frame;
pub mod telemetry;

pub use attachment::{
    AttachInstanceNetworkInterfacesMessage, AttachTaskNetworkInterfacesMessage, Attachment, AttachmentProperty,
    ConfirmAttachmentMessage, ElasticNetworkInterface, Ipv4Address, Ipv6Address,
};
pub use container::{
    AsmAuthData, Container, ContainerDependency, Device, DockerConfig, EcrAuthData, EnvironmentFile,
    FirelensConfiguration, KernelCapabilities, LinuxParameters, ManagedAgent, MountPoint, PortMapping,
    RegistryAuthentication, ResourceRequirement, RestartPolicy, Secret, VolumeFrom,
};
pub use credentials::{IamRoleCredentials, IamRoleCredentialsAckRequest, IamRoleCredentialsMessage};
pub use error::{Error, Result};
pub use manifest::{TaskIdentifier, TaskManifestMessage, TaskStopVerificationAck, TaskStopVerificationMessage};
pub use payload::{Association, EncodedString, PayloadMessage, ProxyConfiguration, Task};
pub use sensitive::Sensitive;
pub use session::{
    AckRequest, CloseMessage, Complaint, ErrorMessage, HeartbeatAckRequest, HeartbeatMessage, NackRequest,
    PerformUpdateMessage, UpdateInfo,
};
pub use volume::{DockerVolumeConfiguration, HostVolume, Volume};
