//! Services.
#![allow(dead_code, reason = "not wired yet")]
mod decide;
