//! Black-box tests. Every test starts the real binary and talks to it over the network; folders mirror what is tested.

mod access;
mod architecture;
mod auth;
mod autoscaling;
mod aws;
mod bad_input;
mod cache;
mod cloudwatch;
mod coverage;
mod documents;
mod ecr;
mod ecs;
mod elb;
mod faults;
mod harness;
mod iam;
mod jobs;
mod logs;
mod oci;
mod operations;
mod replication;
mod scanning;
mod secrets;
mod sts;
