//! What is in an image, what is known about it, and which of the two match.
//!
//! Layers are read to lists of packages ([`layer`]), those of an image are laid over one another ([`image`]), advisories
//! are read from OSV documents ([`osv`]), and versions are ordered as each ecosystem orders them ([`versions`]). Pure: no
//! database, no network, no file is ever written, and whatever comes in is hostile.

mod decompress;
mod error;
mod limits;
mod package;
mod readers;
mod tar;

pub mod image;
pub mod layer;
pub mod osv;
pub mod sbom;
pub mod versions;

pub use error::{Error, Result};
pub use limits::Limits;
pub use package::{Kind, Package, Release};
