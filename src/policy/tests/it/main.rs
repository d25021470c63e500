//! Tests of the crate through its public face: documents as text, requests, decisions.

mod documented;
mod layers;
mod limits;
mod matrix;
mod properties;
mod world;
