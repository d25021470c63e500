//! What tasks with a network of their own need: a container that holds it.

mod elf;
pub(crate) mod pause;
