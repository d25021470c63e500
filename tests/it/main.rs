//! Black-box tests. Every test starts the real binary and talks to it over the network; folders mirror what is tested.

mod access;
mod architecture;
mod auth;
mod aws;
mod bad_input;
mod cache;
mod coverage;
mod ecr;
mod ecs;
mod faults;
mod harness;
mod iam;
mod jobs;
mod oci;
mod operations;
mod scanning;
mod sts;
