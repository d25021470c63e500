//! What tasks need of the network of the host: a container that holds one of their own, and ports that are free.

mod elf;
pub(crate) mod pause;
pub(crate) mod ports;
