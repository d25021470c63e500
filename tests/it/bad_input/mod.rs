//! Input that no honest client sends. Every answer is the specification's error, quickly, and nothing changes.

mod digests;
mod floods;
mod framing;
mod manifests;
mod names;
mod tags;
mod uploads;
