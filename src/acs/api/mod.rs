//! The operations of the ECS API that an agent calls, as it writes and reads them. The control plane serves them beside
//! all others; nobody but an agent calls them.

mod register;
mod states;

pub use register::{
    Attribute, ContainerInstance, DiscoverPollEndpointRequest, DiscoverPollEndpointResponse, PlatformDevice,
    RegisterContainerInstanceRequest, RegisterContainerInstanceResponse, Resource, Tag, VersionInfo,
};
pub use states::{
    Acknowledgment, AttachmentStateChange, ContainerStateChange, ManagedAgentStateChange, NetworkBinding,
    SubmitAttachmentStateChangesRequest, SubmitContainerStateChangeRequest, SubmitTaskStateChangeRequest,
};
